"""``forensics doctor``: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    tune: Annotated[
        bool,
        typer.Option("--tune", help="Measure how the models run fastest here; scans then run them so."),
    ] = False,
) -> None:
    """Show CPU features, versions and models, and what to do about anything that is missing."""
    from forensics.workflows.checkup import examine_machine

    if tune:
        _tune()
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


def _tune() -> None:
    """Measures the shipped models in the precisions of both profiles, and says what came of it."""
    from forensics.engines.tuning import Timing, fastest
    from forensics.processor import usable_cores
    from forensics.workflows.machine_tuning import kept_in, tune_all

    def tell(timing: Timing) -> None:
        typer.echo(f"  {timing.per_s:8.1f}  {timing.pace}  (logits within {timing.change:.0e})")

    folder = kept_in()
    n_cores = usable_cores()
    typer.echo("Tuning; close what else runs. Allow a minute for each model and precision.", err=True)
    for tuned in tune_all(
        n_cores,
        on_model=lambda model, precision: typer.echo(f"{model} in {precision}, inputs per second:"),
        on_timing=tell,
    ):
        for n_threads in sorted({1, n_cores}):
            share = "one core a worker" if n_threads == 1 else f"{n_threads} cores for one worker"
            typer.echo(f"  {share}: {fastest(tuned, n_threads)}")
    typer.echo(f"Kept in {folder}\n")
