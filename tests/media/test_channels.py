"""What is heard of a file's sound: nothing that mixing loses, every stream, and who was heard is named."""

from __future__ import annotations

import csv
from pathlib import Path

import av
import numpy as np
import pytest

from forensics.media.audio_decoder import MOST_STREAMS, survey_sound
from forensics.media.channels import ChannelSurvey, Choice
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.media.sound import RATE_HZ, level, like_speech
from forensics.records.findings import Notice
from forensics.records.media import AudioChunk, MediaUpdate, Samples, StreamInfo, StreamKind
from tests import synthetic

NATIVE_HZ = 48_000
SECONDS = 6.0


def voice(seed: int = 7, seconds: float = SECONDS, rate_hz: int = NATIVE_HZ) -> Samples:
    """Voiced, and swelling as speech does; another rhythm for another seed."""
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    rhythm_hz, pitch_hz = 1.1 + 0.37 * seed % 1.9, 110 + 13 * seed % 120
    swell = np.clip(np.sin(2 * np.pi * rhythm_hz * at_s + seed), 0, 1) + 0.02
    tone = sum(np.sin(2 * np.pi * pitch_hz * overtone * at_s) / overtone for overtone in (1, 2, 3, 5, 8))
    return np.asarray(0.1 * swell * tone, np.float32)


def noise(rms: float, seed: int = 3, seconds: float = SECONDS, rate_hz: int = NATIVE_HZ) -> Samples:
    return np.asarray(np.random.default_rng(seed).normal(0, rms, round(seconds * rate_hz)), np.float32)


def silence(seconds: float = SECONDS) -> Samples:
    return np.zeros(round(seconds * NATIVE_HZ), np.float32)


class Heard:
    """A file, decoded for its sound."""

    def __init__(self, path: Path) -> None:
        items = list(decode(path, probe(path), 1, video=False))
        self.notices = "\n".join(item.message for item in items if isinstance(item, Notice))
        self.tracks: dict[str, Samples] = {}
        for item in items:
            if isinstance(item, AudioChunk):
                self.tracks[item.track] = np.concatenate(
                    [self.tracks.get(item.track, np.zeros(0, np.float32)), item.samples]
                )
        (update,) = [item for item in items if isinstance(item, MediaUpdate)]
        self.streams: list[StreamInfo] = [
            stream for stream in update.media.streams if stream.kind is StreamKind.AUDIO
        ]

    @property
    def channels(self) -> list[tuple[str, ...]]:
        return [stream.heard for stream in self.streams]


def alike(ours: Samples, theirs: Samples) -> float:
    """Correlation of the inner part, the best over a few samples of delay."""
    n = 2 * RATE_HZ
    inner = ours[2_000 : 2_000 + n]
    return max(
        float(np.corrcoef(inner, theirs[2_000 + shift : 2_000 + shift + n])[0, 1]) for shift in range(-20, 21)
    )


def resampled(samples: Samples) -> Samples:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame.sample_rate = NATIVE_HZ
    return np.concatenate([piece.to_ndarray()[0] for piece in resampler.resample(frame)])


def test_stereo_in_opposite_phase_is_heard(tmp_path: Path) -> None:
    heard = Heard(synthetic.channels_clip(tmp_path, ("stereo", [voice(), -voice()])))
    assert heard.channels == [("FL",)]
    assert level(heard.tracks[""][: 3 * RATE_HZ], 3 * RATE_HZ) is not None
    assert alike(heard.tracks[""], resampled(voice())) > 0.99
    assert "channel FL of 2 was examined, not the mix" in heard.notices
    assert "cancel each other out for 5.5 s" in heard.notices or "out for 6.0 s" in heard.notices


def test_two_seconds_in_opposite_phase_do_not_hide_in_a_long_clip(tmp_path: Path) -> None:
    left = voice(seconds=30)
    right = left.copy()
    right[14 * NATIVE_HZ : 16 * NATIVE_HZ] *= -1
    heard = Heard(synthetic.channels_clip(tmp_path, ("stereo", [left, right])))
    within = heard.tracks[""][14 * RATE_HZ : 16 * RATE_HZ]
    assert heard.channels == [("FL",)]
    assert float(np.sqrt(np.mean(within**2))) > 0.02


def test_speech_in_one_channel_alone_is_heard_there(tmp_path: Path) -> None:
    heard = Heard(synthetic.channels_clip(tmp_path, ("stereo", [silence(), voice()])))
    assert heard.channels == [("FR",)]
    assert alike(heard.tracks[""], resampled(voice())) > 0.99
    assert "the others are silent" in heard.notices


def test_speech_beside_loud_noise_is_heard_without_it(tmp_path: Path) -> None:
    heard = Heard(synthetic.channels_clip(tmp_path, ("stereo", [noise(0.2), voice()])))
    assert heard.channels == [("FR",)]
    assert alike(heard.tracks[""], resampled(voice())) > 0.99


def test_speech_in_the_centre_of_surround_is_heard(tmp_path: Path) -> None:
    rain = [noise(0.1, seed) for seed in range(5)]
    surround = [rain[0], rain[1], voice(), silence(), rain[3], rain[4]]
    heard = Heard(synthetic.channels_clip(tmp_path, ("5.1", surround)))
    assert heard.channels == [("FC",)]
    assert alike(heard.tracks[""], resampled(voice())) > 0.99


def test_two_voices_in_two_channels_are_two_tracks(tmp_path: Path) -> None:
    heard = Heard(synthetic.channels_clip(tmp_path, ("stereo", [voice(1), voice(4)])))
    assert sorted(heard.channels[0]) == ["FL", "FR"]
    assert list(heard.tracks) == ["", f"channel {heard.channels[0][1]}"]
    by_name = dict(zip(heard.channels[0], heard.tracks.values(), strict=True))
    assert alike(by_name["FL"], resampled(voice(1))) > 0.99
    assert alike(by_name["FR"], resampled(voice(4))) > 0.99
    assert "the channels carry different sound" in heard.notices


@pytest.mark.parametrize(
    "right",
    [voice() * 0.5, np.roll(voice(), 96), voice() + noise(0.02), np.roll(voice(), 96) + noise(0.01)],
    ids=["panned", "two milliseconds later", "with hiss", "of another microphone"],
)
def test_coherent_stereo_keeps_its_bits(tmp_path: Path, right: Samples) -> None:
    path = synthetic.channels_clip(tmp_path, ("stereo", [voice(), np.asarray(right, np.float32)]))
    heard = Heard(path)
    assert heard.channels == [("mix",)]
    assert heard.notices == ""
    np.testing.assert_array_equal(heard.tracks[""], plainly_mixed(path))


def test_a_coded_stereo_clip_keeps_its_bits(tmp_path: Path) -> None:
    left = voice() + noise(0.003, 1)
    right = voice() + noise(0.003, 2)
    path = synthetic.channels_clip(tmp_path, ("stereo", [left, right]))
    assert survey_sound(path, 0) == Choice()
    np.testing.assert_array_equal(Heard(path).tracks[""], plainly_mixed(path))


def test_real_recordings_of_one_channel_keep_their_bits(shared_data: Path) -> None:
    with (shared_data / "audio" / "manifest.csv").open(newline="") as table:
        rows = [row["path"] for row in csv.DictReader(table) if row["split"] == "test"][::20]
    paths = [shared_data / "audio" / row for row in rows]
    paths += sorted((shared_data / "video").rglob("icpr*.mp4"))[:1]
    assert len(paths) > 10
    for path in paths:
        media = probe(path)
        stream = media.stream(StreamKind.AUDIO)
        if stream is not None:
            np.testing.assert_array_equal(Heard(path).tracks[""], plainly_mixed(path))


def plainly_mixed(path: Path) -> Samples:
    """FFmpeg's own way to one channel at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    pieces: list[Samples] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.clip(np.concatenate(pieces), -1, 1)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_digital_silence_and_noise_are_mixed_as_ever(tmp_path: Path, layout: str) -> None:
    n_channels = av.AudioLayout(layout).nb_channels
    for number, channels in enumerate(
        ([silence()] * n_channels, [noise(1e-4, s) for s in range(n_channels)])
    ):
        heard = Heard(synthetic.channels_clip(tmp_path, (layout, channels), name=f"{number}.mkv"))
        assert heard.channels == [("mix",)]
        assert level(heard.tracks[""][: 3 * RATE_HZ], 3 * RATE_HZ) is None


def test_every_sound_stream_is_heard_and_named(tmp_path: Path) -> None:
    heard = Heard(synthetic.channels_clip(tmp_path, ("mono", [voice(1)]), ("stereo", [voice(4), -voice(4)])))
    assert list(heard.tracks) == ["", "stream 1"]
    assert heard.channels == [("mix",), ("FL",)]
    assert alike(heard.tracks[""], resampled(voice(1))) > 0.99
    assert alike(heard.tracks["stream 1"], resampled(voice(4))) > 0.99
    assert "2 sound streams; examined, each by itself, are streams 0, 1" in heard.notices
    assert "In sound stream 1, channel FL of 2 was examined" in heard.notices


def test_of_very_many_streams_the_rest_is_named(tmp_path: Path) -> None:
    streams = [("mono", [voice(1, 0.6)])] * (MOST_STREAMS + 2)
    heard = Heard(synthetic.channels_clip(tmp_path, *streams))
    assert len(heard.tracks) == MOST_STREAMS
    assert f"not {MOST_STREAMS}, {MOST_STREAMS + 1}" in heard.notices
    assert heard.channels[-1] == ()


@pytest.mark.parametrize("dbfs", [-65, -75, -85])
def test_a_very_quiet_voice_is_heard_and_said_to_be_quiet(tmp_path: Path, dbfs: float) -> None:
    speech = voice()
    quiet = speech / np.sqrt(np.mean(speech**2)) * 10 ** (dbfs / 20) + noise(10 ** ((dbfs - 25) / 20))
    heard = Heard(synthetic.channels_clip(tmp_path, ("mono", [quiet])))
    levelled = level(heard.tracks[""][: 3 * RATE_HZ], 3 * RATE_HZ)
    assert levelled is not None
    assert float(np.sqrt(np.mean(levelled**2))) == pytest.approx(0.06, rel=0.02)
    assert "is very quiet" in heard.notices


def test_quiet_real_speech_is_told_from_noise(shared_data: Path) -> None:
    with (shared_data / "audio" / "manifest.csv").open(newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == "test"][::6]
    found = 0
    for row in rows:
        speech = Heard(shared_data / "audio" / row["path"]).tracks[""]
        quiet = speech / np.sqrt(np.mean(speech**2)) * 10 ** (-75 / 20)
        found += like_speech(np.asarray(np.round(quiet * 32768) / 32768, np.float32))
    assert found >= 0.95 * len(rows)


@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0], ids=["white", "pink", "brown"])
def test_noise_of_any_colour_stays_silent(colour: float) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        spectrum = np.fft.rfft(rng.standard_normal(3 * RATE_HZ))
        spectrum[1:] /= np.arange(1, spectrum.size) ** colour
        coloured = np.fft.irfft(spectrum)
        swelling = coloured * np.repeat(rng.choice([0.1, 1.0], 30), coloured.size // 30)
        for sound in (coloured, swelling):
            assert not like_speech(np.asarray(sound / sound.std() * 1e-4, np.float32))


def test_channels_without_names_are_numbered(tmp_path: Path) -> None:
    import wave

    path = tmp_path / "recorder.wav"
    pcm = np.round(np.stack([noise(1e-4), voice(), noise(1e-4, 5)], axis=1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as output:
        output.setnchannels(3)
        output.setsampwidth(2)
        output.setframerate(NATIVE_HZ)
        output.writeframes(pcm.tobytes())
    heard = Heard(path)
    assert heard.channels == [("2",)]
    assert alike(heard.tracks[""], resampled(voice())) > 0.99


def test_nobody_is_asked_who_speaks_where_it_does_not_matter(tmp_path: Path) -> None:
    asked: list[Samples] = []

    def speaks(samples: Samples) -> bool:
        asked.append(samples)
        return like_speech(samples)

    def surveyed(*channels: Samples) -> Choice:
        asked.clear()
        return survey_sound(
            synthetic.channels_clip(tmp_path, ("stereo", list(channels)), rate_hz=NATIVE_HZ), 0, speaks
        )

    assert surveyed(voice(), voice()) == Choice()
    assert not asked
    assert surveyed(voice(), silence()).names == ("FL",)
    assert not asked
    assert surveyed(voice(), voice(4)).names != Choice().names
    assert len(asked) == 4  # two channels, two stretches of three seconds


def test_a_survey_holds_no_more_for_a_longer_file() -> None:
    def held(seconds: int) -> int:
        survey = ChannelSurvey(("FL", "FR"))
        for _ in range(seconds):
            piece = np.stack([voice(1, 1.0, RATE_HZ), voice(4, 1.0, RATE_HZ)])
            survey.take(piece, piece.mean(axis=0))
        values = [*vars(survey).values(), *vars(survey._stretches).values()]
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))

    assert held(61) == held(7)
