"""Subjects: what they are called, their order, and what cases and reports of before called them."""

from __future__ import annotations

import json

import msgspec
import pytest

from forensics.records.earlier_names import decode, subject_from, with_earlier_names
from forensics.records.findings import Score, Span
from forensics.records.subject import (
    VOICE_OF_FILE,
    WHOLE_FILE,
    Subject,
    other,
    person,
    speaker_in,
    stream,
    voice_in,
)

IN_WORDS = {
    "person 1": person(1),
    "person 12": person(12),
    "voice": VOICE_OF_FILE,
    "voice in stream 2": voice_in("stream 2"),
    "voice of speaker 2": speaker_in("", 2),
    "voice of speaker 1 in stream 2": speaker_in("stream 2", 1),
    "file": WHOLE_FILE,
    "stream 3": stream(3),
    "the missing part": other("the missing part"),
    "person of interest": other("person of interest"),
}


@pytest.mark.parametrize("words", list(IN_WORDS))
def test_what_a_subject_is_called_is_what_it_was_called_before(words: str) -> None:
    assert str(IN_WORDS[words]) == words
    assert subject_from(words) == IN_WORDS[words]
    assert f"{IN_WORDS[words].at_start}, {IN_WORDS[words]}" == f"{words[0].upper()}{words[1:]}, {words}"


def test_people_come_by_their_numbers() -> None:
    assert sorted([person(10), VOICE_OF_FILE, person(9), person(1)]) == [
        person(1),
        person(9),
        person(10),
        VOICE_OF_FILE,
    ]


@pytest.mark.parametrize("subject", list(IN_WORDS.values()), ids=str)
def test_a_record_of_before_is_read(subject: Subject) -> None:
    score = Score("face", "m", subject, Span(0.0, 1.0), 0.5, 0.6)
    assert decode(msgspec.json.encode(score), Score) == score
    before = with_earlier_names(msgspec.to_builtins(score))
    assert (before["subject"], before["raw"], before["fakeness"]) == (str(subject), 0.5, 0.6)
    assert decode(json.dumps(before, separators=(",", ":")).encode(), Score) == score


class _Grouped(msgspec.Struct, frozen=True):
    """What exhibits have of a group."""

    subject: Subject
    group: str


def test_groups_of_exhibits_began_with_their_subject() -> None:
    before = {"subject": "person 1", "group": "person 1, strongest for manipulation"}
    read = decode(json.dumps(before, separators=(",", ":")).encode(), _Grouped)
    assert read == _Grouped(person(1), "strongest for manipulation")
    assert with_earlier_names(msgspec.to_builtins(read)) == before
