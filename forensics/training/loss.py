"""The loss of one batch."""

from __future__ import annotations

from torch import Tensor, nn

from forensics.training.backends.backend import Backend, Layout, logits_by
from forensics.training.nets.net import FakenessNet
from forensics.training.teacher import Teacher


def loss_of(
    model: nn.Module,
    net: FakenessNet,
    backend: Backend,
    layout: Layout,
    raw: Tensor,
    label: Tensor,
    label_smoothing: float,
    teacher: Teacher | None = None,
) -> Tensor:
    """Mean binary cross-entropy of a batch, labels pulled in by half of ``label_smoothing``.

    With a teacher, they are then pulled towards what it makes of each sample.
    """
    raw, label = raw.to(backend.device, non_blocking=True), label.to(backend.device, non_blocking=True)
    logit = logits_by(backend, layout, model, net.prepare(raw))
    target = label * (1 - label_smoothing) + label_smoothing / 2
    if teacher is not None:
        target = teacher.targets(raw, target)
    return nn.functional.binary_cross_entropy_with_logits(logit, target)
