"""The chart along a file's time: one subject's scores, dots for frames and bars for windows of sound."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from forensics.languages import gettext as _
from forensics.languages import number
from forensics.languages.retelling import retold_plainly
from forensics.numerals import fixed, interval_text, moment_text, score_text, span_text
from forensics.records.findings import Score
from forensics.records.model_card import Thresholds
from forensics.report import svg
from forensics.report.subjects import SubjectView

WIDTH = 680.0
HEIGHT = 190.0
# More marks than this are closer than a pixel on a wide screen; hours of sound would weigh megabytes.
MOST_MARKS = 300

Bar = tuple[float, float, float]


def score_chart(subject: SubjectView, duration_s: float | None, *, links: bool = False) -> Markup:
    """Fakeness over time with thresholds, the subject's overall score and its interval.

    Args:
        links: the page shows the subject's filmstrip too; dots lead to their frames.
    """
    scores, bundled = thin(subject.scores)
    end_s = max([duration_s or 0.0, *(score.span.end_s for score in scores), 0.1])
    axes = svg.Axes(40, 22, WIDTH - 128, HEIGHT - 28, (0.0, end_s))
    ticks = [(at, _tick(at, end_s)) for at in svg.nice_ticks(0.0, end_s, 7)]
    parts = [
        axes.frame(
            ticks, [(0.0, "0"), (0.25, ""), (0.5, number("0.5")), (0.75, ""), (1.0, "1")], y_title=_("Score")
        ),
        _thresholds(axes, subject.thresholds),
        _overall(axes, subject),
    ]
    if subject.of_sound:
        bars = _without_overlap(scores)
        points = [
            axes.at((start_s + stop_s) / 2, manipulation_score)
            for start_s, stop_s, manipulation_score in bars
        ]
        parts.extend(_windows(axes, subject, bars))
    else:
        points = [axes.at(score.span.start_s, score.manipulation_score) for score in scores]
        parts.append(svg.path(points, "trace"))
        parts.append(svg.dots(points, "marks"))
        parts.extend(_links(axes, subject, scores) if links else ())
    if points:
        at = min(points, key=lambda point: point[1])
        parts.append(svg.element("circle", cx=at[0], cy=at[1], r=6.5, class_="ring"))
    title = _("{subject}: score over time").format(subject=retold_plainly(str(subject.subject)))
    # What has links within is no single image to those who cannot see it.
    role = "group" if links and subject.filmstrip is not None else "img"
    return svg.document(WIDTH, HEIGHT, title, describe(subject, bundled), parts, "time", role)


def thin(scores: Sequence[Score]) -> tuple[tuple[Score, ...], int]:
    """At most ``MOST_MARKS`` scores, the highest of each bundle of neighbours, and the bundle's size."""
    bundled = -(-len(scores) // MOST_MARKS) or 1
    if bundled == 1:
        return tuple(scores), 1
    bundles = [scores[start : start + bundled] for start in range(0, len(scores), bundled)]
    return tuple(max(bundle, key=lambda score: score.manipulation_score) for bundle in bundles), bundled


def describe(subject: SubjectView, bundled: int = 1) -> str:
    """The chart in a sentence, for those who cannot see it."""
    if not subject.scores:
        return _("No scores.")
    values = [score.manipulation_score for score in subject.scores]
    span = span_text(subject.scores[0].span.start_s, subject.scores[-1].span.end_s)
    said = [
        _("{n} scores from {span}, lowest {lowest}, highest {highest}.").format(
            n=len(values), span=span, lowest=score_text(min(values)), highest=score_text(max(values))
        )
    ]
    if subject.basis is not None:
        score = score_text(subject.basis.manipulation_score)
        interval = interval_text(subject.basis.lower, subject.basis.upper)
        template = (
            _("Overall score {score}, interval {interval}.") if interval else _("Overall score {score}.")
        )
        said.append(template.format(score=score, interval=interval))
    if bundled > 1:
        said.append(_("Each mark is the highest of {n} neighbouring scores.").format(n=bundled))
    return " ".join(said)


def _thresholds(axes: svg.Axes, thresholds: Thresholds | None) -> str:
    if thresholds is None:
        return ""
    parts = []
    wide_enough = abs(axes.y(thresholds.signs) - axes.y(thresholds.no_signs)) > 14
    for value, words, above in (
        (thresholds.signs, _("signs"), True),
        (thresholds.no_signs, _("no signs"), False),
    ):
        y = axes.y(value)
        parts.append(svg.line((axes.left, y), (axes.right, y), "threshold", "5 4"))
        shift = 3.5 if wide_enough else (-2.0 if above else 10.0)
        parts.append(svg.text((axes.right + 7, y + shift), f"{words} {fixed(value, 2)}", class_="label"))
    return "".join(parts)


def _overall(axes: svg.Axes, subject: SubjectView) -> str:
    basis = subject.basis
    if basis is None:
        return ""
    parts = []
    if basis.lower is not None and basis.upper is not None:
        top, bottom = axes.y(basis.upper), axes.y(basis.lower)
        parts.append(
            svg.rectangle(axes.left, top, axes.right - axes.left, max(bottom - top, 1.0), "interval")
        )
    y = axes.y(basis.manipulation_score)
    parts.append(svg.line((axes.left, y), (axes.right, y), "overall"))
    return "".join(parts)


def _windows(axes: svg.Axes, subject: SubjectView, bars: Sequence[Bar]) -> list[str]:
    """One bar per window; darker where a spectrogram of it is shown below."""
    shown = {exhibit.at_s for group in subject.groups for exhibit in group.exhibits}
    drawn = []
    for start_s, stop_s, manipulation_score in bars:
        left, top = axes.x(start_s), axes.y(manipulation_score)
        width = max(axes.x(stop_s) - left - 1, 0.6)
        kind = "window shown" if start_s in shown else "window"
        drawn.append(svg.rectangle(left + 0.5, top, width, axes.bottom - top, kind))
    return drawn


def _links(axes: svg.Axes, subject: SubjectView, scores: Sequence[Score]) -> list[str]:
    """Over each dot a place to click that leads to its frame, where the strip below shows it."""
    if subject.filmstrip is None:
        return []
    frames = {frame.at_s: number for number, frame in enumerate(subject.filmstrip.frames, start=1)}
    drawn = []
    for score in scores:
        number = frames.get(score.span.start_s)
        if number is None:
            continue
        x, y = axes.at(score.span.start_s, score.manipulation_score)
        words = _("{score} at {moment}").format(
            score=score_text(score.manipulation_score), moment=moment_text(score.span.start_s)
        )
        reach = svg.element("circle", svg.element("title", words), cx=x, cy=y, r=7, class_="reach")
        # Not in the way of the keyboard, which has the strip itself.
        drawn.append(
            svg.element("a", reach, href=f"#{subject.anchor}-{number}", tabindex="-1", aria_label=words)
        )
    return drawn


def _without_overlap(scores: Sequence[Score]) -> list[Bar]:
    """(start, stop, manipulation score): where windows overlap, each is drawn until the next begins."""
    bars = []
    for index, score in enumerate(scores):
        stop_s = score.span.end_s
        if index + 1 < len(scores):
            stop_s = min(stop_s, scores[index + 1].span.start_s)
        bars.append((score.span.start_s, stop_s, score.manipulation_score))
    return bars


def _tick(at_s: float, end_s: float) -> str:
    if end_s >= 60:
        whole = round(at_s)
        return (
            f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
            if end_s >= 3600
            else (f"{whole // 60}:{whole % 60:02d}")
        )
    return number(f"{at_s:g} s")
