"""``forensics prepare``: make a data set ready for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import LOCAL, ExecutorName, named_path


def prepare(
    dataset: Annotated[
        Path,
        typer.Argument(
            parser=named_path,
            metavar="DATASET",
            help="Folder of a data set, or a CSV file with path and label.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where the crops and the manifest go.")
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", metavar="KIND", help="Layout of the data set.", show_default="the one that fits"
        ),
    ] = None,
    frames: Annotated[int, typer.Option("--frames", metavar="N", help="Frames per video.")] = 16,
    bursts: Annotated[
        int,
        typer.Option(
            "--bursts",
            metavar="N",
            help="Half seconds per video of which every picture is kept, for nets of motion.",
        ),
    ] = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core")
    ] = None,
    executor: ExecutorName = LOCAL,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="T,V,E",
            help="Shares of training, validation and test, split by group.",
            show_default="the data set's own, else 70,20,10",
        ),
    ] = None,
    seed: Annotated[str, typer.Option("--seed", metavar="TEXT", help="Seed of the split by group.")] = "",
    link: Annotated[
        str | None,
        typer.Option(
            "--link", metavar="REGEX", help="Groups whose names have the same match stay in one split."
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option("--media", metavar="FOLDER", help="Where the media files are, if not in DATASET."),
    ] = None,
    crop_margin: Annotated[
        float | None,
        typer.Option(
            "--crop-margin", metavar="X", help="Pictures are ready-made face crops, X face boxes wide."
        ),
    ] = None,
) -> None:
    """Find faces, cut them, part them by group, and write a manifest with hashes. Resumes."""
    from forensics.cli.progress import StepProgress
    from forensics.training.data.preparation import (
        SKIPPED_NAME,
        PrepareProgress,
        PrepareSettings,
        disk_use_bytes,
    )
    from forensics.training.data.preparation import prepare as run
    from forensics.training.data.samples import tally
    from forensics.training.data.split_assignment import parse_shares

    settings = PrepareSettings(
        dataset=dataset,
        out=out,
        kind=kind,
        n_frames=frames,
        n_bursts=bursts,
        n_workers=workers,
        shares=None if split is None else parse_shares(split),
        seed=seed,
        link=link,
        media=media,
        crop_margin=crop_margin,
        executor=executor,
    )
    n_skipped = 0
    with StepProgress("prepared") as shown:

        def show(progress: PrepareProgress) -> None:
            nonlocal n_skipped
            n_skipped = progress.n_skipped
            shown.show(progress.n_done, progress.n_files, f"files, {n_skipped} skipped")

        samples = run(settings, show)
    tallies = tally(samples)
    for one in tallies:
        typer.echo(
            f"{one.origin}, {one.split}: {one.n_pristine} pristine and {one.n_manipulated} manipulated in "
            f"{one.n_groups} groups"
        )
    if size_bytes := disk_use_bytes(out, samples):
        typer.echo(f"The pictures that were cut take up {size_bytes / 1e6:,.1f} MB in {out}")
    if n_skipped:
        typer.echo(f"{n_skipped} files were skipped; the reasons are in {out / SKIPPED_NAME}")
    made = "" if any(one.n_manipulated for one in tallies) else "--pseudo-fakes 1 "
    typer.echo(f"Next: forensics train --data {out} {made}--out RUN")
