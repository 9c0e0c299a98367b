"""Items that passed a frozen front once: drawn in pairs, kept in the run's folder, taken from there again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from forensics.errors import TrainingError
from forensics.media.sound import RATE_HZ
from forensics.training.datasets import Item
from forensics.training.kept import KEPT_NAME, Head, KeptItems, keep
from forensics.training.nets import build_net

N_WINDOW = 3 * RATE_HZ


class Noise(Dataset[Item]):
    """Item i is noise of its own, manipulated where i is odd; counts how often it was asked."""

    def __init__(self) -> None:
        self.n_read = 0

    def __getitem__(self, index: int) -> Item:
        self.n_read += 1
        made = torch.Generator().manual_seed(index)
        return 0.06 * torch.randn(N_WINDOW, generator=made), torch.tensor(float(index % 2))


def numbered(n_pairs: int, seed: int = 3) -> KeptItems:
    labels = np.tile(np.array([0, 1], np.float32), n_pairs)
    return KeptItems(np.arange(2 * n_pairs, dtype=np.float32)[:, None], labels, seed)


def test_pairs_stay_together_and_every_round_has_all_of_them_in_another_order():
    items = numbered(8)
    rounds = [[int(items[index][0]) for index in range(16 * k, 16 * (k + 1))] for k in range(2)]
    for numbers in rounds:
        assert sorted(numbers) == list(range(16))
        assert all(second == first + 1 for first, second in zip(numbers[::2], numbers[1::2], strict=True))
    assert rounds[0] != rounds[1]


def test_an_item_is_a_function_of_the_seed_and_its_place_alone():
    once, again = numbered(8), numbered(8)
    wanted = [float(once[index][0]) for index in range(40)]
    assert [float(again[index][0]) for index in reversed(range(40))] == wanted[::-1]


def test_what_is_kept_is_what_the_front_makes_and_is_made_once(tmp_path: Path):
    torch.manual_seed(0)
    net, data = build_net("whisper-voice"), Noise()
    kept = keep(net, data, 4, tmp_path, seed=1, n_loaders=0)
    assert data.n_read == 4
    net.eval()
    with torch.inference_mode():
        wanted = net.condense(torch.stack([data[index][0] for index in range(4)]))
    found = {float(label): value for value, label in (kept[0], kept[1])}
    assert set(found) == {0.0, 1.0}
    stored = np.load(tmp_path / KEPT_NAME)
    np.testing.assert_allclose(stored["condensed"], wanted.numpy(), atol=2e-3)
    data.n_read = 0
    again = keep(net, data, 4, tmp_path, seed=1, n_loaders=0, resume=True)
    assert data.n_read == 0
    assert torch.equal(again[2][0], kept[2][0])
    keep(net, data, 2, tmp_path, seed=1, n_loaders=0)
    assert data.n_read == 2


def test_the_head_learns_from_what_was_kept_and_leaves_the_encoder():
    torch.manual_seed(0)
    net = build_net("whisper-voice")
    head = Head(net).train()
    condensed = torch.randn(16, net.condense(torch.randn(1, N_WINDOW)).shape[1])
    label = torch.arange(16).remainder(2).float()
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    encoder = [value.clone() for name, value in net.named_parameters() if name.startswith("encoder")]
    losses = []
    for _ in range(12):
        logit, _ = head(head.prepare(condensed))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    now = [value for name, value in net.named_parameters() if name.startswith("encoder")]
    assert all(torch.equal(one, other) for one, other in zip(encoder, now, strict=True))


def test_an_odd_number_and_a_net_that_learns_as_a_whole_are_refused(tmp_path: Path):
    with pytest.raises(TrainingError, match="--keep is 3"):
        keep(build_net("whisper-voice"), Noise(), 3, tmp_path, seed=1, n_loaders=0)
    with pytest.raises(TrainingError, match="All of this net learns"):
        keep(build_net("audio-cnn"), Noise(), 2, tmp_path, seed=1, n_loaders=0)
