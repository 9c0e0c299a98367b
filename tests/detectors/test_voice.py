"""The voice detector: windows cover the sound, silence and shortness abstain with a reason."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from forensics.detectors.detector import ModelForms
from forensics.detectors.voice import Voice
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind, Notice, Score
from forensics.records.media import AudioChunk, MediaFile, MediaKind, Samples, StreamInfo, StreamKind
from forensics.records.stream import Item
from tests.detectors.nets import KnownNet, voice_card

RATE_HZ = 16_000


def sound_file(duration_s: float) -> MediaFile:
    stream = StreamInfo(0, StreamKind.AUDIO, "flac", duration_from_header_s=duration_s)
    return MediaFile("talk.flac", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.AUDIO, streams=(stream,))


def speech(duration_s: float, seed: int = 1) -> Samples:
    noise = np.random.default_rng(seed).normal(0, 0.1, int(duration_s * RATE_HZ))
    return np.asarray(noise, np.float32)


def listen(
    samples: Samples, *, chunk_s: float = 10.0, media: MediaFile | None = None, net: KnownNet | None = None
) -> list[Item]:
    media = media or sound_file(samples.size / RATE_HZ)
    examination = Voice([ModelForms(net or KnownNet(voice_card()))]).begin(media, Path("clip.wav"))
    items: list[Item] = []
    n_chunk = int(chunk_s * RATE_HZ)
    for start in range(0, samples.size, n_chunk):
        part = samples[start : start + n_chunk]
        items.extend(examination.observe(AudioChunk(part, RATE_HZ, start / RATE_HZ, RATE_HZ)))
    items.extend(examination.conclude())
    return items


def spans(items: list[Item]) -> list[tuple[float, float]]:
    scores = [item for item in items if isinstance(item, Score)]
    return [(round(score.span.start_s, 6), round(score.span.end_s, 6)) for score in scores]


def test_windows_overlap_and_cover_the_whole_sound() -> None:
    found = spans(listen(speech(10.0)))
    assert found == [(0.0, 3.0), (1.5, 4.5), (3.0, 6.0), (4.5, 7.5), (6.0, 9.0), (7.5, 10.0)]


def test_scores_do_not_depend_on_how_the_sound_was_cut_into_chunks() -> None:
    sound = speech(9.3)
    assert listen(sound, chunk_s=10.0)[0] == listen(sound, chunk_s=0.7)[0]
    assert spans(listen(sound, chunk_s=10.0)) == spans(listen(sound, chunk_s=0.7))


def test_long_sound_is_covered_once_without_overlap() -> None:
    found = spans(listen(speech(150.0)))
    assert len(found) == 50
    assert all(a[1] == pytest.approx(b[0]) for a, b in pairwise(found))


def test_a_short_clip_is_one_window() -> None:
    assert spans(listen(speech(1.2))) == [(0.0, 1.2)]


@pytest.mark.parametrize(
    ("samples", "why", "words"),
    [
        (speech(0.2), AbstentionReason.TOO_SHORT, "0.2 s of sound"),
        (np.zeros(5 * RATE_HZ, np.float32), AbstentionReason.NO_AUDIO, "silent"),
    ],
)
def test_too_little_sound_abstains_with_the_reason(
    samples: Samples, why: AbstentionReason, words: str
) -> None:
    [abstention] = listen(samples)
    assert isinstance(abstention, Abstention)
    assert abstention.why is why
    assert words in abstention.detail


def test_a_file_without_sound_abstains() -> None:
    media = MediaFile("mute.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)
    [abstention] = listen(speech(0.0), media=media)
    assert isinstance(abstention, Abstention)
    assert abstention.why is AbstentionReason.NO_AUDIO


def test_samples_that_are_no_numbers_are_not_scored() -> None:
    broken = speech(3.0)
    broken[::500] = np.nan
    [abstention] = listen(broken)
    assert isinstance(abstention, Abstention)


def test_one_spectrogram_is_shown() -> None:
    [exhibit] = [item for item in listen(speech(6.0)) if isinstance(item, Exhibit)]
    assert exhibit.kind is ExhibitKind.SPECTROGRAM


def test_sound_of_another_bandwidth_gives_a_notice() -> None:
    net = KnownNet(voice_card(bandwidth_hz=(100.0, 3_000.0)))
    notices = [item for item in listen(speech(4.0), net=net) if isinstance(item, Notice)]
    assert "sound bandwidth" in notices[0].message


def test_every_track_is_a_subject_of_its_own() -> None:
    examination = Voice([ModelForms(KnownNet(voice_card()))]).begin(sound_file(6.0), Path("talk.mkv"))
    items: list[Item] = []
    for at_s in (0.0, 3.0):
        for track, samples in (
            ("", speech(3.0)),
            ("stream 2", speech(3.0, 2)),
            ("stream 3", speech(3.0) * 0),
        ):
            items.extend(examination.observe(AudioChunk(samples, RATE_HZ, at_s, RATE_HZ, track)))
    items.extend(examination.conclude())
    scores = [item for item in items if isinstance(item, Score)]
    for subject in ("voice", "voice in stream 2"):
        own = [(score.span.start_s, score.span.end_s) for score in scores if score.subject == subject]
        assert own == [(0.0, 3.0), (1.5, 4.5), (3.0, 6.0)]
    assert {score.subject for score in scores} == {"voice", "voice in stream 2"}
    (abstention,) = [item for item in items if isinstance(item, Abstention)]
    assert abstention.subject == "voice in stream 3"
    assert abstention.detail.startswith("The voice in stream 3: 6.0 s of sound, but silent")
    alone = [item.raw for item in listen(speech(6.0)) if isinstance(item, Score)]
    assert len(alone) == 3


def test_a_track_scores_the_same_beside_others() -> None:
    net = KnownNet(voice_card())
    alone = [item.raw for item in listen(speech(9.0), net=net) if isinstance(item, Score)]
    examination = Voice([ModelForms(net)]).begin(sound_file(9.0), Path("talk.mkv"))
    items = [
        *examination.observe(AudioChunk(speech(9.0), RATE_HZ, 0.0, RATE_HZ)),
        *examination.observe(AudioChunk(speech(4.0, 5), RATE_HZ, 0.0, RATE_HZ, "channel FR")),
        *examination.conclude(),
    ]
    beside = [item.raw for item in items if isinstance(item, Score) and item.subject == "voice"]
    assert beside == alone
