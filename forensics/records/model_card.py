"""What a model is, what goes in, how its scores are read and how well it did: no card, no load."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from forensics.records.detector_spec import CropSpec


@dataclass(frozen=True, slots=True)
class InputContract:
    """What the IR expects. Mean and scale are inside the IR.

    A face model takes uint8[N, size_px, size_px, 3] RGB, cut ``crop_margin`` times the finder's box
    wide. A voice model takes float32[N, window_s * rate_hz], conditioned by ``media.sound``.

    Attributes:
        min_face_px: faces whose box is smaller abstain with TOO_SMALL.
        finder: the face finder whose boxes ``crop_margin`` refers to.
        flip: score the mirrored crop too and average the logits.
    """

    size_px: int | None = None
    crop_margin: float | None = None
    min_face_px: int | None = None
    finder: str | None = None
    frames_per_clip: int | None = None
    flip: bool = False
    rate_hz: int | None = None
    window_s: float | None = None
    hop_s: float | None = None

    @property
    def crop(self) -> CropSpec | None:
        """How faces are cut for it; None where it takes no faces."""
        if not self.size_px or not self.crop_margin:
            return None
        return CropSpec(self.size_px, self.crop_margin, self.min_face_px or 0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a subject's mean logit to its fakeness: fakeness = sigmoid(slope * raw + intercept).

    Attributes:
        raw_lowest, raw_highest: mean logits that the fit has seen; outside them no probability is stated,
            only that it lies beyond the edge's.
        data: the data that it was fitted on, in words.
        n: subjects in the fit.
        knots: of isotonic regression, (logit, fakeness) rising in both, straight between them. Where there
            are any they hold, and slope and intercept are those of the line that they won against.
    """

    slope: float
    intercept: float
    raw_lowest: float
    raw_highest: float
    data: str
    n: int
    knots: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        steps = zip(self.knots, self.knots[1:], strict=False)
        if any(after[0] <= before[0] or after[1] < before[1] for before, after in steps):
            raise ValueError("the knots of a calibration must rise")

    def fakeness(self, raw: float) -> float:
        """Calibrated fakeness in [0, 1] of a logit; held at the edge's outside what the fit has seen."""
        held = min(max(raw, self.raw_lowest), self.raw_highest)
        return _between(self.knots, held) if self.knots else _sigmoid(self.slope * held + self.intercept)

    def covers(self, raw: float) -> bool:
        """Whether the fit has seen logits on both sides of this one."""
        return self.raw_lowest <= raw <= self.raw_highest


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bounds on calibrated fakeness, from validation rows.

    Attributes:
        signs: at or above: SIGNS_OF_MANIPULATION.
        no_signs: at or below: NO_SIGNS_FOUND; between: INCONCLUSIVE.
        rule: how they were chosen, in words.
    """

    signs: float
    no_signs: float
    rule: str

    @property
    def draw_verdicts(self) -> bool:
        """Whether any score can cross them; a model that did not earn verdicts has bounds at 1 and 0."""
        return self.signs < 1 or self.no_signs > 0


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
    """

    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def left_by(self, properties: Mapping[str, float]) -> tuple[str, ...]:
        """Names of the properties that lie outside their range; one without a range is not checked."""
        return tuple(
            name
            for name, value in properties.items()
            if name in self.ranges and not self.ranges[name][0] <= value <= self.ranges[name][1]
        )


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure with everything needed to defend it."""

    name: str
    data_set: str
    n: int
    value: float
    lower: float | None = None
    upper: float | None = None
    command: str = ""


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
class ModelCard:
    """A model's card, stored as ``models/<id>/card.toml`` and in the IR's ``rt_info``.

    Attributes:
        task: the detector that it serves, by name.
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

    def variant(self, precision: str) -> Variant | None:
        """The stored form of this precision, None where there is none."""
        return next((v for v in self.variants if v.precision == precision), None)

    def fakeness(self, raw: float) -> float:
        """Calibrated fakeness of a logit; the plain sigmoid for a card without calibration."""
        return _sigmoid(raw) if self.calibration is None else self.calibration.fakeness(raw)


def _between(knots: tuple[tuple[float, float], ...], x: float) -> float:
    after = bisect_right(knots, x, key=lambda knot: knot[0])
    if after in (0, len(knots)):
        return knots[min(after, len(knots) - 1)][1]
    (x_before, y_before), (x_after, y_after) = knots[after - 1], knots[after]
    return y_before + (x - x_before) / (x_after - x_before) * (y_after - y_before)


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))
