"""The second look of a triage: whatever is evidence is scored in f32.

A fast net (INT8 or bf16) looks first. A subject, that is a person or the voice, keeps those scores if their
mean lies clearly below the model's bound for no signs. Every other subject is scored again, all of it, by
the exact net. What the fast net has scored is held until then, so that nothing is decoded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from forensics.engines.net import Net
from forensics.records.findings import Notice, Score
from forensics.records.model_card import ModelCard

# In logits. bf16 moves a single one by up to 0.1. An INT8 form is exported only if 95 % of its scores move
# by at most 0.05 in fakeness, which is about 0.3 in logits at a bound of 0.2; a mean moves less than that.
_CLEAR_BY = 0.3
# With pictures for the report, 32 frames take about 25 MB; beyond the bound a file goes on in f32 alone.
_MOST_HELD_BYTES = 96_000_000


class Scored(Protocol):
    """Something with a score that can be scored again."""

    @property
    def score(self) -> Score:
        """What the net said of it."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it costs to hold it."""
        ...


T = TypeVar("T", bound=Scored)


def can_clear(card: ModelCard) -> bool:
    """Whether any score of the model finds no signs; where none does, a first look would be wasted."""
    return card.thresholds is not None and card.thresholds.no_signs > 0


@dataclass(slots=True)
class Held(Generic[T]):
    """What the first look of one file has scored, in the order of the file."""

    card: ModelCard
    things: list[T] = field(default_factory=list)
    size_bytes: int = 0

    def add(self, things: Iterable[T]) -> None:
        """Holds more."""
        for thing in things:
            self.things.append(thing)
            self.size_bytes += thing.size_bytes

    @property
    def is_full(self) -> bool:
        """Whether no more may be held."""
        return self.size_bytes > _MOST_HELD_BYTES

    def cleared(self) -> set[str]:
        """The subjects that the first look clears of signs."""
        raws: dict[str, list[float]] = {}
        for thing in self.things:
            raws.setdefault(thing.score.subject, []).append(thing.score.raw)
        return {subject for subject, of_subject in raws.items() if _is_clear(self.card, of_subject)}


def _is_clear(card: ModelCard, raws: Sequence[float]) -> bool:
    """Whether the mean would find no signs even if it moved by what the fast form is allowed to."""
    if card.thresholds is None:
        return False
    return card.fakeness(float(np.mean(raws)) + _CLEAR_BY) <= card.thresholds.no_signs


def what_was_seen_twice(fast: Net, exact: Net, held: Held[T], cleared: set[str]) -> Iterator[Notice]:
    """In words, which scores are of which precision."""
    subjects = sorted({thing.score.subject for thing in held.things})
    again = [subject for subject in subjects if subject not in cleared]
    parts = [
        f"{', '.join(names)} {words}"
        for names, words in (
            ([one for one in subjects if one in cleared], f"cleared in {fast.precision}"),
            (again, f"scored again in {exact.precision}"),
        )
        if names
    ]
    if parts:
        yield Notice("score", f"Triage: {'; '.join(parts)}")
