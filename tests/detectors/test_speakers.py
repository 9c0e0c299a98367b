"""Speakers of one sound: told apart where they differ clearly, left alone where they do not."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from forensics.detectors.detector import ModelForms
from forensics.detectors.speakers import ALIKE_AT_MOST, GAP_AT_LEAST, MOST_SPEAKERS, Turns
from forensics.detectors.voice import Voice
from forensics.engines.net import NetOutput
from forensics.media.sound import level
from forensics.records.findings import Exhibit, Notice, Score
from forensics.records.media import AudioChunk, Samples
from forensics.records.properties import Properties
from forensics.records.stream import Item
from forensics.records.subject import VOICE_OF_FILE, SubjectKind, speaker_in
from tests import synthetic
from tests.detectors.nets import KnownNet, voice_card
from tests.detectors.test_voice import RATE_HZ, listen, sound_file, speech

N_NUMBERS = 32
WINDOW_S = 3.0
# Between the pitches of the two made voices.
LOW_HZ = 220


def near(who: int, seed: int, *, own: float = 0.8, between: float = 0.3) -> npt.NDArray[np.float32]:
    """What a stretch of a made speaker sounds like: two of one are ``own`` alike, of two ``between``."""
    chance = np.random.default_rng(seed).normal(size=N_NUMBERS)
    chance[:16] = 0
    vector = np.sqrt(1 - own) * chance / np.linalg.norm(chance)
    vector[0] = np.sqrt(between)
    vector[who] = np.sqrt(own - between)
    return vector.astype(np.float32)


def turns_of(whose: list[int], **alike: float) -> list[list[int]]:
    turns = Turns()
    for window, who in enumerate(whose):
        turns.take(window, WINDOW_S, np.stack([near(who, 2 * window + at, **alike) for at in (0, 1)]))
    return turns.speakers()


def windows_of(whose: list[int]) -> list[list[int]]:
    """What ought to be found."""
    return [[at for at, who in enumerate(whose) if who == one] for one in dict.fromkeys(whose)]


@pytest.mark.parametrize("whose", [[1] * 12, [1, 2] * 6, [2, 2, 1, 1, 3, 3, 1, 2, 3], [1, 2] * 200])
def test_speakers_who_differ_are_found_in_the_order_in_which_they_are_heard(whose: list[int]) -> None:
    assert turns_of(whose) == windows_of(whose)


@pytest.mark.parametrize(
    ("own", "between", "n_found"),
    [
        (0.9, ALIKE_AT_MOST - 0.05, 2),
        (0.9, ALIKE_AT_MOST + 0.1, 1),
        (0.5 + GAP_AT_LEAST / 4, 0.5, 1),
    ],
)
def test_who_is_not_clearly_another_is_the_same(own: float, between: float, n_found: int) -> None:
    assert len(turns_of([1, 1, 2, 2] * 4, own=own, between=between)) == n_found


def test_a_moment_that_sounds_otherwise_is_no_speaker() -> None:
    assert turns_of([1, 1, 1, 2, 1, 1, 1]) == [[0, 1, 2, 3, 4, 5, 6]]
    with_another = turns_of([1, 1, 1, 2, 1, 3, 3])
    assert len(with_another) == 2
    assert set(with_another[1]) - {3} == {5, 6}


def test_a_window_that_holds_a_turn_is_counted_for_whom_it_is_more_like() -> None:
    turns = Turns()
    for window, whose in enumerate([(1, 1), (1, 1), (1, 2), (2, 2), (2, 2), (2, 2), (2, 1), (1, 1)]):
        stretches = [near(who, 2 * window + at) for at, who in enumerate(whose)]
        if window == 2:
            stretches[0] = near(3, 99)  # somebody coughs
        turns.take(window, WINDOW_S, np.stack(stretches))
    first, second = turns.speakers()
    assert {0, 1, 7} <= set(first)
    assert {2, 3, 4, 5} <= set(second)
    assert sorted(first + second) == list(range(8))
    assert turns.heard_s(first) == pytest.approx(WINDOW_S * len(first))


def test_no_more_speakers_than_can_be_shown() -> None:
    whose = [one for one in range(1, 13) for _ in range(4)]
    found = turns_of(whose)
    assert len(found) == MOST_SPEAKERS
    assert sorted(chain.from_iterable(found)) == list(range(len(whose)))


def test_nothing_was_heard() -> None:
    assert Turns().speakers() == []


def low(duration_s: float, seed: int = 1) -> Samples:
    """A deep voice."""
    n_samples = round(duration_s * RATE_HZ)
    return synthetic.talk(duration_s, seed=seed, pitch_hz=100, rate_hz=20_000)[:n_samples]


def high(duration_s: float, seed: int = 2) -> Samples:
    """A high voice of another build."""
    n_samples = round(duration_s * RATE_HZ)
    return synthetic.talk(1.5 * duration_s, seed=seed, pitch_hz=220, rate_hz=11_000)[:n_samples]


def scores_by_voice(items: list[Item]) -> dict[str, list[Score]]:
    found: dict[str, list[Score]] = {}
    for item in items:
        if isinstance(item, Score):
            found.setdefault(str(item.subject), []).append(item)
    return found


def test_two_voices_are_two_subjects_with_scores_properties_and_exhibits_of_their_own() -> None:
    parts = [low(9.0), high(9.0), low(9.0, 3), high(9.0, 4)]
    items = listen(np.concatenate(parts))
    found = scores_by_voice(items)
    assert list(found) == ["voice of speaker 1", "voice of speaker 2"]
    begins = {who: [round(one.span.start_s) for one in some] for who, some in found.items()}
    assert begins["voice of speaker 1"] == [0, 3, 6, 18, 21, 24]
    assert begins["voice of speaker 2"] == [9, 12, 15, 27, 30, 33]
    properties = {item.subject: item.values for item in items if isinstance(item, Properties)}
    assert {who: values["length_s"] for who, values in properties.items()} == {
        speaker_in("", 1): pytest.approx(18.0),
        speaker_in("", 2): pytest.approx(18.0),
    }
    shown = {item.subject: item.at_s for item in items if isinstance(item, Exhibit)}
    for who, some in found.items():
        strongest = max(some, key=lambda one: one.logit)
        assert shown[strongest.subject] == strongest.span.start_s, who
    (notice,) = [item for item in items if isinstance(item, Notice)]
    assert notice.message.startswith(
        "2 speakers whose voices differ clearly were told apart; each is judged alone"
    )


def test_windows_score_the_same_whoever_speaks() -> None:
    """Telling speakers apart says whose the scores are, and moves none."""
    sound = np.concatenate([low(12.0), high(12.0)])
    alone = [replace(one, subject=VOICE_OF_FILE) for one in _scores(listen(sound))]
    whole = _scores(listen(sound[: 12 * RATE_HZ], media=sound_file(24.0)))
    assert {one.subject for one in whole} == {VOICE_OF_FILE}
    assert alone[: len(whole)] == whole


@pytest.mark.parametrize("duration_s", [1.2, 9.0, 19.5, 30.0, 90.0])
def test_one_voice_is_the_voice_of_the_file(duration_s: float) -> None:
    items = listen(speech(duration_s))
    assert {one.subject for one in _scores(items)} == {VOICE_OF_FILE}
    assert not [item for item in items if isinstance(item, Notice)]


def test_sound_too_short_for_two_speakers_asks_for_no_net(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Voice) -> object:
        raise AssertionError("asked for")

    monkeypatch.setattr(Voice, "speakers", refused)
    assert len(_scores(listen(speech(10.0)))) == 6
    with pytest.raises(AssertionError, match="asked for"):
        listen(speech(30.0))


def test_speakers_of_a_track_among_several_are_named_with_it() -> None:
    examination = Voice([ModelForms(KnownNet(voice_card()))]).begin(sound_file(36.0), Path("talk.mkv"))
    items: list[Item] = []
    for track, sound in (("channel FL", np.concatenate([low(18.0), high(18.0)])), ("channel FR", low(36.0))):
        items.extend(examination.observe(AudioChunk(sound, RATE_HZ, 0.0, RATE_HZ, track)))
    items.extend(examination.conclude())
    assert sorted(scores_by_voice(items)) == [
        "voice in channel FR",
        "voice of speaker 1 in channel FL",
        "voice of speaker 2 in channel FL",
    ]
    assert {one.subject.kind for one in _scores(items)} == {SubjectKind.VOICE}


class PitchNet(KnownNet):
    """Logit: the shift for the deep voice, 5 more for the high one."""

    def infer(self, batch: npt.NDArray[np.float32]) -> NetOutput:
        """By the power below the high voice's pitch."""
        power = np.abs(np.fft.rfft(batch)) ** 2
        is_high = power[:, : round(LOW_HZ * WINDOW_S)].sum(axis=1) < 0.02 * power.sum(axis=1)
        return replace(super().infer(batch), logits=np.asarray(self.shift + 5 * is_high, np.float32))


def test_a_triage_clears_each_speaker_alone() -> None:
    """The mean of both is clear of signs, the second speaker is not."""
    fast, exact = (PitchNet(voice_card(), name, -5.0) for name in ("bf16", "f32"))
    sound = np.concatenate([low(12.0), high(6.0), low(12.0, 3)])
    examination = Voice([ModelForms(fast, exact)]).begin(sound_file(30.0), Path("talk.wav"))
    items = [*examination.observe(AudioChunk(sound, RATE_HZ, 0.0, RATE_HZ)), *examination.conclude()]
    found = scores_by_voice(items)
    assert np.mean([one.logit for one in _scores(items)]) < -2.0
    assert {one.precision for one in found["voice of speaker 1"]} == {"bf16"}
    assert [(one.precision, one.logit) for one in found["voice of speaker 2"]] == [("f32", 0.0)] * 2
    assert "Triage: voice of speaker 1 cleared in bf16; voice of speaker 2 scored in f32" in [
        item.message for item in items if isinstance(item, Notice)
    ]


def test_hours_of_sound_hold_no_more_than_minutes_do() -> None:
    turns = Turns()
    for window in range(1_000):
        turns.take(window, WINDOW_S, near(1 + window // 7 % 3, window)[None])
        within, between = turns.inseparable()
        assert (len(within) <= 48, between) == (True, [])
    assert [len(one) for one in turns.speakers()] == [len(one) for one in windows_of(_long())]


def _long() -> list[int]:
    return [1 + window // 7 % 3 for window in range(1_000)]


def _scores(items: list[Item]) -> list[Score]:
    return [item for item in items if isinstance(item, Score)]


def test_the_made_voices_pass_as_windows() -> None:
    assert all(level(sound, sound.size) is not None for sound in (low(3.0), high(3.0)))
