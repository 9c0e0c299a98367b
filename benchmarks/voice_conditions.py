"""What do telephone lines, lossy codecs and languages do to the voice model's figures?

    python benchmarks/voice_conditions.py LIST_CLIPS/manifest.csv --model voice-whisper

Reads the validation rows of clips that were rebuilt from a list of public repositories (columns repo, file,
label, language, split), at most so many a repository and label; test rows are not read. Every clip is
examined as in a scan, once as it is and once through each condition; its score is the mean over its windows.
Prints for each condition the mean over repositories with both labels of the AUC within them, its 95 %
interval drawn by repository, and at the model's threshold for signs the share of manipulated clips that are
found and of pristine clips that raise an alarm, with exact 95 % intervals; then false alarms in each
repository of pristine speech alone, and the same figures by language, as the clips are.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly
from sklearn.metrics import roc_auc_score

from forensics import catalog
from forensics.detectors.detector import ModelForms
from forensics.detectors.voice import Voice
from forensics.engines.openvino_engine import CompiledNet
from forensics.evaluation.shares import share_text
from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.media.recompress import over_telephone, sound_through
from forensics.media.sound import RATE_HZ
from forensics.records.findings import Score
from forensics.records.media import AudioChunk, Samples
from forensics.records.model_card import ModelCard

# Fewer clips of a label say nothing of a repository.
FEWEST = 5
N_RESAMPLES = 2_000
Change = Callable[[Samples], Samples]


@dataclass(frozen=True)
class Clip:
    """A row of the manifest."""

    path: Path
    manipulated: bool
    repository: str
    language: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--model", default="voice-whisper", help="a voice model's id or folder")
    parser.add_argument("--most", type=int, default=40, help="clips of a repository and label")
    parser.add_argument("--conditions", nargs="+", default=list(CONDITIONS), choices=list(CONDITIONS))
    given = parser.parse_args()
    clips = validation_clips(given.manifest, given.most)
    card, folder = catalog.find(given.model)
    detector = Voice([ModelForms(CompiledNet(card, folder, "f32"))])
    if card.thresholds is None:
        parser.error(f"{card.id} has no thresholds")
    print(f"{card.id} {card.version}, {len(clips)} validation clips\n")
    print("| condition | n | AUC, mean of repositories | found | false alarms |\n|---|---|---|---|---|")
    as_they_are: npt.NDArray[np.float64] | None = None
    for name in given.conditions:
        scores = scored(detector, clips, CONDITIONS[name])
        as_they_are = scores if name == "as they are" else as_they_are
        print(f"| {name} | {row(clips, scores, card)} |", flush=True)
    if as_they_are is not None:
        by_part(clips, as_they_are, card)


def validation_clips(manifest: Path, most: int) -> list[Clip]:
    taken: Counter[tuple[str, str]] = Counter()
    found = []
    with manifest.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            place = line["repo"], line["label"]
            if line["split"] == "val" and taken[place] < most:
                taken[place] += 1
                path = manifest.parent / line["file"]
                found.append(Clip(path, line["label"] == "fake", line["repo"], line["language"]))
    return found


def scored(detector: Voice, clips: list[Clip], change: Change) -> npt.NDArray[np.float64]:
    """float64[N] mean logit of every clip; NaN where the detector abstains."""
    means = []
    for clip in clips:
        media = probe(clip.path)
        chunks = [item for item in decode(clip.path, media, 1, video=False) if isinstance(item, AudioChunk)]
        sound = change(np.concatenate([chunk.samples for chunk in chunks]))
        examination = detector.begin(media, clip.path)
        found = [*examination.observe(replace(chunks[0], samples=sound)), *examination.conclude()]
        logits = [item.logit for item in found if isinstance(item, Score)]
        means.append(float(np.mean(logits)) if logits else np.nan)
    return np.array(means)


def row(clips: list[Clip], scores: npt.NDArray[np.float64], card: ModelCard) -> str:
    """Counts, AUC and shares of the clips that have a score."""
    heard = np.isfinite(scores)
    truth = np.array([clip.manipulated for clip in clips])[heard]
    places = np.array([clip.repository for clip in clips])[heard]
    return f"{(truth).sum()} + {(~truth).sum()} | {auc_text(scores[heard], truth, places)} | " + shares(
        scores[heard], truth, card
    )


def shares(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_], card: ModelCard) -> str:
    assert card.thresholds is not None
    high = np.array([card.manipulation_score(float(score)) >= card.thresholds.signs for score in scores])
    parts = [share_text(int(high[of].sum()), int(of.sum())) for of in (truth, ~truth)]
    return " | ".join(parts)


def auc_text(
    scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_], places: npt.NDArray[np.str_]
) -> str:
    aucs = []
    for place in np.unique(places):
        here = places == place
        if min(truth[here].sum(), (~truth[here]).sum()) >= FEWEST:
            aucs.append(roc_auc_score(truth[here], scores[here]))
    if len(aucs) < 2:
        return "".join(f"{auc:.3f} (one repository)" for auc in aucs)
    drawn = np.random.default_rng(0).integers(len(aucs), size=(N_RESAMPLES, len(aucs)))
    lowest, highest = np.percentile(np.array(aucs)[drawn].mean(axis=1), [2.5, 97.5])
    return f"{np.mean(aucs):.3f} ({lowest:.3f} to {highest:.3f}, {len(aucs)})"


def by_part(clips: list[Clip], scores: npt.NDArray[np.float64], card: ModelCard) -> None:
    """False alarms of repositories of pristine speech alone, and the figures of each language."""
    mixed = {clip.repository for clip in clips if clip.manipulated}
    alone = sorted({clip.repository for clip in clips} - mixed)
    print("\n| pristine speech alone | n | false alarms |\n|---|---|---|")
    for name in alone:
        here = np.array([clip.repository == name for clip in clips]) & np.isfinite(scores)
        alarms = shares(scores[here], np.zeros(here.sum(), bool), card).split(" | ")[1]
        print(f"| {name} | {here.sum()} | {alarms} |")
    print("\n| language | n | AUC, mean of repositories | found | false alarms |\n|---|---|---|---|---|")
    for language in sorted({clip.language for clip in clips}):
        chosen = [place for place, clip in enumerate(clips) if clip.language == language]
        print(f"| {language} | {row([clips[place] for place in chosen], scores[chosen], card)} |")


def _at_8_khz(sound: Samples) -> Samples:
    return np.asarray(resample_poly(resample_poly(sound, 1, 2), 2, 1)[: sound.size], np.float32)


def _coded(codec: str, bit_rate_bps: int) -> Change:
    return lambda sound: sound_through(sound, RATE_HZ, codec, bit_rate_bps)


def _called(codec: str, bit_rate_bps: int = 12_200) -> Change:
    return lambda sound: over_telephone(sound, RATE_HZ, codec, bit_rate_bps)


CONDITIONS: dict[str, Change] = {
    "as they are": lambda sound: sound,
    "8 kHz": _at_8_khz,
    "telephone, G.711 µ-law": _called("pcm_mulaw"),
    "telephone, AMR 12.2 kbit/s": _called("libopencore_amrnb", 12_200),
    "telephone, AMR 5.9 kbit/s": _called("libopencore_amrnb", 5_900),
    "telephone, G.726 32 kbit/s": _called("g726"),
    "MP3 64 kbit/s": _coded("libmp3lame", 64_000),
    "MP3 32 kbit/s": _coded("libmp3lame", 32_000),
    "AAC 32 kbit/s": _coded("aac", 32_000),
    "Opus 24 kbit/s": _coded("libopus", 24_000),
    "Opus 12 kbit/s": _coded("libopus", 12_000),
}


if __name__ == "__main__":
    main()
