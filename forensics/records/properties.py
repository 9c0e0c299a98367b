"""How a subject looks or sounds, in numbers: what a model's domain is checked by."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.records.subject import Subject


@dataclass(frozen=True, slots=True)
class Properties:
    """One subject as one detector measured it.

    Attributes:
        detector: name in the table of detectors.
        subject: who or what was measured.
        values: property to its median over the subject's crops or windows; see ``detectors.domain``.
    """

    detector: str
    subject: Subject
    values: dict[str, float]
