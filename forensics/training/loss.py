"""The loss of one batch."""

from __future__ import annotations

from contextlib import ExitStack

from torch import Tensor, nn

from forensics.training.adversarial import Attack, attacked
from forensics.training.backends.backend import Backend, StepConfig, logits_by
from forensics.training.hypersphere import Hypersphere, pooled_features
from forensics.training.nets.torch_net import TorchNet
from forensics.training.nets.triplet import LearnsEmbeddingFirst, embeddings_by, triplet_loss
from forensics.training.teacher import Teacher


def loss_of(
    model: nn.Module,
    net: TorchNet,
    backend: Backend,
    step_config: StepConfig,
    raw: Tensor,
    label: Tensor,
    label_smoothing: float,
    teacher: Teacher | None = None,
    done: float = 1.0,
    attack: Attack | None = None,
    hypersphere: Hypersphere | None = None,
) -> Tensor:
    """Mean binary cross-entropy of a batch, labels pulled in by half of ``label_smoothing``.

    With a teacher, they are then pulled towards what it makes of each sample. A net that learns its embedding
    first has another loss until that share of the run is done.

    Args:
        done: share of the run's steps that are done, in [0, 1].
        attack: half of the loss is then of the batch as this changes it; None for the batch alone.
        hypersphere: what is added for the places of the batch's features; None for nothing.
    """
    raw, label = raw.to(backend.device, non_blocking=True), label.to(backend.device, non_blocking=True)
    if isinstance(net, LearnsEmbeddingFirst) and done < net.embedding_share:
        return triplet_loss(embeddings_by(backend, step_config, net, net.prepare(raw)), label)
    target = label * (1 - label_smoothing) + label_smoothing / 2
    if teacher is not None:
        target = teacher.targets(raw, target)

    def logits(raw: Tensor) -> Tensor:
        return logits_by(backend, step_config, model, net.prepare(raw))

    with ExitStack() as collecting:
        seen: list[Tensor] = []
        if hypersphere is not None:
            seen = collecting.enter_context(pooled_features(model, net.pooled_into))
        loss = nn.functional.binary_cross_entropy_with_logits(logits(raw), target)
    if hypersphere is not None:
        loss = loss + hypersphere.cost(seen[0], label)
    if attack is None:
        return loss
    # The attack meets the net as it will be used: without dropout, and leaving the batch statistics alone.
    model.eval()
    changed = attacked(attack, logits, raw, target)
    model.train()
    return (loss + nn.functional.binary_cross_entropy_with_logits(logits(changed), target)) / 2
