"""A small SVG writer for the report's charts.

Written here rather than with matplotlib because of what the page demands: matplotlib's SVG carries style
attributes, which the page's Content-Security-Policy forbids, fixed colours, which fail in dark mode and in
print, and some 20 kB of glyph outlines a chart, which 150 files with three charts each cannot afford.
Colours come from the page through classes and currentColor; lines also differ by dash, and carry labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

Point = tuple[float, float]


def number(value: float) -> str:
    """At most one decimal: a tenth of a user unit is below what a screen or printer shows."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One element. ``class_`` stands for ``class``, underscores for hyphens; text values are escaped.

    Args:
        content: inner markup, escaped already.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(at: Point, words: str, anchor: str = "start", class_: str = "") -> str:
    """Words at a point; anchor is ``start``, ``middle`` or ``end``."""
    attributes: dict[str, str | float] = {"x": at[0], "y": at[1]}
    if anchor != "start":
        attributes["text_anchor"] = anchor
    if class_:
        attributes["class_"] = class_
    return element("text", content=escape(words), **attributes)


def path(points: Iterable[Point], class_: str, dash: str = "") -> str:
    """A line through the points."""
    attributes: dict[str, str | float] = {
        "class_": class_,
        "d": "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points),
    }
    if dash:
        attributes["stroke_dasharray"] = dash
    return element("path", "", **attributes)


def dots(points: Iterable[Point], class_: str) -> str:
    """Round marks as one path of zero-length strokes: a fraction of the size of single circles."""
    return element("path", class_=class_, d="".join(f"M{number(x)} {number(y)}h0" for x, y in points))


def line(start: Point, end: Point, class_: str, dash: str = "") -> str:
    """A straight line."""
    return path((start, end), class_, dash)


def rectangle(left: float, top: float, width: float, height: float, class_: str) -> str:
    """A filled rectangle."""
    return element("rect", x=left, y=top, width=max(width, 0.0), height=max(height, 0.0), class_=class_)


def document(
    width: float,
    height: float,
    title: str,
    description: str,
    parts: Iterable[str],
    class_: str,
    role: str = "img",
) -> Markup:
    """The whole drawing, with a title and a description for those who cannot see it.

    Args:
        role: of ARIA; ``img`` hides what is within.
    """
    heading = element("title", escape(title)) + element("desc", escape(description))
    body = heading + "".join(parts)
    box = f"0 0 {number(width)} {number(height)}"
    return Markup(element("svg", body, class_=f"chart {class_}".strip(), viewBox=box, role=role))  # noqa: S704


@dataclass(frozen=True, slots=True)
class Axes:
    """A plotting area within a drawing, from data to user units.

    Attributes:
        left, top, right, bottom: edges of the plotting area in user units.
        x_range, y_range: data values at the left and right, bottom and top edge.
    """

    left: float
    top: float
    right: float
    bottom: float
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)

    def x(self, value: float) -> float:
        """User units of a data value, held within the area."""
        low, high = self.x_range
        return self.left + _share(value, low, high) * (self.right - self.left)

    def y(self, value: float) -> float:
        """User units of a data value, held within the area."""
        low, high = self.y_range
        return self.bottom - _share(value, low, high) * (self.bottom - self.top)

    def at(self, x: float, y: float) -> Point:
        """The point of a pair of data values."""
        return self.x(x), self.y(y)

    def frame(
        self,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]],
        x_title: str = "",
        y_title: str = "",
    ) -> str:
        """Grid lines, tick labels and axis titles."""
        parts = []
        for value, words in y_ticks:
            y = self.y(value)
            parts.append(line((self.left, y), (self.right, y), "grid"))
            parts.append(text((self.left - 6, y + 3.5), words, "end", "tick"))
        for value, words in x_ticks:
            x = self.x(value)
            parts.append(line((x, self.bottom), (x, self.bottom + 4), "axis"))
            parts.append(text((x, self.bottom + 16), words, "middle", "tick"))
        parts.append(line((self.left, self.bottom), (self.right, self.bottom), "axis"))
        if x_title:
            middle = (self.left + self.right) / 2
            parts.append(text((middle, self.bottom + 33), x_title, "middle", "name"))
        if y_title:
            parts.append(text((self.left, self.top - 9), y_title, "start", "name"))
        return "".join(parts)


def _share(value: float, low: float, high: float) -> float:
    if high <= low:
        return 0.0
    return min(1.0, max(0.0, (value - low) / (high - low)))


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from ``low`` to ``high``, at most ``most`` of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    rough = span / max(most - 1, 1)
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * scale for factor in (1, 2, 5, 10) if factor * scale >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]
