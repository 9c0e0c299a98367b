"""Does a long recording get another score if its windows do not overlap?

    python benchmarks/voice_overlap.py LIST_CLIPS/manifest.csv --model voice-whisper

Clips of one repository and label (validation rows of clips rebuilt from a list of public repositories) are
joined to recordings. All windows of the model's contract are scored, each beginning half a window after the
one before it; the mean over all of them is compared with the mean over every second one, which cover the
recording once. Prints how far manipulation scores move, how many recordings pass the threshold for signs
either way, and the AUC over recordings.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from clip_sound import sound_of
from sklearn.metrics import roc_auc_score

from forensics import catalog
from forensics.detectors.speech import speech_of
from forensics.engines.openvino_engine import CompiledNet
from forensics.engines.speech_net import SpeechNet
from forensics.media.sound import RATE_HZ, level
from forensics.records.input_contract import SoundContract
from forensics.records.media import Samples


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="voice-whisper", help="a voice model's id or folder")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a recording")
    parser.add_argument("--most", type=int, default=2, help="recordings of a repository and label")
    given = parser.parse_args()
    card, folder = catalog.find(given.model)
    assert isinstance(card.contract, SoundContract), "not a voice model"
    assert card.thresholds is not None, "the model has no thresholds"
    net, finder = CompiledNet(card, folder, "f32"), SpeechNet(*catalog.find("speech-silero"))
    n_window = card.contract.n_samples
    truth, means = [], []
    for manipulated, sound in recordings(given.manifest, round(given.seconds * RATE_HZ), given.most):
        logits, even = [], []
        for place, start in enumerate(range(0, sound.size - n_window + 1, n_window // 2)):
            window = sound[start : start + n_window]
            levelled = level(window, n_window)
            if levelled is not None and speech_of(window, finder).is_enough:
                logits.append(float(net.infer(levelled[None]).logits[0]))
                even.append(place % 2 == 0)
        if any(even):
            truth.append(manipulated)
            means.append((float(np.mean(logits)), float(np.mean(np.array(logits)[even]))))
    labels = np.array(truth)
    scores = np.array([[card.manipulation_score(mean) for mean in pair] for pair in means])
    moved = np.abs(scores[:, 0] - scores[:, 1])
    print(f"{len(labels)} recordings of {given.seconds:g} s, {labels.sum()} of them manipulated")
    print(f"manipulation scores move by {moved.mean():.3f} in the mean, {moved.max():.3f} at most")
    for name, column in (("overlapping", 0), ("covered once", 1)):
        high = scores[:, column] >= card.thresholds.signs
        print(
            f"{name}: AUC {roc_auc_score(labels, scores[:, column]):.3f}, signs in "
            f"{(high & labels).sum()} manipulated and {(high & ~labels).sum()} pristine ones"
        )


def recordings(manifest: Path, n_wanted: int, most: int) -> list[tuple[bool, Samples]]:
    """Label and sound of as many whole recordings as the clips give, at most so many of each kind."""
    clips: dict[tuple[str, str], list[Path]] = defaultdict(list)
    with manifest.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            if line["split"] == "val":
                clips[line["repo"], line["label"]].append(manifest.parent / line["file"])
    found = []
    for (_, label), paths in sorted(clips.items()):
        rest = iter(paths)
        for _ in range(most):
            parts: list[Samples] = []
            while sum(part.size for part in parts) < n_wanted and (path := next(rest, None)):
                parts.append(sound_of(path))
            if sum(part.size for part in parts) >= n_wanted:
                found.append((label == "fake", np.concatenate(parts)[:n_wanted]))
    return found


if __name__ == "__main__":
    main()
