"""A view, drawn in some form, without a file."""

from __future__ import annotations

import io

from forensics.report.renderers import Renderer
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.view import ReportView


def drawn(renderer: Renderer, view: ReportView) -> bytes:
    """What a renderer writes; it leaves the file open for whoever opened it."""
    out = io.BytesIO()
    renderer.render(view, out)
    assert not out.closed, "whoever opened the file closes it"
    return out.getvalue()


def text_of(renderer: Renderer, view: ReportView) -> str:
    """The same as text."""
    return drawn(renderer, view).decode("utf-8")


def page_of(view: ReportView) -> str:
    """The HTML page."""
    return text_of(HtmlRenderer(), view)
