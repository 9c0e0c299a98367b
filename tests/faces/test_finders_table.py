"""The table of finders: unknown names and missing models are clear errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from forensics.errors import ModelError, SettingsError
from forensics.faces.finders import FINDERS, finder_for, load_finder
from forensics.faces.finders.yunet import YuNetFinder
from tests.detectors.nets import face_card, voice_card


def test_unknown_finder_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="'retina'") as caught:
        load_finder("retina")
    for name in FINDERS:
        assert name in caught.value.hint


def test_yunet_without_a_model_says_where_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FORENSICS_YUNET", str(tmp_path / "absent.onnx"))
    with pytest.raises(SettingsError, match=r"absent\.onnx does not exist") as caught:
        load_finder("yunet")
    assert "FORENSICS_YUNET" in caught.value.hint
    assert "dlib-hog" in caught.value.hint


def test_yunet_with_another_file_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"not a net")
    with pytest.raises(SettingsError, match="is not a YuNet model"):
        YuNetFinder(model)


def test_the_finder_is_the_one_that_the_models_name() -> None:
    face = face_card()
    small = replace(face, id="small", contract=msgspec.structs.replace(face.contract, finder="yunet"))
    assert finder_for([]) == finder_for([voice_card()]) == "dlib-hog"
    assert finder_for([small, voice_card()]) == "yunet"
    with pytest.raises(ModelError, match="small takes the boxes of yunet"):
        finder_for([face, small])
