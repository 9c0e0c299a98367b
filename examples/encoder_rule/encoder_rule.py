"""A detector without a net: it reads the container alone and says which program wrote it.

Nothing is decoded for it. It supports the verdict, and draws none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av

from forensics.detectors.detector import ModelForms
from forensics.records.detector_spec import CropSpec, DetectorSpec, ModelCount, Role
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import MediaFile, MediaKind
from forensics.records.model_card import ModelCard
from forensics.records.stream import Item

SPEC = DetectorSpec(
    name="encoder-rule",
    title="Writing program",
    implementation="encoder_rule:EncoderRule",
    role=Role.SUPPORTS,
    models=ModelCount.NONE,
)
# What these write into a container of their own; phones and cameras write other things, or nothing.
EDITING_PROGRAMS = ("lavf", "handbrake", "premiere", "davinci", "capcut")


class EncoderRule:
    """One line on the program that wrote the container."""

    spec = SPEC
    cards: tuple[ModelCard, ...] = ()
    crop: CropSpec | None = None

    def __init__(self, models: Sequence[ModelForms]) -> None:
        del models  # it declares none

    def begin(self, media: MediaFile, path: Path) -> EncoderExamination:
        """Starts on a file."""
        return EncoderExamination(media, path)


class EncoderExamination:
    """One file's container."""

    def __init__(self, media: MediaFile, path: Path) -> None:
        self._media = media
        self._path = path

    def observe(self, item: Item) -> Iterator[Item]:
        """Has no use for what is decoded."""
        del item
        yield from ()

    def conclude(self) -> Iterator[Item]:
        """What the container says."""
        if self._media.kind is MediaKind.IMAGE:
            yield Abstention(SPEC.name, AbstentionReason.UNSUPPORTED, "A still picture has no container.")
            return
        with av.open(str(self._path)) as container:
            program = container.metadata.get("encoder", "")
        if not program:
            yield Notice("structure", "The container does not say which program wrote it.")
        elif any(name in program.lower() for name in EDITING_PROGRAMS):
            yield Notice("structure", f"The container was written by {program}, not by a camera.")
        else:
            yield Notice("structure", f"The container was written by {program}.")
