"""PDF: the HTML page in its print style, laid out by WeasyPrint (extra ``pdf``). Same view, same bytes."""

from __future__ import annotations

import hashlib
import io
import logging
import re
from typing import Any, BinaryIO, ClassVar, Final

from forensics.errors import SettingsError
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.view import ReportView

STYLE: Final = "pdf.css"
DRAWING_STYLE: Final = "pdf_svg.css"
MISSING_PACKAGE: Final = "pip install 'forensics[pdf]'"
MISSING_PANGO: Final = (
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (or brew install pango)"
)
_IDENTIFIER_BYTES: Final = 16
# Our own markup: in names and texts every "<" is escaped.
_SYMBOL: Final = re.compile(r'<symbol id="(i-[a-z]+)"([^>]*)>(.*?)</symbol>')
_ICON: Final = re.compile(r'<svg class="icon v-([a-z]+)" aria-hidden="true"><use href="#(i-[a-z]+)"/></svg>')
_DRAWING: Final = re.compile(r'<svg [^>]*class="(?:chart|range|proportion)[^>]*>')
_COLOURS: Final = {"signs": "#8c2014", "inconclusive": "#6a4800", "none": "#2b4a61", "unexamined": "#4c4f54"}


class PdfRenderer:
    """Draws the page without its scripts; nothing is fetched from anywhere.

    Raises:
        SettingsError: WeasyPrint or Pango is missing; before a scan, not after it.
    """

    suffix: ClassVar[str] = ".pdf"

    def __init__(self) -> None:
        self._weasyprint = load_weasyprint()

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the document.

        Raises:
            ReportError: the templates are missing or do not fit this version.
        """
        drawn = io.BytesIO()
        html = HtmlRenderer(print_style=STYLE)
        html.render(view, drawn)
        page = _styled_drawings(drawn.getvalue().decode("utf-8"), html.asset(DRAWING_STYLE))
        document = self._weasyprint.HTML(
            string=page,
            url_fetcher=self._weasyprint.urls.URLFetcher(allowed_protocols=("data",)),
        )
        # WeasyPrint would draw a random identifier.
        identifier = hashlib.sha256(page.encode()).digest()[:_IDENTIFIER_BYTES]
        document.write_pdf(out, pdf_identifier=identifier, presentational_hints=False)


def load_weasyprint() -> Any:
    """The package that draws PDF.

    Raises:
        SettingsError: it, or the library that it sets type with, is missing.
    """
    try:
        import weasyprint
    except ImportError as error:
        raise SettingsError(
            f"Reports in PDF need WeasyPrint, which is not installed ({error})", f"Run: {MISSING_PACKAGE}"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"Reports in PDF need Pango, which is not installed ({error})", f"Run: {MISSING_PANGO}"
        ) from error
    # It warns of every property of browsers that it does not know.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint


def _styled_drawings(page: str, style: str) -> str:
    """The page with drawings that stand alone: WeasyPrint gives them neither the page's style nor symbols."""
    symbols = {name: (attributes, body) for name, attributes, body in _SYMBOL.findall(page)}

    def icon(found: re.Match[str]) -> str:
        attributes, body = symbols[found[2]]
        return f'<svg class="icon"{attributes}>{body.replace("currentColor", _COLOURS[found[1]])}</svg>'

    page = _ICON.sub(icon, page)
    return _DRAWING.sub(lambda found: f"{found[0]}<style>{style}</style>", page)
