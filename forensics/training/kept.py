"""Training on what a frozen front made of each item once, instead of computing it anew in every step.

An encoder that does not learn gives the same for the same item, and costs a thousand times as much as the
layer behind it. The items (clip, stretch, room, noise and codec are all drawn) go through it once; then the
layer behind learns from them for as many steps as it likes, in a minute.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from forensics.errors import TrainingError
from forensics.training.conversion import compiled_front
from forensics.training.nets.torch_net import TorchNet
from forensics.training.recipes.recipe import Item

KEPT_NAME = "kept.npz"
_BATCH = 16


class KeptItems(Dataset[Item]):
    """An endless stream over kept items, in pairs as they were drawn, in another order every time round."""

    def __init__(
        self, condensed: npt.NDArray[np.float32], labels: npt.NDArray[np.float32], seed: int
    ) -> None:
        self._condensed = torch.from_numpy(condensed)
        self._labels = torch.from_numpy(labels)
        self._seed = seed
        self._round = -1
        self._order = np.zeros(0, np.int64)

    def __getitem__(self, index: int) -> Item:
        """Item ``index``: (float32[n_condensed], float label)."""
        pair, member = divmod(index, 2)
        number, place = divmod(pair, len(self._labels) // 2)
        if number != self._round:
            self._order = np.random.default_rng((self._seed, number)).permutation(len(self._labels) // 2)
            self._round = number
        found = 2 * int(self._order[place]) + member
        return self._condensed[found], self._labels[found]


class Head(TorchNet):
    """What learns of a net with a frozen front: takes what the front gave."""

    def __init__(self, net: TorchNet) -> None:
        super().__init__()
        self.net = net
        self.recipe = net.recipe
        self.map_name = net.map_name

    def prepare(self, raw: Tensor) -> Tensor:
        """What was kept, as it is."""
        return raw

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logit float[N]; there is no map without the whole net."""
        return self.net.judge(x), x[:, None, None, :1]


def keep(
    net: TorchNet,
    data: Dataset[Item],
    n_items: int,
    folder: Path,
    *,
    seed: int,
    n_loaders: int,
    resume: bool = False,
) -> KeptItems:
    """The first items of a stream behind the net's frozen front.

    Args:
        folder: the run's, where they are stored.
        resume: take what lies there; a run that starts anew may have other settings.

    Raises:
        TrainingError: the net has no front that does not learn, or the number is odd.
    """
    if n_items % 2:
        raise TrainingError(f"--keep is {n_items}", "Give an even number: half of the items are pristine.")
    path = folder / KEPT_NAME
    if resume and path.exists():
        with np.load(path) as stored:
            return KeptItems(stored["condensed"], stored["labels"], seed)
    condensed, labels, condense = [], [], None
    for raw, label in DataLoader(data, _BATCH, sampler=range(n_items), num_workers=n_loaders):
        if condense is None:
            with torch.inference_mode():
                net.condense(raw[:1])  # a net without a front says so, which the conversion would bury
            condense = compiled_front(net, raw)
        condensed.append(condense(raw.numpy()))
        labels.append(label.float().numpy())
    draft = path.with_suffix(".part.npz")
    np.savez(draft, condensed=np.concatenate(condensed), labels=np.concatenate(labels))
    draft.replace(path)
    return KeptItems(np.concatenate(condensed), np.concatenate(labels), seed)
