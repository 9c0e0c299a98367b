"""Curves to draw, thinned to what an eye can see."""

from __future__ import annotations

import heapq

import numpy as np
from sklearn import metrics as sk

from forensics.evaluation.resampling import Floats
from forensics.evaluation.rows import Rows
from forensics.records.labelled_figures import Curve

MAX_POINTS = 200
N_HISTOGRAM_BINS = 20


def curves_of(rows: Rows) -> tuple[Curve, ...]:
    """Every curve of these rows: none where one class is missing.

    ``roc`` (false-positive rate, share found), ``precision_recall`` (recall, precision), ``det``
    (false-positive rate, miss rate; plain rates, for axes of any scale), ``reliability`` (mean score,
    share manipulated; rows per bin as weights), ``tippett_pristine`` and ``tippett_manipulated`` (log10
    likelihood ratio, share of rows at or above it).
    """
    if not rows.has_both_classes:
        return ()
    alarms, found, _ = sk.roc_curve(rows.manipulated, rows.manipulation_score, drop_intermediate=False)
    precision, recall, _ = sk.precision_recall_curve(rows.manipulated, rows.manipulation_score)
    return (
        thinned("roc", alarms, found),
        thinned("precision_recall", recall[::-1], precision[::-1]),
        thinned("det", alarms, 1 - found),
        reliability(rows),
        *tippett(rows),
    )


def reliability(rows: Rows) -> Curve:
    """Mean score against the share of manipulated rows, in bins of about equal numbers of rows."""
    used = np.unique(rows.bins)
    members = [rows.bins == one for one in used]
    return Curve(
        "reliability",
        x=tuple(float(rows.manipulation_score[member].mean()) for member in members),
        y=tuple(float(rows.manipulated[member].mean()) for member in members),
        weights=tuple(int(member.sum()) for member in members),
    )


def tippett(rows: Rows) -> tuple[Curve, Curve]:
    """Of pristine and of manipulated rows: the share at or above each log10 likelihood ratio."""
    return (
        _tippett("tippett_pristine", rows, manipulated=False),
        _tippett("tippett_manipulated", rows, manipulated=True),
    )


def histogram(rows: Rows, *, manipulated: bool) -> tuple[int, ...]:
    """Rows of one class per twentieth of [0, 1]."""
    counts, _ = np.histogram(
        rows.manipulation_score[rows.manipulated == manipulated], bins=N_HISTOGRAM_BINS, range=(0, 1)
    )
    return tuple(int(count) for count in counts)


def thinned(name: str, x: Floats, y: Floats) -> Curve:
    """The line through at most ``MAX_POINTS`` of its points, those that matter most for its shape.

    Points are added where the line so far is farthest off (Douglas and Peucker 1973), ends first.
    """
    points = np.column_stack([x, y]).astype(np.float64)
    size = np.ptp(points, axis=0)
    scaled = points / np.where(size > 0, size, 1)
    kept = {0, len(points) - 1}
    heap = [_farthest(scaled, 0, len(points) - 1)]
    while heap and len(kept) < MAX_POINTS:
        off, first, place, last = heapq.heappop(heap)
        if off >= 0:  # Offsets are negated for the heap: nothing left that deviates.
            break
        kept.add(place)
        heapq.heappush(heap, _farthest(scaled, first, place))
        heapq.heappush(heap, _farthest(scaled, place, last))
    line = points[sorted(kept)]
    return Curve(name, tuple(line[:, 0].tolist()), tuple(line[:, 1].tolist()))


def _farthest(points: Floats, first: int, last: int) -> tuple[float, int, int, int]:
    """(-distance, first, index, last) of the point between that is farthest from the straight line."""
    if last - first < 2:
        return 0.0, first, first, last
    start, way = points[first], points[last] - points[first]
    inner = points[first + 1 : last] - start
    length = float(np.hypot(*way))
    if length > 0:
        distances = np.abs(way[0] * inner[:, 1] - way[1] * inner[:, 0]) / length
    else:
        distances = np.hypot(inner[:, 0], inner[:, 1])
    best = int(np.argmax(distances))
    # A line's own rounding is no shape.
    return (-float(distances[best]) if distances[best] > 1e-9 else 0.0), first, first + 1 + best, last


def _tippett(name: str, rows: Rows, *, manipulated: bool) -> Curve:
    odds = rows.clipped[rows.manipulated == manipulated]
    ratios = np.sort(np.log10(odds) - np.log10(1 - odds))
    share = 1 - np.arange(ratios.size) / ratios.size
    # Each ratio is a step: the share falls just after it.
    x = np.repeat(ratios, 2)
    y = np.column_stack([share, share - 1 / ratios.size]).ravel()
    return thinned(name, x, np.clip(y, 0, 1))
