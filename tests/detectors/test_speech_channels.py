"""Of channels that carry different sound, a scan hears those in which Silero VAD hears somebody speak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forensics.detectors.speech import anybody_speaks
from forensics.detectors.voice import Voice
from forensics.engines.speech_net import load_speech_net
from forensics.media.audio_decoder import survey_sound
from forensics.media.discovery import Found, discover
from forensics.media.probe import probe
from forensics.media.sound import like_speech
from forensics.records.media import Samples
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import assemble, choose_detectors
from forensics.settings import ScanSettings
from forensics.training.data.clip_sound import sound_of
from tests import synthetic

RATE_HZ = 48_000


def organ(seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    """Chords that swell: as periodic as a voice, and nobody speaks."""
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    swell = 0.25 + 0.75 * np.sin(2 * np.pi * 0.8 * at_s) ** 2
    tones = [np.sin(2 * np.pi * hz * at_s) / number for number, hz in enumerate((220, 440, 660, 880, 330), 1)]
    return np.asarray(0.1 * swell * np.sum(tones, axis=0), np.float32)


def channels() -> list[Samples]:
    return [organ(6.0), 0.5 * synthetic.talk(6.0, RATE_HZ)]


@pytest.fixture
def music_and_voice(tmp_path: Path) -> Path:
    return synthetic.channels_clip(tmp_path, ("stereo", channels()), rate_hz=RATE_HZ)


def test_music_passes_for_speech_by_level_and_pitch_and_not_by_the_net() -> None:
    finder = load_speech_net(Voice.spec.aids[0])
    music, voice = organ(3.0, 16_000), synthetic.talk(3.0, 16_000)
    assert like_speech(music)
    assert not anybody_speaks(music, finder)
    assert anybody_speaks(voice, finder)
    assert not anybody_speaks(voice[:4000], finder), "a quarter of a second"
    assert not anybody_speaks(np.full(48_000, np.nan, np.float32), finder)


def test_the_channel_of_music_is_left_out_where_the_net_hears(music_and_voice: Path) -> None:
    finder = load_speech_net(Voice.spec.aids[0])
    assert set(survey_sound(music_and_voice, 0).names) == {"FL", "FR"}
    assert survey_sound(music_and_voice, 0, lambda samples: anybody_speaks(samples, finder)).names == ("FR",)


def test_a_scan_for_voices_asks_its_detector(music_and_voice: Path) -> None:
    settings = ScanSettings(paths=(music_and_voice,), detectors=("voice",))
    context = assemble(settings, choose_detectors(settings))
    [found] = [one for one in discover([music_and_voice]) if isinstance(one, Found)]
    result = examine(found, context)
    notices = [notice.message for notice in result.notices]
    assert any("channel FR of 2 was examined" in message for message in notices), notices
    assert result.scores
    without = ScanSettings(paths=(music_and_voice,), detectors=("face",))
    assert assemble(without, choose_detectors(without)).speaks is like_speech


def test_training_hears_the_channel_that_a_scan_hears(music_and_voice: Path) -> None:
    heard = sound_of(music_and_voice, probe(music_and_voice))
    organ_s, voice_s = (np.interp(np.arange(heard.size) * 3, np.arange(one.size), one) for one in channels())
    assert abs(np.corrcoef(heard, voice_s)[0, 1]) > 0.9
    assert abs(np.corrcoef(heard, organ_s)[0, 1]) < 0.1
