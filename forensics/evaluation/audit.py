"""Whether measured figures still hold up against a card's: for a lab's own CI."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import ReportError, SettingsError
from forensics.evaluation.cards import as_metrics
from forensics.evaluation.metrics import HIGHER_IS_BETTER
from forensics.numerals import figure_text
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.model_card import Metric, ModelCard

# Where neither the card nor the measurement has an interval.
_TOLERANCE_WITHOUT_INTERVAL = 0.02
# A model that abstains from what it finds hard must not pass for a better one.
_FEWEST_SCORED = 0.95
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One figure of the card and what became of it.

    Attributes:
        message: one sentence with both values and the tolerance.
    """

    name: str
    fell: bool
    message: str


@dataclass(frozen=True, slots=True)
class Audit:
    """Every figure of one card that was audited."""

    model: str
    lines: tuple[AuditLine, ...]

    @property
    def fallen(self) -> tuple[AuditLine, ...]:
        """The figures that fell; empty means that the audit passed."""
        return tuple(line for line in self.lines if line.fell)

    @property
    def exit_code(self) -> int:
        """1 if any figure fell, otherwise 0."""
        return 1 if self.fallen else 0


def check_data_set(cards: Sequence[ModelCard], data_set: str | None) -> None:
    """Makes sure that every card has figures on this data set: before the work, not after it.

    Figures on other data say nothing of a model that may have been damaged.

    Raises:
        SettingsError: no data set was named, or a card has no figures on it.
    """
    without = [card for card in cards if not _expected(card, data_set)]
    if not without:
        return
    if data_set is None:
        raise SettingsError(
            "An audit needs to know which figures of the cards to compare with", _known_data_sets(cards)
        )
    named = " and ".join(card.id for card in without)
    raise SettingsError(
        f"There are no figures on {data_set!r} in the card of {named}",
        f"{_known_data_sets(without)} To look at other models alone: --detectors.",
    )


def _known_data_sets(cards: Sequence[ModelCard]) -> str:
    known = sorted({metric.data_set for card in cards for metric in card.metrics})
    if not known:
        return "The cards have no figures yet; write some: forensics evaluate --data-set NAME --write-card."
    listed = ", ".join(repr(one) for one in known)
    return f"Name the data set that is measured, as the cards call it, with --data-set: {listed}."


def _expected(card: ModelCard, data_set: str | None) -> list[Metric]:
    return [
        metric
        for metric in card.metrics
        if metric.data_set == data_set and _figure_of(metric) in HIGHER_IS_BETTER
    ]


def audit(card: ModelCard, figures: Iterable[LabelledFigures], *, data_set: str) -> Audit:
    """Compares measured figures with the card's.

    A figure fell if it is worse than the worse end of the card's interval; without one on the card, if even
    the better end of the measured interval is worse than the card's value; without either, by more than 0.02.
    A figure of the card that could not be measured fell too, and so did one that rests on less than 95 % of
    the card's rows.

    Args:
        card: the model's card, with the figures to hold.
        figures: measured now.
        data_set: what the measured data are called in the card.

    Raises:
        SettingsError: the card has no figures to compare with.
    """
    check_data_set([card], data_set)
    measured = {metric.name: metric for metric in as_metrics(figures, data_set, "")}
    return Audit(card.id, tuple(_line(one, measured.get(one.name)) for one in _expected(card, data_set)))


def write_junit(audits: Iterable[Audit], path: Path) -> None:
    """Writes one JUnit test suite per card and one test case per figure.

    Raises:
        ReportError: the file cannot be written.
    """
    root = ET.Element("testsuites", name="forensics audit")
    for one in audits:
        suite = ET.SubElement(root, "testsuite", name=_xml_text(one.model), tests=str(len(one.lines)))
        suite.set("failures", str(len(one.fallen)))
        for line in one.lines:
            case = ET.SubElement(suite, "testcase", classname=_xml_text(one.model), name=_xml_text(line.name))
            if line.fell:
                ET.SubElement(case, "failure", message=_xml_text(line.message), type="figure fell")
    ET.indent(root)
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise ReportError(
            f"The audit cannot be written to {path}: {error.strerror}",
            "Choose a folder that exists and is writable.",
        ) from error


def _line(expected: Metric, measured: Metric | None) -> AuditLine:
    name = expected.name
    if measured is None:
        return AuditLine(
            name, True, f"{name} could not be measured; the card says {figure_text(expected.value)}"
        )
    sign = 1 if HIGHER_IS_BETTER[_figure_of(expected)] else -1
    limit, why = _limit(expected, measured, sign)
    better_end = measured.value
    if why == "measured interval":
        ends = [end for end in (measured.lower, measured.upper) if end is not None]
        better_end = max(ends, key=lambda end: sign * end)
    fell = sign * better_end < sign * limit
    verb = "fell to" if fell and sign > 0 else "rose to" if fell else "holds at"
    message = (
        f"{name} {verb} {figure_text(measured.value)} (n = {measured.n}); the card says "
        f"{figure_text(expected.value)} (n = {expected.n}), {'at least' if sign > 0 else 'at most'} "
        f"{figure_text(limit)} is required by the {why}"
    )
    if measured.n < _FEWEST_SCORED * expected.n:
        fell = True
        message += f"; only {measured.n} of the card's {expected.n} rows were scored"
    return AuditLine(name, fell, message)


def _limit(expected: Metric, measured: Metric, sign: int) -> tuple[float, str]:
    worse_end = expected.lower if sign > 0 else expected.upper
    if worse_end is not None:
        return worse_end, "card's interval"
    if measured.lower is not None and measured.upper is not None:
        return expected.value, "measured interval"
    return expected.value - sign * _TOLERANCE_WITHOUT_INTERVAL, "fixed tolerance"


def _figure_of(metric: Metric) -> str:
    return metric.name.rsplit(": ", 1)[-1]


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("?", text)
