"""What a file's pictures, faces and sound look and sound like, in bits: near for copies, however coded."""

from __future__ import annotations

from dataclasses import dataclass

COSINES = 16
"""Of each direction of a picture; its hash has a bit for each pair of them, row by row."""
PICTURE_HASH_BYTES = COSINES**2 // 8
GRID_SIDE = 24
SOUND_HASH_BYTES = 4


@dataclass(frozen=True, slots=True)
class FilmHash:
    """The examined pictures of a film, or the pages of a still.

    Attributes:
        at_s: when each was shown, rising.
        bits: ``PICTURE_HASH_BYTES`` for each.
        n_plain: pictures that were left out, since they are too plain to be told from others.
    """

    at_s: tuple[float, ...]
    bits: bytes
    n_plain: int = 0


@dataclass(frozen=True, slots=True)
class FaceHash:
    """One person's face over time.

    Attributes:
        at_s: when it was seen, rising.
        boxes: left, top, width and height of the face at these times, in shares of the picture.
        bits: ``PICTURE_HASH_BYTES`` for each, of the face cut out of the picture.
        margin: width of the cut in boxes of the finder; only faces that were cut alike can be compared.
    """

    track_id: int
    at_s: tuple[float, ...]
    boxes: tuple[tuple[float, float, float, float], ...]
    bits: bytes
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A picture, coarsely: enough to say where two of them differ.

    Attributes:
        levels: luma of ``GRID_SIDE`` rows of as many cells, a byte each.
    """

    at_s: float
    levels: bytes


@dataclass(frozen=True, slots=True)
class SoundHash:
    """The first sound track.

    Attributes:
        bits: ``SOUND_HASH_BYTES`` for each step; all of them zero where it is silent.
        whole: False where the track goes on after what is hashed.
    """

    start_s: float
    step_s: float
    bits: bytes
    whole: bool = True


@dataclass(frozen=True, slots=True)
class PerceptualHashes:
    """Of one file.

    Attributes:
        method: names what made them; only hashes of one method can be compared.
        film: None where there are no pictures.
        faces: of the film, one for each person.
        grids: of pictures spread over the film.
        sound: None where there is none.
    """

    method: str
    film: FilmHash | None = None
    faces: tuple[FaceHash, ...] = ()
    grids: tuple[Grid, ...] = ()
    sound: SoundHash | None = None
