"""The same face at the same moment in two files, and where it differs: from the filmstrips of the case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from forensics.records.exhibit_content import Filmstrip, Picture, StripFrame
from forensics.records.findings import Exhibit
from forensics.records.subject import Subject
from forensics.report.duplicates.differences import same_moments
from forensics.report.duplicates.kin import FacePair, KinGroup, KinLink
from forensics.report.duplicates.matches import FaceMatch
from forensics.report.duplicates.sources import changed_faces, faces_differ

ExhibitLoader = Callable[[int], Iterable[Exhibit]]

# Three small pictures each, of some 2 kB.
MOST_FACES: Final = 120
_MOST_FACES_OF_LINK: Final = 2
_MOST_TRIED: Final = 8
_QUALITY: Final = 80
# Differences are mostly of a few levels: shown as they are, they would be black.
_STRENGTHENED: Final = 3


def with_faces(groups: Sequence[KinGroup], load_exhibits: ExhibitLoader) -> tuple[KinGroup, ...]:
    """The groups, their links with pairs of faces where faces differ and the case file holds both.

    Args:
        load_exhibits: the exhibits of a row id.
    """
    strips = lru_cache(maxsize=8)(lambda row_id: _strips(load_exhibits(row_id)))
    left = MOST_FACES
    done = []
    for group in groups:
        links = []
        for link in group.links:
            pairs = tuple(_pairs(link, strips))[:left] if left and faces_differ(link.link.difference) else ()
            left -= len(pairs)
            links.append(replace(link, faces=pairs))
        done.append(replace(group, links=tuple(links)))
    return tuple(done)


def _strips(exhibits: Iterable[Exhibit]) -> dict[Subject, Filmstrip]:
    return {one.subject: one.content for one in exhibits if isinstance(one.content, Filmstrip)}


def _pairs(link: KinLink, strips: Callable[[int], dict[Subject, Filmstrip]]) -> Iterator[FacePair]:
    """Of the people whose faces were changed, one moment each."""
    first, second = strips(link.first.row_id), strips(link.second.row_id)
    for face in changed_faces(link.link.faces, link.link.difference)[:_MOST_FACES_OF_LINK]:
        if face.source_subject in first and face.copy_subject in second:
            yield from _moment(face, first[face.source_subject], second[face.copy_subject])


def _moment(face: FaceMatch, first: Filmstrip, second: Filmstrip) -> Iterator[FacePair]:
    """The moment at which the faces differ as much as at most others."""
    found = same_moments(first.frames, second.frames)
    drawn = sorted(
        ((*_difference(one, other), one, other) for one, other in _thinned(found)), key=lambda each: each[0]
    )
    if drawn:
        _, apart, one, other = drawn[len(drawn) // 2]
        yield FacePair(face.source_subject, one.at_s, Picture(one.jpeg), Picture(other.jpeg), Picture(apart))


def _thinned(found: list[tuple[StripFrame, StripFrame]]) -> list[tuple[StripFrame, StripFrame]]:
    return found[:: max(1, len(found) // _MOST_TRIED)]


def _difference(one: StripFrame, other: StripFrame) -> tuple[float, bytes]:
    """(mean difference in levels, JPEG of it)."""
    # Loaded here: few cases have such a pair, and the process of a scan that draws them does without OpenCV.
    import cv2
    import numpy as np

    pictures = [cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR) for frame in (one, other)]
    if pictures[0] is None or pictures[1] is None or pictures[0].shape != pictures[1].shape:
        return 0.0, one.jpeg
    apart = cv2.absdiff(pictures[0], pictures[1])
    shown = cv2.convertScaleAbs(apart, alpha=_STRENGTHENED)
    _, encoded = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return float(apart.mean()), encoded.tobytes()
