"""Who wrote a container and coded what is in it, on which device, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.detectors.structure.known_writers import KnownWriter, WriterKind, writers_of
from forensics.detectors.structure.observation import Observation, quoted
from forensics.media.packets import FilePackets, StreamPackets
from forensics.media.writing_program import WritingProgram

_NAMES_OF_PLACE = re.compile(r"location|gps|xyz", re.IGNORECASE)
_NAMES_OF_DEVICE = re.compile(r"(^|[.: ])(make|model|manufacturer|device|android\.version)$", re.IGNORECASE)
_SETTINGS = re.compile(r"\b(keyint|bframes|rc|crf|bitrate|ref|threads)=([\w.]+)")


def writers(packets: FilePackets, program: WritingProgram) -> Iterator[Observation]:
    """Who wrote the container, and who coded the pictures and the sound."""
    texts = [f"{_bare(name)}={value}" for name, value in packets.tags.items()]
    texts += [f"muxer={program.muxer}", f"writer={program.writer}"] if program.muxer or program.writer else []
    found = list(writers_of(texts))
    for writer, text in found:
        if writer.kind is WriterKind.TOOLKIT:
            says = f"The container was written by {writer.name}, {writer.kind.value}: not by a camera."
            usual = (
                "Usual for anything that was edited, downloaded or sent on; it says nothing of the content."
            )
        elif writer.kind is WriterKind.CAMERA:
            says, usual = (
                f"The container has the marks of {writer.name}.",
                "Editors of the same maker leave the same marks.",
            )
        else:
            says = f"The container has the marks of {writer.name}, {writer.kind.value}."
            usual = "Such marks stay in the file until another program writes it anew."
        yield Observation(
            "Writing program",
            says,
            f"{quoted(text)}; pattern from: {writer.source}",
            usual,
            is_notable(writer),
        )
    if not found:
        named = ", ".join(quoted(text) for text in texts if _says_program(text)) or "no tag names one"
        yield Observation(
            "Writing program", "The program that wrote the container is not known to this table.", named
        )
    for stream in packets.streams:
        if stream.encoder:
            notable = stream.of_pictures and not any(is_notable(writer) for writer, _ in found)
            yield _encoder(stream, notable=notable)


def is_notable(writer: KnownWriter) -> bool:
    """Whether an examiner should know of it at once: anything but a camera."""
    return writer.kind is not WriterKind.CAMERA


def _says_program(text: str) -> bool:
    return text.lower().startswith(("encoder=", "software=", "muxer=", "writer=", "handler_name="))


def _encoder(stream: StreamPackets, *, notable: bool) -> Observation:
    kind = "pictures" if stream.of_pictures else "sound"
    # x264's text goes on with its licence and all settings, x265's with its build.
    words = stream.encoder.split(" ")
    name = f"x264 core {words[3]}" if words[0] == "x264" else stream.encoder.split(":")[0]
    settings = ", ".join(f"{key} {value}" for key, value in dict(_SETTINGS.findall(stream.encoder)).items())
    return Observation(
        f"Encoder of the {kind}",
        f"The {kind} {'were' if stream.of_pictures else 'was'} coded by {name}, a software encoder.",
        settings or quoted(stream.encoder),
        "Phones and cameras code in hardware, which leaves no such text; editors and sharing services "
        "leave it.",
        notable=notable,
    )


def device_and_place(packets: FilePackets, *, is_software: bool) -> Iterator[Observation]:
    """Tags of a device and a place, and whether they fit how the pictures were coded."""
    devices = tags_named(packets, _NAMES_OF_DEVICE)
    places = tags_named(packets, _NAMES_OF_PLACE)
    if places:
        yield Observation(
            "Place",
            "The container says where it was recorded.",
            "; ".join(places),
            "Phones write it unless told not to; most sharing services remove it.",
        )
    if not devices:
        return
    yield Observation(
        "Device",
        "The container names a device.",
        "; ".join(devices),
        "Phones write it; it can be copied into any file.",
    )
    if is_software:
        yield Observation(
            "Device and encoder",
            "The container names a device, but the pictures were coded by a software encoder, which such "
            "devices do not use.",
            "; ".join(devices),
            "The file was coded anew after it was recorded, and the tags were carried over or added.",
            notable=True,
        )


def tags_named(packets: FilePackets, names: re.Pattern[str]) -> list[str]:
    """The tags whose names the pattern finds, as ``name="value"``."""
    return [f"{name}={quoted(value, 80)}" for name, value in packets.tags.items() if names.search(name)]


def _bare(name: str) -> str:
    return re.sub(r"^stream \d+: ", "", name)
