"""A file's tracks against its header and against each other: lengths, counts, where the sound breaks."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors.structure.observation import Observation
from forensics.media.packets import FilePackets, StreamPackets

_LENGTH_S, _LENGTH_SHARE = 0.5, 0.02
_LATE_SOUND_S = 0.15
_SOUND_GAP_S = 0.06


def lengths(packets: FilePackets, n_decoded: int | None) -> Iterator[Observation]:
    """What the header claims against what is there."""
    for stream in packets.streams:
        if not packets.is_whole or not stream.n_bytes.size:
            continue
        name = "pictures" if stream.of_pictures else "sound"
        found = _length_s(stream)
        stated = stream.header_length_s
        if (
            found is not None
            and stated is not None
            and abs(found - stated) > max(_LENGTH_S, _LENGTH_SHARE * found)
        ):
            yield Observation(
                "Length",
                f"The header claims {stated:.2f} s of {name}; the packets cover {found:.2f} s.",
                f"stream {stream.index}",
                "Damage, a wrong index, or an edit list that hides the rest.",
                notable=True,
            )
        if stream.of_pictures and stream.header_frames and stream.header_frames != stream.n_bytes.size:
            yield Observation(
                "Frames",
                f"The header claims {stream.header_frames:,} pictures; {stream.n_bytes.size:,} are stored.",
                f"stream {stream.index}",
                "Damage or a wrong index.",
                notable=True,
            )
    pictures = packets.first(of_pictures=True)
    if (
        pictures is not None
        and packets.is_whole
        and n_decoded is not None
        and abs(n_decoded - pictures.n_bytes.size) > 2
    ):
        yield Observation(
            "Frames",
            f"{pictures.n_bytes.size:,} pictures are stored; {n_decoded:,} could be decoded.",
            f"stream {pictures.index}",
            "Hidden by an edit list, or damaged.",
            notable=True,
        )


def sound_beside_pictures(packets: FilePackets) -> Iterator[Observation]:
    """Whether sound begins and ends with the pictures, and where it breaks."""
    pictures, sound = packets.first(of_pictures=True), packets.first(of_pictures=False)
    if sound is None:
        return
    if pictures is not None:
        late = _start_s(sound) - _start_s(pictures)
        if abs(late) >= _LATE_SOUND_S:
            yield Observation(
                "Sound and pictures",
                f"The sound begins {abs(late):.2f} s {'after' if late > 0 else 'before'} the pictures.",
                f"streams {sound.index} and {pictures.index}",
                "Usual for cuts made without encoding and for phones' first moments (below 0.1 s).",
                notable=True,
            )
    gaps = _sound_gaps(sound)
    if gaps:
        places = ", ".join(f"{at:.2f} s ({length:.2f} s)" for at, length in gaps[:4])
        yield Observation(
            "Sound",
            f"The sound breaks off at {places}"
            + (f" and {len(gaps) - 4} other places." if len(gaps) > 4 else "."),
            f"stream {sound.index}: packets do not follow each other",
            "Screen recorders, calls and live streams pause; a camera's sound runs through.",
            notable=True,
            at_s=gaps[0][0],
        )


def _sound_gaps(sound: StreamPackets) -> list[tuple[float, float]]:
    starts, lasts = sound.shown_s, sound.length_s
    ends = starts + lasts
    return [
        (float(ends[at]), float(starts[at + 1] - ends[at]))
        for at in range(starts.size - 1)
        if lasts[at] > 0 and starts[at + 1] - ends[at] > _SOUND_GAP_S
    ]


def _start_s(stream: StreamPackets) -> float:
    """When a player begins to show the stream; what lies before 0 an edit list hides."""
    known = stream.shown_s[stream.shown_s == stream.shown_s]
    return max(float(known.min()), 0.0) if known.size else 0.0


def _length_s(stream: StreamPackets) -> float | None:
    known = stream.shown_s == stream.shown_s
    if not known.any():
        return None
    return float((stream.shown_s[known] + stream.length_s[known]).max() - stream.shown_s[known].min())
