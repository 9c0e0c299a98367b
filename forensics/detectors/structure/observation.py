"""What a structure detector says: sentences with their evidence, as notices and as one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from forensics.records.exhibit_content import Table
from forensics.records.findings import Exhibit, ExhibitKind, Notice
from forensics.records.stream import Item
from forensics.records.subject import WHOLE_FILE

# Metadata is hostile text: it is cut here, and escaped where it is shown.
_MOST_TEXT = 300
_MOST_ROWS = 80


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was seen.

    Attributes:
        what: the property, as a row's heading: ``Key frames``.
        says: a sentence that stands alone.
        evidence: the values that it rests on, as they are in the file.
        usual: how common it is, and where; empty where that says nothing.
        notable: an examiner should look at it: it is told beside the verdict too.
        at_s: when, where it has a time.
    """

    what: str
    says: str
    evidence: str = ""
    usual: str = ""
    notable: bool = False
    at_s: float | None = None


def told(detector: str, caption: str, observations: Iterable[Observation]) -> Iterator[Item]:
    """A notice for everything notable, and a table of everything, what is notable marked in it."""
    rows = list(observations)
    for one in rows:
        if one.notable:
            yield Notice(detector, shortened(" ".join(filter(None, (one.says, one.usual)))), one.at_s)
    if rows:
        yield Exhibit(ExhibitKind.TABLE, _table(rows[:_MOST_ROWS]), caption, WHOLE_FILE, detector)


def shortened(text: str, most: int = 2 * _MOST_TEXT) -> str:
    """A text that fits its place; control characters stand as their codes."""
    plain = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return plain if len(plain) <= most else plain[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def quoted(text: str, most: int = 120) -> str:
    """Text from the file, in quotation marks."""
    return f'"{shortened(text.strip(), most)}"'


def _table(rows: Sequence[Observation]) -> Table:
    return Table(
        ("What", "Finding", "Evidence", "How common"),
        tuple(
            (
                one.what,
                shortened(one.says),
                shortened(one.evidence, _MOST_TEXT),
                shortened(one.usual, _MOST_TEXT),
            )
            for one in rows
        ),
        tuple(at for at, one in enumerate(rows) if one.notable),
    )
