"""Who is found alike in real clips: one person, different people, and faces that were put into other films.

    python benchmarks/persons_videos.py ../shared/data/video_manifest.csv --kept persons.json

Examines every clip of the manifest with the detector ``persons`` alone, and compares everybody with
everybody. The clips of FaceForensics++ are called METHOD__TARGET_SOURCE: swaps (Deepfakes, FaceSwap,
FaceShifter) put the source's face into the target's film, reenactments (Face2Face, NeuralTextures) keep the
target's own. Between two clips the nearest two people count. Clips of different groups show different
people, as far as their data sets say. ``--kept`` keeps what was found of each clip.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from forensics.detectors.persons import METHOD
from forensics.evaluation.shares import share_text
from forensics.media.discovery import Found, discover
from forensics.records.scan_result import ScanResult
from forensics.report.persons.matching import Someone, people_of
from forensics.report.persons.worth import WORTH
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import assemble, choose_detectors
from forensics.settings import ScanSettings

SWAPS = ("Deepfakes", "FaceSwap", "FaceShifter")


class Clip(msgspec.Struct):
    """A clip, what was found in it, and what that took.

    Attributes:
        whole_s, persons_s: of CPU, in all and for ``persons`` beside finding the faces.
    """

    path: str
    method: str
    group: str
    result: ScanResult
    whole_s: float
    persons_s: float

    @property
    def ids(self) -> tuple[str, ...]:
        """Target and source, or the one person, of FaceForensics++."""
        return tuple(Path(self.path).stem.partition("__")[2].split("_"))

    @property
    def people(self) -> list[Someone]:
        """Those with a descriptor."""
        return people_of([(1, self.result)], METHOD)


class _Timed:
    """An examination that counts its seconds."""

    def __init__(self, examination: Any) -> None:
        self._examination = examination
        self.seconds = 0.0

    def observe(self, item: Any) -> Iterator[Any]:
        yield from self._counted(lambda: self._examination.observe(item))

    def conclude(self) -> Iterator[Any]:
        yield from self._counted(self._examination.conclude)

    def _counted(self, step: Any) -> list[Any]:
        began_s = time.process_time()
        given = list(step())
        self.seconds += time.process_time() - began_s
        return given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--frames", type=int, help="as scan takes it; otherwise as many as a scan looks at")
    parser.add_argument("--clips", type=int, help="the first so many alone, for what it costs")
    parser.add_argument("--kept", type=Path)
    given = parser.parse_args()
    if given.kept is not None and given.kept.exists():
        clips = msgspec.json.decode(given.kept.read_bytes(), type=list[Clip])
    else:
        clips = list(islice(examined(given.manifest, given.frames), given.clips))
        if given.kept is not None:
            given.kept.write_bytes(msgspec.json.encode(clips))
    described = sum(len(clip.people) for clip in clips)
    tracks = sum(len(clip.result.tracks) for clip in clips)
    print(f"{len(clips)} clips, {described} of {tracks} people described")
    for name, values in (
        ("persons", [clip.persons_s for clip in clips]),
        ("all", [clip.whole_s for clip in clips]),
    ):
        print(f"CPU seconds a clip, {name}: median {np.median(values):.2f}, at most {max(values):.2f}")
    if given.clips is not None:
        return
    tell("one person (pristine target and reenactments of it)", same_person(clips))
    tell("different people (groups, and target beside source)", different(clips))
    print("swaps: distance to the pristine clip of whom the face is of, and of whose film it is")
    for swap, source, target in swaps(clips):
        print(f"  {Path(swap.path).stem}: face {apart(swap, source):.3f}, film {apart(swap, target):.3f}")
    tell("swaps, found by the face", [(one, source) for one, source, _ in swaps(clips)])
    tell("swaps, found by the film", [(one, target) for one, _, target in swaps(clips)])


def examined(manifest: Path, frames: int | None) -> Iterator[Clip]:
    settings = ScanSettings((), detectors=("persons",), frames=frames)
    context = assemble(settings, choose_detectors(settings))
    [detector] = context.detectors
    begin = detector.begin
    started: list[_Timed] = []

    def timed(*given_to: Any) -> _Timed:
        started.append(_Timed(begin(*given_to)))
        return started[-1]

    detector.begin = timed  # type: ignore[method-assign,assignment]
    aligner = context.aligner
    assert aligner is not None
    align = aligner.align

    def aligned(crop: Any) -> Any:
        began_s = time.process_time()
        face = align(crop)
        started[-1].seconds += time.process_time() - began_s
        return face

    aligner.align = aligned  # type: ignore[method-assign]
    with manifest.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            [file] = [one for one in discover([manifest.parent / row["path"]]) if isinstance(one, Found)]
            began_s = time.process_time()
            result = examine(file, context)
            whole_s = time.process_time() - began_s
            yield Clip(row["path"], row["method"], row["group"], result, whole_s, started[-1].seconds)


def same_person(clips: list[Clip]) -> list[tuple[Clip, Clip]]:
    pairs = []
    for one, other in combinations(clips, 2):
        if one.group == other.group and one.method.startswith("ffpp") and not (_swap(one) or _swap(other)):
            pairs += [(one, other)] if one.ids[0] == other.ids[0] else []
    return pairs


def different(clips: list[Clip]) -> list[tuple[Clip, Clip]]:
    """Pairs of different groups, and of the two pristine clips of a group."""
    pristine = {id(clip) for clip in clips if clip.method == "ffpp_pristine_youtube"}
    return [
        (one, other)
        for one, other in combinations(clips, 2)
        if one.group != other.group or {id(one), id(other)} <= pristine
    ]


def swaps(clips: list[Clip]) -> Iterator[tuple[Clip, Clip, Clip]]:
    """Each swap, the pristine clip of its source, and that of its target."""
    of_id = {clip.ids[0]: clip for clip in clips if clip.method == "ffpp_pristine_youtube"}
    for clip in clips:
        if _swap(clip):
            target, source = clip.ids
            yield clip, of_id[source], of_id[target]


def _swap(clip: Clip) -> bool:
    return clip.method.removeprefix("ffpp_") in SWAPS


def apart(one: Clip, other: Clip) -> float:
    """Between the nearest two people; nan where a clip has nobody who could be described."""
    vectors = [np.stack([who.vector for who in clip.people]) for clip in (one, other) if clip.people]
    if len(vectors) < 2:
        return float("nan")
    return float(np.linalg.norm(vectors[0][:, None] - vectors[1][None], axis=2).min())


def tell(name: str, pairs: list[tuple[Clip, Clip]]) -> None:
    distances = np.array([apart(*pair) for pair in pairs])
    known = distances[~np.isnan(distances)]
    limit = WORTH[METHOD].threshold
    print(f"{name}: {share_text(int((known <= limit).sum()), len(known))} within {limit}")
    spread = " ".join(f"{value:.3f}" for value in np.percentile(known, (0, 5, 50, 95, 100)))
    print(f"  distances: {spread} (least, 5 %, median, 95 %, most); {np.isnan(distances).sum()} not known")


if __name__ == "__main__":
    main()
