"""Sound on its way through codecs: as long as before, and narrow where a telephone is."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.media.recompress import TELEPHONE_CODECS, over_telephone
from forensics.media.sound import RATE_HZ
from forensics.records.media import Samples


def voiced(duration_s: float = 1.0) -> Samples:
    """Harmonics of 120 Hz up to 7 kHz."""
    at_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    return np.asarray(0.02 * sum(np.sin(2 * np.pi * 120 * k * at_s) for k in range(1, 59)), np.float32)


def share_between(sound: Samples, lowest_hz: float, highest_hz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    at_hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    return float(power[(at_hz >= lowest_hz) & (at_hz < highest_hz)].sum() / power.sum())


@pytest.mark.parametrize("codec", sorted(TELEPHONE_CODECS))
def test_a_telephone_line_keeps_the_length_and_passes_its_band_alone(codec: str):
    sound = voiced()
    heard = over_telephone(sound, RATE_HZ, codec)
    assert heard.dtype == np.float32
    assert heard.shape == sound.shape
    assert share_between(sound, 4_200, 8_000) > 0.3
    assert share_between(heard, 4_200, 8_000) < 0.01
    assert share_between(heard, 0, 200) < 0.02


def test_the_band_arrives_as_it_was_sent_but_for_the_codec():
    # The codec's noise and the line's phase aside, G.711 keeps the energy of each part of its band.
    sound = voiced()
    heard = over_telephone(sound, RATE_HZ, "pcm_mulaw")
    for lowest_hz in range(600, 3_000, 600):
        sent = share_between(sound, lowest_hz, lowest_hz + 600) / share_between(sound, 600, 3_000)
        arrived = share_between(heard, lowest_hz, lowest_hz + 600) / share_between(heard, 600, 3_000)
        assert arrived == pytest.approx(sent, rel=0.1)


def test_a_lower_mode_of_amr_loses_more():
    sound = voiced()
    clear = over_telephone(sound, RATE_HZ, "pcm_alaw")
    lost = {
        bps: float(
            np.std(
                np.abs(np.fft.rfft(over_telephone(sound, RATE_HZ, "libopencore_amrnb", bps)))
                - np.abs(np.fft.rfft(clear))
            )
        )
        for bps in (5_900, 12_200)
    }
    assert lost[5_900] > lost[12_200]
