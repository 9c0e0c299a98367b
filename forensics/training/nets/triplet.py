"""The siamese training of Bonettini et al. (``-st``): first an embedding by triplets, then the classifier.

Bonettini et al., "Video Face Manipulation Detection Through Ensemble of CNNs", ICPR 2020: a triplet loss
pulls embeddings of one label together and pushes the two labels apart; a linear layer is then trained on
the embeddings, which stay as they are. Triplets are all that a batch holds, and their mean is over those that
still cost something ("batch all" of Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person
Re-Identification", 2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from forensics.training.backends.backend import Backend, StepConfig
from forensics.training.nets.efficientnet import EfficientNetFace, b4

# Embeddings have length 1, so that their distances lie in [0, 2].
_MARGIN = 0.5
# Share of a run's steps that the embedding is learned in; the classifier needs far fewer.
_EMBEDDING_SHARE = 0.7


class LearnsEmbeddingFirst(EfficientNetFace):
    """An EfficientNet whose trunk learns by triplets alone; then the head learns, on a trunk that is held.

    Attributes:
        embedding_share: share of a run's steps that belong to the embedding.
    """

    embedding_share = _EMBEDDING_SHARE
    pooled_into = ""

    def embed(self, x: Tensor) -> Tensor:
        """float[N, C]: pooled features of length 1."""
        features, _ = self.features(x)
        return nn.functional.normalize(features.mean(dim=(2, 3)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N] and map float[N, 1, h, w] in [0, 1]; no gradient reaches the trunk."""
        learning = self.trunk.training
        if learning:
            self.trunk.eval()  # neither weights nor batch statistics move any more
        with torch.set_grad_enabled(torch.is_grad_enabled() and not learning):
            features, attention = self.features(x)
        if learning:
            self.trunk.train()
        logit, activation = self.judged(features)
        return logit, activation if attention is None else attention


def embeddings_by(backend: Backend, step_config: StepConfig, net: LearnsEmbeddingFirst, x: Tensor) -> Tensor:
    """float32[N, C] of one forward pass.

    Args:
        backend: runs it.
        step_config: brings pictures into its memory format and sets the precision.
        net: prepared by the backend.
        x: what the net's ``prepare`` gave.
    """
    with backend.autocast(step_config):
        embedded = net.embed(x.contiguous(memory_format=step_config.memory_format))
    return torch.as_tensor(embedded).float()


def triplet_loss(embedded: Tensor, label: Tensor) -> Tensor:
    """Mean of max(0, d(anchor, same label) - d(anchor, other label) + margin) over those above 0.

    Args:
        embedded: float[N, C] of length 1.
        label: float[N], 0 or 1, both among them.
    """
    distance = torch.cdist(embedded, embedded)
    same = label[:, None] == label[None, :]
    itself = torch.eye(len(label), dtype=torch.bool, device=label.device)
    positive, negative = same & ~itself, ~same
    cost = distance[:, :, None] - distance[:, None, :] + _MARGIN
    cost = cost.clamp(min=0) * (positive[:, :, None] & negative[:, None, :])
    n_costly = (cost > 0).sum().clamp(min=1)
    return cost.sum() / n_costly


def efficientnet_autoatt_b4_st() -> LearnsEmbeddingFirst:
    """EfficientNetAutoAttB4ST: attention where EfficientNetAutoAttB4 has it."""
    return b4(LearnsEmbeddingFirst, attention_stage=2)


def efficientnet_b4_st() -> LearnsEmbeddingFirst:
    """EfficientNetB4ST."""
    return b4(LearnsEmbeddingFirst, attention_stage=None)
