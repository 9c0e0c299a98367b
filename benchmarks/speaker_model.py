"""Makes ``models/speaker-ge2e`` from the published weights of Resemblyzer's voice encoder, and compares both.

    pip download --no-deps resemblyzer==0.1.4 && unzip Resemblyzer-0.1.4-py3-none-any.whl
    python benchmarks/speaker_model.py resemblyzer/pretrained.pt models/speaker-ge2e

The net is the work of Corentin Jemine (Resemble AI), Apache licence 2.0; its text lies beside the model. The
weights are stored in half precision; by how much that moves a number is printed and stands in the card.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from forensics import catalog
from forensics.engines.speaker_net import N_HEARD, SpeakerNet
from forensics.media.hashing import sha256_of
from forensics.media.sound import LEVEL_RMS
from forensics.records.input_contract import SoundContract
from forensics.records.model_card import ModelCard
from forensics.training.ir_metadata import store
from forensics.training.speaker_encoder import SpeakerEncoder, read_encoder, to_openvino

_PUBLISHED = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
READING = (
    "sound: float32[N, 25600] mono at 16 kHz, RMS 0.0316. speaker: float32[N, 256] of length 1, none below "
    "0; the product of two says how alike two voices are."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    digest = sha256_of(given.checkpoint)
    if digest != _PUBLISHED:
        raise SystemExit(f"{given.checkpoint} is not the file of Resemblyzer 0.1.4: its SHA-256 is {digest}")
    card = ModelCard(
        id=given.out.name,
        version="1",
        task="speakers",
        net="ge2e-lstm",
        summary="",
        licence="Apache-2.0 (Corentin Jemine, Resemble AI, Resemblyzer 0.1.4); see LICENSE-resemblyzer.txt",
        training_data=(
            "As its author says: LibriSpeech's training set, VoxCeleb1 (dev A to D) and VoxCeleb2, 3,201 "
            "hours of 8,371 speakers. LibriSpeech is under CC BY 4.0; so are VoxCeleb's lists, whose sound "
            "is of videos on YouTube. The weights were released by their author. From pretrained.pt of the "
            f"package Resemblyzer 0.1.4, SHA-256 {digest}."
        ),
        contract=SoundContract(rate_hz=16_000, window_s=1.6, hop_s=1.6),
        variants=(),
        limits=(
            "It says how alike two voices of one recording sound, not who somebody is. People of one sex and "
            "age, and whoever imitates somebody, sound alike to it; one person who shouts, acts or moves to "
            "another microphone may not.",
            "Trained mostly on English: other languages do worse.",
            "Its numbers are biometric data. They are made and compared within one file; none is recorded.",
        ),
    )
    net = read_encoder(given.checkpoint)
    card = replace(card, variants=(store(to_openvino(net), card, "f16", given.out, READING),))
    change = _change(net, card, given.out)
    summary = (
        "tells the speakers of a recording apart, 256 numbers of 1.6 s; Resemblyzer's LSTM, converted; half "
        f"precision moves a number by at most {change:.1e}"
    )
    print(summary)
    catalog.write_card(replace(card, summary=summary), given.out)


def _change(net: SpeakerEncoder, card: ModelCard, folder: Path) -> float:
    """Largest difference in a number between the published net and the stored form, on noise that swells."""
    stored = SpeakerNet(card, folder)
    dice = np.random.default_rng(1)
    at = np.arange(N_HEARD)
    sound = dice.normal(0, 1, (24, N_HEARD)) * np.abs(np.sin(at / dice.uniform(500, 4_000, (24, 1))))
    # Pulses at the pitch of voices among the noise: on noise alone the net always says the same.
    sound += 4 * (at % dice.integers(50, 200, (24, 1)) == 0)
    sound = np.asarray(sound / np.sqrt((sound**2).mean(axis=1, keepdims=True)) * LEVEL_RMS, np.float32)
    with torch.inference_mode():
        before = net(torch.from_numpy(sound) * (10 ** (-30 / 20) / LEVEL_RMS)).numpy()
    return float(np.abs(before - stored.describe(sound)[:, 0]).max())


if __name__ == "__main__":
    main()
