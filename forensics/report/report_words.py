"""The report's words: how labels, measures and amounts are said to a reader who is not an engineer.

The constants stand in English, and in the catalogues: they are translated where they are shown.
"""

from __future__ import annotations

import unicodedata

from forensics.detectors import DETECTORS, described
from forensics.languages import ENGLISH, gettext, later, spoken
from forensics.languages.retelling import retold_plainly
from forensics.numerals import amount, score_text
from forensics.records.findings import AbstentionReason
from forensics.records.model_card import Metric, ModelCard
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.verdicts.verdict_words import stated

VERDICT_WORDS: dict[VerdictLabel, str] = {
    VerdictLabel.SIGNS_OF_MANIPULATION: "Signs of manipulation",
    VerdictLabel.INCONCLUSIVE: "Inconclusive",
    VerdictLabel.NO_SIGNS_FOUND: "No signs found",
    VerdictLabel.NOT_EXAMINED: "Not examined",
}

VERDICT_MEANING: dict[VerdictLabel, str] = {
    VerdictLabel.SIGNS_OF_MANIPULATION: (
        "A face or the voice scored at or above the decision threshold fitted on validation data, over the "
        "whole file or in a part of it. That is a reason to look closer. It is not proof, and it tells "
        "neither the method nor who used it."
    ),
    VerdictLabel.INCONCLUSIVE: (
        "The scores lie between the two decision thresholds, or too little could be judged. The file may be "
        "manipulated or not."
    ),
    VerdictLabel.NO_SIGNS_FOUND: (
        "Everything that could be judged scored at or below the lower decision threshold. This is not a "
        "clean bill of health: methods unlike those that the models were trained on, strong compression or "
        "a short manipulation can go unnoticed."
    ),
    VerdictLabel.NOT_EXAMINED: (
        "Nothing could be judged. The entry of the file gives the reason and what to do about it."
    ),
}

TWIN_MARK = "identical copy"

# The order in which a reader wants files: what needs attention first.
VERDICT_ORDER: tuple[VerdictLabel, ...] = (
    VerdictLabel.SIGNS_OF_MANIPULATION,
    VerdictLabel.INCONCLUSIVE,
    VerdictLabel.NO_SIGNS_FOUND,
    VerdictLabel.NOT_EXAMINED,
)

WHY_WORDS: dict[AbstentionReason, str] = {
    AbstentionReason.NO_FACE: "No face was found",
    AbstentionReason.TOO_SMALL: "Too small",
    AbstentionReason.TOO_SHORT: "Too short",
    AbstentionReason.NO_AUDIO: "No sound",
    AbstentionReason.NO_SPEECH: "No speech",
    AbstentionReason.OUT_OF_DOMAIN: "Unlike what the model was calibrated on",
    AbstentionReason.UNSUPPORTED: "Not supported",
    AbstentionReason.FAILED: "The detector failed",
    AbstentionReason.CHANGED: "Changed during its examination",
    AbstentionReason.DAMAGED: "Cut short or damaged",
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


def stage_words(stage: str) -> str:
    """What a notice's stage is called: a stage of the pipeline, or the detector that noticed."""
    known = STAGE_WORDS.get(stage)
    return gettext(known) if known else retold_plainly(described(stage).title)


def detector_words(name: str) -> str:
    """What a line begins with that is a detector's: its name, in other languages than English its title."""
    if spoken() == ENGLISH or name not in DETECTORS:
        return name.capitalize()
    return retold_plainly(described(name).title)


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
    "drift_mean": "Shift of score, mean",
    "drift_p95": "Shift of score, 95th percentile",
    "drift_max": "Shift of score, largest",
    "label_flips": "Verdicts that differ",
}

# Figures that tell a reader how often a model is wrong, and the classes that each is measured on.
HEADLINE_METRICS = {
    "auc": (later("manipulated"), later("pristine")),
    "eer": ("manipulated", "pristine"),
    "recall": ("manipulated",),
    "false_positive_rate": ("pristine",),
}
# With fewer files of a class, one file more or less moves a rate by more than five points.
FEWEST_OF_A_CLASS = 20

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "Score",
        "Calibrated, from 0 to 1: the higher, the more it speaks for manipulation. Of the validation "
        "files with such a score, both classes weighed alike, about that share was manipulated. Your files "
        "may be unlike them.",
    ),
    (
        "Interval",
        "How far the score of this file might have moved had other moments of it been sampled (95%). It "
        "is not the error rate of the model.",
    ),
    (
        "At least, at most",
        "The score lies beyond those that the model was calibrated on. The bound is stated, and no "
        "probability beyond it.",
    ),
    (
        "Likelihood ratio",
        "How many times more probable such a score is among manipulated than among pristine validation "
        "files. It is not the probability that the file was manipulated: that depends on everything else "
        "in the case.",
    ),
    (
        "Threshold",
        "One of the two limits on the score, fitted on validation data. At or above the upper one a file "
        "shows signs; at or below the lower one no signs were found; in between the result is inconclusive.",
    ),
    (
        "Person 1, person 2",
        "Faces that were followed through one file. The numbers do not carry over from one file to the next, "
        "and nobody is identified.",
    ),
    (
        "Where the net looked",
        "The regions that weighed most in the net's score. They are not a map of the manipulated area.",
    ),
    (
        "Spectrogram",
        "Sound as a picture: time runs from left to right, low tones are at the bottom, high ones at the "
        "top; brighter is louder.",
    ),
    (
        "Abstention",
        "A detector says that it cannot tell, and why. An abstention is never counted as a score.",
    ),
    (
        "SHA-256",
        "A fingerprint of the whole file. If one bit changes, the fingerprint changes; equal fingerprints "
        "mean equal files.",
    ),
    (
        "Chain head",
        "The last link of the chain of fingerprints that runs through every row of the case file. Once any "
        "row is changed, it no longer matches.",
    ),
    ("AUC", "How well the scores rank manipulated files above pristine ones: 0.5 is chance, 1 is perfect."),
    (
        "Equal error rate",
        "The error rate at the threshold where false alarms and misses are equally frequent.",
    ),
    (
        "Calibration error (ECE)",
        "How far the stated score lies from the share of manipulated files that was observed, averaged "
        "over bins.",
    ),
    (
        "n",
        "The number of files, crops or clips that a figure rests on. The smaller it is, the wider the "
        "interval.",
    ),
)

# Control characters and invisible direction marks can make a name look like another one.
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """``text`` with control, direction and other invisible characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _INVISIBLE_CATEGORIES else c for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def verdict_score(verdict: Verdict) -> str:
    """What is stated of the subject that decided; empty where nothing was scored."""
    if (
        verdict.manipulation_score is None
        or verdict.stretch is not None
        or verdict.terms
        or not verdict.basis
    ):
        return score_text(verdict.manipulation_score)
    return stated(verdict.basis[0])


def highest_score(verdict: Verdict, detector: str) -> str:
    """What is stated of a detector's highest subject; empty where it scored nothing."""
    bases = [basis for basis in verdict.basis if basis.detector == detector and basis.counts]
    return stated(max(bases, key=lambda basis: basis.manipulation_score)) if bases else ""


def metric_words(name: str) -> str:
    """A measure's name for people, its scope after it: ``auc`` or ``face tracks: auc`` as cards hold them."""
    scope, _, figure = name.rpartition(": ")
    said = gettext(METRIC_WORDS.get(figure, figure.replace("_", " ")))
    return f"{said}, {retold_plainly(scope)}" if scope else said


def headline(card: ModelCard) -> tuple[Metric, ...]:
    """The few figures of a card that tell a reader how often the model is wrong, where n carries them."""
    return tuple(metric for metric in _telling(card) if _carried(metric))


def left_out(card: ModelCard) -> tuple[tuple[str, str], ...]:
    """(data set, how many of each class) of figures that are no headlines, since they hold too few files."""
    named = dict.fromkeys(
        (metric.data_set, _classes(metric)) for metric in _telling(card) if not _carried(metric)
    )
    return tuple(named)


def n_words(metric: Metric) -> str:
    """The n of the class that a figure is a rate over: ``500 pristine``; of both where it needs both."""
    over = HEADLINE_METRICS.get(_figure_name(metric), ("manipulated", "pristine"))
    counts = {"manipulated": metric.n_manipulated, "pristine": metric.n_pristine}
    if not any(counts.values()):
        return amount(metric.n)
    return ", ".join(f"{amount(counts[name])} {gettext(name)}" for name in over)


def _telling(card: ModelCard) -> list[Metric]:
    of_files = [metric for metric in card.metrics if metric.name.startswith(f"{card.task}: ")]
    whole = of_files or [metric for metric in card.metrics if "," not in metric.name]
    return [metric for metric in whole if _figure_name(metric) in HEADLINE_METRICS]


def _figure_name(metric: Metric) -> str:
    return metric.name.rpartition(": ")[2]


def _carried(metric: Metric) -> bool:
    return min(metric.n_manipulated, metric.n_pristine) >= FEWEST_OF_A_CLASS


def _classes(metric: Metric) -> str:
    if not metric.n_manipulated + metric.n_pristine:
        return gettext("n = {n}, how many of each class is not stated").format(n=amount(metric.n))
    return gettext("{n_manipulated} manipulated, {n_pristine} pristine").format(
        n_manipulated=amount(metric.n_manipulated), n_pristine=amount(metric.n_pristine)
    )
