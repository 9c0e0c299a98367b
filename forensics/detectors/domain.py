"""Whether a subject looks like what a model was calibrated on: cheap properties against the card's ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np

from forensics.detectors.surroundings import ground_detail, outline_softness
from forensics.media.edges import sharpness_of
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import MediaFile, MediaKind, RgbImage, Samples
from forensics.records.model_card import Domain, ModelCard
from forensics.records.subject import Subject

# Words, the form of a value, and the unit behind it.
_WORDS = {
    "face_size_px": ("face size", ".0f", " px"),
    "sharpness": ("sharpness", ".2f", ""),
    "relative_sharpness": ("sharpness relative to contrast", ".2f", ""),
    "brightness": ("brightness", ".2f", ""),
    "outline_softness": ("softness of the outline relative to the face", ".2f", ""),
    "ground_detail": ("detail of the ground relative to the face", ".2f", ""),
    "video_bits_per_pixel": ("bits per pixel of the video", ".3f", ""),
    "still_bits_per_pixel": ("bits per pixel of the picture", ".2f", ""),
    "bandwidth_hz": ("sound bandwidth", ".0f", " Hz"),
    "length_s": ("sound length", ".1f", " s"),
}

# Outside the range of these a subject decides nothing, with what to do about values too low and too high.
# Filtered speech scores like synthetic speech, whose generators leave the same bands out.
_BINDING = {
    "bandwidth_hz": (
        "Look for a copy that was less filtered or compressed.",
        "Look for a copy with less noise.",
    )
}

_SHARPER = "Look for a sharper copy."
_UNCUT = "The face seems to be cut out or framed. Look for the picture that it was taken from."
# What to do about values lower than a verdict needs.
_TOO_LOW = {"relative_sharpness": _SHARPER, "outline_softness": _UNCUT, "ground_detail": _UNCUT}


def face_properties(crop: RgbImage, face_size_px: float) -> dict[str, float]:
    """Properties of one face crop.

    Args:
        crop: uint8[S, S, 3] RGB, as the net takes it.
        face_size_px: size of the face in the source.

    Returns:
        ``face_size_px``; ``sharpness`` and ``relative_sharpness``: see ``media.edges.sharpness_of``;
        ``brightness``: mean grey in [0, 1]; ``outline_softness`` and ``ground_detail``: see ``surroundings``.
    """
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)
    sharpness, relative_sharpness = sharpness_of(grey)
    return {
        "face_size_px": face_size_px,
        "sharpness": sharpness,
        "relative_sharpness": relative_sharpness,
        "brightness": float(grey.mean()) / 255,
        "outline_softness": outline_softness(grey),
        "ground_detail": ground_detail(grey),
    }


def voice_properties(samples: Samples, rate_hz: int) -> dict[str, float]:
    """Properties of one window of sound.

    Args:
        samples: float32[N] mono, levelled as the net takes it.
        rate_hz: sample rate.

    Returns:
        ``bandwidth_hz``: below which 99 % of the energy above 60 Hz lies.
    """
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(samples.size, 1 / rate_hz)
    power[hz < 60] = 0
    summed = np.cumsum(power)
    if summed[-1] <= 0:
        return {}
    return {"bandwidth_hz": float(hz[int(np.searchsorted(summed, 0.99 * summed[-1]))])}


def media_properties(media: MediaFile) -> dict[str, float]:
    """How hard the pictures of a file were compressed, where its container says: ``..._bits_per_pixel``.

    Video and stills have a range each: what is hard for a still is light for H.264.
    """
    bits = media.bits_per_pixel
    if bits is None:
        return {}
    return {"still_bits_per_pixel" if media.kind is MediaKind.IMAGE else "video_bits_per_pixel": bits}


def medians(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each property's median over the crops or windows of one subject that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.median([row[name] for row in rows if name in row])) for name in names}


def out_of_domain(
    card: ModelCard, detector: str, subject: Subject, who: str, properties: Mapping[str, float]
) -> Iterator[Notice | Abstention]:
    """What is to be said where a subject is unlike what its model was calibrated on; otherwise nothing.

    An abstention where the model was seen to raise false alarms on such subjects, and where a voice's
    bandwidth lies outside the range: the scores stay in the record and decide nothing. A notice where
    anything else is merely outside its range.

    Args:
        detector: that scored.
        subject: whom it was measured on.
        who: the subject, as a sentence begins with it.
    """
    failed = card.domain.failed_by(properties)
    if failed:
        needed = card.domain.needed
        words = "; ".join(
            f"{property_words(name, properties[name])} (at least {amount(name, needed[name])} is needed)"
            for name in failed
        )
        remedy = _TOO_LOW.get(failed[0], _SHARPER)
        yield Abstention(
            detector,
            AbstentionReason.OUT_OF_DOMAIN,
            f"{who} is not judged: {words}. {card.id} raises false alarms there. {remedy}",
            subject,
        )
        return
    beyond = [name for name in card.domain.left_by(properties) if name in _BINDING]
    if beyond:
        name = beyond[0]
        too_low, too_high = _BINDING[name]
        remedy = too_low if properties[name] < card.domain.ranges[name][0] else too_high
        words = "; ".join(outside(card.domain, {name: properties[name] for name in beyond}))
        yield Abstention(
            detector, AbstentionReason.OUT_OF_DOMAIN, f"{who} is not judged: {words}. {remedy}", subject
        )
        return
    left = outside(card.domain, properties)
    if left:
        yield Notice(
            "score",
            f"OUT_OF_DOMAIN: {who} is unlike what {card.id} was calibrated on: {'; '.join(left)}. "
            "The stated error rates may not hold.",
            subject=subject,
        )


def outside(domain: Domain, properties: Mapping[str, float]) -> list[str]:
    """In words, every property that lies outside the range that the card was calibrated on."""
    words = []
    for name in domain.left_by(properties):
        lowest, highest = domain.ranges[name]
        calibrated = range_words(name, lowest, highest)
        words.append(f"{property_words(name, properties[name])} (calibrated on {calibrated})")
    return words


def property_name(name: str) -> str:
    """``sharpness relative to contrast``."""
    return _WORDS.get(name, (name.replace("_", " "),))[0]


def property_words(name: str, value: float) -> str:
    """``sharpness 0.46``, ``face size 70 px``."""
    return f"{property_name(name)} {amount(name, value)}"


def amount(name: str, value: float) -> str:
    """``0.46``, ``70 px``."""
    _, form, unit = _WORDS.get(name, (name, ".3g", ""))
    return f"{value:{form}}{unit}"


def range_words(name: str, lowest: float, highest: float) -> str:
    """``0.87 to 2.65``, ``60 to 400 px``."""
    _, form, unit = _WORDS.get(name, (name, ".3g", ""))
    return f"{lowest:{form}} to {highest:{form}}{unit}"
