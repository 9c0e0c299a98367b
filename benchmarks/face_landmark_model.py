"""Makes ``models/face-landmarks`` from MediaPipe's face mesh net as it was published, and compares the two.

    python benchmarks/face_landmark_model.py face_landmark.tflite models/face-landmarks

The file is in the wheel mediapipe 0.10.21, under mediapipe/modules/face_landmark; later wheels have none.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from forensics import catalog
from forensics.engines.landmark_net import INPUT_PX, LandmarkNet
from forensics.engines.openvino_engine import the_core
from forensics.faces.landmarks import MARGIN
from forensics.records.input_contract import PictureContract
from forensics.records.model_card import ModelCard
from forensics.training.ir_metadata import store

READING = (
    "input: float32[1, 192, 192, 3] RGB in [0, 1], a face cut crop_margin times the finder's box wide, its "
    "middle a tenth of a box above the box's. Of the two outputs the larger holds 468 points (x, y, z) in "
    "pixels of the crop, the smaller one the logit of a face being there."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tflite", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    digest = hashlib.sha256(given.tflite.read_bytes()).hexdigest()
    card = ModelCard(
        id=given.out.name,
        version="1",
        task="landmarks",
        net="mediapipe-face-mesh",
        summary="MediaPipe's face mesh: 468 points of a face and whether one is there; weights as published",
        licence="Apache-2.0 (Google LLC, MediaPipe); see LICENSE-mediapipe.txt",
        training_data=(
            "As its authors say (Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on "
            "Mobile GPUs, 2019): about 30,000 in-the-wild mobile camera pictures, of Google. Converted from "
            f"face_landmark.tflite of the wheel mediapipe 0.10.21, SHA-256 {digest}."
        ),
        contract=PictureContract(size_px=INPUT_PX, crop_margin=MARGIN, min_face_px=48, finder="dlib-hog"),
        variants=(),
        limits=(
            "It gives points for whatever face it is shown, hidden parts too: they are guesses there.",
            "In profile, under masks and below about 50 px points are off by more than lips move.",
            "Landmarks decide nothing: detectors that report and support read them.",
        ),
    )
    model = the_core().read_model(given.tflite)
    card = replace(card, variants=(store(model, card, "f16", given.out, READING),))
    catalog.write_card(card, given.out)
    published, stored = LandmarkNet(given.tflite), LandmarkNet(given.out / card.variants[0].xml)
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(20):
        crop = rng.integers(0, 256, (INPUT_PX, INPUT_PX, 3), np.uint8)
        (points, sure), (again, sure_again) = published.infer(crop), stored.infer(crop)
        worst = max(worst, float(np.abs(points - again).max()), abs(sure - sure_again))
    print(f"largest difference from the published file, over 20 pictures of noise: {worst:.2g} px")


if __name__ == "__main__":
    main()
