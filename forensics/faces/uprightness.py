"""Which way up a video stands when nobody says: faces tell.

A finder trained on upright faces sees little when a video lies on its side. It accepts some heads that stand
upside down, and a net that has seen none of those calls them manipulated. So the pictures are turned where
faces answer clearly better, and single heads that stand upside down are not scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from forensics.faces.finder import THOROUGH, FaceFinder
from forensics.faces.overlap import same_face
from forensics.records.faces import FaceBox
from forensics.records.findings import Notice
from forensics.records.media import Frame, MediaUpdate, RgbImage
from forensics.records.stream import Item

# Quarter turns, clockwise.
_TURNS = (1, 2, 3)
_HALF_TURN = 2
# On four frames each of 25 clips dlib's answers upside down were 0.1 to 0.75, well below those of the same
# faces upright; on the side there were none.
_CLEARLY = 0.3
_AS_SURE = 0.7
# Pictures that are held back while it is in doubt, and how often a film without faces is tried after those.
_N_HELD = 4
_TRIED_EVERY = 4
# A single answer can be a chance pattern.
_FEWEST_ANSWERS = 2
# Around a face, in sides of its box: what a finder looks at when it is told where the face was.
_REGION_SIDES = 4.0


class UprightFinder:
    """A finder whose full searches leave out heads that stand upside down. One for each stream."""

    def __init__(self, finder: FaceFinder) -> None:
        self.name = finder.name
        self.n_left_out = 0
        self._finder = finder
        self._known: list[tuple[RgbImage, list[FaceBox]]] = []
        self._seen_upright: list[FaceBox] = []

    def find(
        self, image: RgbImage, near: Sequence[FaceBox] = (), *, detail: float = THOROUGH
    ) -> list[FaceBox]:
        """Faces in ``image``; see ``FaceFinder``."""
        if near:
            return self._finder.find(image, near)
        if detail == THOROUGH:
            for at, (known, boxes) in enumerate(self._known):
                if known is image:
                    del self._known[at]
                    return boxes
        return self._upright(image, self._finder.find(image, detail=detail))

    def answers(self, image: RgbImage, *, thorough: bool) -> dict[int, float]:
        """The best answer for each way up: quarter turns clockwise to the finder's confidence.

        Where an upright face is found, the others are asked for that place alone.

        Args:
            image: uint8[H, W, 3] RGB.
            thorough: where none is found, search the whole picture turned.
        """
        found = self._finder.find(image)
        best = dict.fromkeys((0, *_TURNS), 0.0)
        best[0] = max((box.confidence for box in found), default=0.0)
        for turns in _TURNS:
            if found:
                best[turns] = max(self._turned(image, box, turns) for box in found)
            elif thorough:
                boxes = self._finder.find(_rotated(image, turns), detail=1.0)
                best[turns] = max((box.confidence for box in boxes), default=0.0)
        self._known = [*self._known[1 - _N_HELD :], (image, self._upright(image, found))]
        return best

    def forget(self) -> None:
        """Drops what was found in pictures that are shown otherwise now."""
        self._known.clear()
        self._seen_upright.clear()
        self.n_left_out = 0

    def _upright(self, image: RgbImage, boxes: list[FaceBox]) -> list[FaceBox]:
        """Without those that stand upside down."""
        upright = [
            box
            for box in boxes
            if self._was_upright(box) or self._turned(image, box, _HALF_TURN) < box.confidence + _CLEARLY
        ]
        self.n_left_out += len(boxes) - len(upright)
        self._seen_upright = upright
        return upright

    def _was_upright(self, box: FaceBox) -> bool:
        """Whether the search before found an upright face at this place, about as sure."""
        return any(
            same_face(box, seen) and box.confidence >= _AS_SURE * seen.confidence
            for seen in self._seen_upright
        )

    def _turned(self, image: RgbImage, box: FaceBox, turns: int) -> float:
        """The finder's confidence in a face at this place when the picture is turned, 0 for none."""
        (x, y), half = box.centre_px, _REGION_SIDES * box.size_px / 2
        left, top = max(0, int(x - half)), max(0, int(y - half))
        region = image[top : max(top, int(y + half)), left : max(left, int(x + half))]
        if not region.size:
            return 0.0
        x, y, (height, width) = x - left, y - top, region.shape[:2]
        for _ in range(turns):
            x, y, height, width = height - y, x, width, height
        side = box.size_px
        there = replace(box, left_px=x - side / 2, top_px=y - side / 2, width_px=side, height_px=side)
        answers = self._finder.find(_rotated(region, turns), near=[there])
        return max((one.confidence for one in answers), default=0.0)


def stand_upright(items: Iterable[Item], finder: UprightFinder, *, apart: bool = False) -> Iterator[Item]:
    """The stage: turns all pictures of a stream where its faces stand clearly better otherwise.

    The first pictures are held back until faces tell; usually the first one does. What a file says of its
    rotation has been done before.

    Args:
        items: the stream. ``Frame`` items are turned if need be, a ``MediaUpdate`` gets the turn; all else
            passes on.
        finder: finds faces.
        apart: the frames are pictures of their own (pages), and each is turned for itself.
    """
    doubt = _Doubt(finder)
    stream_index: int | None = None
    n_frames = 0
    for item in items:
        if isinstance(item, Frame):
            if apart and n_frames:
                yield from doubt.end()
                doubt = _Doubt(finder)
            n_frames += 1
            stream_index = item.stream_index
            yield from doubt.take(item)
        elif isinstance(item, MediaUpdate):
            yield from doubt.end()
            # Of several pages each may have been turned another way; their notices say so.
            yield item if apart and n_frames > 1 else _with_turn(item, stream_index, doubt.turns or 0)
        else:
            yield item
    yield from doubt.end()


class _Doubt:
    """The pictures held back, and what their faces told so far."""

    def __init__(self, finder: UprightFinder) -> None:
        self.turns: int | None = None
        self._finder = finder
        self._held: list[Frame] = []
        self._n_frames = 0
        self._total = dict.fromkeys((0, *_TURNS), 0.0)
        self._n_answers = dict.fromkeys((0, *_TURNS), 0)
        self._is_over = False
        self._n_left_out_before = finder.n_left_out

    def take(self, frame: Frame) -> Iterator[Item]:
        if self.turns is not None:
            yield _turned_frame(frame, self.turns)
            return
        if not frame.sampled:
            return  # nobody knows yet which way up it is, and bursts must not have a say in it
        self._held.append(frame)
        in_turn = self._n_frames < _N_HELD or self._n_frames % _TRIED_EVERY == 0
        self._n_frames += 1
        for turns, answer in self._finder.answers(frame.image, thorough=in_turn).items():
            self._total[turns] += answer
            self._n_answers[turns] += answer > 0
        self.turns = self._decided(_FEWEST_ANSWERS)
        if self.turns is not None:
            yield from self._released()
        elif len(self._held) > _N_HELD:
            yield self._held.pop(0)

    def end(self) -> Iterator[Item]:
        """The pictures still held, and what was done."""
        if self._is_over:
            return
        self._is_over = True
        if self.turns is None:
            self.turns = self._decided(min(_FEWEST_ANSWERS, self._n_frames))
        yield from self._released()
        if self.turns:
            yield Notice(
                "faces",
                "The file says nothing of it, but faces stand upright only when the pictures are turned by "
                f"{90 * self.turns} degrees clockwise: they were turned and examined so",
            )
        if n_left_out := self._finder.n_left_out - self._n_left_out_before:
            yield Notice("faces", f"Heads that stand upside down were not examined ({n_left_out} found)")

    def _decided(self, fewest: int) -> int | None:
        """Quarter turns that make faces stand upright, None while it is in doubt."""
        best = max(_TURNS, key=lambda turns: self._total[turns])
        if self._total[0] >= self._total[best] + _CLEARLY:
            return 0
        if self._n_answers[best] < fewest or self._total[best] < self._total[0] + _CLEARLY:
            return None
        self._finder.forget()
        self._n_left_out_before = 0
        return best

    def _released(self) -> Iterator[Frame]:
        held, self._held = self._held, []
        yield from (_turned_frame(frame, self.turns or 0) for frame in held)


def _turned_frame(frame: Frame, turns: int) -> Frame:
    return replace(frame, image=_rotated(frame.image, turns)) if turns else frame


def _rotated(image: RgbImage, turns: int) -> RgbImage:
    return np.ascontiguousarray(np.rot90(image, -turns))


def _with_turn(update: MediaUpdate, stream_index: int | None, turns: int) -> MediaUpdate:
    if not turns:
        return update
    streams = tuple(
        replace(stream, turned_deg=90 * turns) if stream.index == stream_index else stream
        for stream in update.media.streams
    )
    return MediaUpdate(replace(update.media, streams=streams))
