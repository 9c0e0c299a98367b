"""Is a synthetic caller averaged away by a pristine host? What telling speakers apart changes.

    python benchmarks/voice_callers.py CLIPS/manifest.csv TEST_CLIPS/manifest.csv --model voice-whisper

The manifests are those of ../shared/tools/build_voice_clips.py. A host, whose clips are pristine and of the
split ``val``, so that no weight learned from them, and a caller of a repository of the split ``test`` take
turns, a clip each: a synthetic caller of one method, or a pristine one. Each recording is examined as a scan
does it, and judged twice: as it is, and with all windows counted for one voice; the caller's clips alone are
examined beside it. Pristine callers, who are few, meet four hosts each. Host and caller are of different
collections, which makes them easier to tell apart than two people in one room: see voice_speakers.py.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from clip_sound import as_loud, sound_of

from forensics.evaluation.shares import share_interval
from forensics.media.discovery import Found, discover
from forensics.media.encode import write_clip
from forensics.media.sound import RATE_HZ
from forensics.records.scan_result import ScanResult
from forensics.records.subject import VOICE_OF_FILE
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import WorkerContext, assemble, choose_detectors
from forensics.settings import ScanSettings
from forensics.verdicts.policy import conclude

_CLIPS = 4
_MOST_OF_A_REPOSITORY = 8


@dataclass(frozen=True, slots=True)
class Voice:
    """Clips of one speaker, or of one method's copy of a speaker."""

    name: str
    repo: str
    clips: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A recording, with speakers told apart and as one voice; and the caller's clips alone."""

    n_speakers: int
    apart: Verdict
    together: Verdict
    caller: Verdict


def main() -> None:
    """Prints a row for synthetic callers and one for pristine callers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--model", default="voice-whisper")
    given = parser.parse_args()
    settings = ScanSettings(paths=(Path(),), detectors=("voice",), models=(given.model,), workers=1)
    context = assemble(settings, choose_detectors(settings))
    hosts = _voices(given.manifests, "val", "real")
    print(f"{len(hosts)} hosts of {len({host.repo for host in hosts})} repositories")
    for label, words, n_hosts in (("fake", "synthetic callers", 1), ("real", "pristine callers", 4)):
        callers = _voices(given.manifests, "test", label)
        calls = [caller for caller in callers for _ in range(n_hosts)]
        judged = [_judged(hosts[at % len(hosts)], caller, context) for at, caller in enumerate(calls)]
        print(f"{words}: {len(callers)} of {len({caller.repo for caller in callers})} repositories")
        _tell(judged)


def _voices(manifests: Sequence[Path], split: str, label: str) -> list[Voice]:
    """Whoever has clips enough, in an order that chance gave; of one repository no more than a few."""
    clips: dict[tuple[str, str, str], list[Path]] = defaultdict(list)
    for manifest in manifests:
        with manifest.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["split"] == split and row["label"] == label:
                    whose = row["repo"], row["speaker_group"], row["method"]
                    clips[whose].append(manifest.parent / row["file"])
    voices = [
        Voice(f"{who}, {method}", repo, tuple(sorted(some)[:_CLIPS]))
        for (repo, who, method), some in sorted(clips.items())
        if len(some) >= _CLIPS
    ]
    random.Random(3).shuffle(voices)
    n_of: dict[str, int] = defaultdict(int)
    found = []
    for voice in voices:
        n_of[voice.repo] += 1
        if n_of[voice.repo] <= _MOST_OF_A_REPOSITORY:
            found.append(voice)
    return found


def _judged(host: Voice, caller: Voice, context: WorkerContext) -> Judged:
    turns = [clip for both in zip(host.clips, caller.clips, strict=True) for clip in both]
    result, alone = _examined(turns, context), _examined(caller.clips, context)
    return Judged(
        len({score.subject for score in result.scores}),
        result.verdict,
        _as_one_voice(result, context),
        _as_one_voice(alone, context),
    )


def _examined(clips: Sequence[Path], context: WorkerContext) -> ScanResult:
    with tempfile.TemporaryDirectory() as folder:
        samples = np.concatenate([as_loud(sound_of(clip)) for clip in clips])
        path = write_clip(Path(folder) / "call.flac", samples=samples, sample_rate_hz=RATE_HZ)
        [found] = [one for one in discover([path]) if isinstance(one, Found)]
        return examine(found, context)


def _as_one_voice(result: ScanResult, context: WorkerContext) -> Verdict:
    scores = [replace(score, subject=VOICE_OF_FILE) for score in result.scores]
    return conclude(result.media, scores, (), context.cards, context.specs)


def _tell(judged: Sequence[Judged]) -> None:
    n = len(judged)
    n_apart = sum(one.n_speakers > 1 for one in judged)
    print(f"  two or more speakers in {_share(n_apart, n)}")
    for words, verdicts in (
        ("as one voice", [one.together for one in judged]),
        ("told apart", [one.apart for one in judged]),
        ("the caller alone", [one.caller for one in judged]),
    ):
        scores = [max((basis.manipulation_score for basis in one.basis), default=0.0) for one in verdicts]
        n_signs = sum(one.label is VerdictLabel.SIGNS_OF_MANIPULATION for one in verdicts)
        n_none = sum(one.label is VerdictLabel.NO_SIGNS_FOUND for one in verdicts)
        print(
            f"  {words}: highest score {np.median(scores):.2f} in the median, signs in {_share(n_signs, n)}, "
            f"no signs in {_share(n_none, n)}"
        )


def _share(n: int, of: int) -> str:
    lower, upper = share_interval(n, of)
    return f"{n} of {of} ({lower:.1%} to {upper:.1%})"


if __name__ == "__main__":
    main()
