"""Container facts side by side: what the header claims and what decoding found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.numerals import size_text
from forensics.records.media import MIX, MediaFile, StreamInfo

# A header rounds to its time base and encoders pad sound by a few thousand samples; what exceeds both
# bounds is worth a look.
DURATION_TOLERANCE_S = 0.25
DURATION_TOLERANCE_RATIO = 0.01
FRAMES_TOLERANCE = 2
FRAMES_TOLERANCE_RATIO = 0.005


@dataclass(frozen=True, slots=True)
class ContainerFact:
    """One property.

    Attributes:
        header: as the file's header says, or as found where the two cannot differ.
        content: as decoding found; empty where it is not measured.
        differs: header and content are further apart than rounding and padding explain.
    """

    name: str
    header: str
    content: str = ""
    differs: bool = False


def container_facts(media: MediaFile) -> tuple[ContainerFact, ...]:
    """The file's facts, stream by stream, then its metadata tags."""
    facts = [
        ContainerFact("Container", media.container or "not recognised"),
        ContainerFact("Size", f"{size_text(media.size_bytes)} ({media.size_bytes:,} bytes)"),
        ContainerFact("Last modified", media.modified_utc),
    ]
    if media.archive is not None:
        facts.append(ContainerFact("Archive", media.archive.path))
        facts.append(ContainerFact("Archive, SHA-256", media.archive.sha256))
        facts.extend(
            ContainerFact(f"Its part {one.name}, SHA-256", one.sha256) for one in media.archive.parts
        )
        facts.append(ContainerFact("Path in the archive", media.archive.member or "(the archive itself)"))
    for stream in media.streams:
        facts.extend(_stream_facts(stream))
    facts.extend(ContainerFact(f"Tag: {name}", value) for name, value in sorted(media.facts.items()))
    return tuple(facts)


def _stream_facts(stream: StreamInfo) -> list[ContainerFact]:
    name = f"{stream.kind.value.capitalize()} stream {stream.index}"
    facts = [ContainerFact(name, _describe(stream))]
    header_s, content_s = stream.duration_from_header_s, stream.duration_from_content_s
    if header_s is not None or content_s is not None:
        facts.append(
            ContainerFact(
                f"{name}: duration",
                "not stated" if header_s is None else f"{header_s:.2f} s",
                "not decoded" if content_s is None else f"{content_s:.2f} s",
                _apart(header_s, content_s, DURATION_TOLERANCE_S, DURATION_TOLERANCE_RATIO),
            )
        )
    header_n, content_n = stream.n_frames_from_header, stream.n_frames_from_content
    if header_n is not None or content_n is not None:
        facts.append(
            ContainerFact(
                f"{name}: frames",
                "not stated" if header_n is None else f"{header_n:,}",
                "not decoded" if content_n is None else f"{content_n:,}",
                _apart(header_n, content_n, FRAMES_TOLERANCE, FRAMES_TOLERANCE_RATIO),
            )
        )
    return facts


def _apart(header: float | None, content: float | None, tolerance: float, ratio: float) -> bool:
    if header is None or content is None:
        return False
    return abs(header - content) > max(tolerance, ratio * max(header, content))


def _describe(stream: StreamInfo) -> str:
    parts = [stream.codec]
    if stream.width_px and stream.height_px:
        parts.append(f"{stream.width_px} x {stream.height_px} px")
    if stream.frame_rate_hz:
        parts.append(f"{stream.frame_rate_hz:.3f}".rstrip("0").rstrip(".") + " frames/s")
    if stream.pixel_format:
        parts.append(stream.pixel_format)
    parts.extend(_as_shown(stream))
    if stream.rate_hz:
        parts.append(f"{stream.rate_hz:,} Hz")
    if stream.n_channels:
        parts.append(f"{stream.n_channels} channel" + ("s" if stream.n_channels > 1 else ""))
    if stream.heard and stream.heard != (MIX,):
        parts.append(f"examined: {', '.join(stream.heard)}")
    if stream.bit_rate_bps:
        parts.append(f"{stream.bit_rate_bps / 1000:,.0f} kbit/s")
    return ", ".join(parts)


def _as_shown(stream: StreamInfo) -> Iterator[str]:
    """What was done to its pictures before they were examined."""
    if stream.sample_aspect_ratio and stream.sample_aspect_ratio != "1:1":
        yield f"pixels {stream.sample_aspect_ratio}"
    if stream.field_order and stream.field_order.startswith("interlaced"):
        yield stream.field_order
    if stream.n_frames_deinterlaced:
        yield f"{stream.n_frames_deinterlaced} examined frames deinterlaced"
    if stream.hdr:
        yield f"HDR ({stream.hdr}), tone-mapped"
    if stream.rotation_deg:
        yield f"rotated by {stream.rotation_deg} degrees"
    if stream.turned_deg:
        yield f"turned by another {stream.turned_deg} degrees to stand upright"
