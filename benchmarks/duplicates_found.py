"""Are copies found, and is nothing else? On real clips and stills, over all pairs of them.

Of some clips makes copies of their first ten seconds through PyAV: coded anew at 640 px (crf 36), at 320
px, a part cut out, mirrored, at half the frame rate, at 24 frames a second. Prints for each kind how many
are found, the error of the shift, and which of the two was taken for the source. Then how many pairs of
different clips and of different stills match; those of one group (a column of the manifest, and of a
split.csv beside the stills) come from one recording and are counted apart. And the CPU seconds that hashing
takes beside decoding.

    python benchmarks/duplicates_found.py ../shared/data/video_manifest.csv --stills ../shared/data/faces
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, islice
from pathlib import Path

import av
import cv2
import numpy as np

from forensics.detectors.duplicates import Duplicates
from forensics.media.decode import decode
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.records.media import MediaUpdate, RgbImage
from forensics.records.perceptual_hashes import PerceptualHashes
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.report.duplicates.films import compared
from forensics.report.duplicates.finding import find_duplicates
from forensics.report.duplicates.near_hashes import distances, hashes_of

_SECONDS = 10
_CUT_S = (2.36, 7.1)
_VERDICT = Verdict(VerdictLabel.INCONCLUSIVE, "", "")
_COSTS_S: list[float] = []
_PER_S = 2.0


def hashed(path: Path) -> ScanResult:
    """The result of hashing alone; notes what that cost beside decoding."""
    media = probe(path)
    examination = Duplicates(()).begin(media, path)
    cost_s = 0.0
    for item in decode(path, media, 32, frames_per_s=_PER_S):
        if isinstance(item, MediaUpdate):
            media = item.media
        began_s = time.process_time()
        list(examination.observe(item))
        cost_s += time.process_time() - began_s
    began_s = time.process_time()
    given = list(examination.conclude())
    _COSTS_S.append(cost_s + time.process_time() - began_s)
    hashes = next((one for one in given if isinstance(one, PerceptualHashes)), None)
    return ScanResult(replace(media, path=str(path)), _VERDICT, hashes=hashes)


def pictures(path: Path) -> tuple[list[RgbImage], float]:
    """The first seconds at 640 px, and their rate."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate_hz = float(stream.average_rate or 25)
        frames = islice(container.decode(stream), round(_SECONDS * rate_hz))
        return [_scaled(frame.to_ndarray(format="rgb24").astype(np.uint8), 640) for frame in frames], rate_hz


def _scaled(image: RgbImage, width_px: int) -> RgbImage:
    height_px = round(image.shape[0] * width_px / image.shape[1] / 2) * 2
    return np.asarray(cv2.resize(image, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)


def _at_24(frames: list[RgbImage], rate_hz: float) -> tuple[Iterable[RgbImage], float]:
    n = int(len(frames) / rate_hz * 24)
    return [frames[min(round(index * rate_hz / 24), len(frames) - 1)] for index in range(n)], 24.0


Made = tuple[Iterable[RgbImage], float]
COPIES: dict[str, Callable[[list[RgbImage], float], Made]] = {
    "coded anew": lambda frames, rate_hz: (frames, rate_hz),
    "320 px": lambda frames, rate_hz: ((_scaled(one, 320) for one in frames), rate_hz),
    "cut": lambda frames, rate_hz: (frames[round(_CUT_S[0] * rate_hz) : round(_CUT_S[1] * rate_hz)], rate_hz),
    "mirrored": lambda frames, rate_hz: ((np.ascontiguousarray(one[:, ::-1]) for one in frames), rate_hz),
    "half the rate": lambda frames, rate_hz: (frames[::2], rate_hz / 2),
    "24 a second": _at_24,
}


def copies_found(clips: list[Path]) -> Iterator[str]:
    """A line for each kind of copy."""
    sources = [(hashed(path), *pictures(path)) for path in clips]
    for kind, make in COPIES.items():
        n_found = n_source = n_turned = 0
        errors_s: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            for number, (source, frames, rate_hz) in enumerate(sources):
                made, made_hz = make(frames, rate_hz)
                options = {"crf": "36" if kind == "coded anew" else "26", "preset": "ultrafast"}
                copy = hashed(write_clip(Path(folder) / f"{number}.mp4", made, made_hz, options=options))
                groups = find_duplicates([(1, source), (2, copy)])
                if not groups or groups[0].links[0].pictures is None:
                    continue
                link = groups[0].links[0]
                n_found += 1
                n_source += link.is_directed and link.source == 1
                n_turned += link.is_directed and link.source == 2
                wanted_s = -_CUT_S[0] if kind == "cut" else 0.0
                if link.pictures is not None and link.pictures.offset_s is not None:
                    errors_s.append(abs(link.pictures.offset_s - wanted_s))
        worst = f"{max(errors_s):.2f} s at most in {len(errors_s)}" if errors_s else "none told"
        yield (
            f"{kind}: {n_found} of {len(sources)} found; likely source right {n_source}, wrong {n_turned}, "
            f"open {n_found - n_source - n_turned}; error of the shift {worst}"
        )


def false_matches(results: list[ScanResult], groups: list[str]) -> str:
    """How many pairs match that should not, and how near the nearest of them comes."""
    counts = {True: [0, 0], False: [0, 0]}
    nearest = 256
    for one, other in combinations(range(len(results)), 2):
        hashes = results[one].hashes, results[other].hashes
        if hashes[0] is None or hashes[1] is None or hashes[0].film is None or hashes[1].film is None:
            continue
        same = groups[one] == groups[other]
        counts[same][0] += 1
        counts[same][1] += compared(hashes[0].film, hashes[1].film) is not None
        if not same:
            bits = distances(hashes_of(hashes[0].film.bits), hashes_of(hashes[1].film.bits)).min()
            nearest = min(nearest, int(bits))
    return (
        f"{counts[False][1]} of {counts[False][0]:,} pairs of different origin match, the nearest pictures "
        f"differ in {nearest} bits; {counts[True][1]} of {counts[True][0]:,} pairs of one group match"
    )


def still_groups(folder: Path, chosen: list[Path]) -> list[str]:
    """By the column ``group`` of a split.csv in the folder; without one, each picture is a group."""
    table = folder / "split.csv"
    if not table.is_file():
        return [str(path) for path in chosen]
    with table.open(encoding="utf-8") as opened:
        group_of = {row["name"]: row["group"] for row in csv.DictReader(opened)}
    return [group_of.get(path.name, str(path)) for path in chosen]


def main() -> None:
    """Prints what is found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--stills", type=Path)
    parser.add_argument("--n-stills", type=int, default=500)
    parser.add_argument("--n-copied", type=int, default=7, help="pristine clips of which copies are made")
    asked = parser.parse_args()
    with asked.manifest.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    results = [hashed(asked.manifest.parent / row["path"]) for row in rows]
    print(f"clips: hashing takes {np.median(_COSTS_S):.3f} s CPU (median), {max(_COSTS_S):.3f} s at most")
    print("clips:", false_matches(results, [row["group"] for row in rows]), flush=True)
    if asked.stills is not None:
        _COSTS_S.clear()
        paths = sorted(asked.stills.rglob("*.jpg"))
        chosen = paths[:: max(1, len(paths) // asked.n_stills)][: asked.n_stills]
        stills = [hashed(path) for path in chosen]
        print(
            f"stills: hashing takes {np.median(_COSTS_S):.4f} s CPU (median), {max(_COSTS_S):.4f} s at most"
        )
        print("stills:", false_matches(stills, still_groups(asked.stills, chosen)), flush=True)
    pristine = [asked.manifest.parent / row["path"] for row in rows if row["label"] == "real"]
    for line in copies_found(pristine[: asked.n_copied]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
