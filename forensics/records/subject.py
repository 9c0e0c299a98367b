"""Whom or what a finding is about: a person of a file, its sound, one of its streams, or the file itself."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


class SubjectKind(enum.StrEnum):
    """What kind of thing a subject is. OTHER: what a detector of another package looks at."""

    PERSON = "person"
    VOICE = "voice"
    STREAM = "stream"
    FILE = "file"
    OTHER = "other"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A subject within its file; in order, people come by their numbers. ``str()`` gives its name in words.

    Attributes:
        number: of a person or a stream, of a speaker among several in one track; 0 for what has none.
        name: of a voice, the track that it is heard in where a file has several; of OTHER, what it is called.
    """

    kind: SubjectKind
    number: int = 0
    name: str = ""

    def __str__(self) -> str:
        match self.kind:
            case SubjectKind.PERSON | SubjectKind.STREAM:
                return f"{self.kind.value} {self.number}"
            case SubjectKind.VOICE if self.name and self.number:
                return f"voice of speaker {self.number} in {self.name}"
            case SubjectKind.VOICE if self.number:
                return f"voice of speaker {self.number}"
            case SubjectKind.VOICE if self.name:
                return f"voice in {self.name}"
            case SubjectKind.OTHER:
                return self.name
            case _:
                return self.kind.value

    @property
    def at_start(self) -> str:
        """Its name as a sentence or a line begins with it."""
        words = str(self)
        return words[:1].upper() + words[1:]


VOICE_OF_FILE: Final = Subject(SubjectKind.VOICE)
WHOLE_FILE: Final = Subject(SubjectKind.FILE)


def person(number: int) -> Subject:
    """A person, by the number of their track."""
    return Subject(SubjectKind.PERSON, number)


def voice_in(track: str) -> Subject:
    """The voice of one of a file's tracks; of its only one for an empty name."""
    return Subject(SubjectKind.VOICE, name=track)


def speaker_in(track: str, number: int) -> Subject:
    """The voice of one of several speakers in a track, by the order in which they are first heard."""
    return Subject(SubjectKind.VOICE, number, track)


def stream(index: int) -> Subject:
    """A stream of the file, by its index."""
    return Subject(SubjectKind.STREAM, index)


def other(name: str) -> Subject:
    """What a detector of another package looks at, by its own name."""
    return Subject(SubjectKind.OTHER, name=name)
