"""Model cards: found, read strictly, verified, written so that reading gives the same."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from forensics import catalog
from forensics.errors import ModelError
from forensics.records.input_contract import (
    ClipContract,
    ClipSampling,
    FlowContract,
    InputContract,
    PictureContract,
    SoundContract,
)
from forensics.records.model_card import Calibration, Domain, Metric, ModelCard, Thresholds, Variant

_FACE = PictureContract(size_px=128, crop_margin=1.04, min_face_px=32, finder="dlib-hog")
_VOICE = SoundContract(rate_hz=16_000, window_s=4.0, hop_s=2.0)


def _model(root: Path, name: str, task: str = "face") -> tuple[ModelCard, Path]:
    folder = root / name
    folder.mkdir(parents=True)
    digests = []
    for file, content in (("model.xml", b"<net/>"), ("model.bin", name.encode())):
        (folder / file).write_bytes(content)
        digests.append(hashlib.sha256(content).hexdigest())
    card = ModelCard(
        id=name,
        version="1",
        task=task,
        net="efficientnetv2-b0-autoatt",
        summary='Quotes "inside", an umlaut: ü, and\na second line',
        licence="Apache-2.0",
        training_data="none",
        contract=_FACE if task == "face" else _VOICE,
        variants=(Variant("f16", "model.xml", "model.bin", *digests),),
    )
    catalog.write_card(card, folder)
    return card, folder


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "models"
    root.mkdir()
    monkeypatch.setattr(catalog, "models_folder", lambda: root)
    return root


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    card, folder = _model(tmp_path, "face-a")
    full = replace(
        card,
        calibration=Calibration(1.5, -0.25, -7.0, 8.0, "validation rows", 200),
        thresholds=Thresholds(0.9, 0.2, "false-positive rate of at most 2 %"),
        domain=Domain({"face_size_px": (40.0, 400.0)}),
        metrics=(Metric("face tracks: auc", "test", 100, 0.9, 0.85, None, "forensics evaluate"),),
        limits=("One.", "Two."),
    )
    catalog.write_card(full, folder)
    assert catalog.read_card(folder) == full
    assert catalog.read_card(folder) != card


def test_a_card_without_calibration_has_none_when_read(tmp_path: Path) -> None:
    _, folder = _model(tmp_path, "face-a")
    assert catalog.read_card(folder).calibration is None


def test_verify_reads_every_file(tmp_path: Path) -> None:
    card, folder = _model(tmp_path, "face-a")
    assert catalog.verify(card, folder) == len(b"<net/>") + len(b"face-a")


@pytest.mark.parametrize("name", ["model.xml", "model.bin"])
def test_verify_sees_one_changed_byte(tmp_path: Path, name: str) -> None:
    card, folder = _model(tmp_path, "face-a")
    content = bytearray((folder / name).read_bytes())
    content[0] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(
        ModelError, match=rf"{name} is not the file that the card of face-a describes"
    ) as caught:
        catalog.verify(card, folder)
    assert "install or export" in caught.value.hint


def test_verify_names_a_missing_file(tmp_path: Path) -> None:
    card, folder = _model(tmp_path, "face-a")
    (folder / "model.bin").unlink()
    with pytest.raises(ModelError, match=r"model\.bin, which the card of face-a names, cannot be read"):
        catalog.verify(card, folder)


def test_unknown_keys_are_errors(tmp_path: Path) -> None:
    _, folder = _model(tmp_path, "face-a")
    path = folder / catalog.CARD_NAME
    path.write_text("threshold = 0.5\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"keys that no model card has: threshold$"):
        catalog.read_card(folder)


def test_unknown_keys_within_a_variant_are_named(tmp_path: Path) -> None:
    _, folder = _model(tmp_path, "face-a")
    path = folder / catalog.CARD_NAME
    text = path.read_text(encoding="utf-8").replace('precision = "f16"', 'precision = "f16"\nspeed = 3')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"keys that no model card has: variants\.speed"):
        catalog.read_card(folder)


def test_a_missing_field_and_a_wrong_type_are_errors(tmp_path: Path) -> None:
    _, folder = _model(tmp_path, "face-a")
    path = folder / catalog.CARD_NAME
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace('licence = "Apache-2.0"\n', ""), encoding="utf-8")
    with pytest.raises(ModelError, match="missing required field `licence`"):
        catalog.read_card(folder)
    path.write_text(sound.replace('version = "1"', "version = 1"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"Expected `str`, got `int` - at `\$\.version`"):
        catalog.read_card(folder)


def test_text_that_is_no_toml_is_an_error(tmp_path: Path) -> None:
    _, folder = _model(tmp_path, "face-a")
    (folder / catalog.CARD_NAME).write_bytes(b"\xff\xfe= [")
    with pytest.raises(ModelError, match="is not TOML"):
        catalog.read_card(folder)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_infinite_numbers_are_neither_written_nor_read(tmp_path: Path, value: float) -> None:
    card, folder = _model(tmp_path, "face-a")
    odd = replace(card, calibration=Calibration(value, 0.0, -1.0, 1.0, "none", 1))
    with pytest.raises(ModelError, match=r"calibration\.slope is (-?inf|nan)"):
        catalog.write_card(odd, folder)
    path = folder / catalog.CARD_NAME
    text = path.read_text(encoding="utf-8").replace("crop_margin = 1.04", f"crop_margin = {value}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"contract\.crop_margin is (-?inf|nan)"):
        catalog.read_card(folder)


@pytest.mark.parametrize("name", ["../model.bin", "/etc/passwd", "", ".."])
def test_a_card_names_files_of_its_own_folder_only(tmp_path: Path, name: str) -> None:
    card, folder = _model(tmp_path, "face-a")
    astray = replace(card, variants=(replace(card.variants[0], bin=name),))
    with pytest.raises(ModelError, match="is not a file name within the model's folder"):
        catalog.write_card(astray, folder)


def test_thresholds_must_be_in_order(tmp_path: Path) -> None:
    card, folder = _model(tmp_path, "face-a")
    with pytest.raises(ModelError, match="0 <= no_signs <= signs <= 1"):
        catalog.write_card(replace(card, thresholds=Thresholds(0.2, 0.9, "")), folder)


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (PictureContract(size_px=0, crop_margin=1.04), "contract.size_px must be above 0"),
        (PictureContract(size_px=128, crop_margin=-1.0), "contract.crop_margin must be above 0"),
        (SoundContract(rate_hz=16_000, window_s=0.0, hop_s=1.0), "contract.window_s must be above 0"),
    ],
)
def test_a_contract_that_no_input_fits_is_an_error(
    tmp_path: Path, contract: InputContract, words: str
) -> None:
    card, folder = _model(tmp_path, "model-a")
    with pytest.raises(ModelError, match=re.escape(words)):
        catalog.write_card(replace(card, contract=contract), folder)


OF_BEFORE = {
    "pictures": (
        'size_px = 128\ncrop_margin = 1.04\nmin_face_px = 48\nfinder = "dlib-hog"\nframes_per_clip = 32\n'
        'flip = true\nclip_sampling = "spread"\nclip_form = "pictures"\n',
        PictureContract(size_px=128, crop_margin=1.04, min_face_px=48, flip=True),
    ),
    "clips": (
        'size_px = 64\ncrop_margin = 1.3\nclip_frames = 10\nflip = true\nclip_sampling = "motion"\n',
        ClipContract(
            size_px=64, crop_margin=1.3, clip_frames=10, clip_sampling=ClipSampling.MOTION, flip=True
        ),
    ),
    "flow": (
        'size_px = 64\ncrop_margin = 1.3\nclip_frames = 10\nflip = false\nclip_form = "flow"\n',
        FlowContract(size_px=64, crop_margin=1.3, clip_frames=10),
    ),
    "sound": (
        'flip = false\nrate_hz = 16000\nwindow_s = 3.0\nhop_s = 1.5\nclip_sampling = "spread"\n',
        SoundContract(rate_hz=16_000, window_s=3.0, hop_s=1.5),
    ),
}


def _with_contract(folder: Path, stated: str) -> None:
    path = folder / catalog.CARD_NAME
    before, _, after = path.read_text("utf-8").partition("[contract]\n")
    path.write_text(f"{before}[contract]\n{stated}\n{after[after.index('[') :]}", "utf-8")


@pytest.mark.parametrize("kind", list(OF_BEFORE))
def test_a_contract_of_before_kinds_is_read(tmp_path: Path, kind: str) -> None:
    stated, expected = OF_BEFORE[kind]
    card, folder = _model(tmp_path, "model-a")
    _with_contract(folder, stated)
    read = catalog.read_card(folder)
    assert read == replace(card, contract=expected)
    catalog.write_card(read, folder)
    assert f'kind = "{msgspec.to_builtins(expected)["kind"]}"' in (folder / "card.toml").read_text("utf-8")
    assert catalog.read_card(folder) == read


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ("size_px = 128\n", "missing required field `crop_margin`"),
        ("rate_hz = 16000\nhop_s = 1.0\n", "missing required field `window_s`"),
        ("size_px = 128\ncrop_margin = 1.0\nwindow_s = 3.0\n", "contract.window_s"),
        ("size_px = 128\ncrop_margin = 1.0\ncolour = 3\n", "contract.colour"),
        ('kind = "smell"\nsize_px = 128\n', "Invalid value 'smell'"),
        ('kind = "sound windows"\nsize_px = 128\n', "missing required field"),
    ],
)
def test_a_contract_that_is_none_is_an_error(tmp_path: Path, stated: str, words: str) -> None:
    _, folder = _model(tmp_path, "model-a")
    _with_contract(folder, stated)
    with pytest.raises(ModelError, match=re.escape(words)):
        catalog.read_card(folder)


def test_the_models_that_ship_say_what_they_take() -> None:
    kinds = {card.id: type(card.contract) for card, _ in catalog.list_cards()}
    assert kinds["face-v2b0-autoatt"] is PictureContract
    assert kinds["voice-whisper"] is SoundContract


def test_find_by_id_and_by_folder(shipped: Path, tmp_path: Path) -> None:
    card, folder = _model(shipped, "face-a")
    elsewhere, its_folder = _model(tmp_path / "own", "face-b")
    assert catalog.find("face-a") == (card, folder)
    assert catalog.find(str(its_folder)) == (elsewhere, its_folder)
    assert catalog.find(str(its_folder / "card.toml")) == (elsewhere, its_folder)


def test_find_names_what_there_is(shipped: Path, tmp_path: Path) -> None:
    _model(shipped, "face-a")
    with pytest.raises(ModelError, match="There is no model face-z; the shipped ones are: face-a") as caught:
        catalog.find("face-z")
    assert "forensics models list" in caught.value.hint
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"holds no card\.toml"):
        catalog.find(str(tmp_path / "empty"))


def test_the_only_model_of_a_task_is_its_default(shipped: Path) -> None:
    _model(shipped, "face-a")
    voice, _ = _model(shipped, "voice-a", "voice")
    assert catalog.default_model("voice")[0] == voice


def test_the_index_decides_between_several(shipped: Path) -> None:
    _model(shipped, "face-a")
    second, _ = _model(shipped, "face-b")
    with pytest.raises(ModelError, match="2 models serve face: face-a, face-b"):
        catalog.default_model("face")
    (shipped / "index.toml").write_text('[default]\nface = "face-b"\n', encoding="utf-8")
    assert catalog.default_model("face")[0] == second


def test_an_index_that_names_the_wrong_task_is_an_error(shipped: Path) -> None:
    _model(shipped, "voice-a", "voice")
    (shipped / "index.toml").write_text('[default]\nface = "voice-a"\n', encoding="utf-8")
    with pytest.raises(ModelError, match="names voice-a for face, but it serves voice"):
        catalog.default_model("face")
    (shipped / "index.toml").write_text("[default]\nface = 1\n", encoding="utf-8")
    with pytest.raises(ModelError, match="is no index of models"):
        catalog.default_model("face")


def test_no_model_of_a_task_says_what_to_do(shipped: Path) -> None:
    with pytest.raises(ModelError, match="No voice model is installed") as caught:
        catalog.default_model("voice")
    assert "--detectors" in caught.value.hint


def test_the_digest_of_the_card_follows_its_content(tmp_path: Path) -> None:
    card, folder = _model(tmp_path, "face-a")
    before = catalog.card_sha256(folder)
    assert before == hashlib.sha256((folder / "card.toml").read_bytes()).hexdigest()
    catalog.write_card(replace(card, version="2"), folder)
    assert catalog.card_sha256(folder) != before


def test_the_shipped_models_are_what_their_cards_say() -> None:
    for card, folder in catalog.list_cards():
        assert card.id == folder.name
        assert catalog.verify(card, folder) > 0
