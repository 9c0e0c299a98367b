"""What the detectors say of a file: scores, abstentions, notices and exhibits."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from forensics.records.exhibit_content import (
    CurveChart,
    ExhibitContent,
    Filmstrip,
    Picture,
    SoundClip,
    Table,
    Text,
)
from forensics.records.subject import Subject


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file, in seconds; a single frame has start equal to end."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class MemberScore:
    """What one model of an ensemble said, alone.

    Attributes:
        logit: before calibration.
        manipulation_score: under the model's own calibration.
    """

    model: str
    logit: float
    manipulation_score: float


@dataclass(frozen=True, slots=True)
class Score:
    """One detector's opinion on one crop or one window.

    Attributes:
        detector: name in the table of detectors, for example ``face``.
        model: id of the model that gave it.
        subject: who or what was looked at.
        logit: before calibration.
        manipulation_score: calibrated, in [0, 1]; 1 means manipulated.
        precision: in which the net ran: ``f32``, ``bf16`` or ``int8``; None in cases of before it was noted.
        members: what the models of an ensemble said, each alone; empty for a single model.
    """

    detector: str
    model: str
    subject: Subject
    span: Span
    logit: float
    manipulation_score: float
    precision: str | None = None
    members: tuple[MemberScore, ...] = ()


class AbstentionReason(enum.StrEnum):
    """Why a detector says nothing. Never written as a score of 0.5."""

    NO_FACE = "NO_FACE"
    TOO_SMALL = "TOO_SMALL"
    TOO_SHORT = "TOO_SHORT"
    NO_AUDIO = "NO_AUDIO"
    NO_SPEECH = "NO_SPEECH"
    OUT_OF_DOMAIN = "OUT_OF_DOMAIN"
    UNSUPPORTED = "UNSUPPORTED"
    FAILED = "FAILED"
    CHANGED = "CHANGED"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True, slots=True)
class Abstention:
    """A detector that cannot tell, and why; ``detail`` says what to do next where something can be done."""

    detector: str
    why: AbstentionReason
    detail: str
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What was skipped, repaired or odd; it reaches the report.

    Attributes:
        stage: ``find``, ``hash``, ``probe``, ``decode``, ``faces``, ``score`` or ``conclude``.
        subject: whom it is about, as in ``Score``; None for the file, and in cases of before it was noted.
    """

    stage: str
    message: str
    at_s: float | None = None
    subject: Subject | None = None


class ExhibitKind(enum.StrEnum):
    """What a report can show: pictures by what is on them, and what is drawn from numbers and words.

    PICTURE is any picture that is none of those before it. It may show people: a redacted copy blurs it, as
    it does every FRAME, and leaves out every CROP, ATTENTION, FILMSTRIP and SOUND.
    """

    FRAME = "frame"
    CROP = "crop"
    ATTENTION = "attention"
    SPECTROGRAM = "spectrogram"
    SOUND = "sound"
    PICTURE = "picture"
    FILMSTRIP = "filmstrip"
    CURVE = "curve"
    TABLE = "table"
    TEXT = "text"

    @property
    def form(self) -> type[ExhibitContent]:
        """What an exhibit of this kind holds."""
        return _FORMS.get(self, Picture)


_FORMS: Final[dict[ExhibitKind, type[ExhibitContent]]] = {
    ExhibitKind.SOUND: SoundClip,
    ExhibitKind.FILMSTRIP: Filmstrip,
    ExhibitKind.CURVE: CurveChart,
    ExhibitKind.TABLE: Table,
    ExhibitKind.TEXT: Text,
}


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Something for the report to show.

    Attributes:
        content: of the form that ``kind`` says.
        caption: what it is, in words that stand without it.
        subject: who or what it shows.
        group: a subject's exhibits of one moment share a group (frame, crop and attention side by side), and
            this is what it is called: ``strongest for manipulation``.
        at_s: when; None for what has no time, such as the container.
        manipulation_score: of the score that is shown, None where it shows none.
    """

    kind: ExhibitKind
    content: ExhibitContent
    caption: str
    subject: Subject
    group: str
    at_s: float | None = None
    manipulation_score: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.content, self.kind.form):
            raise TypeError(f"an exhibit of kind {self.kind} holds a {self.kind.form.__name__}")
