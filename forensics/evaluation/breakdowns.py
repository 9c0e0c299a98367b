"""The properties by which figures are broken down, read from a result and its label."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.evaluation.labels import Label
from forensics.records.media import StreamInfo, StreamKind
from forensics.records.scan import ScanResult

METHOD = "method"

# Columns of a labels file that name a population; any other column is carried but not broken down.
_FACT_NAMES = {
    "source": "source",
    "source_repo": "source",
    "skin_tone": "skin tone",
    "skin": "skin tone",
    "light": "light",
    "lighting": "light",
    "gender": "gender",
    "age": "age",
    "compression": "compression",
    "quality": "compression",
    "native_rate_hz": "native rate (Hz)",
}

_HEIGHT_EDGES_PX = (480, 720, 1080)
_FACE_EDGES_PX = (64, 128, 256)
_DURATION_EDGES_S = (3, 10, 30)
# Bits per pixel and frame of a video stream: about 0.02 is hard, 0.1 usual, 0.2 light compression in H.264.
_BITS_PER_PIXEL_EDGES = (0.03, 0.1)
_AUDIO_RATE_EDGES_KBPS = (64, 128, 320)


def properties_of(result: ScanResult, label: Label) -> dict[str, str]:
    """Property name to the part that this file belongs to; what is not known is left out."""
    found = {_FACT_NAMES[name]: value for name, value in label.facts.items() if name in _FACT_NAMES}
    if label.method is not None:
        found[METHOD] = label.method
    video, audio = result.media.stream(StreamKind.VIDEO), result.media.stream(StreamKind.AUDIO)
    if video is not None:
        found |= _of_video(video)
    elif audio is not None:
        found["codec"] = audio.codec
        if audio.bit_rate_bps:
            found["bit rate"] = _band(audio.bit_rate_bps / 1000, _AUDIO_RATE_EDGES_KBPS, "kbit/s")
    sizes = [track.median_size_px for track in result.tracks]
    if sizes:
        found["face size"] = _band(max(sizes), _FACE_EDGES_PX, "px")
    if result.media.duration_s is not None:
        found["duration"] = _band(result.media.duration_s, _DURATION_EDGES_S, "s")
    return found


def parts_of(properties: Iterable[dict[str, str]]) -> dict[str, list[str]]:
    """Every property with its parts, where there is more than one; most rows first within a property."""
    counts: dict[str, dict[str, int]] = {}
    for one in properties:
        for name, part in one.items():
            counted = counts.setdefault(name, {})
            counted[part] = counted.get(part, 0) + 1
    return {
        name: sorted(counted, key=lambda part: (-counted[part], part))
        for name, counted in sorted(counts.items())
        if len(counted) > 1 or name == METHOD
    }


def _of_video(video: StreamInfo) -> dict[str, str]:
    found = {"codec": video.codec}
    if video.width_px and video.height_px:
        found["resolution"] = _band(min(video.width_px, video.height_px), _HEIGHT_EDGES_PX, "px")
        if video.bit_rate_bps and video.frame_rate_hz:
            bits = video.bit_rate_bps / (video.frame_rate_hz * video.width_px * video.height_px)
            found["bits per pixel"] = _band(bits, _BITS_PER_PIXEL_EDGES, "")
    return found


def _band(value: float, edges: tuple[float, ...], unit: str) -> str:
    """The band of ``value``: an edge belongs to the band above it."""
    above = [edge for edge in edges if edge <= value]
    below = [edge for edge in edges if edge > value]
    if not above:
        return f"below {below[0]:g} {unit}".rstrip()
    if not below:
        return f"{above[-1]:g} {unit} or more".replace("  ", " ")
    return f"{above[-1]:g} to {below[0]:g} {unit}".rstrip()
