"""The properties by which figures are broken down, read from a result and its label.

What can be measured is measured (size, light, blur, compression, sound); a person's skin tone, age or gender
is broken down only where a column of the labels says it: the tool guesses nothing about people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forensics.evaluation.labels import Label
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.model_card import Domain
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject

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
# The same for stills: about 0.5 is hard, 1.5 usual, 3 light compression in JPEG.
_STILL_BITS_PER_PIXEL_EDGES = (1, 2)
_AUDIO_RATE_EDGES_KBPS = (64, 128, 320)
# What a detector measured: property to its name, its bands' edges and their unit. Brightness is mean grey,
# sharpness the log10 of the variance of the Laplacian; 3.4 kHz is where a telephone line ends.
_MEASURED = {
    "brightness": ("brightness", (0.25, 0.5), ""),
    "sharpness": ("sharpness", (1.5, 2.0, 2.5), ""),
    "bandwidth_hz": ("sound bandwidth", (3400, 5500), "Hz"),
    "length_s": ("sound length", _DURATION_EDGES_S, "s"),
}


def properties_of(
    result: ScanResult, label: Label, domains: Mapping[str, Domain] | None = None
) -> dict[str, str]:
    """Property name to the part that this file belongs to; what is not known is left out.

    Args:
        result: of the file.
        label: of the file.
        domains: of the models that scored, by detector, for the parts inside and outside of them.
    """
    found = {_FACT_NAMES[name]: value for name, value in label.facts.items() if name in _FACT_NAMES}
    if label.method is not None:
        found[METHOD] = label.method
    found |= _of_media(result.media)
    found |= _of_subjects(result, domains or {})
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


def _of_media(media: MediaFile) -> dict[str, str]:
    video, audio = media.stream(StreamKind.VIDEO), media.stream(StreamKind.AUDIO)
    if video is None:
        if audio is None:
            return {}
        found = {"codec": audio.codec}
        if audio.bit_rate_bps:
            found["bit rate"] = _band(audio.bit_rate_bps / 1000, _AUDIO_RATE_EDGES_KBPS, "kbit/s")
        return found
    found = {"codec": video.codec}
    if video.width_px and video.height_px:
        found["resolution"] = _band(min(video.width_px, video.height_px), _HEIGHT_EDGES_PX, "px")
    bits = media.bits_per_pixel
    if bits is not None:
        still = media.kind is MediaKind.IMAGE
        edges = _STILL_BITS_PER_PIXEL_EDGES if still else _BITS_PER_PIXEL_EDGES
        found["bits per pixel" + (" of a still" if still else "")] = _band(bits, edges, "")
    return found


def _of_subjects(result: ScanResult, domains: Mapping[str, Domain]) -> dict[str, str]:
    """What was measured on the subject of each detector that speaks most for manipulation."""
    highest: dict[str, Subject] = {}
    for basis in sorted(result.verdict.basis, key=lambda basis: basis.manipulation_score):
        highest[basis.detector] = basis.subject
    found = {}
    left = []
    for one in result.properties:
        if highest.get(one.detector) == one.subject:
            for key, (name, edges, unit) in _MEASURED.items():
                if key in one.values:
                    found[name] = _band(one.values[key], edges, unit)
            if one.detector in domains:
                left.append(bool(domains[one.detector].left_by(one.values)))
    if left:
        found["domain"] = "outside" if any(left) else "inside"
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
