"""``forensics merge``: join the cases of several scans into one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def merge(
    parts: Annotated[list[Path], typer.Argument(metavar="PART", help="Case files, for example of shards.")],
    case: Annotated[
        Path,
        typer.Option("--case", metavar="FILE", help="The case file to make; the parts stay as they are."),
    ],
) -> None:
    """Join case files into one; the chain of each is kept in it, and verify checks it."""
    from forensics.cli.wording import escaped
    from forensics.workflows.merging import merge as join

    merged = join(parts, case)
    for part in merged.checked.parts:
        typer.echo(escaped(part.text), err=True)
    for note in merged.notes:
        typer.echo(escaped(f"{note}."), err=True)
    n_parts = "1 part" if len(parts) == 1 else f"{len(parts)} parts"
    typer.echo(f"{case}: {merged.n_files} files of {n_parts}", err=True)
    typer.echo(f"Head hash: {merged.checked.head_hash} (row {merged.checked.n_rows})", err=True)
    typer.echo(f"To read the results: forensics report {case} --report report.html", err=True)
