"""Every renderer of the table does what the seam promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.report.renderers import RENDERERS, Renderer, renderer_for
from forensics.report.view import ReportView, build_view
from tests.report import synthetic_case
from tests.report.drawn import drawn


@pytest.fixture(params=list(RENDERERS))
def renderer(request: pytest.FixtureRequest) -> Renderer:
    return renderer_for(Path(f"out{request.param}"))


@pytest.fixture(scope="module")
def rich() -> ReportView:
    return synthetic_case.view_of(synthetic_case.rich_case(), labelled=True)


def text_of(renderer: Renderer, view: ReportView) -> str:
    """What a renderer wrote, as text."""
    if renderer.suffix == ".pdf":
        pytest.skip("the text in a PDF is packed; tests/report/test_pdf.py reads it")
    return drawn(renderer, view).decode("utf-8")


def test_is_called_as_in_the_table(renderer: Renderer) -> None:
    assert RENDERERS[renderer.suffix].endswith(type(renderer).__name__)
    assert type(renderer_for(Path(f"OUT{renderer.suffix.upper()}"))) is type(renderer)


def test_every_file_of_a_rich_case_stands_in_the_report(renderer: Renderer, rich: ReportView) -> None:
    text = text_of(renderer, rich)
    for file in rich.files:
        shown = file.path.rsplit("/", 1)[-1]
        if shown.isascii() and shown.replace("-", "").replace(".", "").replace("_", "").isalnum():
            assert shown in text


def test_the_same_view_gives_the_same_bytes(renderer: Renderer, rich: ReportView) -> None:
    assert drawn(renderer, rich) == drawn(renderer, rich)


def test_a_case_without_files_has_a_report(renderer: Renderer) -> None:
    empty = build_view([synthetic_case.manifest()], [], lambda _: [])
    assert text_of(renderer, empty).strip()


def test_names_that_are_code_are_shown_and_not_obeyed(renderer: Renderer, rich: ReportView) -> None:
    text = text_of(renderer, rich)
    assert "\x1b" not in text, "no terminal is steered by a name"
    if renderer.suffix == ".html":
        assert '<script>alert("1")</script>' not in text
