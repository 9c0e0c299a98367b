"""``forensics calibrate``: fit what a card says of its scores, on validation media."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.machine import usable_cores
from forensics.settings import DEFAULT_FRAMES, ScanSettings


def calibrate(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="LABELLED", help="Validation media: the model was not trained on them."),
    ],
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="A model's id or folder.")],
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="A CSV (path,label[,group,method,split]) or a metadata.json.",
            show_default="folders called real and fake",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="Rows of this split of the labels alone.")
    ] = None,
    data_set: Annotated[
        str | None,
        typer.Option(
            "--data-set", metavar="TEXT", help="What the data are, for the card.", show_default="their paths"
        ),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", metavar="N", help="Frames per video.")] = DEFAULT_FRAMES,
    crops: Annotated[bool, typer.Option("--crops", help="Stills are ready-made face crops.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the fit; leave the card alone.")] = False,
) -> None:
    """Fit calibration, thresholds and bounds of likelihood ratios, and write them into the card."""
    from forensics import catalog
    from forensics.cli.evaluating import scanned
    from forensics.evaluation.cards import calibrated_card

    card, folder = catalog.find(model)
    settings = ScanSettings(
        paths=tuple(paths),
        workers=usable_cores() if workers is None else workers,
        frames=frames,
        crops=crops,
        detectors=(card.task.value,),
        models=(model,),
    )
    data = data_set or ", ".join(str(path) for path in paths)
    with scanned(settings, labels, split, ("forensics", *sys.argv[1:])) as measured:
        fitted, fit = calibrated_card(card, measured.results, measured.known.labels, data=data)
    for name, loss in fit.log_losses.items():
        typer.echo(f"{name:<12} log loss {loss:.3f}" + ("  chosen" if name == fit.chosen else ""))
    for note in fit.notes:
        typer.echo(note)
    if fitted.thresholds is not None:
        bounds = fitted.thresholds
        typer.echo(f"signs from {bounds.signs:.3f}, no signs up to {bounds.no_signs:.3f}: {bounds.rule}")
    if dry_run:
        return
    typer.echo(f"Written: {catalog.write_card(fitted, folder)}")
    typer.echo(
        "The card's figures were dropped, since they were measured under its former calibration. Next: "
        f"forensics evaluate TEST_DATA --model {model} --data-set NAME --write-card"
    )
