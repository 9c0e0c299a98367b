"""Charts of figures of merit: ROC, precision-recall, reliability, DET, score histograms, Tippett.

Every chart reads without colour: lines differ by dash and carry their name, bars by side and outline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from markupsafe import Markup

from forensics.languages import gettext as _
from forensics.languages import number
from forensics.languages.retelling import retold_plainly
from forensics.numerals import amount, figure_text, share_text
from forensics.records.labelled_figures import Curve, Figure, LabelledFigures
from forensics.records.verdict import VerdictLabel
from forensics.report import svg
from forensics.report.report_words import FEWEST_OF_A_CLASS, VERDICT_ORDER, VERDICT_WORDS, metric_words

WIDTH = 340.0
HEIGHT = 300.0
AXES = svg.Axes(44, 28, WIDTH - 16, HEIGHT - 46)
UNIT_TICKS = [(0.0, "0"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (1.0, "1")]
# Normal deviates of these rates are the customary ticks of DET plots (Martin et al. 1997).
DET_TICKS = (0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)
DET_EDGE = 0.005
# Where a number may stand above or below its point, nearest first.
_COUNT_SHIFTS = (-8, 17, -20, 29, -32, 41, -44, 53, -56, 65)


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing with its caption."""

    name: str
    caption: str
    markup: Markup


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """One row of the confusion table: the label, its total, and (count, share) per verdict."""

    label: str
    n: int
    cells: tuple[tuple[int, str], ...]


def carried(figures: LabelledFigures) -> bool:
    """Whether there are enough files of each class for rates and curves."""
    return min(figures.n_manipulated, figures.n_pristine) >= FEWEST_OF_A_CLASS


def charts(figures: LabelledFigures) -> list[Chart]:
    """Every chart for which the figures hold data, in reading order; none where n does not carry one."""
    if not carried(figures):
        return []
    curves = {curve.name: curve for curve in figures.curves if curve.x}
    drawn = [_histogram(figures)]
    for name, draw in (("roc", _roc), ("precision_recall", _precision_recall), ("det", _det)):
        if name in curves:
            drawn.append(draw(curves[name], figures))
    if "reliability" in curves:
        drawn.append(_reliability(curves["reliability"], figures))
    if "tippett_pristine" in curves and "tippett_manipulated" in curves:
        drawn.append(_tippett(curves["tippett_pristine"], curves["tippett_manipulated"], figures))
    return [chart for chart in drawn if chart is not None]


def whole_scopes(figures: Sequence[LabelledFigures]) -> list[LabelledFigures]:
    """The scopes that are drawn in full; parts of them are named ``scope, property=value``."""
    return [one for one in figures if not one.part]


def breakdowns(figures: Sequence[LabelledFigures]) -> list[LabelledFigures]:
    """The scopes that are parts of another."""
    return [one for one in figures if one.part]


def figure_in(figures: LabelledFigures, name: str) -> str:
    """One figure with its interval as text, empty where it is not known or n does not carry it."""
    figure = _figure(figures, name)
    return (
        ""
        if figure is None or not carried(figures)
        else figure_text(figure.value, figure.lower, figure.upper)
    )


def confusion_columns(figures: LabelledFigures) -> list[tuple[str, str]]:
    """(name, words) of the verdicts that occur, in the order of attention."""
    counted = figures.confusion
    if counted is None:
        return []
    names = {**counted.manipulated, **counted.pristine}
    known = [(label.value, _(VERDICT_WORDS[label])) for label in VERDICT_ORDER if label.value in names]
    valid = {label.value for label in VerdictLabel}
    return known + [(name, name) for name in names if name not in valid]


def confusion_rows(figures: LabelledFigures) -> list[ConfusionRow]:
    """Counts and shares by label; empty where no confusion was counted."""
    counted = figures.confusion
    if counted is None:
        return []
    rows = []
    for label, counts in (("manipulated", counted.manipulated), ("pristine", counted.pristine)):
        n = sum(counts.values())
        cells = tuple(
            (counts.get(name, 0), share_text(counts.get(name, 0), n))
            for name, _ in confusion_columns(figures)
        )
        rows.append(ConfusionRow(label, n, cells))
    return rows


def _unit_ticks() -> list[tuple[float, str]]:
    return [(at, number(words)) for at, words in UNIT_TICKS]


def _scope(figures: LabelledFigures) -> str:
    return retold_plainly(figures.scope)


def _figure(figures: LabelledFigures, name: str) -> Figure | None:
    return next((figure for figure in figures.figures if figure.name == name), None)


def _caption(figures: LabelledFigures, name: str, what: str) -> str:
    figure = _figure(figures, name)
    n = figures.n_manipulated + figures.n_pristine
    if figure is None:
        return f"{what} n = {amount(n)}."
    value = figure_text(figure.value, figure.lower, figure.upper)
    return f"{what} {metric_words(name)} {value}, n = {amount(figure.n)}."


def _chart(name: str, title: str, caption: str, parts: Sequence[str]) -> Chart:
    return Chart(name, caption, svg.document(WIDTH, HEIGHT, title, caption, parts, name.replace("_", "-")))


def _roc(curve: Curve, figures: LabelledFigures) -> Chart:
    caption = _caption(
        figures, "auc", _("How many manipulated files are found at each rate of false alarms.")
    )
    parts = [
        AXES.frame(
            _unit_ticks(), _unit_ticks(), _("False alarms among pristine"), _("Found among manipulated")
        ),
        svg.line(AXES.at(0, 0), AXES.at(1, 1), "chance", "2 4"),
        svg.text((AXES.x(0.72), AXES.y(0.66)), _("chance"), "start", "label"),
        svg.path([AXES.at(x, y) for x, y in zip(curve.x, curve.y, strict=True)], "series first"),
    ]
    return _chart("roc", _("ROC, {scope}").format(scope=_scope(figures)), caption, parts)


def _precision_recall(curve: Curve, figures: LabelledFigures) -> Chart:
    caption = _caption(
        figures, "average_precision", _("Of the files called manipulated, how many are, at each share found.")
    )
    n = figures.n_manipulated + figures.n_pristine
    parts = [AXES.frame(_unit_ticks(), _unit_ticks(), _("Recall"), _("Precision"))]
    if n:
        share = figures.n_manipulated / n
        parts.append(svg.line(AXES.at(0, share), AXES.at(1, share), "chance", "2 4"))
        # Below the line: every curve ends on it from above, or close to it.
        parts.append(svg.text((AXES.right - 2, AXES.y(share) + 14), _("chance"), "end", "label"))
    parts.append(svg.path([AXES.at(x, y) for x, y in zip(curve.x, curve.y, strict=True)], "series first"))
    return _chart(
        "precision_recall", _("Precision and recall, {scope}").format(scope=_scope(figures)), caption, parts
    )


def _det(curve: Curve, figures: LabelledFigures) -> Chart:
    caption = _caption(
        figures, "eer", _("Misses against false alarms on normal-deviate axes; lower left is better.")
    )
    deviate = NormalDist().inv_cdf
    edge = (deviate(DET_EDGE), deviate(1 - DET_EDGE))
    axes = svg.Axes(AXES.left, AXES.top, AXES.right, AXES.bottom, edge, edge)
    ticks = [(deviate(rate), number(f"{100 * rate:g}%")) for rate in DET_TICKS]
    points = [
        axes.at(deviate(_inside(x)), deviate(_inside(y))) for x, y in zip(curve.x, curve.y, strict=True)
    ]
    parts = [
        axes.frame(ticks, ticks, _("False alarms among pristine"), _("Missed among manipulated")),
        svg.line(axes.at(edge[0], edge[0]), axes.at(edge[1], edge[1]), "chance", "2 4"),
        svg.path(points, "series first"),
    ]
    return _chart(
        "det", _("Detection error trade-off, {scope}").format(scope=_scope(figures)), caption, parts
    )


def _inside(rate: float) -> float:
    return min(1 - DET_EDGE, max(DET_EDGE, rate))


def _reliability(curve: Curve, figures: LabelledFigures) -> Chart:
    caption = _caption(
        figures,
        "ece",
        _("Stated score against the share that was manipulated; numbers count the files per bin."),
    )
    parts = [
        AXES.frame(_unit_ticks(), _unit_ticks(), _("Stated score"), _("Share manipulated")),
        svg.line(AXES.at(0, 0), AXES.at(1, 1), "chance", "2 4"),
        svg.path([AXES.at(x, y) for x, y in zip(curve.x, curve.y, strict=True)], "series first"),
    ]
    points = [AXES.at(x, y) for x, y in zip(curve.x, curve.y, strict=True)]
    parts.extend(svg.dots([at], "point") for at in points)
    parts.extend(_counts(points, curve.weights))
    return _chart("reliability", _("Calibration, {scope}").format(scope=_scope(figures)), caption, parts)


def _counts(points: Sequence[svg.Point], counts: Sequence[int]) -> list[str]:
    """The number at each point, above it or below it, where it covers no other number and no point."""
    taken: list[svg.Point] = list(points)
    parts = []
    for (x, y), n in zip(points, counts, strict=False):
        words = amount(n)
        half = 3.4 * len(words)
        places = [(x, y + shift) for shift in _COUNT_SHIFTS]
        free = [
            place
            for place in places
            if AXES.top + 6 <= place[1] <= AXES.bottom - 3
            and all(abs(place[0] - x) > half + 7 or abs(place[1] - 4 - y) > 9 for x, y in taken)
        ]
        at = (free or places)[0]
        taken.append((at[0], at[1] - 4))
        parts.append(svg.text(at, words, "middle", "count"))
    return parts


def _histogram(figures: LabelledFigures) -> Chart | None:
    """Mirrored bars: pristine upwards, manipulated downwards, each as a share of its own class."""
    pristine, manipulated = figures.histogram_pristine, figures.histogram_manipulated
    if not pristine or len(pristine) != len(manipulated):
        return None
    shares = [[n / max(sum(counts), 1) for n in counts] for counts in (pristine, manipulated)]
    # Room at both ends for the words.
    most = 1.2 * max([*shares[0], *shares[1], 0.01])
    axes = svg.Axes(AXES.left, AXES.top, AXES.right, AXES.bottom, (0, 1), (-most, most))
    levels = svg.nice_ticks(-most, most, 5)
    parts = [
        axes.frame(
            _unit_ticks(),
            [(value, number(f"{100 * abs(value):g}%")) for value in levels],
            _("Score"),
            _("Share of class"),
        )
    ]
    width = (axes.right - axes.left) / len(pristine)
    for index, (up, down) in enumerate(zip(*shares, strict=True)):
        left = axes.left + index * width + 1
        parts.append(svg.rectangle(left, axes.y(up), width - 2, axes.y(0) - axes.y(up), "bar pristine"))
        parts.append(svg.rectangle(left, axes.y(0), width - 2, axes.y(-down) - axes.y(0), "bar manipulated"))
    parts.append(svg.line(axes.at(0, 0), axes.at(1, 0), "axis"))
    parts.append(
        svg.text(
            (axes.right - 4, axes.top + 10),
            _("pristine, n = {n}").format(n=amount(sum(pristine))),
            "end",
            "label",
        )
    )
    parts.append(
        svg.text(
            (axes.left + 4, axes.bottom - 6),
            _("manipulated, n = {n}").format(n=amount(sum(manipulated))),
            "start",
            "label",
        )
    )
    spread = _("How scores spread: pristine files upwards, manipulated files downwards.")
    caption = f"{spread} n = {amount(sum(pristine) + sum(manipulated))}."
    return _chart("histogram", _("Scores by class, {scope}").format(scope=_scope(figures)), caption, parts)


def _tippett(pristine: Curve, manipulated: Curve, figures: LabelledFigures) -> Chart:
    values = [*pristine.x, *manipulated.x]
    # Room for the words beside the curves.
    reach = 1.2 * max(1.0, *(abs(value) for value in values))
    axes = svg.Axes(AXES.left, AXES.top, AXES.right, AXES.bottom, (-reach, reach))
    ticks = [(value, number(f"{value:g}")) for value in svg.nice_ticks(-reach, reach, 7)]
    parts = [
        axes.frame(ticks, _unit_ticks(), _("log10 likelihood ratio"), _("Share at or above")),
        svg.line(axes.at(0, 0), axes.at(0, 1), "chance", "2 4"),
    ]
    for curve, words, class_, dash in (
        (pristine, _("pristine"), "series second", "7 4"),
        (manipulated, _("manipulated"), "series first", ""),
    ):
        points = [axes.at(x, y) for x, y in zip(curve.x, curve.y, strict=True)]
        parts.append(svg.path(points, class_, dash))
        middle = min(points, key=lambda point: abs(point[1] - axes.y(0.5)))
        beside = -6 if curve is pristine else 6
        parts.append(
            svg.text((middle[0] + beside, middle[1]), words, "end" if beside < 0 else "start", "label")
        )
    caption = _caption(
        figures,
        "cllr",
        _("Likelihood ratios of both classes; dashed is pristine. Right of 0 speaks for manipulation."),
    )
    return _chart("tippett", _("Tippett plot, {scope}").format(scope=_scope(figures)), caption, parts)
