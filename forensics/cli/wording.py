"""Words of the terminal: verdicts in lower case, and names that cannot steer the terminal."""

from __future__ import annotations

from forensics.records.verdict import VerdictLabel

LABEL_WORDS = {
    VerdictLabel.SIGNS_OF_MANIPULATION: "signs of manipulation",
    VerdictLabel.INCONCLUSIVE: "inconclusive",
    VerdictLabel.NO_SIGNS_FOUND: "no signs found",
    VerdictLabel.NOT_EXAMINED: "not examined",
}


def escaped(text: str) -> str:
    """The text with everything that a terminal could obey, or a reader not see, written out."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
