"""PDF: the page on paper, to the same bytes each time, without a network."""

from __future__ import annotations

import builtins
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from forensics.errors import SettingsError
from forensics.report.renderers import check_writable, write_report
from forensics.report.renderers.pdf import PdfRenderer, load_weasyprint
from forensics.workflows.drawing import check_brief
from tests.report.drawn import drawn
from tests.report.synthetic_case import Case, examined, exhibits_of, unexamined, view_of

try:
    load_weasyprint()
    MISSING = ""
except SettingsError as error:
    MISSING = f"{error.message}. {error.hint}"
needs_weasyprint = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def small_case() -> Case:
    results = [examined("a/<b>.mp4", (0.94,), 0.2, 1), unexamined("c.mp4", "The file has zero bytes.")]
    rows = list(enumerate(results, start=1))
    return Case(rows, {row_id: exhibits_of(result) for row_id, result in rows})


def small(**changes: Any) -> bytes:
    return drawn(PdfRenderer(), view_of(small_case(), **changes))


@needs_weasyprint
def test_the_same_view_gives_the_same_bytes_and_another_does_not() -> None:
    first = small(brief=True)
    assert first.startswith(b"%PDF-")
    assert small(brief=True) == first
    assert small(brief=True, drawn_utc="2026-11-22T10:00:00+00:00") != first


@needs_weasyprint
def test_the_short_form_has_three_pages_and_one_for_each_file() -> None:
    assert len(re.findall(rb"/Type\s*/Page\b", _plain(small(brief=True)))) == 3 + 2


@needs_weasyprint
def test_the_long_form_holds_words_pictures_and_drawings(tmp_path: Path) -> None:
    write_report(view_of(small_case()), tmp_path / "a.PDF")
    pdf = _plain((tmp_path / "a.PDF").read_bytes())
    assert len(re.findall(rb"/Subtype\s*/Image", pdf)) >= 6
    assert b"/Title" in pdf


@needs_weasyprint
def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was made")

    monkeypatch.setattr(socket, "socket", refuse)
    assert small(case="http://example.org/x.png", brief=True)


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [(ImportError("no such module"), "forensics[pdf]"), (OSError("libpango-1.0-0"), "libpango")],
)
def test_what_is_missing_is_said_before_a_scan_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Exception, remedy: str
) -> None:
    original = builtins.__import__

    def failing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise failure
        return original(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", failing)
    with pytest.raises(SettingsError) as caught:
        check_writable(tmp_path / "a.pdf")
    assert remedy in caught.value.hint


def test_a_short_form_may_be_a_pdf() -> None:
    check_brief([Path("a.pdf")], brief=True)


def _plain(pdf: bytes) -> bytes:
    """The objects of a PDF, those in compressed streams too."""
    import zlib

    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)
