"""The voice detector: windows cover the sound, silence and shortness abstain with a reason."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from forensics.detectors.detector import ModelForms
from forensics.detectors.exhibits import sound_exhibit
from forensics.detectors.speech import speech_of
from forensics.detectors.voice import Voice
from forensics.engines.speech_net import load_speech_net
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.records.exhibit_content import SoundClip
from forensics.records.findings import (
    Abstention,
    AbstentionReason,
    Exhibit,
    ExhibitKind,
    Notice,
    Score,
    Span,
)
from forensics.records.media import AudioChunk, MediaFile, MediaKind, Samples, StreamInfo, StreamKind
from forensics.records.stream import Item
from forensics.records.subject import VOICE_OF_FILE, voice_in
from forensics.records.verdict import VerdictLabel
from forensics.settings import ScanSettings
from forensics.verdicts.policy import conclude
from tests import synthetic
from tests.detectors.nets import KnownNet, voice_card

RATE_HZ = 16_000


def sound_file(duration_s: float) -> MediaFile:
    stream = StreamInfo(0, StreamKind.AUDIO, "flac", duration_from_header_s=duration_s)
    return MediaFile("talk.flac", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.AUDIO, streams=(stream,))


def speech(duration_s: float, seed: int = 1) -> Samples:
    return synthetic.talk(duration_s, seed=seed) if duration_s else np.zeros(0, np.float32)


def listen(
    samples: Samples,
    *,
    chunk_s: float = 10.0,
    media: MediaFile | None = None,
    net: KnownNet | None = None,
    sound_clips: bool = False,
) -> list[Item]:
    media = media or sound_file(samples.size / RATE_HZ)
    detector = Voice([ModelForms(net or KnownNet(voice_card()))])
    detector.configure(ScanSettings((), sound_clips=sound_clips))
    examination = detector.begin(media, Path("clip.wav"))
    items: list[Item] = []
    n_chunk = int(chunk_s * RATE_HZ)
    for start in range(0, samples.size, n_chunk):
        part = samples[start : start + n_chunk]
        items.extend(examination.observe(AudioChunk(part, RATE_HZ, start / RATE_HZ, RATE_HZ)))
    items.extend(examination.conclude())
    return items


def read_sound(path: Path) -> Samples:
    chunks = [
        item.samples for item in decode(path, probe(path), 1, video=False) if isinstance(item, AudioChunk)
    ]
    return np.concatenate(chunks)


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


def test_windows_overlap_up_to_20_s_and_longer_sound_is_covered_once() -> None:
    assert len(spans(listen(speech(19.5)))) == 12
    found = spans(listen(speech(30.0)))
    assert len(found) == 10
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


@pytest.mark.parametrize(
    ("calibrated_hz", "remedy"), [((100.0, 300.0), "less noise"), ((6_000.0, 7_000.0), "less filtered")]
)
def test_sound_of_another_bandwidth_decides_nothing(calibrated_hz: tuple[float, float], remedy: str) -> None:
    net = KnownNet(voice_card(bandwidth_hz=calibrated_hz))
    items = listen(speech(4.0), net=net)
    [abstention] = [item for item in items if isinstance(item, Abstention)]
    assert (abstention.why, abstention.subject) == (AbstentionReason.OUT_OF_DOMAIN, VOICE_OF_FILE)
    assert "sound bandwidth" in abstention.detail
    assert remedy in abstention.detail
    scores = [item for item in items if isinstance(item, Score)]
    verdict = conclude(sound_file(4.0), scores, [abstention], {net.card.id: net.card}, {"voice": Voice.spec})
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert abstention.detail in verdict.reason


def _without_speech() -> dict[str, Samples]:
    at_s = np.arange(6 * RATE_HZ) / RATE_HZ
    chance = np.random.default_rng(3)
    chord = at_s // 0.75 % 4 * 2
    tones = sum(
        np.sin(2 * np.pi * 220 * 2 ** ((step + chord) / 12) * overtone * at_s) / overtone
        for step in (0, 4, 7)
        for overtone in (1, 2, 3)
    )
    sounds = {
        "hum": np.sin(2 * np.pi * 220 * at_s),
        "mains hum": np.sign(np.sin(2 * np.pi * 50 * at_s)),
        "white noise": chance.normal(0, 0.3, at_s.size),
        "noise that swells": chance.normal(0, 0.3, at_s.size) * (1 + np.sin(2 * np.pi * 3 * at_s)),
        "brown noise": np.cumsum(chance.normal(0, 0.002, at_s.size)),
        "chords that decay": tones * np.exp(-4 * (at_s % 0.75)) / 4,
        "clicks": at_s % 0.4 < 0.0005,
        "sweep": np.sin(2 * np.pi * (100 + 300 * at_s) * at_s),
        "silence": 0 * at_s,
    }
    return {name: np.asarray(0.3 * sound, np.float32) for name, sound in sounds.items()}


WITHOUT_SPEECH = _without_speech()


@pytest.mark.parametrize("name", WITHOUT_SPEECH)
def test_sound_without_speech_is_never_judged(name: str) -> None:
    items = listen(WITHOUT_SPEECH[name])
    [abstention] = items
    assert isinstance(abstention, Abstention)
    assert abstention.why is (AbstentionReason.NO_AUDIO if name == "silence" else AbstentionReason.NO_SPEECH)
    verdict = conclude(sound_file(6.0), [], [abstention], {}, {"voice": Voice.spec})
    assert verdict.label is VerdictLabel.NOT_EXAMINED
    assert abstention.detail in verdict.reason


@pytest.mark.parametrize("gain", [1.0, 0.001])
def test_speech_is_judged_however_quiet(gain: float) -> None:
    assert spans(listen(speech(6.0) * np.float32(gain))) == [(0.0, 3.0), (1.5, 4.5), (3.0, 6.0)]


def test_real_speech_of_many_origins_is_enough_to_judge(shared_data: Path) -> None:
    finder = load_speech_net(Voice.spec.aids[0])
    clips = sorted((shared_data / "audio" / "train").rglob("*.flac"))[::12]
    enough = [speech_of(read_sound(clip), finder).is_enough for clip in clips]
    assert len(enough) > 40
    # Some are digits shorter than half a second, some far-field recordings of a meeting.
    assert sum(enough) >= 0.9 * len(enough)


def test_only_the_part_with_speech_is_judged_and_the_rest_is_named() -> None:
    hum = WITHOUT_SPEECH["hum"]
    items = listen(np.concatenate([hum, speech(6.0), hum]))
    assert min(start_s for start_s, _ in spans(items)) >= 4.5
    assert max(end_s for _, end_s in spans(items)) <= 13.5
    [notice] = [item for item in items if isinstance(item, Notice)]
    assert "too little speech were not scored: 0.0 to " in notice.message


def test_a_word_in_much_hum_is_not_judged() -> None:
    hum = WITHOUT_SPEECH["hum"][: 2 * RATE_HZ]
    [abstention] = listen(np.concatenate([hum, speech(0.6), hum]))
    assert isinstance(abstention, Abstention)
    assert abstention.why is AbstentionReason.NO_SPEECH


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
    for subject in (VOICE_OF_FILE, voice_in("stream 2")):
        own = [(score.span.start_s, score.span.end_s) for score in scores if score.subject == subject]
        assert own == [(0.0, 3.0), (1.5, 4.5), (3.0, 6.0)]
    assert {score.subject for score in scores} == {VOICE_OF_FILE, voice_in("stream 2")}
    (abstention,) = [item for item in items if isinstance(item, Abstention)]
    assert abstention.subject == voice_in("stream 3")
    assert abstention.detail.startswith("The voice in stream 3: 6.0 s of sound, but silent")
    alone = [item.logit for item in listen(speech(6.0)) if isinstance(item, Score)]
    assert len(alone) == 3


def test_a_track_scores_the_same_beside_others() -> None:
    net = KnownNet(voice_card())
    alone = [item.logit for item in listen(speech(9.0), net=net) if isinstance(item, Score)]
    examination = Voice([ModelForms(net)]).begin(sound_file(9.0), Path("talk.mkv"))
    items = [
        *examination.observe(AudioChunk(speech(9.0), RATE_HZ, 0.0, RATE_HZ)),
        *examination.observe(AudioChunk(speech(4.0, 5), RATE_HZ, 0.0, RATE_HZ, "channel FR")),
        *examination.conclude(),
    ]
    beside = [item.logit for item in items if isinstance(item, Score) and item.subject == VOICE_OF_FILE]
    assert beside == alone


def test_the_strongest_window_can_be_heard_where_that_was_asked_for() -> None:
    """As it was recorded: the samples come back to the last of 16 bits."""
    rising = speech(6.0) * np.linspace(0.3, 1.0, 6 * RATE_HZ, dtype=np.float32)
    items = listen(rising, sound_clips=True)
    spectrogram, clip = (item for item in items if isinstance(item, Exhibit))
    assert clip.kind is ExhibitKind.SOUND
    assert clip.group == spectrogram.group
    assert isinstance(clip.content, SoundClip)
    with av.open(io.BytesIO(clip.content.flac)) as opened:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in opened.decode(audio=0)])
    assert clip.at_s is not None
    start = round(clip.at_s * RATE_HZ)
    expected = np.rint(rising[start : start + heard.size] * 32_767)
    np.testing.assert_array_equal(heard, expected)
    assert heard.size == 3 * RATE_HZ
    assert len(clip.content.flac) < 210_000


def test_a_long_window_is_cut_and_its_bytes_are_bounded() -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, 20 * RATE_HZ).astype(np.float32)
    exhibit = sound_exhibit(noise, Score("voice", "m", VOICE_OF_FILE, Span(2.0, 22.0), 0.0, 0.5), "strongest")
    assert isinstance(exhibit.content, SoundClip)
    assert len(exhibit.content.flac) <= 210_000
    assert exhibit.caption == "The sound as recorded, 2.0 to 8.0 s, mono, 16 kHz"
