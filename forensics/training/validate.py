"""How good a net is on the validation rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch.utils.data import DataLoader, Dataset

from forensics.training.data.samples import Sample
from forensics.training.nets.torch_net import TorchNet


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """Figures of one validation.

    Attributes:
        score: mean of the AUCs of the origins: what chooses the epoch.
        auc: by origin.
        f1: at logit 0 over all rows.
        loss: binary cross-entropy over all rows.
    """

    score: float
    auc: dict[str, float]
    f1: float
    loss: float


def logits_of(
    net: TorchNet, data: Dataset[tuple[torch.Tensor, torch.Tensor]], *, batch_size: int, n_loaders: int
) -> npt.NDArray[np.float32]:
    """float32[N] logits in fp32, without the mirrored pictures that a scan may add."""
    device = next(net.parameters()).device
    was_training = net.training
    net.eval()
    parts = []
    with torch.inference_mode():
        for raw, _ in DataLoader(data, batch_size=batch_size, num_workers=n_loaders):
            logit, _ = net(net.prepare(raw.to(device)))
            parts.append(logit.float().cpu().numpy())
    net.train(was_training)
    return np.concatenate(parts)


def validate(logits: npt.NDArray[np.float32], samples: list[Sample]) -> ValidationResult:
    """Figures of logits against labels; origins with one label only are left out of ``score``."""
    labels = np.array([sample.manipulated for sample in samples])
    origins = np.array([sample.origin for sample in samples])
    auc = {
        str(origin): float(roc_auc_score(labels[origins == origin], logits[origins == origin]))
        for origin in np.unique(origins)
        if len(set(labels[origins == origin])) == 2
    } or {"all": float(roc_auc_score(labels, logits))}
    signed = np.where(labels, logits, -logits).astype(np.float64)
    return ValidationResult(
        score=float(np.mean(list(auc.values()))),
        auc=auc,
        f1=float(f1_score(labels, logits > 0)),
        loss=float(np.logaddexp(0, -signed).mean()),
    )
