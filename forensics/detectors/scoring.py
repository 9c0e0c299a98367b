"""From a net's logit to a score."""

from __future__ import annotations

from forensics.engines.net import Net
from forensics.records.findings import Score, Span


def score_of(net: Net, detector: str, subject: str, span: Span, logit: float) -> Score:
    """What a net said of one crop or window.

    Args:
        net: that gave ``logit``.
        detector: name in the table of detectors.
        subject: who or what was looked at.
        span: where in the file.
        logit: before calibration.
    """
    return Score(
        detector=detector,
        model=net.card.id,
        subject=subject,
        span=span,
        raw=logit,
        fakeness=net.card.fakeness(logit),
        precision=net.precision,
    )
