"""``forensics average``: the mean of several runs' weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.training_packages import require


def average(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Folders of finished runs, or checkpoints in them; two or more."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="The new run's folder.")],
) -> None:
    """Average the weights of runs that were fine-tuned from one another; often sounder on other data."""
    require("torch", "timm")
    from forensics.training.averaging import average as run

    record, figures = run(runs, out)
    typer.echo("mean of the weights of " + " and ".join(record["averaged"]))
    aucs = ", ".join(f"{origin} {value:.3f}" for origin, value in figures.auc.items())
    typer.echo(f"validation AUC {aucs}; mean {figures.score:.3f}")
    typer.echo(f"Next: forensics export {out} --out MODEL")
