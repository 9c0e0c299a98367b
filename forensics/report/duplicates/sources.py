"""Which of two files is the likely source of the other, and why: in sentences that can be checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.duplicates.matches import Difference, FaceMatch, PictureMatch
from forensics.report.report_words import VERDICT_WORDS

# What a sentence weighs. A picture can be enlarged and a clock set, but hardly anybody lengthens a recording.
_PIXELS: Final = 3.0
_LENGTH: Final = 3.0
_VERDICT: Final = 2.0
# Where faces differ and nothing else does, one file was made from the other, and either may have been cut or
# scaled since: there the verdict tells more than all the rest.
_VERDICT_OF_FACES: Final = 3.0
_BESIDE_FACES: Final = 0.1
# Less than the least of the signs above.
_LEAST: Final = 0.9
_MOSTLY: Final = 0.5
_FEW_MOMENTS: Final = 2
_PART: Final = 0.15
_CREATED: Final = 1.0
_BITS: Final = 1.0
_MORE_PIXELS: Final = 1.1
_LONGER: Final = 1.1
_MORE_BITS: Final = 1.25
_EARLIER_S: Final = 2.0
_SUSPICION: Final = (
    VerdictLabel.NO_SIGNS_FOUND,
    VerdictLabel.INCONCLUSIVE,
    VerdictLabel.SIGNS_OF_MANIPULATION,
)
_CREATION_TAGS: Final = ("com.apple.quicktime.creationdate", "creation_time", "DateTimeOriginal", "date")


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for a file being the source: for the first if ``weight`` is positive."""

    weight: float
    says: str


def signs(
    first: ScanResult, second: ScanResult, pictures: PictureMatch | None, differs: Difference | None
) -> tuple[Sign, ...]:
    """Everything that tells the two apart.

    Args:
        pictures: the match, with ``first`` as its source.
        differs: where the pictures differ.
    """
    one, other = first.media, second.media
    found = (
        *_by_pixels(one, other),
        *_by_length(one, other, pictures),
        *_by_bits(one, other),
        *_by_creation(one, other),
    )
    if faces_differ(differs):
        found = tuple(replace(sign, weight=_BESIDE_FACES * sign.weight) for sign in found)
    return *found, *_by_verdict(first, second, differs)


def balance(found: tuple[Sign, ...]) -> float:
    """Positive where the first is the likely source, negative where the second is, 0 for nobody knows."""
    total = sum(sign.weight for sign in found)
    return total if abs(total) >= _LEAST else 0.0


def _by_pixels(one: MediaFile, other: MediaFile) -> Iterator[Sign]:
    here, there = _size(one), _size(other)
    if here is None or there is None:
        return
    more, fewer = sorted((here, there), key=math.prod, reverse=True)
    if math.prod(more) > _MORE_PIXELS * math.prod(fewer):
        says = f"It has more pixels: {more[0]} x {more[1]}, the other {fewer[0]} x {fewer[1]}."
        yield Sign(_PIXELS if more == here else -_PIXELS, says)


def _by_length(one: MediaFile, other: MediaFile, pictures: PictureMatch | None) -> Iterator[Sign]:
    if MediaKind.IMAGE in (one.kind, other.kind):
        if one.kind is not other.kind:
            says = "It is a film, and the other is a single picture that the film shows."
            yield Sign(-_LENGTH if one.kind is MediaKind.IMAGE else _LENGTH, says)
        return
    here, there = one.duration_s or 0.0, other.duration_s or 0.0
    longer, shorter = max(here, there), min(here, there)
    if not shorter or longer <= _LONGER * shorter:
        return
    if pictures is None or (pictures.all_of_copy if here > there else pictures.all_of_source):
        says = f"It is longer, and holds what the other holds: {longer:.1f} s, the other {shorter:.1f} s."
        yield Sign(_LENGTH if here > there else -_LENGTH, says)


def _by_bits(one: MediaFile, other: MediaFile) -> Iterator[Sign]:
    """Compression, where size says nothing: fewer pixels make each of them dearer."""
    here, there = one.bits_per_pixel or 0.0, other.bits_per_pixel or 0.0
    if _size(one) != _size(other) or one.kind is not other.kind:
        return
    more, fewer = max(here, there), min(here, there)
    if fewer and more > _MORE_BITS * fewer:
        says = f"It is compressed less: {more:.3f} bits for each pixel, the other {fewer:.3f}."
        yield Sign(_BITS if here > there else -_BITS, says)


def _by_creation(one: MediaFile, other: MediaFile) -> Iterator[Sign]:
    here, there = _created(one), _created(other)
    if here is None or there is None or (here.tzinfo is None) != (there.tzinfo is None):
        return
    early, late = min(here, there), max(here, there)
    if (late - early).total_seconds() > _EARLIER_S:
        says = f"It says that it was created earlier: {early.isoformat()}, the other {late.isoformat()}."
        yield Sign(_CREATED if early == here else -_CREATED, says)


def faces_differ(differs: Difference | None) -> bool:
    """Whether it is the faces that differ, and little else."""
    return (
        differs is not None
        and differs.n_moments >= _FEW_MOMENTS
        and differs.in_faces is not None
        and differs.faces_area is not None
        and differs.in_faces >= max(_MOSTLY, 2 * differs.faces_area)
    )


def changed_faces(faces: Sequence[FaceMatch], differs: Difference | None) -> list[FaceMatch]:
    """The faces that a good part of the difference lies in, the most of it first."""
    if differs is None:
        return []
    share_of = {face.subject: face.share for face in differs.faces if face.share >= _PART}
    changed = [face for face in faces if face.source_subject in share_of]
    return sorted(changed, key=lambda face: (-share_of[face.source_subject], -face.n_moments))


def _by_verdict(first: ScanResult, second: ScanResult, differs: Difference | None) -> Iterator[Sign]:
    try:
        ranks = [_SUSPICION.index(one.verdict.label) for one in (first, second)]
    except ValueError:  # one of them was not examined
        return
    in_faces = faces_differ(differs)
    if ranks[0] == ranks[1] or (not in_faces and abs(ranks[0] - ranks[1]) < 2):
        return
    weight = _VERDICT_OF_FACES if in_faces else _VERDICT
    less, more = (VERDICT_WORDS[_SUSPICION[rank]].lower() for rank in sorted(ranks))
    says = f'Its verdict is "{less}", that of the other is "{more}".'
    yield Sign(weight if ranks[0] < ranks[1] else -weight, says)


def _size(media: MediaFile) -> tuple[int, int] | None:
    video = media.stream(StreamKind.VIDEO)
    if video is None or not video.width_px or not video.height_px:
        return None
    return video.width_px, video.height_px


def _created(media: MediaFile) -> datetime | None:
    for tag in _CREATION_TAGS:
        try:
            return datetime.fromisoformat(media.facts[tag])
        except (KeyError, ValueError):
            continue
    return None
