"""The one declaration of a detector: what it is called, what it needs, and what its scores may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from forensics.records.subject import Subject


class Input(enum.StrEnum):
    """What a detector can ask the pipeline for; what no detector of a scan asks for is not decoded.

    ALIGNED: faces, cut as the declaration's ``crop`` says (so FACES too), turned by their landmarks so that
    eyes and nose stand in one place. LANDMARKS: mouths, eyes and the pose of heads, as face meshes over
    bursts of consecutive pictures.
    """

    FRAMES = "frames"
    FACES = "faces"
    ALIGNED = "aligned"
    LANDMARKS = "landmarks"
    SOUND = "sound"


class Role(enum.StrEnum):
    """What a detector's findings may do to the verdict.

    DECIDES: its scores draw verdicts, as far as its model's card allows. SUPPORTS: its findings stand beside
    the verdict and in its limits, and change no label. REPORTS: its exhibits and notices are shown.
    """

    DECIDES = "decides"
    SUPPORTS = "supports"
    REPORTS = "reports"


class ModelCount(enum.StrEnum):
    """How many models a detector runs. SEVERAL: one, or an ensemble, whose logits it combines."""

    NONE = "none"
    ONE = "one"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How a detector's faces are cut.

    Attributes:
        size_px: side of the square crop.
        margin: width of the crop in boxes of the finder.
        min_face_px: faces whose box is smaller are not cut: their detector abstains with TOO_SMALL.
        in_bursts: cut the faces of bursts of consecutive pictures, not those of pictures that are spread over
            the film.
    """

    size_px: int
    margin: float
    min_face_px: int = 0
    in_bursts: bool = False


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """A detector, declared once; everything that names detectors reads this.

    Attributes:
        name: as in ``--detectors``, in cards, scores and case files; letters, digits and hyphens.
        title: as a heading of the report says it, for example ``Face``.
        implementation: ``module:Class`` of a ``detectors.detector.DetectorClass``; imported in workers alone.
        subject_phrase: how a sentence begins with a subject; ``{subject}`` is its name within the file.
        unit: what one score is of, in the singular: ``frame``, ``window``.
        subjects: what its subjects are called in figures, for example ``tracks``.
        inputs: what it observes. Empty: nothing decoded; it is given the file at ``begin``.
        role: what its findings may do.
        models: how many models it runs.
        aids: ids of shipped models that find what it scores; they are verified and recorded with the run.
        crop: how its faces are cut, for a detector without a model; a model's card says it otherwise.
        references: where its method is published, as a report cites it.
        first_in_video: where it applies to a video and could not score anything, there is no verdict of no
            signs: half of what an examiner asks for was not looked at.
    """

    name: str
    title: str
    implementation: str
    subject_phrase: str = "{subject}"
    unit: str = "score"
    subjects: str = "subjects"
    inputs: tuple[Input, ...] = ()
    role: Role = Role.DECIDES
    models: ModelCount = ModelCount.ONE
    aids: tuple[str, ...] = ()
    crop: CropSpec | None = None
    references: tuple[str, ...] = ()
    first_in_video: bool = False

    @property
    def of_people(self) -> bool:
        """Whether its subjects are people who come and go in pictures."""
        return Input.FACES in self.inputs or Input.LANDMARKS in self.inputs

    @property
    def units(self) -> str:
        """What its scores are of, in the plural."""
        return f"{self.unit}s"

    def counted(self, n: int) -> str:
        """``1 frame``, ``32 frames``."""
        return f"{n} {self.unit if n == 1 else self.units}"

    def who(self, subject: Subject) -> str:
        """A subject, as a sentence begins with it."""
        return self.subject_phrase.format(subject=subject)


def undeclared(name: str) -> DetectorSpec:
    """The plainest declaration, for findings of a detector that is not installed here."""
    return DetectorSpec(name, name.capitalize(), "")
