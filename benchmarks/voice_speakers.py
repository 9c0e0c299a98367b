"""Are the speakers of a recording told apart, and is one speaker left whole?

    python benchmarks/voice_speakers.py CLIPS/manifest.csv TEST_CLIPS/manifest.csv

The manifests are those of ../shared/tools/build_voice_clips.py. Pristine clips of speakers whom their
collection names are joined, as loud as each other, in turns of 3.5 to 6 s: recordings of one speaker, and of
two of one repository, so that room and microphone do not give them away. They are cut and described as a scan
does it. With ``--choose``, bounds are tried on some of the collections; without, those that ship are measured
on the others, whose speakers chose nothing.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from clip_sound import as_loud, sound_of

from forensics.detectors import speakers
from forensics.detectors.declarations import VOICE
from forensics.detectors.voice_windows import Cutting, Track
from forensics.engines.speaker_net import SpeakerNet, load_speaker_net
from forensics.engines.speech_net import load_speech_net
from forensics.evaluation.shares import share_interval
from forensics.media.sound import RATE_HZ
from forensics.records.findings import Span
from forensics.records.media import Samples

_COLLECTIONS = {"VCTK", "AISHELL1", "AISHELL3", "URDU", "DeeplyKorean", "RAVDESS", "EmoDB", "HindiCorpus"}
_COLLECTIONS |= {"LibriSpeech", "LJSpeech", "Kerstin", "Thorsten"}
_CHOOSING = {"RAVDESS", "EmoDB", "HindiCorpus", "AISHELL1"}
# Clips of one speaker under several names, or of several under one.
_UNSURE = {"VCTK"}
# Name to the length of a recording and of its turns.
_FORMS = {
    "18 s in turns of 3.5 to 6 s": (18.0, (3.5, 6.0)),
    "30 s in turns of 3.5 to 6 s": (30.0, (3.5, 6.0)),
    "60 s in turns of 8 to 15 s": (60.0, (8.0, 15.0)),
}
_MOST_RECORDINGS, _MOST_PAIRS = 3, 150
_WINDOW_S, _HOP_S = 3.0, 1.5
_TRIED = [
    (alike, gap) for alike in (0.5, 0.53, 0.54, 0.55, 0.56, 0.57, 0.58, 0.6) for gap in (0.06, 0.12, 0.18)
]

Form: TypeAlias = tuple[float, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which somebody speaks."""

    speaker: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording as ``speakers.Turns`` takes it.

    Attributes:
        who: of each window, who speaks for most of it.
    """

    who: tuple[str, ...]
    heard_s: tuple[float, ...]
    vectors: npt.NDArray[np.float32]

    def found(self) -> list[list[int]]:
        """The windows of each speaker under the bounds of the moment."""
        turns = speakers.Turns()
        for number, (heard_s, vector) in enumerate(zip(self.heard_s, self.vectors, strict=True)):
            turns.take(number, heard_s, vector)
        return turns.speakers()


class Ear:
    """Cuts and describes recordings as a scan does."""

    def __init__(self) -> None:
        speech, speaker = VOICE.aids
        self._finder = load_speech_net(speech)
        self._net = load_speaker_net(speaker)

    def heard(self, turns: Sequence[Turn]) -> Heard:
        """The windows of a recording, and what they sound like."""
        total = sum(turn.samples.size for turn in turns)
        hop_s = _WINDOW_S if total > 20 * RATE_HZ else _HOP_S
        cutting = Cutting(RATE_HZ, round(_WINDOW_S * RATE_HZ), round(hop_s * RATE_HZ), keeps_sound=False)
        recorder = _Recorder(self._net)
        track = Track("", 0.0, cutting, self._finder, lambda: recorder)
        windows = list(track.take(np.concatenate([turn.samples for turn in turns])))
        windows += track.rest()
        track.voices()
        spans = [window.span for window in windows]
        heard_s = [
            span.end_s - max(span.start_s, before)
            for span, before in zip(spans, [0.0, *(span.end_s for span in spans)], strict=False)
        ]
        vectors = (
            np.concatenate(recorder.given) if recorder.given else np.zeros((len(spans), 1, 1), np.float32)
        )
        return Heard(tuple(_speaking(turns, span) for span in spans), tuple(heard_s), vectors)


class _Recorder:
    """The net, which keeps what it says."""

    def __init__(self, net: SpeakerNet) -> None:
        self._net = net
        self.given: list[npt.NDArray[np.float32]] = []

    def describe(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        self.given.append(self._net.describe(windows))
        return self.given[-1]


def main() -> None:
    """Prints the false splits and the pairs found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--choose", action="store_true")
    given = parser.parse_args()
    clips = {
        who: some
        for who, some in named_clips(given.manifests).items()
        if (_collection(who) in _CHOOSING or (_collection(who) == "VCTK" and _is_odd(who))) == given.choose
    }
    print(f"{len(clips)} speakers of {', '.join(sorted({_collection(who) for who in clips}))}")
    ear = Ear()
    for name, form in _FORMS.items():
        alone = {who: [ear.heard(turns) for turns in of_one(some, form)] for who, some in clips.items()}
        alone = {who: some for who, some in alone.items() if some}
        pairs = [ear.heard(turns) for turns in of_two(clips, form)]
        print(f"\n{name}:")
        for alike, gap in _TRIED if given.choose else [(speakers.ALIKE_AT_MOST, speakers.GAP_AT_LEAST)]:
            speakers.ALIKE_AT_MOST, speakers.GAP_AT_LEAST = alike, gap  # type: ignore[misc]
            print(f"  at most {alike}, gap {gap}: {_measured(alone, pairs)}")


def named_clips(manifests: Sequence[Path]) -> dict[str, list[tuple[str, Path]]]:
    """Speaker to (repository, file) of pristine clips, in an order that chance gave."""
    found: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for manifest in manifests:
        with manifest.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                who = row["speaker_group"]
                is_known = _collection(who) in _COLLECTIONS and who not in _UNSURE
                if is_known and row["label"] == "real" and row["split"] != "sealed":
                    found[who].append((row["repo"], manifest.parent / row["file"]))
    for some in found.values():
        random.Random(0).shuffle(some)
    return dict(sorted(found.items()))


def of_one(clips: Sequence[tuple[str, Path]], form: Form) -> Iterator[list[Turn]]:
    """Recordings of one speaker, each of one repository, no clip in two of them."""
    by_repo: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for repo, file in clips:
        by_repo[repo].append((repo, file))
    n_given = 0
    for left in by_repo.values():
        while n_given < _MOST_RECORDINGS and (turns := _turns([("", left)], form)) is not None:
            n_given += 1
            yield turns


def of_two(clips: dict[str, list[tuple[str, Path]]], form: Form) -> Iterator[list[Turn]]:
    """Recordings of two speakers of one repository, in turns."""
    pairs = []
    for first, second in combinations(clips, 2):
        for repo in {repo for repo, _ in clips[first]} & {repo for repo, _ in clips[second]}:
            both = [(who, [one for one in clips[who] if one[0] == repo]) for who in (first, second)]
            pairs.append(both)
    random.Random(1).shuffle(pairs)
    n_given: Counter[str] = Counter()
    for both in pairs:
        # No collection of many speakers may drown the others.
        if n_given[_collection(both[0][0])] >= _MOST_PAIRS // 5:
            continue
        turns = _turns([(who, list(some)) for who, some in both], form)
        if turns is not None:
            n_given[_collection(both[0][0])] += 1
            yield turns


def _turns(people: Sequence[tuple[str, list[tuple[str, Path]]]], form: Form) -> list[Turn] | None:
    """Clips are taken off the lists; None where there are too few."""
    length_s, turn_s = form
    dice = random.Random(2)
    found: list[Turn] = []
    while sum(turn.samples.size for turn in found) < length_s * RATE_HZ:
        who, left = people[len(found) % len(people)]
        if not left:
            return None
        wanted = round(dice.uniform(*turn_s) * RATE_HZ)
        parts: list[Samples] = []
        while left and sum(part.size for part in parts) < wanted:
            parts.append(as_loud(sound_of(left.pop()[1])))
        found.append(Turn(who, np.concatenate(parts)[:wanted]))
    return found


def _measured(alone: dict[str, list[Heard]], pairs: Sequence[Heard]) -> str:
    split = {who: [len(one.found()) > 1 for one in some] for who, some in alone.items()}
    n_split, n_alone = sum(sum(some) for some in split.values()), sum(map(len, split.values()))
    n_found, right = 0, []
    for heard in pairs:
        groups = heard.found()
        main_of = [Counter(heard.who[one] for one in group).most_common(1)[0][0] for group in groups]
        if len(groups) > 1 and len(set(main_of)) == len(set(heard.who)):
            n_found += 1
            right.append(
                sum(heard.who[one] == who for some, who in zip(groups, main_of, strict=True) for one in some)
                / len(heard.who)
            )
    named = ", ".join(who for who, some in split.items() if any(some))
    return (
        f"one speaker split in {_share(n_split, n_alone)} recordings of {len(split)} speakers"
        f"{f' ({named})' if named else ''}; two found in {_share(n_found, len(pairs))}, "
        f"windows with the right one {np.mean(right):.0%}"
    )


def _share(n: int, of: int) -> str:
    lower, upper = share_interval(n, of)
    return f"{n} of {of} ({lower:.1%} to {upper:.1%})"


def _speaking(turns: Sequence[Turn], span: Span) -> str:
    spoken: Counter[str] = Counter()
    at_s = 0.0
    for turn in turns:
        end_s = at_s + turn.samples.size / RATE_HZ
        spoken[turn.speaker] += max(0.0, min(end_s, span.end_s) - max(at_s, span.start_s))  # type: ignore[assignment]
        at_s = end_s
    return spoken.most_common(1)[0][0]


def _collection(who: str) -> str:
    return who.partition(":")[0]


def _is_odd(who: str) -> bool:
    return int(who.removeprefix("VCTK:p")) % 2 == 1


if __name__ == "__main__":
    main()
