"""What two files have in common, and which of them is the likely source."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.records.findings import Span
from forensics.records.subject import Subject


@dataclass(frozen=True, slots=True)
class PictureMatch:
    """Pictures of one film that look like pictures of another.

    Attributes:
        n_source, n_copy: examined pictures of each.
        n_source_alike, n_copy_alike: how many of them are found again in the other.
        source_span, copy_span: from the first to the last of these.
        bits: of 256, in which a picture differs from the one most like it: the median.
        offset_s: what is shown at t in the source is shown at t + offset_s in the copy; None for stills, and
            where too little moves to tell.
        is_mirrored: one shows the other's mirror image.
        all_of_source, all_of_copy: nearly everything that the one shows, the other shows too.
    """

    n_source: int
    n_copy: int
    n_source_alike: int
    n_copy_alike: int
    source_span: Span
    copy_span: Span
    bits: int
    offset_s: float | None
    is_mirrored: bool
    all_of_source: bool
    all_of_copy: bool


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """A stretch of sound that two files have in common.

    Attributes:
        source_span, copy_span: where it lies in each.
        bit_error: share of the hash's bits that differ, in [0, 0.5]; unrelated sounds have about 0.5.
    """

    source_span: Span
    copy_span: Span
    bit_error: float


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """One person's face in both files.

    Attributes:
        source_subject, copy_subject: as the files call the person.
        n_moments: at which both were compared.
        bits: of 256, in which the hashes of the cut-out faces differ: the median.
    """

    source_subject: Subject
    copy_subject: Subject
    n_moments: int
    bits: int


@dataclass(frozen=True, slots=True)
class FaceShare:
    """One person's part of a difference.

    Attributes:
        subject: as the source calls the person.
        box: left, top, width and height of the face, in shares of the picture.
        share: of the whole difference, within the box and around it; faces that overlap count twice.
    """

    subject: Subject
    box: tuple[float, float, float, float]
    share: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Where pictures of the same moment differ.

    Attributes:
        n_moments: at which both films were compared.
        cells: (row, column) of those, of ``GRID_SIDE`` squared, that differ by more than coding does.
        in_faces: share of the difference that lies within the source's face boxes; None where it has no face.
        faces_area: share of the picture that these boxes take; None where it has no face.
        faces: each person's part of it.
    """

    n_moments: int
    cells: tuple[tuple[int, int], ...]
    in_faces: float | None
    faces_area: float | None
    faces: tuple[FaceShare, ...]

    @property
    def n_cells(self) -> int:
        """How many cells differ."""
        return len(self.cells)


@dataclass(frozen=True, slots=True)
class Link:
    """Two files that have pictures, faces or sound in common.

    Attributes:
        source, copy: row ids; where ``is_directed`` is false, in the order of the case file.
        is_directed: something speaks for ``source`` being the source.
        reasons: sentences on what speaks for it.
        against: sentences on what speaks against it.
        sound_differs: both have sound, and it is not the same where the pictures are.
    """

    source: int
    copy: int
    is_directed: bool
    pictures: PictureMatch | None = None
    sound: SoundMatch | None = None
    faces: tuple[FaceMatch, ...] = ()
    difference: Difference | None = None
    sound_differs: bool = False
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Files that hang together by what they have in common.

    Attributes:
        files: row ids, the likeliest source first.
        links: one for each file but the first, each with what it likely derives from, or is nearest to.
    """

    files: tuple[int, ...]
    links: tuple[Link, ...]
