"""How long does it take to find what files have in common, in a case of many files?

Makes hashes at random: four stills to each film of 32 pictures in 4 scenes with 10 s of sound; one file in
twenty is a copy of another, with up to 20 bits of every hash turned and a tenth of the sound's. Prints CPU
seconds, wall seconds, peak memory and whether every copy was found and nothing else was.

    python benchmarks/duplicates_scale.py --files 100000
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import numpy as np

from forensics.records.media import MediaFile, MediaKind
from forensics.records.perceptual_hashes import FilmHash, PerceptualHashes, SoundHash
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.report.duplicates.finding import find_duplicates

_STILLS_TO_A_FILM = 4
_COPIES = 0.05
_N_PICTURES, _N_SCENES = 32, 4
_SOUND_STEPS = 208
_VERDICT = Verdict(VerdictLabel.NO_SIGNS_FOUND, "", "")


def flipped(bits: bytes, n_turned: int, chance: np.random.Generator) -> bytes:
    """With so many bits of each 256 turned."""
    turned = np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(-1, 256)
    for row in turned:
        row[chance.permutation(256)[:n_turned]] ^= 1
    return np.packbits(turned).tobytes()


def made(number: int, chance: np.random.Generator) -> ScanResult:
    """A still or a film of its own."""
    is_film = number % (_STILLS_TO_A_FILM + 1) == 0
    media = MediaFile(f"{number}", 1, "", kind=MediaKind.VIDEO if is_film else MediaKind.IMAGE)
    if not is_film:
        return ScanResult(
            media, _VERDICT, hashes=PerceptualHashes("made", FilmHash((0.0,), chance.bytes(32)))
        )
    scenes = [chance.bytes(32) for _ in range(_N_SCENES)]
    pictures = b"".join(
        flipped(scenes[index * _N_SCENES // _N_PICTURES], 4, chance) for index in range(_N_PICTURES)
    )
    film = FilmHash(tuple(0.5 * index for index in range(_N_PICTURES)), pictures)
    sound = SoundHash(0.0, 0.048, chance.bytes(4 * _SOUND_STEPS))
    return ScanResult(media, _VERDICT, hashes=PerceptualHashes("made", film, sound=sound))


def copied(result: ScanResult, number: int, chance: np.random.Generator) -> ScanResult:
    """The same file, coded anew."""
    hashes = result.hashes
    assert hashes is not None
    assert hashes.film is not None
    film = replace(hashes.film, bits=flipped(hashes.film.bits, int(chance.integers(1, 21)), chance))
    sound = hashes.sound
    if sound is not None:
        words = np.frombuffer(sound.bits, np.uint8) ^ np.packbits(chance.random(8 * len(sound.bits)) < 0.1)
        sound = replace(sound, bits=words.astype(np.uint8).tobytes())
    media = replace(result.media, path=f"copy of {result.media.path}, {number}")
    return replace(result, media=media, hashes=replace(hashes, film=film, sound=sound))


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=100_000)
    n_files = parser.parse_args().files
    chance = np.random.default_rng(11)
    n_copies = round(_COPIES * n_files)
    rows = [(number, made(number, chance)) for number in range(n_files - n_copies)]
    sources = chance.permutation(len(rows))[:n_copies]
    expected = {(int(source), n_files - n_copies + place) for place, source in enumerate(sources)}
    rows += [(copy, copied(rows[source][1], copy, chance)) for source, copy in sorted(expected)]
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    groups = find_duplicates(rows)
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {
        (min(link.source, link.copy), max(link.source, link.copy)) for group in groups for link in group.links
    }
    print(
        f"{n_files:,} files: {cpu_s:.1f} s CPU, {wall_s:.1f} s wall, {peak_mb - before_mb:,.0f} MB more; "
        f"{len(found & expected):,} of {len(expected):,} copies found, {len(found - expected):,} other pairs"
    )


if __name__ == "__main__":
    main()
