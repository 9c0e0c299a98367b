"""The engine runs what a card names, in the precision that was asked for, and says what is wrong."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from forensics import cache, catalog
from forensics.engines.net import InferenceConfig
from forensics.engines.openvino_engine import CompiledNet
from forensics.errors import EngineError
from forensics.records.input_contract import PictureContract, contract_from
from forensics.records.model_card import ModelCard, Variant


@pytest.fixture
def model(tmp_path: Path) -> tuple[ModelCard, Path]:
    """A net whose logit is the mean of a uint8[N, 4, 4, 3] batch and whose map is its green channel."""
    pixels = ops.parameter([-1, 4, 4, 3], np.uint8, name="input")
    real = ops.convert(pixels, np.float32)
    logit = ops.reduce_mean(real, ops.constant([1, 2, 3]), keep_dims=False)
    green = ops.gather(real, ops.constant(1), ops.constant(3))
    results = [ops.result(logit), ops.result(ops.unsqueeze(green, ops.constant(1)))]
    built = ov.Model(results, [pixels], "mean")
    for port, name in zip(built.outputs, ("logit", "map"), strict=True):
        port.get_tensor().set_names({name})
    ov.save_model(built, tmp_path / "model.xml", compress_to_fp16=False)
    card = ModelCard(
        id="mean",
        version="1",
        task="face",
        net="test",
        summary="",
        licence="",
        training_data="",
        contract=PictureContract(size_px=4, crop_margin=1.0),
        variants=(Variant("f16", "model.xml", "model.bin", "", ""),),
    )
    return card, tmp_path


def test_batches_of_any_size_give_one_logit_and_one_map_each(model: tuple[ModelCard, Path]) -> None:
    net = CompiledNet(*model, "f32")
    for n in (1, 3):
        batch = np.random.default_rng(n).integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
        output = net.infer(batch)
        assert output.logits == pytest.approx(batch.mean(axis=(1, 2, 3)), rel=1e-6)
        assert np.array_equal(output.maps, batch[..., 1].astype(np.float32))


_NETS_COME_AND_GO = """
import faulthandler, signal, sys
from pathlib import Path
faulthandler.enable()
from forensics.engines.openvino_engine import CompiledNet
from forensics.records.input_contract import PictureContract, contract_from
from forensics.records.model_card import ModelCard, Variant
said = dict(id="mean", version="1", task="face", net="test", summary="", licence="", training_data="")
variants = (Variant("f16", "model.xml", "model.bin", "", ""),)
card = ModelCard(**said, contract=PictureContract(size_px=4, crop_margin=1.0), variants=variants)
first, second = (CompiledNet(card, Path(sys.argv[1]), "f32") for _ in range(2))
del first
del second
signal.signal(signal.SIGINT, lambda *_: print("handled"))
signal.raise_signal(signal.SIGINT)
"""


def test_signals_can_be_handled_after_nets_went(model: tuple[ModelCard, Path]) -> None:
    command = [sys.executable, "-c", _NETS_COME_AND_GO, str(model[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr[-2000:]


def test_a_reversed_view_is_run_as_it_looks(model: tuple[ModelCard, Path]) -> None:
    batch = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    assert np.array_equal(CompiledNet(*model, "f32").infer(batch[:, :, ::-1]).maps[0], batch[0, :, ::-1, 1])


def test_answers_are_copies_that_the_next_batch_leaves_alone(model: tuple[ModelCard, Path]) -> None:
    net = CompiledNet(*model, "f32")
    first = net.infer(np.full((1, 4, 4, 3), 7, np.uint8))
    net.infer(np.full((1, 4, 4, 3), 200, np.uint8))
    assert first.logits.tolist() == [7.0]
    assert first.maps.max() == 7.0


def test_a_missing_variant_names_the_way_out(model: tuple[ModelCard, Path]) -> None:
    with pytest.raises(EngineError, match="mean has no variant for int8") as caught:
        CompiledNet(*model, "int8")
    assert "--profile examination" in caught.value.hint


def test_a_damaged_graph_is_an_engine_error(model: tuple[ModelCard, Path]) -> None:
    card, folder = model
    (folder / "model.xml").write_text("no graph")
    with pytest.raises(EngineError, match="OpenVINO cannot run mean in f32") as caught:
        CompiledNet(card, folder, "f32")
    assert "forensics models verify mean" in caught.value.hint


def test_a_batch_of_the_wrong_shape_is_an_engine_error(model: tuple[ModelCard, Path]) -> None:
    with pytest.raises(EngineError, match=r"failed on a batch of shape \(1, 5, 5, 3\)"):
        CompiledNet(*model, "f32").infer(np.zeros((1, 5, 5, 3), np.uint8))


def test_the_precision_is_the_one_asked_for(model: tuple[ModelCard, Path]) -> None:
    card, folder = model
    renamed = replace(card, variants=(replace(card.variants[0], precision="int8"),))
    assert CompiledNet(renamed, folder, "int8").precision == "int8"


@pytest.fixture
def known_model(model: tuple[ModelCard, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[ModelCard, Path]:
    """The same net with the digests of its files, and an empty cache."""
    card, folder = model
    monkeypatch.setenv(cache.VARIABLE, str(folder / "cache"))
    digests = [hashlib.sha256((folder / f"model.{end}").read_bytes()).hexdigest() for end in ("xml", "bin")]
    return replace(card, variants=(Variant("f16", "model.xml", "model.bin", *digests),)), folder


def _entries(folder: Path) -> list[Path]:
    return sorted((folder / "cache").iterdir())


BATCH = np.random.default_rng(5).integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)


def test_a_net_from_the_cache_gives_the_same_bits(known_model: tuple[ModelCard, Path]) -> None:
    card, folder = known_model
    fresh = CompiledNet(card, folder, "f32").infer(BATCH)
    [entry] = _entries(folder)
    (folder / "model.xml").unlink()  # so that nothing but the cache can serve
    again = CompiledNet(card, folder, "f32").infer(BATCH)
    assert again.logits.tobytes() == fresh.logits.tobytes()
    assert again.maps.tobytes() == fresh.maps.tobytes()
    assert _entries(folder) == [entry]


def test_each_precision_and_pace_is_kept_apart(known_model: tuple[ModelCard, Path]) -> None:
    card, folder = known_model
    CompiledNet(card, folder, "f32")
    CompiledNet(card, folder, "bf16")
    CompiledNet(card, folder, "f32", InferenceConfig(8, 2, 2))
    CompiledNet(card, folder, "f32", InferenceConfig(4))  # the batch is not compiled in
    assert len(_entries(folder)) == 3


def test_other_weights_are_another_entry(known_model: tuple[ModelCard, Path]) -> None:
    card, folder = known_model
    CompiledNet(card, folder, "f32")
    other = replace(card, variants=(replace(card.variants[0], bin_sha256="0" * 64),))
    CompiledNet(other, folder, "f32")
    assert len(_entries(folder)) == 2


@pytest.mark.parametrize("damage", [b"", b"nonsense", bytes(1000)])
def test_a_damaged_entry_is_made_anew(known_model: tuple[ModelCard, Path], damage: bytes) -> None:
    card, folder = known_model
    CompiledNet(card, folder, "f32")
    [entry] = _entries(folder)
    sound = entry.read_bytes()
    entry.write_bytes(damage or sound[:-1])
    assert CompiledNet(card, folder, "f32").infer(BATCH).logits == pytest.approx(BATCH.mean(axis=(1, 2, 3)))
    assert cache.recall(entry.name) is not None


def test_an_entry_that_openvino_refuses_is_made_anew(known_model: tuple[ModelCard, Path]) -> None:
    card, folder = known_model
    CompiledNet(card, folder, "f32")
    [entry] = _entries(folder)
    cache.keep(entry.name, b"sound by its digest, but no net")
    assert CompiledNet(card, folder, "f32").infer(BATCH).logits == pytest.approx(BATCH.mean(axis=(1, 2, 3)))


def test_a_cache_that_cannot_be_written_changes_nothing(
    known_model: tuple[ModelCard, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    card, folder = known_model
    monkeypatch.setenv(cache.VARIABLE, str(folder / "model.xml"))
    assert CompiledNet(card, folder, "f32").infer(BATCH).logits == pytest.approx(BATCH.mean(axis=(1, 2, 3)))


@pytest.mark.parametrize(
    "pace", [InferenceConfig(8, 2, 1), InferenceConfig(8, 2, 2), InferenceConfig(8, 3, 3)]
)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_streams_and_threads_give_the_same_answers(
    model: tuple[ModelCard, Path], pace: InferenceConfig, n: int
) -> None:
    plain, paced = (
        CompiledNet(*model, "f32").infer(BATCH[:n]),
        CompiledNet(*model, "f32", pace).infer(BATCH[:n]),
    )
    assert paced.logits == pytest.approx(plain.logits, rel=1e-6)
    assert np.array_equal(paced.maps, plain.maps)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("face-v2b0-autoatt", None), ("face-autoatt-b4", None), ("voice-whisper", "sound windows")],
)
def test_an_ir_that_ships_states_the_contract_of_its_card(name: str, kind: str | None) -> None:
    """The face nets were written before contracts had a kind."""
    card, folder = catalog.find(name)
    for variant in card.variants:
        ir = ov.Core().read_model(folder / variant.xml)
        stated = msgspec.json.decode(ir.get_rt_info(["forensics", "contract"]).astype(str))
        assert stated.get("kind") == kind
        assert contract_from(stated) == card.contract
