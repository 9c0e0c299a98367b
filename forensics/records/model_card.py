"""What a model is, what goes in, how its scores are read and how well it did: no card, no load."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from forensics.records.input_contract import InputContract


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a subject's mean logit to its score: manipulation_score = sigmoid(slope * logit + intercept).

    Attributes:
        logit_lowest, logit_highest: mean logits that the fit has seen; outside them no probability is stated,
            only that it lies beyond the edge's.
        data: the data that it was fitted on, in words.
        n: subjects in the fit.
        knots: of isotonic regression, (logit, score) rising in both, straight between them. Where there
            are any they hold, and slope and intercept are those of the line that they won against.
    """

    slope: float
    intercept: float
    logit_lowest: float
    logit_highest: float
    data: str
    n: int
    knots: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        steps = zip(self.knots, self.knots[1:], strict=False)
        if any(after[0] <= before[0] or after[1] < before[1] for before, after in steps):
            raise ValueError("the knots of a calibration must rise")

    def manipulation_score(self, logit: float) -> float:
        """Calibrated score in [0, 1] of a logit; held at the edge's outside what the fit has seen."""
        held = min(max(logit, self.logit_lowest), self.logit_highest)
        return _between(self.knots, held) if self.knots else _sigmoid(self.slope * held + self.intercept)

    def covers(self, logit: float) -> bool:
        """Whether the fit has seen logits on both sides of this one."""
        return self.logit_lowest <= logit <= self.logit_highest


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What happened to validation rows of one origin under bounds that were fitted on the other origins.

    Attributes:
        signs: the bound by the others; under their calibration, which is not the card's.
        n_alarms: pristine rows at or above it.
        n_found: manipulated rows at or above it.
    """

    origin: str
    signs: float
    n_alarms: int
    n_pristine: int
    n_found: int
    n_manipulated: int


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bounds on calibrated manipulation score, from validation rows.

    Attributes:
        signs: at or above: SIGNS_OF_MANIPULATION.
        no_signs: at or below: NO_SIGNS_FOUND; between: INCONCLUSIVE.
        rule: how they were chosen, in words.
        left_out: how such bounds do on each origin that did not set them; empty where all rows are of one.
        unmet: the origins whose pristine rows set ``signs`` where none of them trained the model; empty where
            the bounds rest on other rows of the origins that trained it.
    """

    signs: float
    no_signs: float
    rule: str
    left_out: tuple[LeftOut, ...] = ()
    unmet: tuple[str, ...] = ()

    @property
    def draw_verdicts(self) -> bool:
        """Whether any score can cross them; a model that did not earn verdicts has bounds at 1 and 0."""
        return self.signs < 1 or self.no_signs > 0


@dataclass(frozen=True, slots=True)
class Windows:
    """How short windows of a clip, and people seen briefly, are judged; from validation rows.

    Attributes:
        length_s: of one window.
        n_fewest: scores in a window; where fewer fall into ``length_s``, windows are longer.
        departures: (number of windows, logits): how far the mean logit of one window has to lie above that
            of its subject's whole clip to show signs. It rises with the number of windows, since more of
            them give more chances to be high by accident.
        subjects: (number of people, mean logit): from where somebody seen briefly shows signs in a file
            with so many people; rising for the same reason.
        data: the data that both were fitted on, in words.
        n: pristine clips in the fit.
        rule: how they were fitted, and what they promise, in words.
    """

    length_s: float
    n_fewest: int
    departures: tuple[tuple[float, float], ...]
    subjects: tuple[tuple[float, float], ...]
    data: str
    n: int
    rule: str

    def __post_init__(self) -> None:
        if self.length_s <= 0 or self.n_fewest < 1:
            raise ValueError("windows need a length and at least one score")
        for knots in (self.departures, self.subjects):
            steps = pairwise(knots)
            if not knots or knots[0][0] < 1 or any(b[0] <= a[0] or b[1] < a[1] for a, b in steps):
                raise ValueError("the bounds of windows and of people must rise with their number")

    def over(self, at_s: Sequence[float]) -> tuple[tuple[int, int], ...]:
        """Every window over scores at these times, in order: (first, one past the last).

        One begins at every score and takes in all within ``length_s``, and as many more as it needs. None
        where there are fewer scores than a window needs.
        """
        found, end = [], 0
        for first, start_s in enumerate(at_s):
            while end < len(at_s) and (at_s[end] - start_s <= self.length_s or end - first < self.n_fewest):
                end += 1
            if end - first < self.n_fewest:
                break
            found.append((first, end))
        return tuple(found)

    def count(self, at_s: Sequence[float]) -> int:
        """Windows side by side over scores at these times: how many chances they give."""
        n, end = 0, 0
        for first, stop in self.over(at_s):
            if first >= end:
                n, end = n + 1, stop
        return n

    def departure(self, n_windows: int) -> float:
        """Logits by which one of ``n_windows`` windows lies above its clip's mean to show signs."""
        return _among(self.departures, n_windows)

    def brief_signs(self, n_subjects: int) -> float:
        """Mean logit from which somebody seen briefly shows signs, among ``n_subjects`` people."""
        return _among(self.subjects, n_subjects)


@dataclass(frozen=True, slots=True)
class LikelihoodBounds:
    """How far likelihood ratios may be stated, from validation rows.

    Attributes:
        log10_lowest: at most 0; ratios below it are held at it.
        log10_highest: at least 0.
        rule: method and data, in words.
    """

    log10_lowest: float
    log10_highest: float
    rule: str


@dataclass(frozen=True, slots=True)
class Domain:
    """Ranges of measured properties in the calibration data; outside them OUT_OF_DOMAIN is noted.

    Attributes:
        ranges: property name (``face_size_px``, ``sharpness``, ``brightness``, ``bandwidth_hz``,
            ``length_s`` ..., see ``detectors.domain``) to (lowest, highest).
        needed: property name to the lowest value with which a subject may decide a verdict: below it the
            model was seen to raise false alarms. Only some properties have one.
        needed_rule: how ``needed`` was found, in words.
    """

    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    needed: dict[str, float] = field(default_factory=dict)
    needed_rule: str = ""

    def left_by(self, properties: Mapping[str, float]) -> tuple[str, ...]:
        """Names of the properties that lie outside their range; one without a range is not checked."""
        return tuple(
            name
            for name, value in properties.items()
            if name in self.ranges and not self.ranges[name][0] <= value <= self.ranges[name][1]
        )

    def failed_by(self, properties: Mapping[str, float]) -> tuple[str, ...]:
        """Names of the properties that are too low for a verdict."""
        return tuple(name for name, lowest in self.needed.items() if properties.get(name, lowest) < lowest)


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure with everything needed to defend it.

    Attributes:
        n: rows that it rests on.
        n_manipulated, n_pristine: how many of them are of each class; both 0 in cards that do not say.
    """

    name: str
    data_set: str
    n: int
    value: float
    lower: float | None = None
    upper: float | None = None
    command: str = ""
    n_manipulated: int = 0
    n_pristine: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """One stored form of the net.

    Attributes:
        precision: ``f16`` (weights in half precision, run in f32) or ``int8``.
        xml, bin: file names within the model's folder.
        xml_sha256, bin_sha256: their digests.
    """

    precision: str
    xml: str
    bin: str
    xml_sha256: str
    bin_sha256: str


@dataclass(frozen=True, slots=True)
class Member:
    """A model of an ensemble, as the ensemble's card names it.

    Attributes:
        id: its folder lies beside the ensemble's, or it is a model that ships.
        weight: of its logit in the ensemble's; those of all members sum to 1.
        xml_sha256, bin_sha256: of the files that it runs in f32. With others it is not that member.
    """

    id: str
    weight: float
    xml_sha256: str
    bin_sha256: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's card, stored as ``models/<id>/card.toml`` and in the IR's ``rt_info``.

    The card of an ensemble names members and has no variants: its logit is the weighted sum of theirs, and
    calibration, thresholds, windows and domain are its own.

    Attributes:
        task: the detector that it serves, by name.
        contract: of an ensemble, that of the member that weighs most.
        members: of an ensemble; empty for a single model.
        looks_first: the member that a triage looks with first; empty for all of them, in a faster form.
    """

    id: str
    version: str
    task: str
    net: str
    summary: str
    licence: str
    training_data: str
    contract: InputContract
    variants: tuple[Variant, ...]
    calibration: Calibration | None = None
    thresholds: Thresholds | None = None
    domain: Domain = field(default_factory=Domain)
    metrics: tuple[Metric, ...] = ()
    limits: tuple[str, ...] = ()
    likelihood: LikelihoodBounds | None = None
    windows: Windows | None = None
    members: tuple[Member, ...] = ()
    looks_first: str = ""

    @property
    def draws_verdicts(self) -> bool:
        """Whether its scores may decide: it has bounds from validation rows, and earned them."""
        return self.thresholds is not None and self.thresholds.draw_verdicts

    def variant(self, precision: str) -> Variant | None:
        """The stored form of this precision, None where there is none."""
        return next((v for v in self.variants if v.precision == precision), None)

    def manipulation_score(self, logit: float) -> float:
        """Calibrated manipulation score of a logit; the plain sigmoid for a card without calibration."""
        return _sigmoid(logit) if self.calibration is None else self.calibration.manipulation_score(logit)


def _between(knots: tuple[tuple[float, float], ...], x: float) -> float:
    after = bisect_right(knots, x, key=lambda knot: knot[0])
    if after in (0, len(knots)):
        return knots[min(after, len(knots) - 1)][1]
    (x_before, y_before), (x_after, y_after) = knots[after - 1], knots[after]
    return y_before + (x - x_before) / (x_after - x_before) * (y_after - y_before)


def _among(bounds: tuple[tuple[float, float], ...], n: int) -> float:
    """A bound for one of n, straight between the stored numbers over their logarithm.

    Beyond the last one it goes on rising as between the last two: more chances must not be judged as fewer.
    """
    knots = tuple((math.log(number), bound) for number, bound in bounds)
    at = max(math.log(max(n, 1)), knots[0][0])
    if len(knots) == 1 or at <= knots[-1][0]:
        return _between(knots, at)
    (before, low), (last, high) = knots[-2:]
    return high + (at - last) * (high - low) / (last - before)


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))
