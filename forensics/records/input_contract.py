"""What a model takes: one type for each kind of input. Mean and scale are inside the IR.

A contract is written with its ``kind``. Cards and records of before had one form for all, without it;
``tagged`` tells their kind by what they state.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec

from forensics.records.detector_spec import CropSpec

# The face finder whose boxes faces are cut by, unless a model's card names another one.
USUAL_FINDER: Final = "dlib-hog"


class ClipSampling(enum.StrEnum):
    """Which of a person's crops make a clip.

    SPREAD: evenly spread ones. MOTION: those that moved most. BURST: those of consecutive pictures, the
    first of each burst within ``BURST_S``.
    """

    SPREAD = "spread"
    MOTION = "motion"
    BURST = "burst"


BURST_S: Final = 0.5
"""Length of a burst, in seconds: ten pictures and more at the rates of films and cameras."""


class _OfFaces(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Faces, cut ``crop_margin`` times the finder's box wide.

    Attributes:
        size_px: side of the square crop.
        crop_margin: width of the crop in boxes of the finder.
        min_face_px: faces whose box is smaller abstain with TOO_SMALL.
        finder: name of the face finder whose boxes ``crop_margin`` refers to; a scan finds faces with it.
    """

    size_px: int
    crop_margin: float
    min_face_px: int = 0
    finder: str = USUAL_FINDER

    @property
    def crop(self) -> CropSpec:
        """How faces are cut for it."""
        return CropSpec(self.size_px, self.crop_margin, self.min_face_px)


class PictureContract(_OfFaces, frozen=True, kw_only=True, tag="face pictures"):
    """Single pictures of faces: uint8[N, size_px, size_px, 3] RGB.

    Attributes:
        flip: score the mirrored crop too and average the logits.
    """

    flip: bool = False


class _OfClips(_OfFaces, frozen=True, kw_only=True):
    """Faces of one person in the order of time.

    Attributes:
        clip_frames: pictures that a clip has at most.
        clip_sampling: which crops make a clip.
    """

    clip_frames: int
    clip_sampling: ClipSampling = ClipSampling.SPREAD

    @property
    def crop(self) -> CropSpec:
        """How faces are cut for it, and whether in bursts."""
        in_bursts = self.clip_sampling is ClipSampling.BURST
        return CropSpec(self.size_px, self.crop_margin, self.min_face_px, in_bursts)


class ClipContract(_OfClips, frozen=True, kw_only=True, tag="face clips"):
    """Clips of one person: uint8[N, clip_frames, size_px, size_px, 3] RGB, black where a clip is shorter.

    Attributes:
        flip: score the mirrored clip too and average the logits.
    """

    flip: bool = False

    @property
    def fewest(self) -> int:
        """How many pictures a clip needs to say anything: two consecutive ones show motion."""
        return 2 if self.clip_sampling is ClipSampling.BURST else 1


class FlowContract(_OfClips, frozen=True, kw_only=True, tag="flow clips"):
    """Optical flow of one person: uint8[N, clip_frames - 1, size_px, size_px, 2], 0 where a clip is shorter.

    ``detectors.optical_flow`` makes it of the crops, from each to the next.
    """

    flip: ClassVar[bool] = False  # mirrored flow is not a mirrored picture
    fewest: ClassVar[int] = 2


class SoundContract(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="sound windows"):
    """Windows of sound: float32[N, window_s * rate_hz] mono, conditioned by ``media.sound``.

    Attributes:
        hop_s: from the start of one window to that of the next.
    """

    rate_hz: int
    window_s: float
    hop_s: float
    flip: ClassVar[bool] = False

    @property
    def n_samples(self) -> int:
        """Samples of one window."""
        return round(self.window_s * self.rate_hz)


Clips = ClipContract | FlowContract
Faces = PictureContract | ClipContract | FlowContract
InputContract = PictureContract | ClipContract | FlowContract | SoundContract

# What contracts without a kind stated of every input, though it says something of some kinds alone.
_IDLE: Final[dict[str, object]] = {"flip": False, "clip_sampling": "spread", "clip_form": "pictures"}


def contract_from(stated: Mapping[str, Any]) -> InputContract:
    """The contract that a card, an IR or the record of a training run states.

    Args:
        stated: names and values as they were written, with a kind or, as of before, without.

    Raises:
        msgspec.ValidationError: it is none.
    """
    contract: InputContract = msgspec.convert(tagged(stated), InputContract)
    return contract


def tagged(stated: Mapping[str, Any]) -> dict[str, Any]:
    """The same with its kind; what says nothing of that kind is left out, unknown names stay.

    Args:
        stated: as for ``contract_from``.
    """
    if "kind" in stated:
        return dict(stated)
    if stated.get("clip_form") == "flow":
        kind: type[msgspec.Struct] = FlowContract
    elif stated.get("clip_frames") is not None:
        kind = ClipContract
    elif stated.get("size_px") is not None:
        kind = PictureContract
    else:
        kind = SoundContract
    kept = {
        name: value
        for name, value in stated.items()
        if value is not None and (name in kind.__struct_fields__ or not _idle(name, value))
    }
    return {"kind": kind.__struct_config__.tag, **kept}


def _idle(name: str, value: object) -> bool:
    if name == "frames_per_clip":  # was written and never read
        return True
    return (name, value) == ("clip_form", "flow") or (name in _IDLE and _IDLE[name] == value)
