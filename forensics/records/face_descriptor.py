"""What a person's face looks like, in numbers that are near for faces that look alike: biometric data."""

from __future__ import annotations

from dataclasses import dataclass

NUMBERS = 128
BYTES_EACH = 2


@dataclass(frozen=True, slots=True)
class FaceDescriptor:
    """One person of a file. It stays in the case file: no report and no export carries it.

    Attributes:
        method: names what made it; only descriptors of one method can be compared.
        track_id: the person's track within the file.
        values: float16[128], little-endian, a vector of length 1.
        n_faces: sharp frontal faces that it is the mean of.
        at_s: when the sharpest of them was seen.
        spread: largest distance of one of them from the mean; 0 for a single face.
    """

    method: str
    track_id: int
    values: bytes
    n_faces: int
    at_s: float
    spread: float

    def __post_init__(self) -> None:
        if len(self.values) != NUMBERS * BYTES_EACH:
            raise ValueError(f"a face descriptor of {len(self.values)} bytes")
