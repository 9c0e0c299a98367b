"""The shipped speaker net says what the published one says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from forensics import catalog
from forensics.engines.speaker_net import N_HEARD, N_NUMBERS, SpeakerNet, load_speaker_net
from forensics.errors import EngineError, ModelError
from forensics.media.sound import LEVEL_RMS
from tests import synthetic

# What Resemblyzer 0.1.4 (embed_utterance, with torch 2.8 and librosa 0.11) gives of the two voices below.
REFERENCE = json.loads((Path(__file__).parent / "speaker_reference.json").read_text("utf-8"))
MOST_APART = 1e-3


def voice(seed: int, pitch_hz: float) -> np.ndarray:
    """float32[25600]: made speech, as loud as the scan's windows are."""
    sound = synthetic.talk(1.6, seed=seed, pitch_hz=pitch_hz)
    return np.asarray(sound * (LEVEL_RMS / np.sqrt(np.mean(sound**2))), np.float32)


@pytest.fixture(scope="module")
def net() -> SpeakerNet:
    return load_speaker_net("speaker-ge2e")


def test_the_shipped_net_gives_the_published_numbers(net: SpeakerNet) -> None:
    given = net.describe(np.stack([voice(1, 110), voice(2, 230)]))[:, 0]
    assert given.shape == (2, N_NUMBERS)
    assert np.abs(given - np.array(REFERENCE)).max() <= MOST_APART
    assert np.abs(np.array(REFERENCE[0]) - REFERENCE[1]).max() > 100 * MOST_APART


def test_windows_of_a_batch_do_not_touch_each_other(net: SpeakerNet) -> None:
    first, second = voice(1, 110), voice(2, 230)
    both = net.describe(np.stack([first, second]))
    assert np.allclose(both[0], net.describe(first[None])[0], atol=1e-5)
    assert np.allclose(both[1], net.describe(second[None])[0], atol=1e-5)


@pytest.mark.parametrize(("n_samples", "n_stretches"), [(N_HEARD, 1), (48_000, 2), (64_000, 3)])
def test_a_window_is_heard_from_its_first_sample_to_its_last(
    net: SpeakerNet, n_samples: int, n_stretches: int
) -> None:
    sound = np.resize(voice(1, 110), n_samples)
    [whole] = net.describe(sound[None])
    assert whole.shape == (n_stretches, N_NUMBERS)
    assert np.allclose(np.linalg.norm(whole, axis=1), 1.0, atol=1e-5)
    sound[:N_HEARD] = voice(2, 230)
    assert net.describe(sound[None])[0, 0] @ net.describe(voice(2, 230)[None])[0, 0] > 0.999
    sound[-N_HEARD:] = voice(3, 180)
    assert net.describe(sound[None])[0, -1] @ net.describe(voice(3, 180)[None])[0, 0] > 0.999
    assert whole[0] @ whole[-1] < 0.999 or n_stretches == 1


def test_how_loud_a_window_is_does_not_matter(net: SpeakerNet) -> None:
    sound = voice(1, 110)[None]
    assert np.allclose(net.describe(sound), net.describe(0.1 * sound), atol=1e-5)


def test_silence_has_no_direction_but_is_a_number(net: SpeakerNet) -> None:
    assert np.isfinite(net.describe(np.zeros((1, N_HEARD), np.float32))).all()


def test_what_is_not_the_net_is_refused(tmp_path: Path) -> None:
    card, _ = catalog.find("speaker-ge2e")
    sound = ops.parameter([-1, N_HEARD], np.float32)
    mean = ops.reduce_mean(sound, np.array([1]), keep_dims=True)
    mean.output(0).get_tensor().set_names({"speaker"})
    ov.save_model(ov.Model([mean], [sound]), tmp_path / "model.xml")
    with pytest.raises(EngineError, match="does not give 256 numbers"):
        SpeakerNet(card, tmp_path)
    damaged = replace(card.variants[0], xml="damaged.xml")
    (tmp_path / "damaged.xml").write_text("not a net", "utf-8")
    with pytest.raises(EngineError, match="cannot run speaker-ge2e"):
        SpeakerNet(replace(card, variants=(damaged,)), tmp_path)
    with pytest.raises(ModelError):
        load_speaker_net("speaker-of-another")


def test_the_files_are_those_of_the_card() -> None:
    card, folder = catalog.find("speaker-ge2e")
    assert catalog.verify(card, folder) < 10_000_000
    assert "Apache-2.0" in card.licence
    assert "Copyright 2019 Resemble.AI" in (folder / "LICENSE-resemblyzer.txt").read_text("utf-8")
