"""The drawing of a chart exhibit: a detector's curves over time or over another axis."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from forensics.languages import gettext as _
from forensics.languages import number
from forensics.languages.retelling import retold_plainly
from forensics.records.exhibit_content import CurveChart, CurveLine, segments
from forensics.report import svg

WIDTH = 680.0
HEIGHT = 210.0
# More points are closer than a pixel on a wide screen.
MOST_POINTS = 600
# Lines differ by dash as well as by colour; a chart of more lines goes through them again.
_STYLES = (
    ("series first", ""),
    ("series second", "6 4"),
    ("series first", "2 4"),
    ("series second", "10 4 2 4"),
)
_LEGEND_LINE = 22.0
_LETTER = 6.2


def curve_chart(chart: CurveChart, caption: str) -> Markup:
    """The lines with their names, and the marked stretches behind them."""
    axes = svg.Axes(52, 34, WIDTH - 16, HEIGHT - 40, _range_of_x(chart), _range_of_y(chart))
    parts = [
        axes.frame(
            _ticks(axes.x_range, 7),
            _ticks(axes.y_range, 5),
            retold_plainly(chart.x_title),
            retold_plainly(chart.y_title),
        ),
        *(_band(axes, start, end) for start, end in chart.marked),
    ]
    for index, line in enumerate(chart.lines):
        class_, dash = _STYLES[index % len(_STYLES)]
        for points in segments(_thinned(line)):
            drawn = [axes.at(x, y) for x, y in points]
            parts.append(svg.path(drawn, class_, dash) if len(drawn) > 1 else svg.dots(drawn, "point"))
    parts.extend(_legend(chart.lines, axes.right))
    return svg.document(WIDTH, HEIGHT, retold_plainly(caption), describe(chart), parts, "curves")


def describe(chart: CurveChart) -> str:
    """The chart in a sentence, for those who cannot see it."""
    said = []
    for line in chart.lines:
        values = [y for y in line.y if y is not None]
        name = retold_plainly(line.name or chart.y_title)
        template = _("{name}: {lowest} to {highest}") if values else _("{name}: no values")
        lowest, highest = (number(f"{end(values):.3g}") if values else "" for end in (min, max))
        said.append(template.format(name=name, lowest=lowest, highest=highest))
    over = _("{y_title} over {x_title}.").format(
        y_title=retold_plainly(chart.y_title), x_title=retold_plainly(chart.x_title)
    )
    return f"{over} {'; '.join(said)}."


def _thinned(line: CurveLine) -> CurveLine:
    """At most ``MOST_POINTS`` or so: the lowest and the highest of each bundle of neighbours."""
    bundled = -(-2 * len(line.x) // MOST_POINTS)
    if len(line.x) <= MOST_POINTS:
        return line
    kept: list[int] = []
    for first in range(0, len(line.x), bundled):
        bundle = range(first, min(first + bundled, len(line.x)))
        drawn = [(y, index) for index in bundle if (y := line.y[index]) is not None]
        ends = {min(drawn)[1], max(drawn)[1]} if drawn else set()
        gap = next((index for index in bundle if line.y[index] is None), None)
        kept.extend(sorted(ends | ({gap} if gap is not None else set())))
    return CurveLine(line.name, tuple(line.x[i] for i in kept), tuple(line.y[i] for i in kept))


def _range_of_x(chart: CurveChart) -> tuple[float, float]:
    values = [x for line in chart.lines for x in line.x] + [x for pair in chart.marked for x in pair]
    return (min(values), max(values)) if values else (0.0, 1.0)


def _range_of_y(chart: CurveChart) -> tuple[float, float]:
    if chart.y_range is not None:
        return chart.y_range
    values = [y for line in chart.lines for y in line.y if y is not None]
    if not values:
        return 0.0, 1.0
    lowest, highest = min(values), max(values)
    room = 0.05 * (highest - lowest) or 0.5
    return lowest - room, highest + room


def _ticks(shown: tuple[float, float], most: int) -> Sequence[tuple[float, str]]:
    return [(at, number(f"{at:g}")) for at in svg.nice_ticks(*shown, most)]


def _band(axes: svg.Axes, start: float, end: float) -> str:
    left, right = axes.x(start), axes.x(end)
    return svg.rectangle(left, axes.top, max(right - left, 1.0), axes.bottom - axes.top, "interval")


def _legend(lines: Sequence[CurveLine], right: float) -> list[str]:
    """Names with a piece of their line, from the right of the top edge."""
    parts = []
    at = right
    for index, line in reversed(list(enumerate(lines))):
        if not line.name:
            continue
        class_, dash = _STYLES[index % len(_STYLES)]
        name = retold_plainly(line.name)
        parts.append(svg.text((at, 14), name, "end", "label"))
        at -= _LETTER * len(name) + 6
        parts.append(svg.line((at - _LEGEND_LINE, 10), (at, 10), class_, dash))
        at -= _LEGEND_LINE + 14
    return parts
