"""The shipped face descriptor says what dlib's own net says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops
from skimage import data

from forensics import catalog
from forensics.engines.descriptor_net import CHIP_PX, N_NUMBERS, DescriptorNet, load_descriptor_net
from forensics.errors import EngineError, ModelError, TrainingError
from forensics.training.dlib_face_net import build_face_net, read_face_net

# What dlib 20.0.1 gives of the square below with dlib_face_recognition_resnet_model_v1.dat.
REFERENCE = json.loads((Path(__file__).parent / "dlib_descriptor.json").read_text("utf-8"))
MOST_APART = 1e-3


def face() -> np.ndarray:
    """uint8[150, 150, 3] RGB: the face of scikit-image's portrait, in the public domain."""
    return np.ascontiguousarray(np.asarray(data.astronaut())[50:200, 146:296])


@pytest.fixture(scope="module")
def net() -> DescriptorNet:
    return load_descriptor_net("face-descriptor")


def test_the_shipped_net_gives_dlibs_numbers(net: DescriptorNet) -> None:
    [given] = net.describe(face()[None])
    assert given.shape == (N_NUMBERS,)
    assert np.abs(given - REFERENCE).max() <= MOST_APART


def test_faces_of_a_batch_do_not_touch_each_other(net: DescriptorNet) -> None:
    mirrored = np.ascontiguousarray(face()[:, ::-1])
    both = net.describe(np.stack([face(), mirrored]))
    assert np.allclose(both[0], net.describe(face()[None])[0], atol=1e-5)
    assert np.allclose(both[1], net.describe(mirrored[None])[0], atol=1e-5)
    assert np.abs(both[0] - both[1]).max() > 0.01


def test_what_is_not_the_net_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="There is no face descriptor"):
        DescriptorNet(tmp_path / "model.xml")
    (tmp_path / "damaged.xml").write_text("not a net", "utf-8")
    with pytest.raises(EngineError, match="not a face descriptor"):
        DescriptorNet(tmp_path / "damaged.xml")
    pictures = ops.parameter([-1, CHIP_PX, CHIP_PX, 3], np.uint8)
    mean = ops.reduce_mean(ops.convert(pictures, np.float32), np.array([1, 2]), keep_dims=False)
    ov.save_model(ov.Model([mean], [pictures]), tmp_path / "other.xml")
    with pytest.raises(EngineError, match="does not give 128 numbers"):
        DescriptorNet(tmp_path / "other.xml")
    with pytest.raises(ModelError):
        load_descriptor_net("face-descriptor-of-another")


def test_the_files_are_those_of_the_card() -> None:
    card, folder = catalog.find("face-descriptor")
    assert catalog.verify(card, folder)
    assert "public domain" in card.licence
    said = (folder / "LICENSE-dlib-models.txt").read_text("utf-8")
    assert "released them into the public domain" in said


def test_a_file_that_is_not_dlibs_net_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="There are no weights"):
        read_face_net(tmp_path / "missing.dat")
    (tmp_path / "cut.dat").write_bytes(
        b"\x01\x05con_4\x01\x02\x02\x80\x12\x01\x01\x01\x01\x01\x01" + bytes(40)
    )
    with pytest.raises(TrainingError, match="not dlib's face recognition net"):
        read_face_net(tmp_path / "cut.dat")
    (tmp_path / "other.dat").write_bytes(bytes(2_000))
    with pytest.raises(TrainingError, match="not dlib's face recognition net"):
        read_face_net(tmp_path / "other.dat")


def test_the_conversion_gives_dlibs_numbers() -> None:
    """Where the published file is at hand, as FORENSICS_DLIB_FACE_NET names it."""
    named = os.environ.get("FORENSICS_DLIB_FACE_NET")
    if not named:
        pytest.skip("FORENSICS_DLIB_FACE_NET names no dlib_face_recognition_resnet_model_v1.dat")
    import dlib

    published = dlib.face_recognition_model_v1(named)
    compiled = ov.Core().compile_model(
        build_face_net(read_face_net(Path(named))), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    dice = np.random.default_rng(3)
    for picture in (face(), dice.integers(0, 256, face().shape, np.uint8), np.zeros_like(face())):
        ours = next(iter(compiled([picture[None]]).values()))[0]
        assert np.abs(ours - np.array(published.compute_face_descriptor(picture))).max() < 1e-5
