"""From the results of a scan and labels to figures: by file, by detector, by track and by frame, and by part.

Labels belong to files. A track or a frame takes its file's label, which is wrong for an untouched person in a
manipulated clip, so figures below the file are lower bounds for such data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from forensics.detectors import described
from forensics.evaluation.breakdowns import METHOD, parts_of, properties_of
from forensics.evaluation.curves import curves_of, histogram
from forensics.evaluation.labels import Label
from forensics.evaluation.metrics import measure
from forensics.evaluation.resampling import MIN_GROUPS, N_RESAMPLES
from forensics.evaluation.rows import Rows
from forensics.records.findings import AbstentionReason
from forensics.records.labelled_figures import Confusion, LabelledFigures
from forensics.records.model_card import Domain, Thresholds
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel

FILE_SCOPE = "file"
# Ends the words of the scopes of ``ratios``.
RATIOS = " likelihood ratios"
_SUBSET_FIGURES = (
    *("auc", "average_precision", "eer", "accuracy", "recall"),
    *("false_positive_rate", "log_loss", "brier", "cllr"),
)
_SEVERAL_SUBJECTS_NOTE = "Each row takes its file's label, also an untouched person's in a manipulated file."


@dataclass(frozen=True, slots=True)
class _Row:
    """One labelled row of a scope; ``manipulation_score`` None: abstained, and ``why``.

    ``covered`` is False where the manipulation score is only a bound, beyond what the calibration has seen.
    """

    manipulated: bool
    group: str
    properties: dict[str, str]
    manipulation_score: float | None
    verdict: VerdictLabel | None = None
    why: str = ""
    covered: bool = True


_Labelled = list[tuple[ScanResult, Label, dict[str, str]]]


def figures_for(
    results: Iterable[ScanResult],
    labels: Mapping[str, Label],
    *,
    thresholds: Mapping[str, Thresholds] | None = None,
    domains: Mapping[str, Domain] | None = None,
    n_resamples: int = N_RESAMPLES,
) -> tuple[LabelledFigures, ...]:
    """Figures of every scope that the results allow.

    Scopes: ``file`` (the verdict's score), then per detector ``face`` (the file's highest), ``face
    tracks`` (each person) and ``face frames`` (each score), likewise ``voice``, ``voice subjects``, ``voice
    windows``; after ``file`` and each detector its parts, as ``file, method=FaceSwap``. Parts by method hold
    that method's manipulated rows and all pristine rows.

    Args:
        results: one per file; files without a label are not counted.
        labels: by display path (``labels.read_labels(...).labels``).
        n_resamples: for the intervals.
        thresholds: by detector; only single frames and windows need them, whose calls no verdict holds.
        domains: by detector, of the models that scored, for the parts inside and outside of them.
    """
    labelled: _Labelled = []
    n_without = 0
    for result in results:
        label = labels.get(result.media.key)
        if label is None:
            n_without += 1
        else:
            labelled.append((result, label, properties_of(result, label, domains)))
    notes = (f"{n_without} examined files have no label and are not counted.",) if n_without else ()
    figures = _with_parts(FILE_SCOPE, [_file_row(*one) for one in labelled], None, n_resamples, notes)
    for detector in _detectors(labelled):
        figures += _of_detector(detector, labelled, (thresholds or {}).get(detector), n_resamples)
    return tuple(figures)


def rows_of(results: Iterable[ScanResult], labels: Mapping[str, Label], detector: str | None = None) -> Rows:
    """The scored rows of one scope: the files' verdicts, or one detector's highest score of each file."""
    labelled: _Labelled = [(r, labels[r.media.key], {}) for r in results if r.media.key in labels]
    rows = [_file_row(*one) if detector is None else _detector_row(detector, *one) for one in labelled]
    return _scored(rows, None)


def _detectors(labelled: _Labelled) -> list[str]:
    """Detectors that had something to say, or should have had."""
    names = {basis.detector for result, _, _ in labelled for basis in result.verdict.basis}
    names |= {
        a.detector
        for result, _, _ in labelled
        for a in result.abstentions
        if a.why is not AbstentionReason.UNSUPPORTED
    }
    return sorted(names)


def _of_detector(
    detector: str, labelled: _Labelled, thresholds: Thresholds | None, n_resamples: int
) -> list[LabelledFigures]:
    files = [_detector_row(detector, *one) for one in labelled]
    figures = _with_parts(detector, files, None, n_resamples)
    silent = [row for row in files if row.manipulation_score is None]
    subjects = [
        _Row(
            label.manipulated,
            label.group,
            found,
            basis.manipulation_score,
            basis.label,
            covered=basis.covered,
        )
        for result, label, found in labelled
        for basis in result.verdict.basis
        if basis.detector == detector and basis.counts
    ]
    scores = [
        _Row(label.manipulated, label.group, found, score.manipulation_score)
        for result, label, found in labelled
        for score in result.scores
        if score.detector == detector
    ]
    notes: tuple[str, ...] = ("Abstentions are counted in files.",)
    by_subject = f"{detector} {described(detector).subjects}"
    by_score = f"{detector} {described(detector).units}"
    if len(subjects) > sum(row.manipulation_score is not None for row in files):
        notes = (_SEVERAL_SUBJECTS_NOTE, *notes)
    if subjects:
        figures.append(_figures(by_subject, subjects + silent, None, n_resamples, notes=notes))
    if scores:
        call = (
            None
            if thresholds is None
            else (lambda manipulation_score: manipulation_score >= thresholds.signs)
        )
        figures.append(_figures(by_score, scores + silent, call, n_resamples, notes=notes))
    return [replace(one, detector=detector) for one in figures]


def _file_row(result: ScanResult, label: Label, found: dict[str, str]) -> _Row:
    verdict = result.verdict
    why = "" if verdict.manipulation_score is not None else _why(result, None)
    covered = not verdict.basis or verdict.basis[0].covered
    return _Row(
        label.manipulated, label.group, found, verdict.manipulation_score, verdict.label, why, covered
    )


def _detector_row(detector: str, result: ScanResult, label: Label, found: dict[str, str]) -> _Row:
    bases = [basis for basis in result.verdict.basis if basis.detector == detector and basis.counts]
    if not bases:
        why = _why(result, detector)
        return _Row(label.manipulated, label.group, found, None, VerdictLabel.NOT_EXAMINED, why)
    highest = max(bases, key=lambda basis: basis.manipulation_score)
    return _Row(
        label.manipulated,
        label.group,
        found,
        highest.manipulation_score,
        highest.label,
        covered=highest.covered,
    )


def _why(result: ScanResult, detector: str | None) -> str:
    reasons = [one.why.value for one in result.abstentions if detector in (None, one.detector)]
    return " and ".join(dict.fromkeys(reasons)) or VerdictLabel.NOT_EXAMINED.value


def _with_parts(
    scope: str,
    rows: list[_Row],
    call: Callable[[float], bool] | None,
    n_resamples: int,
    notes: tuple[str, ...] = (),
) -> list[LabelledFigures]:
    figures = [_figures(scope, rows, call, n_resamples, notes=notes)]
    properties = [row.properties for row in rows]
    # A pristine row's method says where it comes from; only manipulated rows have one that was used on them.
    manipulated_methods = {row.properties.get(METHOD) for row in rows if row.manipulated}
    for name, parts in parts_of(properties).items():
        for part in parts:
            if name == METHOD and part not in manipulated_methods:
                continue
            chosen = [row for row in rows if _belongs(row, name, part)]
            of_part = _figures(f"{scope}, {name}={part}", chosen, call, n_resamples, whole=False)
            figures.append(replace(of_part, part=f"{name}={part}"))
    return figures


def _belongs(row: _Row, name: str, part: str) -> bool:
    return (name == METHOD and not row.manipulated) or row.properties.get(name) == part


def _scored(rows: list[_Row], call: Callable[[float], bool] | None) -> Rows:
    scored = [(row, row.manipulation_score) for row in rows if row.manipulation_score is not None]
    flagged: list[bool] | None = None
    if call is not None:
        flagged = [call(manipulation_score) for _, manipulation_score in scored]
    elif all(row.verdict is not None for row, _ in scored):
        flagged = [row.verdict is VerdictLabel.SIGNS_OF_MANIPULATION for row, _ in scored]
    return Rows(
        [manipulation_score for _, manipulation_score in scored],
        [row.manipulated for row, _ in scored],
        [row.group for row, _ in scored],
        flagged,
    )


def _figures(
    scope: str,
    rows: list[_Row],
    call: Callable[[float], bool] | None,
    n_resamples: int,
    *,
    whole: bool = True,
    notes: tuple[str, ...] = (),
) -> LabelledFigures:
    """One scope; a part (not ``whole``) has fewer figures and no curves."""
    scored = _scored(rows, call)
    abstained = Counter(row.why for row in rows if row.manipulation_score is None)
    return LabelledFigures(
        scope=scope,
        n_manipulated=int(scored.manipulated.sum()),
        n_pristine=int((~scored.manipulated).sum()),
        n_abstained=sum(abstained.values()),
        figures=measure(scored, None if whole else _SUBSET_FIGURES, n_resamples=n_resamples)
        if scored.n
        else (),
        curves=curves_of(scored) if whole else (),
        confusion=_confusion(rows) if all(row.verdict is not None for row in rows) else None,
        histogram_pristine=histogram(scored, manipulated=False) if whole else (),
        histogram_manipulated=histogram(scored, manipulated=True) if whole else (),
        notes=(*notes, *_notes_on(scored, sum(not row.covered for row in rows))),
        subsets={f"abstained, {why}": count for why, count in sorted(abstained.items())},
    )


def _confusion(rows: list[_Row]) -> Confusion:
    counts = {True: Counter[str](), False: Counter[str]()}
    for row in rows:
        if row.verdict is not None:
            counts[row.manipulated][row.verdict.value] += 1
    return Confusion(
        *({label.value: counts[side][label.value] for label in VerdictLabel} for side in (True, False))
    )


def _notes_on(rows: Rows, n_beyond: int) -> tuple[str, ...]:
    if rows.n == 0:
        return ("Nothing was scored.",)
    notes = []
    if n_beyond:
        notes.append(
            f"{n_beyond} of {rows.n} scores lie outside what the calibration has seen; no probability is "
            "stated for them, and figures count them at the edge of that range."
        )
    share = float(rows.manipulated.mean())
    if not rows.has_both_classes:
        only = "manipulated" if rows.manipulated.all() else "pristine"
        notes.append(f"All scored rows are {only}: figures that need both classes cannot be had.")
    elif not 0.4 <= share <= 0.6:
        notes.append(
            f"{share:.0%} of the rows are manipulated. Fakeness is calibrated for one to one: accuracy, "
            "precision, log loss, Brier score and ECE depend on that share; AUC, EER and Cllr do not."
        )
    if rows.n_groups < MIN_GROUPS:
        notes.append(f"No intervals: the rows come from {rows.n_groups} groups, {MIN_GROUPS} are needed.")
    return tuple(notes)
