"""Draw the pictures that a report shows of a score."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from forensics.media.sound import RATE_HZ
from forensics.media.sound_clip import flac_of
from forensics.numerals import moment_text, span_text
from forensics.records.exhibit_content import CurveChart, CurveLine, Picture, SoundClip
from forensics.records.faces import FaceCrop
from forensics.records.findings import Exhibit, ExhibitKind, Score
from forensics.records.media import RgbImage, Samples
from forensics.records.subject import Subject

_JPEG_QUALITY = 82
_CROP_SHOWN_PX = 224
_BOX_RGB = (255, 196, 0)
MOST_SOUND_S = 6.0
"""Of a window of sound, so much can be listened to: at most 210 kB."""


def frame_exhibit(crop: FaceCrop, score: Score, group: str) -> Exhibit:
    """The frame, reduced, with the face box drawn into it."""
    picture = crop.thumbnail.copy()
    scale, box = crop.thumbnail_scale, crop.box
    corner = round(box.left_px * scale), round(box.top_px * scale)
    opposite = round((box.left_px + box.width_px) * scale), round((box.top_px + box.height_px) * scale)
    # A dark line around the bright one keeps the box visible on any background.
    cv2.rectangle(picture, corner, opposite, (0, 0, 0), 4)
    cv2.rectangle(picture, corner, opposite, _BOX_RGB, 2)
    caption = f"Frame {crop.frame_index} at {moment_text(crop.at_s)}, face {box.size_px:.0f} px"
    return _exhibit(ExhibitKind.FRAME, picture, caption, score, group)


def crop_exhibit(crop: FaceCrop, score: Score, group: str) -> Exhibit:
    """The crop as the net saw it, enlarged."""
    return _exhibit(ExhibitKind.CROP, _shown(crop.image), "The face as the model saw it", score, group)


def attention_exhibit(crop: FaceCrop, score: Score, where: npt.NDArray[np.float32], group: str) -> Exhibit:
    """The crop under the attention map.

    Args:
        where: float32[h, w] in [0, 1].
    """
    caption = "Where the net looked (the brighter, the more); this is no map of a manipulation"
    return _exhibit(ExhibitKind.ATTENTION, _under(crop, where), caption, score, group)


def occlusion_exhibit(crop: FaceCrop, score: Score, falls: npt.NDArray[np.float32], group: str) -> Exhibit:
    """The crop under its occlusion map.

    Args:
        falls: float32[h, w], by how much the logit falls when each place is hidden.
    """
    most = float(falls.max())
    if most > 0:
        caption = (
            "Occlusion: the brighter, the further the score falls when the place is hidden, by at most "
            f"{most:.1f} in logits; this is no map of a manipulation"
        )
    else:
        caption = "Occlusion: hiding no place makes the score fall"
    shares = np.asarray(falls.clip(0) / max(most, 1e-6), np.float32)
    return _exhibit(ExhibitKind.ATTENTION, _under(crop, shares), caption, score, group)


def weights_exhibit(lines: Sequence[CurveLine], subject: Subject, title: str, caption: str) -> Exhibit:
    """What a net of clips made of each picture, over time."""
    return Exhibit(
        kind=ExhibitKind.CURVE,
        content=CurveChart(tuple(lines), "Time, s", title),
        caption=caption,
        subject=subject,
        group="over time",
    )


def _under(crop: FaceCrop, where: npt.NDArray[np.float32]) -> RgbImage:
    """The crop as shown, half under a map float32[h, w] in [0, 1]."""
    picture = _shown(crop.image)
    weight = cv2.resize(where, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
    heat = cv2.applyColorMap((weight.clip(0, 1) * 255).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    mixed = cv2.addWeighted(picture, 0.5, cv2.cvtColor(heat, cv2.COLOR_BGR2RGB), 0.5, 0)
    return np.asarray(mixed, np.uint8)


def spectrogram_exhibit(mel: npt.NDArray[np.float32], score: Score, group: str) -> Exhibit:
    """A window's mel spectrogram, low frequencies at the bottom.

    Args:
        mel: float32[bands, frames], natural logarithm of power.
    """
    lowest, highest = np.percentile(mel, (2, 99.5))
    levels = ((mel - lowest) / max(float(highest - lowest), 1e-6)).clip(0, 1)[::-1]
    coloured = cv2.applyColorMap((levels * 255).astype(np.uint8), cv2.COLORMAP_MAGMA)
    enlarged = cv2.resize(
        cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC
    )
    span = span_text(score.span.start_s, score.span.end_s)
    caption = f"Mel spectrogram, {span}, 60 Hz (bottom) to 7 kHz (top)"
    return _exhibit(ExhibitKind.SPECTROGRAM, np.asarray(enlarged, np.uint8), caption, score, group)


def sound_exhibit(samples: Samples, score: Score, group: str) -> Exhibit:
    """A window to listen to, as it was recorded, not as it was levelled for the net.

    Args:
        samples: float32[N] mono at ``RATE_HZ``; of more than ``MOST_SOUND_S`` the beginning is taken.
    """
    taken = samples[: round(MOST_SOUND_S * RATE_HZ)]
    start_s = score.span.start_s
    span = span_text(start_s, start_s + taken.size / RATE_HZ)
    return Exhibit(
        kind=ExhibitKind.SOUND,
        content=SoundClip(flac_of(taken)),
        caption=f"The sound as recorded, {span}, mono, {RATE_HZ // 1000} kHz",
        subject=score.subject,
        group=group,
        at_s=start_s,
        manipulation_score=score.manipulation_score,
    )


def _shown(image: RgbImage) -> RgbImage:
    return np.asarray(
        cv2.resize(image, (_CROP_SHOWN_PX, _CROP_SHOWN_PX), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _exhibit(kind: ExhibitKind, picture: RgbImage, caption: str, score: Score, group: str) -> Exhibit:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return Exhibit(
        kind=kind,
        content=Picture(encoded.tobytes()),
        caption=caption,
        subject=score.subject,
        group=group,
        at_s=score.span.start_s,
        manipulation_score=score.manipulation_score,
    )
