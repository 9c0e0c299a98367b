"""INT8 by NNCF, kept only if it says the same as f32."""

from __future__ import annotations

from dataclasses import dataclass

import nncf
import numpy as np
import numpy.typing as npt
import openvino as ov
from sklearn.metrics import roc_auc_score

from forensics.records.model_card import Calibration
from forensics.training.conversion import run_openvino

MOST_AUC_LOST = 0.005
MOST_DRIFT = 0.05


@dataclass(frozen=True, slots=True)
class Gate:
    """What INT8 costs on the validation rows.

    Attributes:
        auc_lost: AUC in f32 less AUC in INT8.
        drift: 95th percentile of the absolute difference in calibrated fakeness.
    """

    auc_lost: float
    drift: float
    n: int

    @property
    def passed(self) -> bool:
        """Whether both bounds hold."""
        return self.auc_lost <= MOST_AUC_LOST and self.drift <= MOST_DRIFT

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "failed"
        return (
            f"INT8 gate {verdict}: AUC lost {self.auc_lost:+.4f} (at most {MOST_AUC_LOST}), "
            f"drift {self.drift:.3f} (at most {MOST_DRIFT}), n = {self.n}"
        )


def quantise(
    model: ov.Model, batches: list[npt.NDArray[np.generic]], *, careful: bool, gate_on: Comparison
) -> ov.Model:
    """An INT8 copy of the model.

    Args:
        model: in f32.
        batches: validation inputs that the ranges are measured on.
        careful: keep layers in f32 until at most ``MOST_AUC_LOST`` of AUC is lost (slow), instead of
            quantising everything that can be.
        gate_on: the comparison that careful quantisation minds.
    """
    data = nncf.Dataset(batches)
    if not careful:
        return nncf.quantize(model, data, preset=nncf.QuantizationPreset.MIXED, fast_bias_correction=True)
    return nncf.quantize_with_accuracy_control(
        model,
        calibration_dataset=data,
        validation_dataset=nncf.Dataset([gate_on.batches]),
        validation_fn=lambda compiled, _: (gate_on.auc_of(compiled), None),
        max_drop=MOST_AUC_LOST,
        preset=nncf.QuantizationPreset.MIXED,
    )


class Comparison:
    """f32 against another form of the same model, on labelled validation rows."""

    def __init__(
        self,
        batches: list[npt.NDArray[np.generic]],
        labels: npt.NDArray[np.bool_],
        logits: npt.NDArray[np.float32],
        calibration: Calibration,
    ) -> None:
        self.batches = batches
        self._labels = labels
        self._logits = logits
        self._calibration = calibration

    def auc_of(self, compiled: ov.CompiledModel) -> float:
        """AUC of a compiled model."""
        logits = np.concatenate(
            [np.asarray(compiled([batch])["logit"]).reshape(-1) for batch in self.batches]
        )
        return float(roc_auc_score(self._labels, logits))

    def gate(self, model: ov.Model) -> Gate:
        """What the other form costs."""
        logits = run_openvino(model, self.batches)
        before = np.array([self._calibration.fakeness(raw) for raw in self._logits.tolist()])
        after = np.array([self._calibration.fakeness(raw) for raw in logits.tolist()])
        lost = roc_auc_score(self._labels, self._logits) - roc_auc_score(self._labels, logits)
        return Gate(float(lost), float(np.percentile(np.abs(before - after), 95)), len(logits))
