"""The table of finders: unknown names and missing models are clear errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import SettingsError
from forensics.faces.finders import FINDERS, load_finder
from forensics.faces.finders.yunet import YuNetFinder


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
