"""What does it cost to choose the channels of stereo sound that are heard, and which are chosen?

    python benchmarks/channel_choice.py ../shared/data/audio/manifest.csv

Joins clips of the training split to sounds of about twelve seconds, and puts two into each stereo file: the
same sound with a little noise, two voices, one voice in opposite phase, a voice beside silence, a voice
beside noise. Prints the processor time of the choice for each second of sound (the lowest of the runs), and
how often each choice was made.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
import wave
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from forensics.detectors.declarations import VOICE
from forensics.detectors.speech import anybody_speaks
from forensics.engines.speech_net import load_speech_net
from forensics.media.audio_decoder import survey_sound
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.media.sound import RATE_HZ
from forensics.records.media import AudioChunk, Samples

CLIPS_JOINED = 4


def main() -> None:
    """Prints a row for each kind of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--files", type=int, default=12, help="of each kind")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    sounds = joined(options.manifest, options.files)
    noise = np.random.default_rng(1)
    speaks = partial(anybody_speaks, finder=load_speech_net(VOICE.aids[0]))
    print("| kind | files | seconds | processor time, ms a second | chosen |\n|---|---:|---:|---:|---|")
    for kind in ("the same sound", "two voices", "opposite phase", "silence beside", "noise beside"):
        cost_s = length_s = 0.0
        chosen: Counter[str] = Counter()
        for number, sound in enumerate(sounds):
            beside = {
                "the same sound": sound + noise.normal(0, 1e-3, sound.size),
                "two voices": sounds[(number + 1) % len(sounds)],
                "opposite phase": -sound,
                "silence beside": np.zeros_like(sound),
                "noise beside": noise.normal(0, 0.05, sound.size),
            }[kind]
            with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                length_s += written(Path(file.name), sound, np.asarray(beside, np.float32))
                runs = []
                for _ in range(options.runs):
                    began_s = time.process_time()
                    choice = survey_sound(Path(file.name), 0, speaks)
                    runs.append(time.process_time() - began_s)
                cost_s += min(runs)
                chosen[" and ".join(choice.names)] += 1
        made = ", ".join(f"{name}: {n}" for name, n in chosen.most_common())
        print(f"| {kind} | {len(sounds)} | {length_s:.0f} | {1000 * cost_s / length_s:.2f} | {made} |")


def joined(manifest: Path, n_sounds: int) -> list[Samples]:
    """Several clips after each other, float32[N] mono."""
    with manifest.open(encoding="utf-8", newline="") as table:
        paths = [manifest.parent / row["path"] for row in csv.DictReader(table) if row["split"] == "train"]
    clips = [
        np.concatenate(
            [item.samples for item in decode(path, probe(path), 1) if isinstance(item, AudioChunk)]
        )
        for path in paths[: n_sounds * CLIPS_JOINED]
    ]
    return [np.concatenate(clips[at : at + CLIPS_JOINED]) for at in range(0, len(clips), CLIPS_JOINED)]


def written(path: Path, left: Samples, right: Samples) -> float:
    """A stereo file as long as the shorter one; its seconds."""
    n_samples = min(left.size, right.size)
    both = np.stack([left[:n_samples], right[:n_samples]], axis=1).clip(-1, 1)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((both * 32767).astype("<i2").tobytes())
    return n_samples / RATE_HZ


if __name__ == "__main__":
    main()
