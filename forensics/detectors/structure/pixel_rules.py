"""What a still's pixels show of its making: parts that occur twice, traces of enlarging."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from forensics.detectors.structure.copy_move import LEAST_LIKENESS, CopiedPart
from forensics.detectors.structure.observation import Observation
from forensics.detectors.structure.resampling import LEAST_STRENGTH, Interpolation


def told_of(part: CopiedPart | None) -> bool:
    """Whether a part is alike enough to be told."""
    return part is not None and part.likeness >= LEAST_LIKENESS


def copied(part: CopiedPart | None) -> Iterator[Observation]:
    """A part that occurs twice."""
    if part is None or not told_of(part):
        return
    across, down = np.median(part.target - part.source, axis=0)
    yield Observation(
        "Copied part",
        f"A part of the picture occurs in it twice: {len(part.source)} points match at one offset.",
        f"offset {across:.0f} px across and {down:.0f} px down, scale {part.scale:.2f}, turned by "
        f"{round(part.turned_deg)} degrees; likeness of the fine structure {part.likeness:.2f} (told from "
        f"{LEAST_LIKENESS:g} on)",
        "Copying hides or multiplies things. Print, emblems and what comes in rows are alike, too: look at "
        "the picture of the matches.",
        notable=True,
    )


def tells_of_enlarging(found: Interpolation) -> bool:
    """Whether a period is strong enough to be told."""
    return found.strength >= LEAST_STRENGTH


def enlarged(found: Interpolation | None) -> Iterator[Observation]:
    """Traces of interpolation over the whole picture."""
    if found is None or not tells_of_enlarging(found):
        return
    factors = " or ".join(f"{one:.2f}" for one in found.scales)
    yield Observation(
        "Scaling",
        "The picture was enlarged after it was recorded: its fine structure has a fixed period.",
        f"period {1 / found.frequency:.2f} px, as factors of {factors} leave it; strength "
        f"{found.strength:.1f} (told from {LEAST_STRENGTH:g} on)",
        "Usual for digital zoom and for pictures prepared for the web; not for a camera's own file.",
        notable=True,
    )
