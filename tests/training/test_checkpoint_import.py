from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from forensics.errors import TrainingError
from forensics.training.checkpoint_import import import_checkpoint, reference_names
from forensics.training.nets import build_net

NETS = [("EfficientNetAutoAttB4", "efficientnet-autoatt-b4"), ("EfficientNetB4", "efficientnet-b4")]
TOLERANCE = 1e-4


def made_by_formula(keys: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    """The reference weights: every tensor from a generator that its name seeds."""
    state = {}
    for name, shape in keys.items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(0)
            continue
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
        n = int(np.prod(shape))
        r = np.random.Generator(np.random.PCG64(seed)).standard_normal(n).astype(np.float32).reshape(shape)
        if name.endswith("running_var"):
            value = 1 + 0.1 * np.abs(r)
        elif name.endswith("running_mean"):
            value = 0.1 * r
        elif len(shape) == 1:
            value = 1 + 0.1 * r if name.endswith("weight") else 0.05 * r
        else:
            value = r * 1.5 / np.sqrt(n / shape[0])
        state[name] = torch.from_numpy(np.asarray(value, np.float32))
    return state


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> dict[str, dict]:
    path = shared_data / "reference" / "ispl_reference.json"
    if not path.is_file():
        pytest.skip("the reference outputs are absent: ../shared/data/reference/ispl_reference.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def checkpoint(reference: dict[str, dict], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "bestval.pth"
    torch.save({"net": made_by_formula(reference["EfficientNetAutoAttB4"]["keys"]), "epoch": 3}, path)
    return path


@pytest.mark.parametrize(("theirs", "ours"), NETS)
def test_an_imported_net_gives_the_outputs_of_the_reference(
    reference: dict[str, dict], tmp_path: Path, theirs: str, ours: str
):
    expected = reference[theirs]
    torch.save(made_by_formula(expected["keys"]), tmp_path / "net.pth")
    net = import_checkpoint(tmp_path / "net.pth", ours)
    raw = np.random.Generator(np.random.PCG64(7)).integers(0, 256, (2, 224, 224, 3), np.uint8)
    with torch.inference_mode():
        x = net.prepare(torch.from_numpy(raw))
        features, attention = net.features(x)
        logit, _ = net(x)
    pooled = features.mean(dim=(2, 3))
    np.testing.assert_allclose(logit.numpy(), expected["logits"], atol=TOLERANCE)
    assert abs(pooled.mean().item() - expected["feature_mean"]) < TOLERANCE
    assert abs(pooled.std().item() - expected["feature_std"]) < TOLERANCE
    if "attention_first_row" not in expected:
        assert attention is None
        return
    assert attention is not None
    assert list(attention.shape) == expected["attention_shape"]
    assert abs(attention.mean().item() - expected["attention_mean"]) < TOLERANCE
    row = expected["attention_first_row"]
    np.testing.assert_allclose(attention[0, 0, 0, : len(row)].numpy(), row, atol=TOLERANCE)


def test_a_checkpoint_of_their_training_is_taken(checkpoint: Path):
    net = import_checkpoint(checkpoint, "efficientnet-autoatt-b4")
    theirs = torch.load(checkpoint, weights_only=True)["net"]
    torch.testing.assert_close(net.head.weight, theirs["classifier.weight"], rtol=0, atol=0)
    assert not net.training


def test_missing_extra_and_misshapen_tensors_are_named(checkpoint: Path, tmp_path: Path):
    state = torch.load(checkpoint, weights_only=True)["net"]
    bad = tmp_path / "bad.pth"
    torch.save({name: value for name, value in state.items() if name != "efficientnet._bn0.weight"}, bad)
    with pytest.raises(TrainingError, match=r"lacks efficientnet\._bn0\.weight \(1 such"):
        import_checkpoint(bad, "efficientnet-autoatt-b4")
    torch.save(state | {"efficientnet._fc.weight": torch.zeros(1)}, bad)
    with pytest.raises(TrainingError, match=r"unknown to this net, efficientnet\._fc\.weight"):
        import_checkpoint(bad, "efficientnet-autoatt-b4")
    torch.save(state | {"classifier.bias": torch.zeros(2)}, bad)
    with pytest.raises(TrainingError, match=r"another shape classifier\.bias"):
        import_checkpoint(bad, "efficientnet-autoatt-b4")


def test_a_checkpoint_of_the_other_net_is_refused(checkpoint: Path):
    with pytest.raises(TrainingError, match=r"efficientnet\.attconv") as caught:
        import_checkpoint(checkpoint, "efficientnet-b4")
    assert "--net" in caught.value.hint


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path):
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"net": Payload()}, tmp_path / "evil.pth")
    with pytest.raises(TrainingError, match="without running code"):
        import_checkpoint(tmp_path / "evil.pth", "efficientnet-b4")
    assert not (tmp_path / "ran").exists()


def test_what_cannot_be_a_checkpoint_is_refused(tmp_path: Path):
    with pytest.raises(TrainingError, match="no checkpoint at"):
        import_checkpoint(tmp_path / "none.pth", "efficientnet-b4")
    (tmp_path / "text.pth").write_bytes(b"half a file")
    with pytest.raises(TrainingError, match="no checkpoint that can be read"):
        import_checkpoint(tmp_path / "text.pth", "efficientnet-b4")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(TrainingError, match="no state dict"):
        import_checkpoint(tmp_path / "list.pth", "efficientnet-b4")
    with pytest.raises(TrainingError, match="no published checkpoints for audio-cnn"):
        import_checkpoint(tmp_path / "list.pth", "audio-cnn")


def test_the_names_cover_every_tensor_of_the_reference(reference: dict[str, dict]):
    for theirs, ours in NETS:
        net = build_net(ours)
        assert set(reference_names(net)) == set(reference[theirs]["keys"])
