"""``forensics doctor``: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Show CPU features, versions and models, and what to do about anything that is missing."""
    from forensics.cli.checkup import examine_machine

    checkup = examine_machine()
    for title, lines in checkup.sections.items():
        typer.echo(title)
        for line in lines:
            typer.echo(f"  {line}")
        typer.echo()
    if not checkup.complaints:
        typer.echo("Nothing is missing.")
        return
    typer.echo("To do:")
    for complaint in checkup.complaints:
        typer.echo(f"  {complaint.what}\n    {complaint.remedy}")
    raise typer.Exit(max(complaint.exit_code for complaint in checkup.complaints))
