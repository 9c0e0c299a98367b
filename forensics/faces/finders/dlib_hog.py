"""dlib's frontal face detector: five HOG templates, weights built in, no other file needed.

Boxes are dlib's own, without a margin: the crop margin in a model card refers to exactly these. dlib
searches a pyramid with steps of 6/5, so box sizes come in such steps. The numbers below were measured
with ``benchmarks/face_recall.py`` on 25 clips of 480p to 1080p.
"""

from __future__ import annotations

import contextlib
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np

from forensics import cache
from forensics.faces.finder import THOROUGH
from forensics.faces.finders.search_window import Pixels, SearchWindow, around, whole
from forensics.faces.overlap import same_face, without_duplicates
from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

# Longer side of what is searched first: faces from 73 px there are found. 960 px found 194 of 263
# faces, 1280 px 244 and 1600 px no more.
_FIRST_SIDE_PX = 1280
# A second, slower attempt where the first found nothing.
_SECOND_SIDE_PX = 1920
# Enlarging further than this finds noise before it finds faces that a net could judge.
_LARGEST_SCALE = 2.0
_LARGEST_WINDOW_SCALE = 4.0
# At 0 there was no false box on the 200 frames; in grey, down to -0.1. Colour had five there and costs
# 40 % more.
_THRESHOLD = 0.0
# Below this an answer is looked at again at six other scales, on which a face does well on average and
# a chance pattern does not: 8 weak true answers of those frames had means of 0.43 to 0.75, the emblem on
# the suit of scikit-image's astronaut, in 87 weak answers at sixty scales, 0.13 at most.
_SURE = 0.3
_SECOND_LOOKS_PX = (76.0, 82.0, 88.0, 94.0, 100.0, 108.0)
_SECOND_LOOK_SIDES = 2.0
_SECOND_LOOK_MEAN = 0.25
_WORST = -1.0
# Around a known face a weaker answer is believable: no false box in 122 windows down to -0.3.
_WINDOW_THRESHOLD = -0.2
# The pyramid's second level answers with boxes of this size: a face that has not changed since the
# earlier frame gets a box of the same size again, instead of one that wanders from frame to frame.
_WINDOW_FACE_PX = 88.0
# The window allows a move by one face's width in any direction.
_WINDOW_SIDES = 3.0
# A face hardly grows or shrinks by more from one sampled frame to the next; weak answers of other sizes
# were patterns of the background. A true face of another size is left to the next full search.
_LARGEST_CHANGE = 1.6


class DlibHogFinder:
    """Finds upright faces that look more or less into the camera."""

    name = "dlib-hog"

    def __init__(self) -> None:
        self._detector = _detector()

    def find(
        self, image: RgbImage, near: Sequence[FaceBox] = (), *, detail: float = THOROUGH
    ) -> list[FaceBox]:
        """Faces in ``image``; see ``FaceFinder``. Confidence is dlib's score, 0 and up."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        if near:
            return self._near(grey, near)
        longer = max(grey.shape)
        first = min(_FIRST_SIDE_PX / longer, _LARGEST_SCALE)
        second = min(_SECOND_SIDE_PX / longer, _LARGEST_SCALE)
        found = self._search(whole(grey, min(detail, 1.0) * first), _THRESHOLD)
        if not found and detail > 1 and second > first:
            found = self._search(whole(grey, second), _THRESHOLD)
        return without_duplicates(box for box in found if self._believable(grey, box))

    def _believable(self, grey: Pixels, box: FaceBox) -> bool:
        if box.confidence >= _SURE:
            return True
        total = 0.0
        for face_px in _SECOND_LOOKS_PX:
            view = around(grey, box, _SECOND_LOOK_SIDES, face_px / box.size_px)
            answers = self._search(view, _WORST) if view else []
            total += max((one.confidence for one in answers if same_face(one, box)), default=_WORST)
        return total / len(_SECOND_LOOKS_PX) >= _SECOND_LOOK_MEAN

    def _near(self, grey: Pixels, near: Sequence[FaceBox]) -> list[FaceBox]:
        found: list[FaceBox] = []
        for box in near:
            scale = min(_WINDOW_FACE_PX / box.size_px, _LARGEST_WINDOW_SCALE)
            view = around(grey, box, _WINDOW_SIDES, scale)
            answers = self._search(view, _WINDOW_THRESHOLD) if view else []
            found += [one for one in answers if _similar_size(one, box)]
        return without_duplicates(found)

    def _search(self, view: SearchWindow, threshold: float) -> list[FaceBox]:
        rectangles, confidences, _ = self._detector.run(view.pixels, 0, threshold)
        return [
            view.in_picture(one.left(), one.top(), one.width(), one.height(), float(confidence))
            for one, confidence in zip(rectangles, confidences, strict=True)
        ]


def _detector() -> Any:
    """Dlib's detector. Unpacking the one that is built in takes 0.6 s; a saved copy is there at once."""
    name = f"dlib-frontal-{cache.key_of(dlib.__version__, platform.machine())}.hog"
    kept = cache.recall(name)
    with contextlib.suppress(OSError, RuntimeError), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name  # dlib reads and writes files only
        if kept is not None:
            path.write_bytes(kept)
            return dlib.fhog_object_detector(str(path))
        detector = dlib.get_frontal_face_detector()
        detector.save(str(path))
        cache.keep(name, path.read_bytes())
        return detector
    return dlib.get_frontal_face_detector()


def _similar_size(one: FaceBox, other: FaceBox) -> bool:
    return 1 / _LARGEST_CHANGE <= one.size_px / other.size_px <= _LARGEST_CHANGE
