"""One look or two: how a detector's net gets its batches, and how a triage keeps its evidence in f32.

In an examination there is one net and one look. In a triage a fast net (INT8 or bf16) looks first. A
subject, that is a person or the voice, keeps those scores if their mean lies clearly below the model's bound
for no signs, and every window of them below its bound for signs. Every other subject is scored again, all
of it, by the exact net. What the first look has seen is held until then, so that nothing is decoded twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from forensics.engines.net import Net
from forensics.records.findings import Notice, Score
from forensics.records.model_card import ModelCard
from forensics.records.subject import Subject

# In logits. bf16 moves a single one by up to 0.1. An INT8 form is exported only if 95 % of its scores move
# by at most 0.05 in score, which is about 0.3 in logits at a bound of 0.2; a mean moves less than that.
_CLEAR_BY = 0.3
# After this many scores so far above the bound, the fast net need not look at the subject any more.
_IN_DOUBT_AFTER = 8
_IN_DOUBT_BY = 1.0
# With pictures for the report, 32 frames take about 25 MB; beyond the bound a file goes on in f32 alone.
_MOST_HELD_BYTES = 96_000_000


class Viewed(Protocol):
    """Something that a net can score: a crop, a window of sound."""

    @property
    def subject(self) -> Subject:
        """Who or what it shows."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it costs to hold it."""
        ...


class Scored(Protocol):
    """Something with its score."""

    @property
    def score(self) -> Score:
        """What the net said of it."""
        ...


V = TypeVar("V", bound=Viewed)
S = TypeVar("S", bound=Scored)


def can_clear(card: ModelCard) -> bool:
    """Whether any score of the model finds no signs; where none does, a first look would be wasted."""
    return card.thresholds is not None and card.thresholds.no_signs > 0


@dataclass(slots=True)
class _Held(Generic[V, S]):
    """What came, and what the fast net said of it; None where it was not asked."""

    thing: V
    first: S | None


class TwoStageScoring(Generic[V, S]):
    """The looks at one file.

    Args:
        net: looks at everything.
        exact: scores again what ``net``, a faster form of the same model, does not clear; None for one look.
        run: scores one batch.
    """

    def __init__(self, net: Net, exact: Net | None, run: Callable[[Sequence[V], Net], list[S]]) -> None:
        self._net = net
        self._exact = exact
        self._run = run
        self._waiting: list[V] = []
        self._held: list[_Held[V, S]] = []
        self._held_bytes = 0
        self._in_doubt: set[Subject] = set()
        self.notices: list[Notice] = []

    def take(self, thing: V) -> list[S]:
        """Takes one thing; gives what is settled by it, in the order in which it came."""
        self._waiting.append(thing)
        return self._batch() if len(self._waiting) == self._net.pace.n_batch else []

    def finish(self, whose: Callable[[V], Subject] | None = None) -> list[S]:
        """Everything that is left. ``notices`` then say which scores are of which precision.

        Args:
            whose: whom each thing is about, where that is known in the end only; each of them is cleared
                alone. None for the subjects under which the things came.
        """
        whose = whose or _own_subject
        settled = self._batch() if self._waiting else []
        if self._exact is not None:
            first = self._first_scores(whose)
            cleared = {name for name, rows in first.items() if _is_clear(self._net.card, rows)}
            doubtful = {whose(one.thing) for one in self._held if one.thing.subject in self._in_doubt}
            settled += self._second_look(self._exact, cleared - doubtful, whose)
        return settled

    def _batch(self) -> list[S]:
        things, self._waiting = self._waiting, []
        if self._exact is None:
            return self._run(things, self._net)
        fresh = [thing for thing in things if thing.subject not in self._in_doubt]
        said = iter(self._run(fresh, self._net) if fresh else [])
        for thing in things:
            first = None if thing.subject in self._in_doubt else next(said)
            self._held.append(_Held(thing, first))
            self._held_bytes += thing.size_bytes
        for name, rows in self._first_scores(_own_subject).items():
            if len(rows) >= _IN_DOUBT_AFTER and _is_in_doubt(self._net.card, rows):
                self._in_doubt.add(name)
        if self._held_bytes <= _MOST_HELD_BYTES:
            return []
        settled = self._second_look(self._exact, set(), _own_subject)
        self._net, self._exact = self._exact, None
        return settled

    def _first_scores(self, whose: Callable[[V], Subject]) -> dict[Subject, list[Score]]:
        rows: dict[Subject, list[Score]] = {}
        for one in self._held:
            if one.first is not None:
                rows.setdefault(whose(one.thing), []).append(one.first.score)
        return rows

    def _second_look(self, exact: Net, cleared: set[Subject], whose: Callable[[V], Subject]) -> list[S]:
        held, self._held, self._held_bytes = self._held, [], 0
        again = [one.thing for one in held if whose(one.thing) not in cleared]
        n = exact.pace.n_batch
        said = iter([one for at in range(0, len(again), n) for one in self._run(again[at : at + n], exact)])
        self.notices += _which_precision(self._net, exact, (whose(one.thing) for one in held), cleared)
        return [
            one.first if one.first is not None and whose(one.thing) in cleared else next(said) for one in held
        ]


def _own_subject(thing: Viewed) -> Subject:
    return thing.subject


def _is_clear(card: ModelCard, rows: Sequence[Score]) -> bool:
    """Whether the verdict would find no signs even if scores moved by what the fast form is allowed to."""
    logits = [score.logit for score in rows]
    if not _finds_no_signs(card, float(np.mean(logits)) + _CLEAR_BY):
        return False
    if card.windows is None or card.thresholds is None:
        return True
    windows = card.windows.over([score.span.start_s for score in rows])
    highest = max((float(np.mean(logits[first:end])) for first, end in windows), default=-np.inf)
    return card.manipulation_score(highest + _CLEAR_BY) < card.thresholds.signs


def _is_in_doubt(card: ModelCard, rows: Sequence[Score]) -> bool:
    """Whether it would take a surprise for the subject to be cleared yet."""
    return not _finds_no_signs(card, float(np.mean([score.logit for score in rows])) - _IN_DOUBT_BY)


def _finds_no_signs(card: ModelCard, logit: float) -> bool:
    return card.thresholds is not None and card.manipulation_score(logit) <= card.thresholds.no_signs


def _which_precision(
    fast: Net, exact: Net, subjects: Iterable[Subject], cleared: set[Subject]
) -> Iterator[Notice]:
    names = sorted(set(subjects))
    parts = [
        f"{', '.join(map(str, some))} {words}"
        for some, words in (
            ([name for name in names if name in cleared], f"cleared in {fast.precision}"),
            ([name for name in names if name not in cleared], f"scored in {exact.precision}"),
        )
        if some
    ]
    if parts:
        yield Notice("score", f"Triage: {'; '.join(parts)}")
