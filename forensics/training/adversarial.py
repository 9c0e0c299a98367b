"""Adversarial training: crops that were changed, within a few grey levels, to mislead the net that learns.

FGSM: Goodfellow, Shlens and Szegedy, "Explaining and Harnessing Adversarial Examples", ICLR 2015. PGD: Madry
et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018. The change is made to the
crop's pixels, as somebody would who has the net and wants a face to pass, and no pixel by more than a bound.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from forensics.errors import TrainingError
from forensics.training.nets.torch_net import TorchNet

# Pictures of these recipes reach the net as they are; flow is computed from them outside of torch.
RECIPES_WITH_PIXELS = ("face-pictures", "face-clips", "face-clips-by-motion", "face-bursts")
# Madry's rule: the steps reach the edge from any start, with some to spare.
_REACH = 2.5
# Robustness is measured on so many validation samples at most, by an attack of so many steps: each costs a
# forward and a backward pass.
_MOST_MEASURED = 400
_MEASURED_STEPS = 10


class AttackKind(enum.StrEnum):
    """FGSM: one step from the crop itself. PGD: several, from a random point around it."""

    FGSM = "fgsm"
    PGD = "pgd"


@dataclass(frozen=True, slots=True)
class Attack:
    """How crops are changed.

    Attributes:
        epsilon: largest change of any colour of a pixel, in grey levels of 255.
        n_steps: of PGD; FGSM takes one.
    """

    kind: AttackKind
    epsilon: float
    n_steps: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.epsilon <= 64:
            raise TrainingError(
                f"--epsilon is {self.epsilon:g}", "Give grey levels above 0, up to 64; 1 to 4 are usual."
            )
        if self.n_steps < 1:
            raise TrainingError(f"--attack-steps is {self.n_steps}", "Give 1 or more; 3 to 10 are usual.")


Logits = Callable[[Tensor], Tensor]


def attacked(attack: Attack, logits: Logits, raw: Tensor, target: Tensor) -> Tensor:
    """The batch, changed so that the loss rises.

    Args:
        logits: float[N] of a batch as ``raw``, differentiable, the same for the same batch.
        raw: uint8[N, S, S, 3] or uint8[N, T, S, S, 3] RGB; black pictures stand for missing ones and stay.
        target: float[N] in [0, 1].

    Returns:
        float32, shaped as ``raw``, in [0, 255], at most ``epsilon`` away from it.
    """
    clean = raw.detach().float()
    epsilon = attack.epsilon * (clean.amax(dim=(-3, -2, -1), keepdim=True) > 0).float()
    lowest, highest = (clean - epsilon).clamp(min=0), (clean + epsilon).clamp(max=255)
    if attack.kind is AttackKind.FGSM:
        n_steps, step, changed = 1, epsilon, clean
    else:
        n_steps, step = attack.n_steps, epsilon * min(1.0, _REACH / attack.n_steps)
        changed = lowest + torch.rand_like(clean) * (highest - lowest)
    for _ in range(n_steps):
        changed = changed.detach().requires_grad_()
        loss = nn.functional.binary_cross_entropy_with_logits(logits(changed), target, reduction="sum")
        [gradient] = torch.autograd.grad(loss, changed)
        changed = (changed.detach() + step * gradient.sign()).clamp(lowest, highest)
    return changed


@dataclass(frozen=True, slots=True)
class Robustness:
    """How well a net does on validation samples that were changed against it, beside the same ones unchanged.

    Attributes:
        attack: always PGD, the stronger one.
        epsilon: in grey levels of 255.
        n: samples.
        accuracy, robust_accuracy: share on the right side of logit 0, unchanged and changed.
        auc, robust_auc: over all origins together.
    """

    attack: str
    epsilon: float
    n_steps: int
    n: int
    accuracy: float
    robust_accuracy: float
    auc: float
    robust_auc: float

    def as_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.n} validation samples, each pixel changed by up to {self.epsilon:g} grey levels against "
            f"the net (PGD, {self.n_steps} steps): accuracy {self.robust_accuracy:.3f} (unchanged "
            f"{self.accuracy:.3f}), AUC {self.robust_auc:.3f} (unchanged {self.auc:.3f})"
        )


def robustness(
    net: TorchNet,
    data: Dataset[tuple[Tensor, Tensor]],
    labels: Sequence[bool],
    epsilon: float,
    *,
    batch_size: int,
    seed: int,
) -> Robustness:
    """Accuracy and AUC under PGD, on at most 400 of the samples, evenly taken; in fp32.

    Args:
        data: in the order of ``labels``.
        seed: of the random starts.
    """
    attack = Attack(AttackKind.PGD, epsilon, _MEASURED_STEPS)
    picked = _evenly(labels, _MOST_MEASURED)
    device = next(net.parameters()).device
    net.eval()
    torch.manual_seed(seed)

    def logits(raw: Tensor) -> Tensor:
        return net(net.prepare(raw))[0].float()  # type: ignore[no-any-return]

    before, after = [], []
    for item in DataLoader(Subset(data, picked), batch_size=batch_size):
        raw, label = (part.to(device) for part in item)
        changed = attacked(attack, logits, raw, label)
        with torch.inference_mode():
            before.append(logits(raw).cpu().numpy())
            after.append(logits(changed).cpu().numpy())
    manipulated = np.array([labels[index] for index in picked])
    (accuracy, auc), (robust_accuracy, robust_auc) = (
        _figures(np.concatenate(parts), manipulated) for parts in (before, after)
    )
    return Robustness(
        attack.kind.value,
        epsilon,
        attack.n_steps,
        len(picked),
        accuracy,
        robust_accuracy,
        auc,
        robust_auc,
    )


def _evenly(labels: Sequence[bool], n_most: int) -> list[int]:
    """Indices of at most ``n_most`` samples, half of each label where there are enough, in order."""
    picked: list[int] = []
    for label in (False, True):
        of_label = [index for index, value in enumerate(labels) if bool(value) is label]
        picked += of_label[:: max(1, -(-len(of_label) // (n_most // 2)))]
    return sorted(picked)


def _figures(logits: npt.NDArray[np.float32], manipulated: npt.NDArray[np.bool_]) -> tuple[float, float]:
    return float(np.mean((logits > 0) == manipulated)), float(roc_auc_score(manipulated, logits))
