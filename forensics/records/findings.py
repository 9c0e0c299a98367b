"""What the detectors say of a file: scores, abstentions, notices and exhibits."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file, in seconds; a single frame has start equal to end."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Score:
    """One detector's opinion on one crop or one window.

    Attributes:
        detector: name in the table of detectors, for example ``face``.
        model: id of the model that gave it.
        subject: who or what was looked at: ``person 1``, ``voice``.
        raw: logit, before calibration.
        fakeness: calibrated, in [0, 1]; 1 means manipulated.
        precision: in which the net ran: ``f32``, ``bf16`` or ``int8``; None in cases of before it was noted.
    """

    detector: str
    model: str
    subject: str
    span: Span
    raw: float
    fakeness: float
    precision: str | None = None


class Why(enum.StrEnum):
    """Why a detector says nothing. Never written as a score of 0.5."""

    NO_FACE = "NO_FACE"
    TOO_SMALL = "TOO_SMALL"
    TOO_SHORT = "TOO_SHORT"
    NO_AUDIO = "NO_AUDIO"
    OUT_OF_DOMAIN = "OUT_OF_DOMAIN"
    UNSUPPORTED = "UNSUPPORTED"
    FAILED = "FAILED"
    CHANGED = "CHANGED"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True, slots=True)
class Abstention:
    """A detector that cannot tell, and why; ``detail`` says what to do next where something can be done."""

    detector: str
    why: Why
    detail: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What was skipped, repaired or odd; it reaches the report.

    Attributes:
        stage: ``find``, ``hash``, ``probe``, ``decode``, ``faces``, ``score`` or ``conclude``.
    """

    stage: str
    message: str
    at_s: float | None = None


class ExhibitKind(enum.StrEnum):
    """The kinds of picture that a report can show."""

    FRAME = "frame"
    CROP = "crop"
    ATTENTION = "attention"
    SPECTROGRAM = "spectrogram"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A picture for the report.

    Attributes:
        jpeg: encoded picture.
        group: exhibits of one moment share a group (frame, crop and attention side by side);
            for example ``person 1, strongest signs``.
        fakeness: of the score that the picture shows, None for spectrograms.
    """

    kind: ExhibitKind
    jpeg: bytes
    caption: str
    subject: str
    group: str
    at_s: float
    fakeness: float | None = None
