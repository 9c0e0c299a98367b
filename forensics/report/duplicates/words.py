"""What two files have in common, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.numerals import count_text
from forensics.records.perceptual_hashes import GRID_SIDE, PICTURE_HASH_BYTES
from forensics.report.duplicates.matches import Difference, Link, PictureMatch, SoundMatch
from forensics.report.duplicates.sources import changed_faces, faces_differ

HASH_BITS = 8 * PICTURE_HASH_BYTES
_TOLD_S = 0.1


def in_common(link: Link) -> tuple[str, ...]:
    """What the first and the second file have in common, and where they differ; the source is the first."""
    return tuple(_in_common(link))


def _in_common(link: Link) -> Iterator[str]:
    if link.pictures is not None:
        yield from _of_pictures(link.pictures)
    if link.sound is not None:
        yield _of_sound(link.sound)
    if link.sound_differs:
        yield "Both have sound, and no three seconds of it are the same."
    if link.difference is not None:
        yield from _of_difference(link.difference)
        if faces_differ(link.difference):
            yield from _of_faces(link)


def _of_pictures(match: PictureMatch) -> Iterator[str]:
    if match.n_source == match.n_copy == 1:
        yield f"The pictures look the same: their hashes differ in {match.bits} of {HASH_BITS} bits."
    else:
        yield (
            f"Of {match.n_source} examined pictures of the first, {match.n_source_alike} look like pictures "
            f"of the second; of {match.n_copy} of the second, {match.n_copy_alike} look like pictures of the "
            f"first. Hashes of such pictures differ in {match.bits} of {HASH_BITS} bits (median)."
        )
    if match.is_mirrored:
        yield "One is the mirror image of the other."
    if match.offset_s is not None and abs(match.offset_s) >= _TOLD_S:
        when = "earlier" if match.offset_s < 0 else "later"
        yield f"The second shows the same moments about {abs(match.offset_s):.1f} s {when} than the first."


def _of_sound(match: SoundMatch) -> str:
    length_s = match.source_span.end_s - match.source_span.start_s
    first_s, second_s = match.source_span.start_s, match.copy_span.start_s
    return (
        f"They have {length_s:.1f} s of sound in common, from {first_s:.1f} s of the first and from "
        f"{second_s:.1f} s of the second; {100 * match.bit_error:.0f} % of the bits differ."
    )


def _of_difference(one: Difference) -> Iterator[str]:
    moments = count_text(one.n_moments, "moment", "moments")
    if not one.cells:
        yield f"At {moments} that both show, the pictures differ nowhere by more than coding explains."
        return
    share = one.n_cells / GRID_SIDE**2
    yield (
        f"At {moments} that both show, the pictures differ in {100 * share:.0f} % of their area by more than "
        "coding explains."
    )
    if one.in_faces is not None and one.faces_area is not None:
        yield (
            f"Of this difference, {100 * one.in_faces:.0f} % lies in the faces, which take "
            f"{100 * one.faces_area:.0f} % of the picture."
        )
    if faces_differ(one):
        yield "The faces differ and what is around them does not: one of the two was made from the other."


def _of_faces(link: Link) -> Iterator[str]:
    for face in changed_faces(link.faces, link.difference):
        moments = count_text(face.n_moments, "moment", "moments")
        yield (
            f"At {moments} the face of {face.source_subject} in the first and that of {face.copy_subject} in "
            f"the second stand in one place; their hashes differ in {face.bits} of {HASH_BITS} bits (median)."
        )
