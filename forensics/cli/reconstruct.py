"""``forensics reconstruct``: pristine faces drawn anew by an autoencoder, to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from forensics.cli.training_packages import require


def reconstruct(
    data: Annotated[
        list[Path], typer.Argument(metavar="DATA...", help="Prepared data sets with pristine faces.")
    ],
    encoder: Annotated[
        Path, typer.Option("--encoder", metavar="FILE", help="First half of the autoencoder: IR or ONNX.")
    ],
    decoder: Annotated[Path, typer.Option("--decoder", metavar="FILE", help="Its second half.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The new prepared data set.")],
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", help="Training pictures of each origin, at most about.")
    ] = 1000,
    noise: Annotated[
        tuple[float, float],
        typer.Option("--noise", metavar="LEAST MOST", help="Noise in the latents, in their own deviations."),
    ] = (0.0, 0.6),
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of all randomness.")] = 20,
    precision: Annotated[
        Literal["f32", "bf16"],
        typer.Option("--precision", help="Of the autoencoder; bf16 is faster, and other bits."),
    ] = "f32",
) -> None:
    """Draw pristine faces anew with an autoencoder: manipulated rows that differ in nothing else."""
    require("torch")
    from forensics.cli.progress import StepProgress
    from forensics.training.data.reconstruction import ReconstructSettings
    from forensics.training.data.reconstruction import reconstruct as run

    settings = ReconstructSettings(tuple(data), encoder, decoder, out, rows, noise, seed, precision)
    with StepProgress("drawn anew") as shown:
        made = run(settings, lambda n_done, n: shown.show(n_done, n, "faces"))
    typer.echo(f"{len(made)} manipulated rows of {len({row.origin for row in made})} origins in {out}")
    typer.echo(f"Next: forensics train --data DATA --data {out} --out RUN")
