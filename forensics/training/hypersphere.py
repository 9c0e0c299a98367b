"""Alignment and uniformity of features on the unit sphere, beside the labels' own loss.

Wang and Isola, "Understanding Contrastive Representation Learning through Alignment and Uniformity on the
Hypersphere", ICML 2020; by label, for deepfakes: Yermakov, Cech, Matas and Fritz, "Deepfake Detection that
Generalizes Across Benchmarks", WACV 2026 (GenD). Features of one label are drawn together, and all are spread
over the sphere, so that a net cannot rest on one trait that tells its training data apart. GenD found that
this wants the pristine and the manipulated picture of one source: half of a batch here is the other half's
source wherever the data hold it (``data/balanced_sampler.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from forensics.errors import TrainingError
from forensics.training.nets.torch_net import TorchNet

# Of the Gaussian kernel: the value of both papers.
_SHARPNESS = 2.0
# Below this the logarithm is flat: features that are spread as far already need no further push.
_LEAST_KERNEL = 1e-6


@dataclass(frozen=True, slots=True)
class Hypersphere:
    """What is added to the loss.

    Attributes:
        alignment: weight of the mean squared distance of features of one label, at most 4.
        uniformity: weight of the logarithm of the mean Gaussian kernel of all pairs, at most 0.
    """

    alignment: float
    uniformity: float

    def cost(self, features: Tensor, label: Tensor) -> Tensor:
        """The weighted sum of both.

        Args:
            features: float[N, C], of any length.
            label: float[N], 0 or 1.
        """
        places = nn.functional.normalize(features.float())
        first, second = torch.triu_indices(len(label), len(label), offset=1, device=label.device)
        # Of unit vectors: |a - b|^2 = 2 - 2 ab.
        squared = 2 - 2 * (places @ places.T)[first, second]
        alike = squared[label[first] == label[second]]
        cost = places.new_zeros(())
        if self.alignment and alike.numel():
            cost = cost + self.alignment * alike.mean()
        if self.uniformity and squared.numel():
            kernel = torch.exp(-_SHARPNESS * squared).mean().clamp(min=_LEAST_KERNEL)
            cost = cost + self.uniformity * kernel.log()
        return cost


@contextmanager
def pooled_features(model: nn.Module, name: str) -> Iterator[list[Tensor]]:
    """Collects what the model's layer ``name`` is given, one float[N, C] a forward pass, while it lasts."""
    seen: list[Tensor] = []
    hook = model.get_submodule(name).register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        yield seen
    finally:
        hook.remove()


def refuse_without_features(net: TorchNet, name: str) -> None:
    """Raises TrainingError for a net that does not say where its pooled features are."""
    if not net.pooled_into:
        raise TrainingError(
            f"--alignment and --uniformity need one vector of features a picture, and {name} gives none",
            "Leave both out for this net.",
        )
