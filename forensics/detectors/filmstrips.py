"""Filmstrips: every sampled face of a person, small, with its score, as far as there is room for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2

from forensics.numerals import count_text
from forensics.records.exhibit_content import Filmstrip, StripFrame
from forensics.records.faces import FaceCrop
from forensics.records.findings import Exhibit, ExhibitKind, Score
from forensics.records.subject import Subject

# A face of this size is some 1.5 kB: 96 of them weigh about as much as the large pictures of one moment.
FRAME_PX: Final = 72
MOST_FRAMES: Final = 96
MOST_FRAMES_OF_FILE: Final = 384
LEAST_FRAMES: Final = 8
_JPEG_QUALITY: Final = 72


class Filmstrips:
    """One file's strips, one a person."""

    def __init__(self) -> None:
        self._strips: dict[Subject, _Strip] = {}

    def take(self, crop: FaceCrop, score: Score) -> None:
        """One more face with its score; a person's faces come in the order of time."""
        self._strips.setdefault(score.subject, _Strip()).take(crop, score)

    def exhibits(self) -> Iterator[Exhibit]:
        """A strip for each person, in the order of their numbers; of a single face, too."""
        n_most = max(LEAST_FRAMES, min(MOST_FRAMES, MOST_FRAMES_OF_FILE // max(1, len(self._strips))))
        for subject in sorted(self._strips):
            strip = self._strips[subject]
            frames = _thinned(strip.frames, n_most)
            caption = f"{count_text(strip.n_seen, 'sampled frame', 'sampled frames')}, in order of time"
            if len(frames) < strip.n_seen:
                caption = (
                    f"{len(frames)} of {strip.n_seen} sampled frames, in order of time: of neighbours, "
                    "the one with the highest score"
                )
            yield Exhibit(
                kind=ExhibitKind.FILMSTRIP,
                content=Filmstrip(tuple(frames), strip.n_seen),
                caption=caption,
                subject=subject,
                group="all sampled frames",
            )


class _Strip:
    """One person's frames. Holds fewer than twice ``MOST_FRAMES``, each the highest of as many neighbours."""

    def __init__(self) -> None:
        self.frames: list[StripFrame] = []
        self.n_seen = 0
        self._bundled = 1

    def take(self, crop: FaceCrop, score: Score) -> None:
        if self.n_seen % self._bundled == 0:
            if len(self.frames) == 2 * MOST_FRAMES:
                self.frames = _thinned(self.frames, MOST_FRAMES)
                self._bundled *= 2
            self.frames.append(_small(crop, score))
        elif score.manipulation_score > self.frames[-1].score:
            self.frames[-1] = _small(crop, score)
        self.n_seen += 1


def _thinned(frames: Sequence[StripFrame], n_most: int) -> list[StripFrame]:
    """At most so many: of each bundle of neighbours the one with the highest score."""
    bundled = max(1, -(-len(frames) // n_most))
    bundles = (frames[start : start + bundled] for start in range(0, len(frames), bundled))
    return [max(bundle, key=lambda frame: frame.score) for bundle in bundles]


def _small(crop: FaceCrop, score: Score) -> StripFrame:
    shown = cv2.resize(crop.image, (FRAME_PX, FRAME_PX), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
    # Tables made for the picture: of so small a JPEG the usual ones are a third.
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    _, encoded = cv2.imencode(".jpg", bgr, options)
    return StripFrame(encoded.tobytes(), crop.at_s, score.manipulation_score)
