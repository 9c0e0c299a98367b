"""The window of a subject that speaks most for manipulation, and what so many windows make of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from forensics.records.findings import Score, Span
from forensics.records.model_card import ModelCard
from forensics.records.verdict import Stretch

# Beside this few windows there is no clip that one of them could stand out of.
_FEWEST_WINDOWS = 2
# Pictures are taken at a nearly even pace; a gap this many times as long is a time without a face.
_HOLE = 2.5


def times_of(rows: Sequence[Score]) -> list[float]:
    """When each score begins."""
    return [score.span.start_s for score in rows]


def strongest_stretch(rows: Sequence[Score], card: ModelCard, n_windows: int) -> Stretch | None:
    """The highest window of one subject, None where the card has no rule or there is too little beside it.

    Args:
        rows: the subject's scores in the order of time.
        card: of the model that scored.
        n_windows: windows side by side in the whole file.
    """
    rule = card.windows
    if rule is None or card.thresholds is None or rule.count(times_of(rows)) < _FEWEST_WINDOWS:
        return None
    logits = np.array([score.logit for score in rows], np.float64)
    level, needed, signs = float(logits.mean()), rule.departure(n_windows), card.thresholds.signs
    windows = [(first, end, float(logits[first:end].mean())) for first, end in rule.over(times_of(rows))]
    with_signs = [
        _span(rows[first:end])
        for first, end, logit in windows
        if logit - level >= needed and card.manipulation_score(logit) >= signs
    ]
    first, end, logit = max(windows, key=lambda window: window[2])
    manipulation_score = card.manipulation_score(logit)
    return Stretch(
        span=_span(rows[first:end]),
        n_scores=end - first,
        logit=logit,
        manipulation_score=manipulation_score,
        n_windows=n_windows,
        departure=logit - level,
        needed=needed,
        alone=manipulation_score >= signs,
        spans=_joined(with_signs),
    )


def shortest_seen(at_s: Sequence[float], card: ModelCard, end_s: float | None) -> float | None:
    """Seconds that a manipulation has to last to hold a whole window wherever it lies.

    Times without a face are left aside (``holes`` names them).

    Args:
        at_s: when any face was scored, each time once, in order.
        card: of the model that scored.
        end_s: the clip's end, None where it is not known.

    Returns:
        None where the card has no rule for windows, or there are too few scores for two.
    """
    rule = card.windows
    if rule is None or rule.count(at_s) < _FEWEST_WINDOWS:
        return None
    widest = _widest(at_s)
    windows = rule.over(at_s)
    before = [0.0, *at_s]
    needed = [
        at_s[end - 1] - before[first]
        for first, end in windows
        if max(np.diff([before[first], *at_s[first:end]])) <= widest
    ]
    last = windows[-1][0]
    if end_s is not None and end_s - at_s[-1] <= widest:
        needed.append(end_s - before[last])
    return max(needed, default=None)


def holes(at_s: Sequence[float], end_s: float | None) -> tuple[Span, ...]:
    """Times without any scored face that are longer than the pace of the pictures explains."""
    if len(at_s) < 2:
        return ()
    widest = _widest(at_s)
    edges = [0.0, *at_s, *(() if end_s is None else (max(end_s, at_s[-1]),))]
    return tuple(Span(before, after) for before, after in pairwise(edges) if after - before > widest)


def _widest(at_s: Sequence[float]) -> float:
    return _HOLE * float(np.median(np.diff(at_s))) if len(at_s) > 1 else 0.0


def _span(rows: Sequence[Score]) -> Span:
    return Span(rows[0].span.start_s, max(score.span.end_s for score in rows))


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start_s <= joined[-1].end_s:
            joined[-1] = Span(joined[-1].start_s, max(joined[-1].end_s, span.end_s))
        else:
            joined.append(span)
    return tuple(joined)
