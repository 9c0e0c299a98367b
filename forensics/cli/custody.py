"""What the terminal says of a case file's chain, its runs and its head."""

from __future__ import annotations

from pathlib import Path

import typer

from forensics.casefile.head_note import note_beside
from forensics.casefile.verification import VerificationReport
from forensics.cli.wording import escaped


def tell_condition(checked: VerificationReport) -> None:
    """Says on stderr what is not as it was written, and which runs have no end."""
    for problem in checked.problems:
        typer.echo(escaped(f"BROKEN CASE FILE: {problem.text}"), err=True)
    for run in checked.without_end:
        typer.echo(escaped(run.text), err=True)


def tell_head(checked: VerificationReport, reports: tuple[Path, ...]) -> None:
    """Says on stderr which hash to write down."""
    kept = ", ".join(dict.fromkeys(str(note_beside(path)) for path in reports))
    typer.echo(f"Head hash: {checked.head_hash} (row {checked.n_rows})", err=True)
    typer.echo(
        (f"It is noted in {kept}. " if kept else "")
        + "Keep it apart from the case file: later it proves that nothing was cut off or replaced.",
        err=True,
    )
