"""What an MP4's or MOV's boxes tell: their order, what an edit list hides, when its parts were made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from forensics.detectors.structure.observation import Observation
from forensics.detectors.structure.writing_rules import tags_named
from forensics.media.movie_header import Edit, MovieHeader
from forensics.media.packets import FilePackets

_NAMES_OF_TIME = re.compile(r"creationdate$|creation_time$|date$", re.IGNORECASE)
# Encoders hide what they need to begin (two frames, some sound); more was cut away.
_SHORTEST_HIDDEN_S = 0.5
_LONGEST_S = 1e9
_CLOCK = timedelta(minutes=2)
# Clocks of cameras are often set to local time.
_TIME_ZONES = timedelta(hours=26)
_LARGE_FREE_BYTES = 4_096
_KNOWN_TOP = {"ftyp", "moov", "mdat", "free", "skip", "wide", "uuid", "moof", "mfra", "sidx", "styp", "meta"}
_KNOWN_TOP |= {"pdin", "udta", "emsg", "ssix", "prft"}


def boxes(header: MovieHeader) -> Iterator[Observation]:
    """The order and kind of an MP4's or MOV's boxes."""
    top = header.tree.top
    order = [box.kind for box in top]
    shown = ", ".join(f"{box.kind} {box.n_bytes:,}" for box in top[:16]) + (" ..." if len(top) > 16 else "")
    if "moof" in order:
        yield Observation(
            "Order of boxes",
            "The film is stored in fragments.",
            shown,
            "Usual for streaming, browser recorders and some social networks; not for cameras.",
        )
    elif "moov" in order and "mdat" in order:
        if order.index("moov") < order.index("mdat"):
            says, usual = (
                "The index (moov) stands before the media (mdat).",
                "Usual for files prepared for the web; cameras, which learn the index last, write it behind.",
            )
        else:
            says, usual = (
                "The index (moov) stands behind the media (mdat).",
                "Usual for cameras and for FFmpeg without further options.",
            )
        yield Observation("Order of boxes", says, shown, usual)
    if header.tree.trouble is not None:
        yield Observation(
            "Form of boxes",
            f"The boxes do not fit together: {header.tree.trouble}.",
            shown,
            "Damage, a download that was cut off, or data hidden behind the film.",
            notable=True,
        )
    free = sum(box.n_bytes for box in top if box.kind in ("free", "skip"))
    if free >= _LARGE_FREE_BYTES:
        yield Observation(
            "Free space",
            f"{free:,} bytes are marked as free.",
            shown,
            "Writers reserve room for the index, and editors of tags leave some; what stood there before "
            "may still be read.",
        )
    uuids = [box.uuid for box in header.tree.boxes if box.kind == "uuid"]
    if uuids:
        yield Observation(
            "Extension boxes",
            f"There {'is one box' if len(uuids) == 1 else f'are {len(uuids)} boxes'} of a private kind "
            f"(uuid).",
            ", ".join(uuids[:6]),
            "Cameras, editors (XMP) and C2PA use them.",
        )
    odd = [kind for kind in order if kind not in _KNOWN_TOP]
    if odd:
        yield Observation(
            "Other boxes",
            "There are boxes at the top that the standard does not know.",
            ", ".join(odd[:8]),
            "Makers of phones add their own; data appended to a file look like this too.",
        )


def edit_lists(edits: Sequence[Edit]) -> Iterator[Observation]:
    """What an edit list hides, repeats or slows down."""
    hidden = [one for one in edits if one.from_s is not None and one.from_s >= _SHORTEST_HIDDEN_S]
    listed = "; ".join(
        f"track {one.track}: {'a pause' if one.from_s is None else f'from {one.from_s:.2f} s'}, "
        f"{one.length_s:.2f} s, speed {one.rate:g}"
        for one in edits[:8]
    )
    if hidden:
        most = max(one.from_s or 0.0 for one in hidden)
        yield Observation(
            "Edit list",
            f"An edit list hides stored material from players: up to the first {most:.2f} s of a track.",
            listed,
            "Left by trimming without encoding (in a phone's gallery, or by copying streams); what is "
            "hidden can be played by ignoring the list.",
            notable=True,
        )
    per_track = {
        track: sum(one.track == track and one.from_s is not None for one in edits)
        for track in {one.track for one in edits}
    }
    if any(n > 1 for n in per_track.values()):
        yield Observation(
            "Edit list",
            f"An edit list puts a track together from {max(per_track.values())} pieces.",
            listed,
            "Left by editors that cut without encoding; cameras write one piece.",
            notable=True,
        )
    if any(one.rate not in (0.0, 1.0) for one in edits):
        yield Observation(
            "Edit list",
            "An edit list changes the speed.",
            listed,
            "Usual for slow motion of phones.",
            notable=True,
        )


def times(
    header: MovieHeader | None, packets: FilePackets, modified_utc: datetime | None
) -> Iterator[Observation]:
    """The times in the file against each other and against the file system's."""
    stamps = [] if header is None else [one for one in header.stamps if one.created_utc is not None]
    tags = tags_named(packets, _NAMES_OF_TIME)
    if not stamps and not tags:
        yield Observation(
            "Times",
            "The container has no time of creation.",
            "",
            "Usual for FFmpeg and sharing services; cameras write one.",
        )
        return
    listed = "; ".join(
        [
            f"{one.of} created {one.created_utc:%Y-%m-%d %H:%M:%S}"
            + (f", modified {one.modified_utc:%Y-%m-%d %H:%M:%S}" if one.modified_utc else "")
            for one in stamps[:5]
        ]
        + tags[:4]
    )
    yield Observation(
        "Times",
        "The container says when it was made.",
        listed,
        "Set by the clock of whoever wrote it; often in local time.",
    )
    created = [one.created_utc for one in stamps if one.created_utc is not None]
    changed = [one.modified_utc for one in stamps if one.modified_utc is not None]
    if created and max(created) - min(created) > _CLOCK:
        yield Observation(
            "Times",
            f"Its parts were made at different times, {_apart(max(created) - min(created))} apart.",
            listed,
            "A camera writes one time into all; material of several sources keeps several.",
            notable=True,
        )
    # A damaged header may claim more than a timedelta holds.
    length = timedelta(seconds=min((header.length_s or 0.0) if header is not None else 0.0, _LONGEST_S))
    if created and changed and max(changed) - min(created) > length + _CLOCK:
        yield Observation(
            "Times",
            f"The container was modified {_apart(max(changed) - min(created))} after it was made.",
            listed,
            "A camera sets both within the length of the recording; editors move the second one.",
            notable=True,
        )
    if created and modified_utc is not None and min(created) > modified_utc + _TIME_ZONES:
        yield Observation(
            "Times",
            f"The container was made {_apart(min(created) - modified_utc)} after the file was last written.",
            f"{listed}; file system: {modified_utc:%Y-%m-%d %H:%M:%S}",
            "A clock was wrong, or a time was set by hand.",
            notable=True,
        )


def _apart(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    days, rest = divmod(seconds, 86_400)
    if days:
        return f"{days} day{'' if days == 1 else 's'}"
    hours, rest = divmod(rest, 3_600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min"
