"""What accompanies a picture or a film in its file: covers, further items, depth maps, other tracks."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors.structure.jpeg_history import likeness
from forensics.detectors.structure.observation import Observation, quoted
from forensics.media.cover_art import CoverArt
from forensics.media.heic_items import HeicItems
from forensics.media.packets import FilePackets

# A cover may be drawn, or be taken from between the key pictures: only little likeness is told.
_COVER_ALIKE = 0.6


def covers(art: CoverArt | None) -> Iterator[Observation]:
    """A film's covers against its key pictures."""
    if art is None or not art.covers:
        return
    if not art.frames:
        yield Observation(
            "Cover", "A still picture accompanies the film; none of the film's could be held against it."
        )
        return
    alike = [max(likeness(frame, cover) for frame in art.frames) for cover in art.covers]
    evidence = f"highest correlation, key pictures looked at: {len(art.frames)}; covers: " + ", ".join(
        f"{one:.2f}" for one in alike
    )
    if min(alike) < _COVER_ALIKE:
        yield Observation(
            "Cover",
            "A still picture that accompanies the film (cover, thumbnail) shows none of its key pictures.",
            evidence,
            "Usual for covers that were made by hand; a phone's or an editor's own thumbnail shows the "
            "film, or what it was before it was changed.",
            notable=True,
        )
    else:
        yield Observation(
            "Cover",
            "The still picture that accompanies the film shows one of its key pictures.",
            evidence,
            "Editors, download programs and some phones write one.",
        )


def other_tracks(packets: FilePackets) -> Iterator[Observation]:
    """Tracks that are neither pictures nor sound."""
    for index, what in packets.others.items():
        usual = "Cameras write telemetry (places, movements) and time codes; editors write time codes."
        yield Observation(
            "Other track", f"Track {index} holds neither pictures nor sound.", quoted(what), usual
        )


def items(heic: HeicItems) -> Iterator[Observation]:
    """What a HEIC holds."""
    sizes = ", ".join(f"{width} x {height}" for width, height in heic.sizes_px[:8])
    n = len(heic.sizes_px)
    if n > 1:
        yield Observation(
            "Items",
            f"The file holds {n} pictures, of which the first is the main one.",
            f"in px: {sizes}",
            "Usual for bursts and for files that other programs put together; a phone's own photo is one.",
            notable=True,
        )
    if heic.thumbnails_px:
        yield Observation(
            "Thumbnail",
            "The file holds a thumbnail of the main picture.",
            "longer side in px: " + ", ".join(map(str, heic.thumbnails_px[:8])),
            "Phones write one; programs that save anew often leave it out. It was not compared: the decoder "
            "does not hand it out.",
        )
    if heic.n_depth_maps:
        yield Observation(
            "Depth map",
            "The file holds a depth map of the main picture.",
            f"{heic.n_depth_maps}",
            "Phones write it with portraits. It shows how far away things were: a screen or a print is flat "
            "in it.",
        )
    if heic.auxiliary:
        yield Observation(
            "Auxiliary pictures",
            "The file holds auxiliary pictures.",
            "; ".join(quoted(name, 80) for name in heic.auxiliary[:6]),
            "Phones write gain maps (for bright screens) and masks of people, hair and sky.",
        )
