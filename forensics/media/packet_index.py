"""Which pictures a stream holds and when they are shown, read from its packets without decoding them."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.stream import Discard

from forensics.media.bitstream import reader_of
from forensics.media.open_container import FfmpegWords, opened
from forensics.media.seams import Seams

# About 92 hours at 30 pictures a second; a table of that length takes 100 MB.
_MAX_PICTURES = 10_000_000
# These containers number pictures in the order of coding, whatever the order in which they are shown.
_CODED_ORDER_ONLY = frozenset({"avi"})
# Where pictures can be started at are at least this many per sample, they alone are decoded.
_ENTRIES_PER_SAMPLE = 2


class Seam(NamedTuple):
    """From this packet on, ``shift`` must be added to time stamps, which jump here."""

    packet: int
    shift: int


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """The pictures of one stream, in the order in which they are coded.

    Attributes:
        pts: int64[N] presentation time in ``time_base``; empty if the stream does not say.
        shown: bool[N] False for pictures that the container cuts away.
        random_access: bool[N] decoding can begin here.
        droppable: bool[N] no other picture refers to it.
        time_base: seconds per unit of ``pts``.
        end_pts: when the last picture's time is over.
        n_pictures: pictures shown.
        completes: bool[N] the second field of the picture before it, where pictures are coded as fields.
        seams: where stamps jump; ``pts`` and ``end_pts`` run on over them.
    """

    pts: npt.NDArray[np.int64]
    shown: npt.NDArray[np.bool_]
    random_access: npt.NDArray[np.bool_]
    droppable: npt.NDArray[np.bool_]
    time_base: Fraction
    end_pts: int
    n_pictures: int
    completes: npt.NDArray[np.bool_] | None = None
    seams: tuple[Seam, ...] = ()
    is_complete: bool = True

    @property
    def has_times(self) -> bool:
        """Whether every picture has a time of its own."""
        return self.pts.size > 0

    @property
    def duration_s(self) -> float | None:
        """From the first picture to the end of the last, None without times."""
        if not self.has_times or not self.n_pictures:
            return None
        return float((self.end_pts - int(self.pts[self.shown].min())) * self.time_base)


class Bursts(NamedTuple):
    """Stretches of a stream of which every picture is wanted, for what moves from picture to picture.

    Each begins at one of the pictures that are chosen anyway.

    Attributes:
        n: as many, spread evenly, fewer where they would overlap.
        length_s: of each; 0 for none.
        most_per_s: pictures a second at most; of a faster stream every second or third is taken.
        short_s: of short ones that begin at the same pictures and count by themselves: where the stream is so
            short that the others overlap, these may not, and they are the same with the others and without.
    """

    n: int
    length_s: float
    most_per_s: float = 30.0
    short_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to decode.

    Attributes:
        wanted: presentation time (or, for a timetable without times, order of output) to the
            picture's index among those shown.
        feed: bool[N] packets that the decoder gets; None for all.
        restart: packets before which the decoder forgets what it had.
        by_order: the keys of ``wanted`` are the order of output.
        seams: of the timetable.
        bursts: index of a picture to the number of its burst.
        short_bursts: likewise of the short ones.
        between: indices of the pictures that are wanted for their burst alone.
    """

    wanted: dict[int, int]
    feed: npt.NDArray[np.bool_] | None = None
    restart: frozenset[int] = frozenset()
    by_order: bool = False
    seams: tuple[Seam, ...] = ()
    bursts: dict[int, int] = field(default_factory=dict)
    short_bursts: dict[int, int] = field(default_factory=dict)
    between: frozenset[int] = frozenset()


def read_timetable(path: Path, stream_index: int, words: FfmpegWords) -> PacketIndex:
    """Reads all packets of a stream, decoding none.

    Raises:
        MediaError: the file cannot be opened.
    """
    with opened(path) as container:
        chosen = container.streams[stream_index]
        for stream in container.streams:
            if stream.index != stream_index:
                stream.discard = Discard.all
        context = chosen.codec_context
        tells_times = container.format.name not in _CODED_ORDER_ONLY
        read = reader_of(context.codec.canonical_name, context.extradata)
        times, ends, flags, layers = array("q"), 0, bytearray(), bytearray()
        n_untimed, is_complete = 0, True
        clock = Seams(container.format.name, chosen.time_base or Fraction(1, 90_000))
        seams: list[Seam] = []
        packets = container.demux(chosen)
        while True:
            try:
                with words.heard():
                    packet = next(packets)
            except (StopIteration, FFmpegError):
                break
            if not packet.size:
                continue
            if len(flags) >= _MAX_PICTURES:
                is_complete = False
                break
            if clock.pass_by(packet.dts, packet.duration or 0):
                seams.append(Seam(len(flags), clock.shift))
            picture = read(memoryview(packet), packet.is_keyframe)
            is_shown = not packet.is_discard and not picture.completes
            if packet.pts is None and is_shown:
                n_untimed += 1
            pts = times[-1] if packet.pts is None and picture.completes else (packet.pts or 0) + clock.shift
            times.append(pts)
            ends = max(ends, pts + (packet.duration or 0))
            flags.append(
                picture.random_access | picture.reference << 1 | is_shown << 2 | picture.completes << 3
            )
            layers.append(picture.layer)
        time_base = chosen.time_base or Fraction(1, 90_000)
    bits = np.frombuffer(bytes(flags), np.uint8)
    layer = np.frombuffer(bytes(layers), np.uint8)
    shown = bits & 4 != 0
    pts_all = np.frombuffer(times.tobytes(), np.int64)
    is_timed = n_untimed == 0 and tells_times and np.unique(pts_all[shown]).size == int(shown.sum()) > 0
    return PacketIndex(
        pts=pts_all if is_timed else pts_all[:0],
        shown=shown,
        random_access=bits & 1 != 0,
        droppable=(bits & 2 == 0) & (layer == layer.max(initial=0)),
        time_base=time_base,
        end_pts=ends,
        n_pictures=int(shown.sum()),
        completes=bits & 8 != 0,
        seams=tuple(seams),
        is_complete=is_complete,
    )


def frames_of(packet_index: PacketIndex, n_frames: int, frames_per_s: float, duration_s: float | None) -> int:
    """How many pictures to choose: ``n_frames``, or ``frames_per_s`` times the duration if that is more.

    Args:
        duration_s: as the header says it, for a stream whose packets tell no times.
    """
    known_s = packet_index.duration_s if packet_index.has_times else duration_s
    return max(n_frames, math.ceil(frames_per_s * (known_s or 0.0)))


def plan(
    packet_index: PacketIndex,
    n_frames: int,
    *,
    cheapest_frames: bool = False,
    with_neighbours: bool = False,
    bursts: Bursts | None = None,
) -> Plan:
    """Chooses pictures spread evenly over the whole stream, and what must be decoded to see them.

    The time is cut into ``n_frames`` equal slots. Each slot gives the picture nearest to its middle among
    those that cost least: pictures at which decoding can begin, where there are many in every slot; otherwise
    pictures that are decoded in any case. With ``cheapest_frames`` it goes on to what is decoded least for: a
    slot's last picture at which decoding can begin, and where it has none its first one that others refer to,
    so that decoding can break off early. No choice lies more than half a slot from the middle. Slots without
    a picture are made up for elsewhere, so that a stream of at least ``n_frames`` pictures gives that many
    and a shorter one gives each of its pictures. With neighbours, what is shown before and after a chosen
    picture is decoded too: a deinterlacer looks at it. Bursts come on top, and change nothing about which
    pictures are spread over the stream. A stream without times has none.
    """
    if not packet_index.has_times:
        return plan_by_order(packet_index, n_frames)
    coded_order = np.flatnonzero(packet_index.shown)
    coded_order = coded_order[np.argsort(packet_index.pts[coded_order], kind="stable")]
    ranks = _chosen_ranks(packet_index, coded_order, n_frames, cheapest_frames=cheapest_frames)
    times_s = (packet_index.pts[coded_order] * float(packet_index.time_base)).astype(np.float64)
    of_burst = _bursts(times_s, ranks, bursts, bursts.length_s) if bursts is not None else {}
    of_short = _bursts(times_s, ranks, bursts, bursts.short_s) if bursts is not None else {}
    between = (frozenset(of_burst) | frozenset(of_short)) - frozenset(ranks.tolist())
    ranks = np.union1d(ranks, np.array(sorted(between), np.int64))
    chosen = coded_order[ranks]
    wanted = {
        int(pts): int(rank)
        for pts, rank in zip(packet_index.pts[chosen].tolist(), ranks.tolist(), strict=True)
    }
    decoded = chosen
    if with_neighbours:
        around = np.unique(np.clip(np.concatenate([ranks - 1, ranks, ranks + 1]), 0, coded_order.size - 1))
        decoded = coded_order[around]
    feed, restart = _needed(packet_index, decoded)
    return Plan(
        wanted,
        feed,
        restart,
        seams=packet_index.seams,
        bursts=of_burst,
        short_bursts=of_short,
        between=between,
    )


def _bursts(
    times_s: npt.NDArray[np.float64], ranks: npt.NDArray[np.int64], bursts: Bursts, length_s: float
) -> dict[int, int]:
    """Rank of each picture of a burst to the number of the burst."""
    found: dict[int, int] = {}
    n = 0
    if not length_s:
        return found
    for first in ranks[_spread(ranks.size, bursts.n)].tolist():
        if first in found:
            continue
        end = int(np.searchsorted(times_s, times_s[first] + length_s))
        n_pictures = end - first
        step = max(1, math.ceil(n_pictures / (length_s * bursts.most_per_s) - 0.1))
        found.update(dict.fromkeys((rank for rank in range(first, end, step) if rank not in found), n))
        n += 1
    return found


def plan_by_order(packet_index: PacketIndex, n_frames: int) -> Plan:
    """Chooses by the order in which pictures leave the decoder; everything has to be decoded."""
    wanted = {int(index): int(index) for index in _spread(packet_index.n_pictures, n_frames)}
    return Plan(wanted, by_order=True, seams=packet_index.seams)


def _spread(n_available: int, n_wanted: int) -> npt.NDArray[np.int64]:
    """Indices spread evenly over a row, each once."""
    n = min(n_available, n_wanted)
    return ((np.arange(n) * 2 + 1) * n_available // (2 * max(n, 1))).astype(np.int64)


def _chosen_ranks(
    packet_index: PacketIndex, coded_order: npt.NDArray[np.int64], n_frames: int, *, cheapest_frames: bool
) -> npt.NDArray[np.int64]:
    pts = packet_index.pts[coded_order]
    if pts.size <= n_frames:
        return np.arange(pts.size)
    from_start = (pts - pts[0]).astype(np.float64)
    length = max(float(packet_index.end_pts - pts[0]), from_start[-1] + 1.0)
    slot = np.minimum((from_start * n_frames / length).astype(np.int64), n_frames - 1)
    from_middle = np.abs(from_start - (slot + 0.5) * length / n_frames)
    entry = packet_index.random_access[coded_order]
    droppable = packet_index.droppable[coded_order]
    if cheapest_frames:
        wish, dear = np.where(entry, -from_start, from_start), np.where(entry, 0, 1 + droppable)
    elif int(entry.sum()) >= _ENTRIES_PER_SAMPLE * n_frames:
        wish, dear = from_middle, ~entry
    else:
        wish, dear = from_middle, droppable
    best_first = np.lexsort((wish, dear, slot))
    _, firsts = np.unique(slot[best_first], return_index=True)
    ranks = best_first[firsts]
    spare = np.setdiff1d(np.arange(pts.size), ranks, assume_unique=True)
    made_up = spare[_spread(spare.size, n_frames - ranks.size)]
    return np.sort(np.concatenate([ranks, made_up]))


def _needed(
    packet_index: PacketIndex, decoded: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], frozenset[int]]:
    """The packets without which these pictures cannot be decoded, and where to begin anew."""
    entries = np.flatnonzero(packet_index.random_access)
    feed = np.zeros(packet_index.pts.size, np.bool_)
    stretches: list[tuple[int, int]] = []
    for end in np.sort(decoded).tolist():
        at = int(np.searchsorted(entries, end, side="right")) - 1
        # A picture that is coded after a key frame and shown before it refers to what precedes that.
        while at >= 0 and packet_index.pts[end] < packet_index.pts[entries[at]]:
            at -= 1
        stretches.append((int(entries[at]) if at >= 0 else 0, end))
    restart: set[int] = set()
    last_end = -1
    for start, end in sorted(stretches):
        if start > last_end + 1:
            restart.add(start)
        feed[start : end + 1] |= ~packet_index.droppable[start : end + 1]
        last_end = max(last_end, end)
    feed[decoded] = True
    if packet_index.completes is not None:
        feed[1:] |= packet_index.completes[1:] & feed[:-1]
    return feed, frozenset(restart)
