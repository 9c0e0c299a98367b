"""Can the voice model find a second or two of synthetic speech within a longer recording?

    python benchmarks/voice_splices.py ../shared/data/audio/manifest.csv --model voice-whisper

Recordings are put together from four pristine clips of one speaker and cut into windows as a scan cuts them.
On them the bounds for windows are fitted (``evaluation.windows``), and tried on speakers that were left out.
Then a stretch of a manipulated clip is put into the middle of each recording, as loud as what it stands in.
Rows of the split ``train`` alone are read: the manifest has no other but test rows. Most of them trained the
model, which flatters it.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from clip_sound import as_loud, sound_of

from forensics import catalog
from forensics.detectors.speech import speech_of
from forensics.engines.openvino_engine import CompiledNet
from forensics.engines.speech_net import SpeechNet
from forensics.evaluation.shares import share_interval
from forensics.evaluation.windows import Clip, fit_windows, held_out_alarms
from forensics.media.sound import RATE_HZ, level
from forensics.records.input_contract import SoundContract
from forensics.records.media import Samples

_CLIPS = 4
_LENGTHS_S = (1.0, 1.5, 2.0, 3.0)


class _Ear:
    """The shipped nets, on windows as a scan takes them."""

    def __init__(self, model: str) -> None:
        self.card, folder = catalog.find(model)
        self.net = CompiledNet(self.card, folder, "f32")
        self.finder = SpeechNet(*catalog.find("speech-silero"))
        contract = self.card.contract
        if not isinstance(contract, SoundContract):
            raise SystemExit(f"{model} is no voice model")
        self.n_window = contract.n_samples
        self.n_hop = round(contract.hop_s * RATE_HZ)

    def logits(self, sound: Samples) -> tuple[list[float], list[float]]:
        """Logits of all windows with enough speech, and when they begin."""
        at, windows = [], []
        for start in range(0, sound.size - self.n_window + 1, self.n_hop):
            window = sound[start : start + self.n_window]
            levelled = level(window, self.n_window)
            if levelled is not None and speech_of(window, self.finder).is_enough:
                windows.append(levelled)
                at.append(start / RATE_HZ)
        logits = [self.net.infer(np.stack(windows[i : i + 4])).logits for i in range(0, len(windows), 4)]
        return np.concatenate(logits).tolist() if logits else [], at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="voice-whisper")
    given = parser.parse_args()
    with given.manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    ear = _Ear(given.model)
    pristine = [row for row in rows if row["label"] == "real"]
    recordings = _recordings(pristine, given.manifest.parent)
    clips = []
    for group, sound in recordings:
        logits, at = ear.logits(sound)
        if logits:
            clips.append(Clip(tuple(logits), False, group, tuple(at)))
    _fit(ear, clips)
    fakes = [sound_of(given.manifest.parent / row["path"]) for row in rows if row["label"] == "fake"]
    _splice(
        ear, recordings, clips, [sound for sound in fakes if sound.size >= max(_LENGTHS_S) * RATE_HZ - 160]
    )


def _fit(ear: _Ear, clips: list[Clip]) -> None:
    rule = fit_windows(clips, ear.card.contract, data="")
    if rule is None:
        raise SystemExit("Too few recordings.")
    print(rule.rule)
    print("bounds:", ", ".join(f"{n:g}: {bound:.2f}" for n, bound in rule.departures))
    signs = ear.card.thresholds.signs if ear.card.thresholds else 1.0
    n_alarms, n_clips = held_out_alarms(
        clips, ear.card.contract, lambda logit: ear.card.manipulation_score(logit) >= signs
    )
    lower, upper = share_interval(n_alarms, n_clips)
    print(
        f"held out by group: {n_alarms} of {n_clips} recordings raise an alarm ({lower:.1%} to {upper:.1%})"
    )


def _splice(
    ear: _Ear, recordings: list[tuple[str, Samples]], clips: list[Clip], fakes: list[Samples]
) -> None:
    rule = fit_windows(clips, ear.card.contract, data="")
    assert rule is not None
    assert ear.card.thresholds is not None
    chance = np.random.default_rng(5)
    for length_s in _LENGTHS_S:
        n_found = n_high = n_named = 0
        for _, sound in recordings:
            fake = fakes[int(chance.integers(len(fakes)))][: round(length_s * RATE_HZ)]
            middle = sound.size // 2
            scale = np.sqrt(np.mean(sound**2) / np.mean(fake**2))
            logits, at = ear.logits(np.concatenate([sound[:middle], scale * fake, sound[middle:]]))
            mean = float(np.mean(logits))
            high = [
                (logit, when)
                for logit, when in zip(logits, at, strict=True)
                if ear.card.manipulation_score(logit) >= ear.card.thresholds.signs
            ]
            n_high += bool(high)
            found = [when for logit, when in high if logit - mean >= rule.departure(rule.count(at))]
            n_found += bool(found)
            start_s = middle / RATE_HZ
            n_named += any(start_s - 3 < when < start_s + length_s for when in found)
        n = len(recordings)
        print(
            f"{length_s:g} s put in: signs in {n_found} of {n} recordings, at the right place {n_named}; "
            f"a window reaches the threshold in {n_high}"
        )


def _recordings(rows: list[dict[str, str]], root: Path) -> list[tuple[str, Samples]]:
    by_group: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_group[row["group"]].append(row["path"])
    found = []
    for group, paths in sorted(by_group.items()):
        for at in range(0, len(paths) - _CLIPS + 1, _CLIPS):
            parts = [sound_of(root / path) for path in paths[at : at + _CLIPS]]
            found.append((group, np.concatenate([as_loud(part) for part in parts])))
    return found


if __name__ == "__main__":
    main()
