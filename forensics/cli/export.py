"""``forensics export``: turn a training run into a model that a scan can load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.training_packages import require


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished training run.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="The model's folder; its name becomes the id.")
    ],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Prepared data whose validation rows calibrate. Repeatable.",
            show_default="what the run was trained on",
        ),
    ] = None,
    version: Annotated[str, typer.Option("--model-version", metavar="TEXT", help="For the card.")] = "1",
    licence: Annotated[
        str, typer.Option("--licence", metavar="TEXT", help="For the card.")
    ] = "Apache-2.0 (weights); training data under their own terms",
    terms: Annotated[
        str, typer.Option("--terms", metavar="TEXT", help="Terms of the training data, for the card.")
    ] = "",
    int8: Annotated[
        bool, typer.Option("--int8/--no-int8", help="Also make an INT8 form; kept if it scores alike.")
    ] = True,
    onnx: Annotated[
        bool, typer.Option("--onnx", help="Write model.onnx too, for other runtimes; needs the package onnx.")
    ] = False,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate/--no-calibrate",
            help="Without, the model gives scores and draws no verdict: to measure a net.",
        ),
    ] = True,
) -> None:
    """Convert the best weights to OpenVINO, prove that they agree, calibrate, and write the card."""
    require("torch", "timm", "nncf")
    from forensics.training.model_export import ExportSettings
    from forensics.training.model_export import export as convert

    settings = ExportSettings(
        run=run,
        out=out,
        data=tuple(data or ()),
        version=version,
        licence=licence,
        terms=terms,
        int8=int8,
        onnx=onnx,
        calibrate=calibrate,
    )
    card = convert(settings, on_note=lambda line: typer.echo(line, err=True))
    typer.echo(f"{card.id}: {', '.join(variant.precision for variant in card.variants)} in {out}")
    typer.echo(f"Next: forensics scan MEDIA --model {out}")
