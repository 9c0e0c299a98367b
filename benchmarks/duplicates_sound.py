"""Is sound found again, though coded anew, cut, turned down or noisy, and is nothing else found?

Joins clips of a manifest, ten at a time, and compares all pairs of what comes out. A match is named with
both clips, since many vocoders speak what is there as a recording too. Then codes seven seconds of ten
of them as AAC, MP3 and Opus and with noise 15 dB below, and prints how many are found and the error of
the place.

    python benchmarks/duplicates_sound.py ../shared/data/audio/manifest.csv
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from forensics.media.decode import decode
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.media.sound import RATE_HZ
from forensics.media.sound_hash import STEP_S, SoundHasher
from forensics.records.media import AudioChunk, Samples
from forensics.records.perceptual_hashes import SoundHash
from forensics.report.duplicates.sounds import candidates, compared, words_of

_JOINED = 10
_COPIES = {"AAC": (".m4a", 0.4, 1.37), "MP3": (".mp3", 0.7, 2.111), "Opus": (".ogg", 1.0, 0.5)}
_NOISE = "noise, 15 dB below"
_COPY_S = 7


def samples_of(path: Path) -> Samples:
    """float32[N] mono at 16 kHz: the first track."""
    heard = [item for item in decode(path, probe(path), 1, video=False) if isinstance(item, AudioChunk)]
    return np.concatenate([one.samples for one in heard if one.track == heard[0].track])


def hashed(samples: Samples) -> SoundHash:
    """As the detector hashes it, chunk by chunk."""
    hasher = SoundHasher(600.0)
    for start in range(0, samples.size, 10 * RATE_HZ):
        hasher.take(samples[start : start + 10 * RATE_HZ])
    return SoundHash(0.0, STEP_S, hasher.words.astype("<u4").tobytes(), hasher.whole)


def pairs(joined: Sequence[Samples], parts: Sequence[Sequence[tuple[str, Samples]]]) -> None:
    """Prints every match over all pairs."""
    began_s = time.process_time()
    hashes = [hashed(one) for one in joined]
    per_minute = 60 * (time.process_time() - began_s) * RATE_HZ / sum(one.size for one in joined)
    print(f"hashing takes {per_minute:.3f} s CPU for a minute of sound")
    first, _ = candidates([words_of(one) for one in hashes])
    n_matches = 0
    for one, other in combinations(range(len(hashes)), 2):
        match = compared(hashes[one], hashes[other])
        if match is None:
            continue
        n_matches += 1
        names = [
            _name_at(parts[place], (span.start_s + span.end_s) / 2 + 0.2)
            for place, span in ((one, match.source_span), (other, match.copy_span))
        ]
        print(f"  {match.bit_error:.3f}  {'  |  '.join(names)}")
    n_pairs = len(hashes) * (len(hashes) - 1) // 2
    print(f"{n_matches} of {n_pairs:,} pairs match; {len(first)} would have been compared by their words")


def _name_at(parts: Sequence[tuple[str, Samples]], at_s: float) -> str:
    ends = np.cumsum([samples.size / RATE_HZ for _, samples in parts])
    return parts[min(int(np.searchsorted(ends, at_s)), len(parts) - 1)][0]


def copies(joined: Sequence[Samples]) -> None:
    """Prints a line for each kind of copy."""
    chance = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as folder:
        for kind, (suffix, gain, cut_s) in (_COPIES | {_NOISE: (".wav", 0.5, 3.03)}).items():
            n_found = n_candidates = 0
            errors_s, bit_errors = [0.0], [0.0]
            for number, source in enumerate(joined):
                first = int(cut_s * RATE_HZ)
                copy = gain * source[first : first + _COPY_S * RATE_HZ]
                if kind == _NOISE:
                    level = np.sqrt(np.mean(copy**2)) * 10 ** (-15 / 20)
                    copy = copy + level * chance.standard_normal(copy.size)
                path = Path(folder) / f"{number}{suffix}"
                write_clip(path, samples=np.clip(copy, -1, 1).astype(np.float32))
                hashes = hashed(source), hashed(samples_of(path))
                n_candidates += len(candidates([words_of(one) for one in hashes])[0])
                match = compared(*hashes)
                if match is not None:
                    n_found += 1
                    errors_s.append(abs(match.source_span.start_s - match.copy_span.start_s - cut_s))
                    bit_errors.append(match.bit_error)
            print(
                f"{kind}: {n_found} of {len(joined)} found ({n_candidates} by their words); error of the "
                f"place {max(errors_s):.2f} s at most, bits that differ {max(bit_errors):.2f} at most",
                flush=True,
            )


def main() -> None:
    """Prints matches and copies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--n-clips", type=int, default=400)
    asked = parser.parse_args()
    with asked.manifest.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    order = np.random.default_rng(1).permutation(len(rows))[: asked.n_clips]
    clips = [
        (rows[place]["path"], samples_of(asked.manifest.parent / rows[place]["path"])) for place in order
    ]
    parts = [clips[start : start + _JOINED] for start in range(0, len(clips), _JOINED)]
    joined = [np.concatenate([samples for _, samples in part]) for part in parts]
    pairs(joined, parts)
    copies(joined[:10])


if __name__ == "__main__":
    main()
