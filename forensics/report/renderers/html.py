"""HTML: one page that needs nothing but itself, under a Content-Security-Policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import jinja2
from markupsafe import Markup

from forensics import languages, numerals
from forensics.errors import ReportError
from forensics.languages.retelling import Piece, retold, retold_plainly
from forensics.records.exhibit_content import Picture, SoundClip, StripFrame
from forensics.records.findings import Notice
from forensics.records.model_card import ModelCard
from forensics.report import administration, brief, curve_charts, figures, report_words, timeline
from forensics.report.clock import clock_text
from forensics.report.duplicates.kin import MOST_IN_CHART
from forensics.report.duplicates.maps import difference_map
from forensics.report.evidence import MOST_FILE_NOTES, MOST_RUN_NOTICES, beside_tables
from forensics.report.literature import references
from forensics.report.view import FileView, ReportView
from forensics.resources import resource_folder
from forensics.verdicts.likelihood import ratio_text
from forensics.verdicts.verdict_words import stated

PAGE = "report.html.jinja"
BRIEF_PAGE = "brief.html.jinja"
STYLE = "report.css"
EVIDENCE_STYLE = "evidence.css"
BRIEF_STYLE = "brief.css"
SCRIPT = "report.js"
# Runs before the body is parsed: what waits for the viewer is never laid out, however many files there are.
EARLY_SCRIPT = "early.js"
# Chunks of a template are small; writing them one by one would cost a system call each.
CHUNKS_PER_WRITE = 2_000
# A page of thousands of copies would not open. JSON has them all.
MOST_GROUPS = 60
MOST_LINKS = MOST_IN_CHART
MOST_ALIKE = 60
_IN_ENGLISH = Markup('<span lang="en">{}</span>')
_AS_THE_PAGE = Markup("{}")


class HtmlRenderer:
    """Fills ``reports/templates/report.html.jinja``."""

    suffix: ClassVar[str] = ".html"

    def __init__(self, templates: Path | None = None, *, print_style: str | None = None) -> None:
        """Takes the templates that ship.

        Args:
            templates: a folder with others.
            print_style: a further style of that folder, for what is printed straight away: without scripts.
        """
        self._folder = templates or resource_folder("reports/templates")
        self._print_style = print_style

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the page as UTF-8, piece by piece.

        Raises:
            ReportError: the templates are missing or do not fit this version.
        """
        style, early, script = (self.asset(name) for name in (STYLE, EARLY_SCRIPT, SCRIPT))
        page = PAGE
        style += self.asset(EVIDENCE_STYLE)
        scripts: tuple[str, ...] = (early, script)
        if view.brief:
            page, scripts, style = BRIEF_PAGE, (), style + self.asset(BRIEF_STYLE)
        if self._print_style is not None:
            early, script, scripts, style = "", "", (), style + self.asset(self._print_style)
        try:
            template = _environment(self._folder, administration.time_zone_of(view)).get_template(page)
            with languages.speaking(view.language):
                stream = template.stream(
                    view=view,
                    language=view.language,
                    script_words=Markup(languages.script_words(script)),  # noqa: S704 - our own words
                    style=Markup(style),  # noqa: S704 - our own file
                    early=Markup(early),  # noqa: S704 - our own file
                    script=Markup(script),  # noqa: S704 - our own file
                    policy=content_security_policy((style,), scripts),
                )
                stream.enable_buffering(CHUNKS_PER_WRITE)
                for chunk in stream:
                    out.write(chunk.encode("utf-8", "backslashreplace"))
        except jinja2.TemplateError as error:
            raise ReportError(
                f"The report's template does not fit this version: {error}",
                "Install the package again; if you changed reports/templates, undo that.",
            ) from error

    def asset(self, name: str) -> str:
        """A style or a script of the templates' folder.

        Raises:
            ReportError: it is missing.
        """
        try:
            content = (self._folder / name).read_text("utf-8")
        except OSError as error:
            raise ReportError(
                f"The report's template {self._folder / name} is missing", "Install the package again."
            ) from error
        # A browser hashes line feeds; a checkout on Windows may have carriage returns.
        return content.replace("\r\n", "\n")


def content_security_policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Nothing from outside, and of what is inside only these styles and these scripts."""
    return (
        f"default-src 'none'; img-src data:; media-src data:; style-src {_hashes(styles)}; "
        f"script-src {_hashes(scripts)}; base-uri 'none'; form-action 'none'"
    )


def _hashes(contents: Iterable[str]) -> str:
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"


def _environment(folder: Path, time_zone: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    # Added by the extension, which declares no types.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        languages.gettext, languages.ngettext, newstyle=True
    )
    environment.filters.update(
        tr=_translated,
        told=told,
        as_recorded=as_recorded,
        in_english=_in_english,
        told_plainly=retold_plainly,
        in_a_sentence=languages.in_a_sentence,
        at_start=languages.at_start,
        number=languages.number,
        amount=numerals.amount,
        fixed=numerals.fixed,
        visible=report_words.visible,
        detector_words=report_words.detector_words,
        manipulation_score=numerals.score_text,
        duration=numerals.duration_text,
        moment=numerals.moment_text,
        size=numerals.size_text,
        metric=report_words.metric_words,
        data_uri=_data_uri,
        clock=partial(clock_text, time_zone=time_zone),
        short=brief.short,
        short_path=brief.short_path,
    )
    environment.tests["measured"] = lambda card: bool(report_words.headline(card))
    environment.globals.update(
        words=report_words,
        count_text=numerals.count_text,
        brief=brief,
        administration=administration,
        references=references,
        plain_summary=brief.plain_summary,
        score_text=numerals.score_text,
        interval_text=numerals.interval_text,
        figure_text=numerals.figure_text,
        figure_interval_text=numerals.figure_interval_text,
        span_text=numerals.span_text,
        stated=stated,
        score_chart=timeline.score_chart,
        curve_chart=curve_charts.curve_chart,
        difference_map=difference_map,
        most_alike=MOST_ALIKE,
        most_groups=MOST_GROUPS,
        most_links=MOST_LINKS,
        carried=figures.carried,
        charts=figures.charts,
        whole_scopes=figures.whole_scopes,
        breakdowns=figures.breakdowns,
        figure_in=figures.figure_in,
        confusion_columns=figures.confusion_columns,
        confusion_rows=figures.confusion_rows,
        headline=report_words.headline,
        left_out=report_words.left_out,
        data_left_out=_data_left_out,
        ratio_text=ratio_text,
        percent=_percent,
        notices_beside_tables=_notices_beside_tables,
        most_run_notices=MOST_RUN_NOTICES,
        most_file_notes=MOST_FILE_NOTES,
    )
    return environment


def told(text: str | None, most: int | None = None) -> str:
    """Recorded sentences in the language of the page; what is left in English is marked as such.

    Args:
        most: characters after which they are cut, with an ellipsis; None for no limit.

    Returns:
        Text, or markup where a part is in another language than the page.
    """
    pieces = retold(text or "")
    if most is not None and sum(len(said) for said, _ in pieces) > most:
        pieces = _cut(pieces, most)
    if not any(foreign for _, foreign in pieces):
        return "".join(said for said, _ in pieces)
    return Markup().join(
        (_IN_ENGLISH if foreign else _AS_THE_PAGE).format(report_words.visible(said))
        for said, foreign in pieces
    )


def as_recorded(text: str, most: int | None = None) -> str:
    """Text of a model's card, which is written in English: marked as such on a page in another language."""
    cut = text if most is None else brief.short(text, most)
    if languages.spoken() == languages.ENGLISH:
        return cut
    return _IN_ENGLISH.format(report_words.visible(cut))


def _data_left_out(card: ModelCard) -> Markup:
    """The data sets that carry no headline, named as the card does."""
    named = (
        _AS_THE_PAGE.format(as_recorded(name)) + f" ({classes})"
        for name, classes in report_words.left_out(card)
    )
    return Markup("; ").join(named)


def _in_english(text: str) -> str:
    """An attribute for what carries such text in another attribute, where it is left in English."""
    return Markup(' lang="en"') if any(foreign for _, foreign in retold(text)) else ""


def _cut(pieces: Sequence[Piece], most: int) -> tuple[Piece, ...]:
    left, kept = most - 1, []
    for said, foreign in pieces:
        kept.append((said[:left], foreign))
        left -= len(said)
        if left <= 0:
            break
    return *kept[:-1], (f"{kept[-1][0]}\N{HORIZONTAL ELLIPSIS}", kept[-1][1])


def _translated(words: str | None) -> str:
    """Words that stand as a constant in the code."""
    return languages.gettext(words) if words else ""


def _finalize(value: Any) -> Any:
    """Every string that is not markup shows its invisible characters; None shows as nothing."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return report_words.visible(value)
    return value


def _notices_beside_tables(file: FileView) -> tuple[Notice, ...]:
    shown = (group for subject in file.subjects for group in subject.groups) if file.full else ()
    return beside_tables(file.result.notices, shown)


def _data_uri(content: Picture | StripFrame | SoundClip) -> Markup:
    if isinstance(content, SoundClip):
        kind, encoded = "audio/flac", base64.b64encode(content.flac)
    else:
        kind, encoded = "image/jpeg", base64.b64encode(content.jpeg)
    return Markup(f"data:{kind};base64,{encoded.decode()}")  # noqa: S704 - base64 has no markup


def _percent(value: float) -> str:
    """A share of [0, 1] in hundredths, for the small bars of the table."""
    return f"{100 * min(1.0, max(0.0, value)):.0f}"
