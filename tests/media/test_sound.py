"""Levelling takes off what tells one collection from another and keeps what was said."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from forensics.media.sound import MIN_SPEECH_S, RATE_HZ, _band_pass, level
from forensics.records.media import Samples

N_WINDOW = 3 * RATE_HZ


def tone(hz: float, duration_s: float, amplitude: float = 0.2) -> Samples:
    t = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    return np.asarray(amplitude * np.sin(2 * np.pi * hz * t), np.float32)


def share_of_energy(samples: Samples, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(samples.size, 1 / RATE_HZ)
    return float(power[(hz >= low_hz) & (hz <= high_hz)].sum() / power.sum())


def levelled(samples: Samples) -> Samples:
    result = level(samples, N_WINDOW)
    assert result is not None
    return result


@pytest.mark.parametrize("duration_s", [0.7, 3.0, 5.0])
def test_every_window_has_the_same_length_and_loudness(duration_s: float) -> None:
    result = levelled(tone(300, duration_s))
    assert result.shape == (N_WINDOW,)
    assert result.dtype == np.float32
    assert float(np.sqrt(np.mean(result**2))) == pytest.approx(0.06, rel=0.01)


def test_the_recording_level_and_an_offset_make_no_difference() -> None:
    quiet, loud = tone(440, 3.0, 0.02), tone(440, 3.0, 0.9)
    assert levelled(quiet) == pytest.approx(levelled(loud), abs=1e-5)
    assert levelled(loud + np.float32(0.05)) == pytest.approx(levelled(loud), abs=2e-2)


def test_silent_edges_make_no_difference() -> None:
    speech = np.random.default_rng(3).normal(0, 0.1, RATE_HZ).astype(np.float32)
    padded = np.concatenate([np.zeros(RATE_HZ, np.float32), speech, np.zeros(RATE_HZ // 2, np.float32)])
    alone, within = levelled(speech), levelled(padded)
    # The filter rings into the silence, so that a frame of 20 ms more may be kept on either side.
    likeness = np.correlate(within[:12_000], alone[2_000:10_000], mode="valid")
    assert likeness.max() / (alone[2_000:10_000] ** 2).sum() > 0.95


def test_rumble_and_hiss_outside_the_band_are_taken_off() -> None:
    mixed = tone(25, 3.0) + tone(500, 3.0) + tone(7_800, 3.0)
    result = levelled(mixed)
    assert share_of_energy(result, 480, 520) > 0.98


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(N_WINDOW, np.float32),
        tone(300, MIN_SPEECH_S / 2),
        tone(300, 3.0, 1e-5),
        np.full(N_WINDOW, np.nan, np.float32),
        np.zeros(0, np.float32),
    ],
    ids=["silence", "too short", "too quiet", "not numbers", "empty"],
)
def test_what_holds_no_sound_gives_nothing(samples: Samples) -> None:
    assert level(samples, N_WINDOW) is None


def test_a_click_in_silence_is_not_speech() -> None:
    click = np.zeros(N_WINDOW, np.float32)
    click[20_000:20_100] = 0.5
    assert level(click, N_WINDOW) is None


def test_the_same_sound_gives_the_same_window() -> None:
    assert np.array_equal(levelled(tone(300, 2.0)), levelled(tone(300, 2.0)))


def test_the_band_is_that_of_a_butterworth_filter_run_both_ways() -> None:
    sections = butter(4, (60.0, 7_000.0), btype="bandpass", fs=RATE_HZ, output="sos")
    sound = np.asarray(np.random.default_rng(6).standard_normal(2 * RATE_HZ) * 0.1, np.float32)
    expected = sosfiltfilt(sections, sound.astype(np.float64))
    # At the very ends each guesses in its own way what came before.
    inner = slice(RATE_HZ // 10, -RATE_HZ // 10)
    np.testing.assert_allclose(_band_pass(sound)[inner], expected[inner], atol=1e-5 * float(np.std(sound)))


def test_a_window_is_levelled_without_the_slow_import_of_scipys_filters() -> None:
    program = (
        "import sys; import numpy as np; from forensics.media.sound import level; "
        "level(np.random.default_rng(1).standard_normal(16_000).astype(np.float32), 16_000); "
        "print('scipy.signal' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ran.stdout.strip() == "False"
