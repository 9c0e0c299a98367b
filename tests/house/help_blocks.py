"""The help blocks of docs/reference/commands.md, between two marks: what the commands print, and checked.

``python -m tests.house.help_blocks`` checks, ``--write`` renews. Needs typer alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "commands.md"
_BEGIN = "<!-- help: written by nox -s docs -- --write -->"
_END = "<!-- end of help -->"


def command_names() -> list[tuple[str, ...]]:
    """Every command as its words, ``()`` for the program itself."""
    from typer.main import get_command

    from forensics.cli.main import app

    return list(_names(get_command(app), ()))


def _names(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from _names(inner, (*words, name))


def help_of(words: tuple[str, ...]) -> str:
    """What ``--help`` prints, 100 columns wide and without colour."""
    plain = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb"}
    ran = subprocess.run(
        [sys.executable, "-m", "forensics", *words, "--help"],
        cwd=ROOT,
        env={**plain, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.rstrip()


def blocks() -> str:
    """All help blocks as Markdown."""
    parts = [
        f"## `{' '.join(('forensics', *words))}`\n\n```text\n{help_of(words)}\n```\n"
        for words in command_names()
    ]
    return "\n".join(parts)


def renewed(text: str) -> str:
    """The page with its help blocks as they should be."""
    before, rest = text.split(_BEGIN, 1)
    _, after = rest.split(_END, 1)
    return f"{before}{_BEGIN}\n\n{blocks()}\n{_END}{after}"


def main() -> None:
    """Checks or renews the page."""
    written = PAGE.read_text(encoding="utf-8")
    expected = renewed(written)
    if written == expected:
        sys.stdout.write(f"{len(command_names())} help blocks are as the commands print them\n")
    elif "--write" in sys.argv[1:]:
        PAGE.write_text(expected, encoding="utf-8")
        sys.stdout.write(f"{PAGE.name} was renewed\n")
    else:
        sys.exit(f"The help blocks of {PAGE.name} are out of date: nox -s docs -- --write")


if __name__ == "__main__":
    main()
