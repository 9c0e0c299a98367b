"""The report's words: how labels, measures and amounts are said to a reader who is not an engineer."""

from __future__ import annotations

import unicodedata

from forensics.records.findings import Why
from forensics.records.model_card import Metric, ModelCard
from forensics.records.verdict import Basis, Verdict, VerdictLabel
from forensics.verdicts.words import stated

VERDICT_WORDS: dict[VerdictLabel, str] = {
    VerdictLabel.SIGNS_OF_MANIPULATION: "Signs of manipulation",
    VerdictLabel.INCONCLUSIVE: "Inconclusive",
    VerdictLabel.NO_SIGNS_FOUND: "No signs found",
    VerdictLabel.NOT_EXAMINED: "Not examined",
}

VERDICT_MEANING: dict[VerdictLabel, str] = {
    VerdictLabel.SIGNS_OF_MANIPULATION: (
        "At least one face or the voice scored at or above the threshold that the model's validation set. "
        "It is a reason to look closer. It is not proof, and it names neither a method nor a maker."
    ),
    VerdictLabel.INCONCLUSIVE: (
        "The scores lie between the two thresholds, or too little could be scored. The file may be either."
    ),
    VerdictLabel.NO_SIGNS_FOUND: (
        "Nothing that the models know was found. This is not a clean bill of health: a method that the "
        "models "
        "have not met, strong compression or a short manipulation can pass unnoticed."
    ),
    VerdictLabel.NOT_EXAMINED: (
        "Nothing could be judged. The reason and what can be done about it stand with the file."
    ),
}

# The order in which a reader wants files: what needs attention first.
VERDICT_ORDER: tuple[VerdictLabel, ...] = (
    VerdictLabel.SIGNS_OF_MANIPULATION,
    VerdictLabel.INCONCLUSIVE,
    VerdictLabel.NO_SIGNS_FOUND,
    VerdictLabel.NOT_EXAMINED,
)

WHY_WORDS: dict[Why, str] = {
    Why.NO_FACE: "No face was found",
    Why.TOO_SMALL: "Too small",
    Why.TOO_SHORT: "Too short",
    Why.NO_AUDIO: "No sound",
    Why.OUT_OF_DOMAIN: "Unlike what the model was calibrated on",
    Why.UNSUPPORTED: "Not supported",
    Why.FAILED: "The detector failed",
    Why.CHANGED: "Changed during its examination",
    Why.DAMAGED: "Cut short or damaged",
}

STAGE_WORDS: dict[str, str] = {
    "find": "Finding files",
    "hash": "Hashing",
    "probe": "Reading the container",
    "decode": "Decoding",
    "faces": "Finding faces",
    "score": "Scoring",
    "conclude": "Concluding",
    "report": "Drawing this report",
}

BROKEN_TITLE = "This case file was changed after it was written"
BROKEN_MEANING = (
    "The check of the case file failed, and the report was drawn all the same, by --even-if-broken. Nothing "
    "on this page can be relied on. Pictures that are not those that were recorded, and rows that cannot be "
    "read, are left out. Compare the case file with a copy from a backup."
)

METRIC_WORDS: dict[str, str] = {
    "auc": "AUC (area under the ROC curve)",
    "average_precision": "Average precision",
    "eer": "Equal error rate",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall (manipulated files found)",
    "f1": "F1",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "ece": "Expected calibration error",
    "false_positive_rate": "False alarms among pristine files",
    "false_negative_rate": "Missed among manipulated files",
    "true_positive_rate": "Found among manipulated files",
    "cllr": "Cllr",
    "cllr_min": "Cllr, minimum",
    "misleading_pristine": "Pristine files with a ratio above 1 (misleading)",
    "misleading_manipulated": "Manipulated files with a ratio of at most 1 (misleading)",
    "auc_difference": "AUC, difference",
    "drift_mean": "Shift of fakeness, mean",
    "drift_p95": "Shift of fakeness, 95 % of files below",
    "drift_max": "Shift of fakeness, largest",
    "label_flips": "Verdicts that differ",
}

HEADLINE_METRICS = ("auc", "eer", "recall", "false_positive_rate")
MOST_HEADLINES = 8

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "Fakeness",
        "A calibrated score from 0 to 1; higher speaks more for manipulation. Among files like those used "
        "for "
        "calibration, about that share of files with such a score was manipulated. Yours may be unlike them.",
    ),
    (
        "Interval",
        "How far the fakeness of this file would move if other moments of the same file had been looked at "
        "(95 %). It is not the error rate of the model.",
    ),
    (
        "At least, at most",
        "A fakeness at the edge of what the model's calibration has seen. The score lies beyond it, where no "
        "probability is stated.",
    ),
    (
        "Likelihood ratio",
        "How many times more probable such a score is for manipulated than for pristine validation files. It "
        "is not the probability that the file was manipulated: that depends on everything else in the case.",
    ),
    (
        "Threshold",
        "The two limits on fakeness, taken from validation files: at or above the upper one a file shows "
        "signs, "
        "at or below the lower one no signs were found, between them the result is inconclusive.",
    ),
    (
        "Person 1, person 2",
        "Faces that follow each other in place and time within one file. Numbers do not carry over from file "
        "to "
        "file, and nobody is identified.",
    ),
    (
        "Where the net looked",
        "The regions that weighed most in the net's score. They are not a map of the manipulated area.",
    ),
    (
        "Spectrogram",
        "Sound as a picture: time from left to right, low tones at the bottom, high ones at the top; "
        "brighter is louder.",
    ),
    (
        "Abstention",
        "A detector that says nothing because it cannot tell. An abstention is never counted as a score.",
    ),
    (
        "SHA-256",
        "A fingerprint of the whole file. If one bit changes, the fingerprint changes; equal fingerprints "
        "mean "
        "equal files.",
    ),
    (
        "Chain head",
        "The last link of the chain of fingerprints that runs through every row of the case file. If any row "
        "is "
        "changed afterwards, it no longer matches.",
    ),
    ("AUC", "How well scores order manipulated above pristine files: 0.5 is chance, 1 is perfect order."),
    (
        "Equal error rate",
        "The error rate at the threshold where false alarms and misses are equally frequent.",
    ),
    (
        "Calibration error (ECE)",
        "How far stated scores lie from the observed share of manipulated files, averaged over bins.",
    ),
    ("n", "The number of files (or crops, or clips) that a figure rests on. Small n means wide intervals."),
)

SIZE_UNITS = ("kB", "MB", "GB")

# Control characters and invisible direction marks can make a name look like another one.
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """``text`` with control, direction and other invisible characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _INVISIBLE_CATEGORIES else c for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def fakeness_text(value: float | None) -> str:
    """Two decimals, but never a rounded 0 or 1: no score is certain."""
    if value is None:
        return ""
    if value > 0.99:
        return "> 0.99"
    if value < 0.01:
        return "< 0.01"
    return f"{value:.2f}"


def stated_fakeness(basis: Basis) -> str:
    """A subject's fakeness, or the bound that is stated beyond what the calibration has seen."""
    return fakeness_text(basis.fakeness) if basis.covered else stated(basis)


def verdict_fakeness(verdict: Verdict) -> str:
    """What is stated of the subject that decided; empty where nothing was scored."""
    if verdict.fakeness is None or verdict.stretch is not None or not verdict.basis:
        return fakeness_text(verdict.fakeness)
    return stated_fakeness(verdict.basis[0])


def highest_fakeness(verdict: Verdict, detector: str) -> str:
    """What is stated of a detector's highest subject; empty where it scored nothing."""
    bases = [basis for basis in verdict.basis if basis.detector == detector and basis.counts]
    return stated_fakeness(max(bases, key=lambda basis: basis.fakeness)) if bases else ""


def interval_text(lower: float | None, upper: float | None) -> str:
    """``0.88 to 0.96``, empty where either end is unknown."""
    if lower is None or upper is None:
        return ""
    return f"{fakeness_text(lower)} to {fakeness_text(upper)}"


def figure_text(value: float, lower: float | None = None, upper: float | None = None) -> str:
    """A figure of merit with its interval: ``0.912 [0.871, 0.944]``."""
    if lower is None or upper is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{lower:.3f}, {upper:.3f}]"


def figure_interval_text(lower: float | None, upper: float | None) -> str:
    """A figure's interval in a column of its own: ``0.871 to 0.944``."""
    return "not stated" if lower is None or upper is None else f"{lower:.3f} to {upper:.3f}"


def duration_text(seconds: float | None) -> str:
    """``0.4 s``, ``12.3 s``, ``3:05 min``, ``1:02:09 h``; empty if unknown."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"


def moment_text(seconds: float) -> str:
    """A point in time as a player shows it: ``0:07.4``, ``1:02:09.0``."""
    tenths = round(seconds * 10)
    hours, minutes, rest = tenths // 36000, tenths // 600 % 60, tenths % 600
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 10:02d}.{rest % 10}"


def size_text(n_bytes: int) -> str:
    """``812 bytes``, ``4.2 MB``."""
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    power = min(3, (len(str(n_bytes)) - 1) // 3)
    return f"{n_bytes / 1000**power:.1f} {SIZE_UNITS[power - 1]}"


def count_text(n: int, one: str, many: str) -> str:
    """``1 file``, ``5,000 files``."""
    return f"{n:,} {one if n == 1 else many}"


def metric_words(name: str) -> str:
    """A measure's name for people, its scope after it: ``auc`` or ``face tracks: auc`` as cards hold them."""
    scope, _, figure = name.rpartition(": ")
    said = METRIC_WORDS.get(figure, figure.replace("_", " "))
    return f"{said}, {scope}" if scope else said


def headline(card: ModelCard) -> tuple[Metric, ...]:
    """The few figures of a card that tell a reader how often the model is wrong, of every data set."""
    of_files = [metric for metric in card.metrics if metric.name.startswith(f"{card.task}: ")]
    whole = of_files or [metric for metric in card.metrics if "," not in metric.name]
    telling = [metric for metric in whole if metric.name.rpartition(": ")[2] in HEADLINE_METRICS]
    return tuple((telling or whole or list(card.metrics))[:MOST_HEADLINES])


def share_text(part: int, whole: int) -> str:
    """``37 %``; empty where there is no whole."""
    return f"{100 * part / whole:.0f} %" if whole else ""
