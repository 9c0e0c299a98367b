"""Which training clips share a recording or a reader with test clips?

    python benchmarks/voice_shared.py --train LIST_CLIPS/manifest.csv \
        --train ../shared/data/audio/manifest.csv --test LIST_TEST_CLIPS/manifest.csv \
        --test ../shared/data/audio/manifest.csv --out shared.csv

Manifests of clips rebuilt from a list of public repositories (columns repo, path, file, label, split) or of
``../shared/data/audio`` (path, group, label, split); of ``--train`` the rows of the splits train and val
are read, of ``--test`` those of test. Recordings are compared by the sound hash of ``forensics duplicates``:
three seconds in common. Readers are those of LibriSpeech and VCTK, whose numbers stand in names of files
and groups. Writes one row for each training clip and each thing that it shares, and prints counts.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forensics.media.decode import decode
from forensics.media.probe import probe
from forensics.media.sound_hash import STEP_S, SoundHasher
from forensics.records.media import AudioChunk
from forensics.records.perceptual_hashes import SoundHash
from forensics.report.duplicates.sounds import compared, words_of

_VCTK = re.compile(r"(?<![A-Za-z0-9])[pP](\d{3})(?!\d)")
_LIBRISPEECH = re.compile(r"(?<!\d)(\d{2,4})[_-]\d{4,6}[_-]\d{4,6}(?!\d)")
_NAMED_GROUP = re.compile(r"(vctk_p|libri_)\d+")
_LONGEST_S = 60.0
# Words in common that make a pair worth comparing, and clips after which a word tells nothing.
_SHARED_WORDS = 3
_MOST_CLIPS = 64


@dataclass(frozen=True)
class Clip:
    """A row of a manifest.

    Attributes:
        name: what says who reads: path in the repository, or path and group.
        group: of ``../shared/data/audio``, which may name the reader itself.
    """

    file: Path
    origin: str
    label: str
    split: str
    name: str
    group: str

    @property
    def readers(self) -> set[str]:
        """Like ``vctk_p225`` and ``libri_1089``."""
        found = {f"vctk_p{number}" for number in _VCTK.findall(self.name)}
        found |= {f"libri_{number}" for number in _LIBRISPEECH.findall(self.name)}
        return found | ({self.group} if _NAMED_GROUP.fullmatch(self.group) else set())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--train", action="append", required=True, type=Path, metavar="MANIFEST")
    parser.add_argument("--test", action="append", required=True, type=Path, metavar="MANIFEST")
    parser.add_argument("--out", required=True, type=Path, metavar="CSV")
    given = parser.parse_args()
    tests = [clip for manifest in given.test for clip in clips(manifest, {"test"})]
    known = {reader for clip in tests for reader in clip.readers}
    hashes = [hashed(clip.file) for clip in tests]
    index = defaultdict(list)
    for place, sound in enumerate(hashes):
        for word in np.unique(words_of(sound)):
            index[int(word)].append(place)
    counts: Counter[tuple[str, str, str]] = Counter()
    with given.out.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("file", "origin", "label", "split", "shares", "what"))
        for clip in (clip for manifest in given.train for clip in clips(manifest, {"train", "val"})):
            shared = [("reader", reader) for reader in sorted(clip.readers & known)]
            shared += [("recording", str(tests[place].file)) for place in same(clip, hashes, index)]
            for kind, what in shared:
                table.writerow((clip.file, clip.origin, clip.label, clip.split, kind, what))
            counts.update({(clip.split, clip.label, kind) for kind, _ in shared})
    for (split, label, kind), n in sorted(counts.items()):
        print(f"{split}, {label}: {n} clips share a {kind} with test clips")


def clips(manifest: Path, splits: set[str]) -> Iterator[Clip]:
    with manifest.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] not in splits:
                continue
            if "file" in row:
                place, origin, group = manifest.parent / row["file"], row["repo"], ""
            else:
                place, origin, group = manifest.parent / row["path"], row["source_repo"], row["group"]
            yield Clip(place, origin, row["label"], row["split"], row["path"], group)


def hashed(path: Path) -> SoundHash:
    hasher = SoundHasher(_LONGEST_S)
    for item in decode(path, probe(path), 1, video=False):
        if isinstance(item, AudioChunk) and not item.track:
            hasher.take(item.samples)
    return SoundHash(0.0, STEP_S, hasher.words.astype("<u4").tobytes(), hasher.whole)


def same(clip: Clip, hashes: Sequence[SoundHash], index: dict[int, list[int]]) -> list[int]:
    """Places of the test clips that hold three seconds of it."""
    sound = hashed(clip.file)
    common: Counter[int] = Counter()
    for word in np.unique(words_of(sound)):
        places = index.get(int(word), [])
        if word and len(places) <= _MOST_CLIPS:
            common.update(places)
    worth = [place for place, n in common.items() if n >= _SHARED_WORDS]
    return [place for place in worth if compared(sound, hashes[place]) is not None]


if __name__ == "__main__":
    main()
