"""How the scores of several detectors make one verdict: a fitted policy, under a card of its own."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.records.model_card import Thresholds


@dataclass(frozen=True, slots=True)
class FusedModel:
    """A model whose calibrated scores a fusion was fitted on.

    Attributes:
        calibration_sha256: digest of its calibration; with another one its scores mean something else.
    """

    detector: str
    id: str
    calibration_sha256: str


@dataclass(frozen=True, slots=True)
class FusionCard:
    """A logistic regression over detectors, stored as ``models/<id>/fusion.toml``.

    ``manipulation_score = sigmoid(intercept + sum of weight * log-odds)``, one term a detector: the log-odds
    of its highest subject's calibrated score. A detector without anybody to judge adds nothing. No weight is
    negative, so that a score that rises never lowers the verdict.

    Attributes:
        weights: detector to weight.
        most_log_odds: log-odds are held within this on either side of 0.
        thresholds: on the fused manipulation score.
        data: the data that it was fitted on, in words.
        n: files in the fit.
    """

    id: str
    version: str
    weights: dict[str, float]
    intercept: float
    most_log_odds: float
    thresholds: Thresholds
    models: tuple[FusedModel, ...]
    data: str
    n: int

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights.values()) < 0:
            raise ValueError("a fusion needs weights, and none below 0")
        if self.most_log_odds <= 0:
            raise ValueError("most_log_odds must be above 0")
