"""The seam of detectors. Adding one: a file beside this one and a line in the table of ``detectors``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from forensics.records.media import MediaFile
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item


class Examination(Protocol):
    """One detector's look at one file."""

    def observe(self, item: Item) -> Iterator[Item]:
        """Takes one item of the stream; gives the scores that became ready, if any."""
        ...

    def conclude(self) -> Iterator[Item]:
        """The rest: outstanding scores, abstentions, exhibits."""
        ...


class Detector(Protocol):
    """Long-lived: holds a compiled model; begins one examination per file."""

    name: str
    card: ModelCard

    def begin(self, media: MediaFile) -> Examination:
        """Starts on a file that was probed but not yet decoded."""
        ...
