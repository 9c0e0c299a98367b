"""JUnit XML: a test case for each file, failed where there are signs of manipulation."""

from __future__ import annotations

import io
from typing import BinaryIO, ClassVar
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from forensics.records.verdict import VerdictLabel
from forensics.report.report_words import VERDICT_WORDS, visible
from forensics.report.view import FileView, ReportView

_ELEMENTS = {VerdictLabel.SIGNS_OF_MANIPULATION: "failure", VerdictLabel.NO_SIGNS_FOUND: ""}


class JunitRenderer:
    """What JUnit calls skipped is what was inconclusive or not examined."""

    suffix: ClassVar[str] = ".xml"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document as UTF-8."""
        text = io.TextIOWrapper(
            out, encoding="utf-8", errors="backslashreplace", newline="", write_through=True
        )
        try:
            xml = XMLGenerator(text, "utf-8", short_empty_elements=True)
            xml.startDocument()
            counts = {count.label: count.n for count in view.counts}
            failed = counts.get(VerdictLabel.SIGNS_OF_MANIPULATION, 0)
            passed = counts.get(VerdictLabel.NO_SIGNS_FOUND, 0)
            suite = {
                "name": "forensics",
                "tests": view.n_files,
                "failures": failed,
                "skipped": view.n_files - failed - passed,
                "errors": 0,
            }
            xml.startElement("testsuite", AttributesImpl({name: str(value) for name, value in suite.items()}))
            for file in view.files:
                _case(xml, file)
            xml.endElement("testsuite")
            xml.endDocument()
        finally:
            text.detach()


def _case(xml: XMLGenerator, file: FileView) -> None:
    result = file.result
    verdict = result.verdict
    seconds = f"{sum(result.timings_s.values()):.3f}"
    named = {
        "classname": f"forensics.{result.media.kind.value}",
        "name": _plain(result.media.path),
        "time": seconds,
    }
    xml.startElement("testcase", AttributesImpl(named))
    element = _ELEMENTS.get(verdict.label, "skipped")
    if element:
        xml.startElement(
            element, AttributesImpl({"message": _plain(f"{VERDICT_WORDS[verdict.label]}: {verdict.reason}")})
        )
        xml.endElement(element)
    noted = [f"{notice.stage}: {notice.message}" for notice in result.notices]
    if noted or verdict.limits:
        xml.startElement("system-out", AttributesImpl({}))
        xml.characters(_plain("; ".join((*verdict.limits, *noted))))
        xml.endElement("system-out")
    xml.endElement("testcase")


def _plain(text: str) -> str:
    """Without what XML 1.0 has no place for."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in visible(text))
