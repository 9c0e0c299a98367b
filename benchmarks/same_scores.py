"""Do two versions give the same files the same scores, to the bit?

Compares two JSON reports, of any version of the report, on the same files: every score of every detector that
both ran (detector, subject, time, logit and calibrated score), and every verdict. Says how many files differ,
in what, and by how much at most, and exits with code 1 where any does. For changes that must move no score:

    forensics scan MEDIA --workers 1 --report before.json      # with the code of before
    forensics scan MEDIA --workers 1 --report after.json
    python benchmarks/same_scores.py before.json after.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.records.earlier_names import with_earlier_names

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Examined:
    """What a report says of one file.

    Attributes:
        scores: (detector, subject, start, end) to logit and calibrated score.
        verdict: its label, and the calibrated score that it rests on.
    """

    path: str
    scores: dict[tuple[str, str, float, float], tuple[float, float]]
    verdict: tuple[str, float | None]


def main() -> None:
    """Compares, and tells what differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args()
    before, after = read(options.before), read(options.after)
    print(f"{len(before)} files before, {len(after)} after, {len(before.keys() & after.keys())} in both")
    found = list(differences(before, after))
    for line in found[:_MOST_NAMED]:
        print(f"  {line}")
    if len(found) > _MOST_NAMED:
        print(f"  and {len(found) - _MOST_NAMED} more")
    sys.exit(1 if found or before.keys() != after.keys() else 0)


def read(path: Path) -> dict[tuple[str, str], Examined]:
    """The files of a report, by content and name."""
    report = with_earlier_names(json.loads(path.read_text("utf-8")))  # those that every version has had
    # Of identical files one is examined, and its scores stand there alone.
    originals = {file["media"]["sha256"]: file for file in report["files"] if not file.get("twin_of")}
    return {
        (file["media"]["sha256"], Path(file["media"]["path"]).name): _examined(
            file, originals.get(file["media"]["sha256"], file)["scores"]
        )
        for file in report["files"]
    }


def differences(
    before: dict[tuple[str, str], Examined], after: dict[tuple[str, str], Examined]
) -> Iterator[str]:
    """A line for every file that differs; counts by detector are printed on the way."""
    same: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    furthest: dict[str, float] = {}
    for key in sorted(before.keys() & after.keys()):
        old, new = before[key], after[key]
        common = {place[0] for place in old.scores} & {place[0] for place in new.scores}
        odd = []
        for detector in sorted(common):
            ours, theirs = (
                {at: value for at, value in one.scores.items() if at[0] == detector} for one in (old, new)
            )
            if ours == theirs:
                same[detector] += 1
                continue
            moved[detector] += 1
            both = ours.keys() & theirs.keys()
            far = max((abs(ours[at][0] - theirs[at][0]) for at in both), default=0.0)
            furthest[detector] = max(far, furthest.get(detector, 0.0))
            odd.append(f"{detector}: {len(ours)} and {len(theirs)} scores, logits up to {far:.3g} apart")
        only = {place[0] for place in old.scores} ^ {place[0] for place in new.scores}
        odd += [f"{detector} in one of them alone" for detector in sorted(only)]
        if old.verdict != new.verdict:
            odd.append(f"verdict {old.verdict} and {new.verdict}")
        if odd:
            yield f"{new.path}: {'; '.join(odd)}"
    for detector in sorted({*same, *moved}):
        words = f"{detector}: {same[detector]} files with the same scores to the bit"
        if moved[detector]:
            words += f", {moved[detector]} without, logits up to {furthest[detector]:.3g} apart"
        print(words)


def _examined(file: dict[str, Any], given: list[dict[str, Any]]) -> Examined:
    scores = {
        (one["detector"], one["subject"], one["span"]["start_s"], one["span"]["end_s"]): (
            one["raw"],
            one["fakeness"],
        )
        for one in given
    }
    verdict = file["verdict"]
    return Examined(file["media"]["path"], scores, (verdict["label"], verdict["fakeness"]))


if __name__ == "__main__":
    main()
