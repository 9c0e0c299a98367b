"""The seam of face finders. Adding one: a file under ``finders/`` and a line in its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from forensics.records.faces import FaceBox
from forensics.records.media import RgbImage

THOROUGH = 1.5
"""Detail of a search that, where it finds nothing, looks for faces smaller than usual."""


class FaceFinder(Protocol):
    """Finds faces in one picture. Keeps no state between calls."""

    name: str

    def find(
        self, image: RgbImage, near: Sequence[FaceBox] = (), *, detail: float = THOROUGH
    ) -> list[FaceBox]:
        """Faces in ``image``.

        Args:
            image: uint8[H, W, 3] RGB, upright.
            near: faces of an earlier frame. If given, only their surroundings are searched,
                which costs a fraction of a full search.
            detail: of a full search. At 0.5 only faces are found that are twice as large as the
                smallest that are found at 1, for a quarter of the cost; see ``THOROUGH``.

        Returns:
            Boxes in pixels of ``image``, best first, without duplicates.
        """
        ...
