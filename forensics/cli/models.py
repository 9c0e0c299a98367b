"""``forensics models``: which models there are, what their cards say, and whether their files are sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.training_packages import require

app = typer.Typer(help="List, show, verify and import models.", no_args_is_help=True, rich_markup_mode=None)

_Reference = Annotated[str, typer.Argument(metavar="MODEL", help="A model's id or its folder.")]


@app.command("list")
def list_models() -> None:
    """List the models that are installed."""
    from forensics import catalog

    cards = catalog.list_cards()
    if not cards:
        typer.echo(f"No models are installed in {catalog.models_folder()}.")
        return
    rows = [
        (card.id, card.task, "+".join(one.precision for one in card.variants) or "ensemble", card.summary)
        for card, _ in cards
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    for row in rows:
        typer.echo("  ".join([*map(str.ljust, row, widths), row[-1]]))


@app.command("show")
def show_model(model: _Reference) -> None:
    """Show a model's card: what it is, what it was trained on, how well it does, and its limits."""
    from forensics import catalog
    from forensics.cli.card_text import card_text

    card, folder = catalog.find(model)
    typer.echo(card_text(card, folder))


@app.command("verify")
def verify_models(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Ids or folders; all if none is named.")
    ] = None,
) -> None:
    """Check the files of models against the SHA-256 digests in their cards."""
    from forensics import catalog, ensembles

    chosen = [catalog.find(one) for one in models] if models else catalog.list_cards()
    for card, folder in chosen:
        n_bytes = ensembles.verify(card, folder)
        parts = f"{len(card.members)} members" if card.members else f"{len(card.variants)} variants"
        typer.echo(f"{card.id}: sound, {parts}, {n_bytes / 1e6:.1f} MB")
    if not chosen:
        typer.echo(f"No models are installed in {catalog.models_folder()}.")


@app.command("combine")
def combine_models(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Ids or folders, two or more.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="The ensemble's folder; its name becomes the id.")
    ],
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="W,W", help="One for each model.", show_default="equal"),
    ] = None,
    looks_first: Annotated[
        str, typer.Option("--first", metavar="ID", help="The member that a triage looks with first.")
    ] = "",
) -> None:
    """Write the card of an ensemble: the weighted sum of several models' logits."""
    from forensics.workflows.combining import combine

    card = combine(models, out, _weights(weights, len(models)), looks_first=looks_first)
    typer.echo(f"{card.id}: {card.summary}")
    typer.echo("It has no calibration yet: it gives scores, and no verdicts, until that is fitted.")
    typer.echo(f"Next: forensics calibrate VALIDATION_MEDIA --model {out}")


def _weights(text: str | None, n: int) -> list[float]:
    from forensics.errors import SettingsError

    if text is None:
        return [1.0] * n
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) != n:
        raise SettingsError(
            f"--weights is {text!r}, and there are {n} models", "Give one number for each: --weights 0.6,0.4"
        )
    return shares


@app.command("import")
def import_model(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="Published weights, a .pth file.")],
    net: Annotated[
        str, typer.Option("--net", metavar="NET", help="efficientnet-autoatt-b4 or efficientnet-b4.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="The model's folder; its name becomes the id.")
    ],
    crop_margin: Annotated[
        float, typer.Option("--crop-margin", metavar="X", help="Width of a crop, in face boxes.")
    ] = 1.3,
    licence: Annotated[
        str, typer.Option("--licence", metavar="TEXT", help="For the card.")
    ] = "as the checkpoint's publisher states",
) -> None:
    """Turn a published checkpoint of the reference nets into a model; no code in it is run."""
    require("torch", "timm")
    from forensics.training.pretrained import ImportSettings
    from forensics.training.pretrained import import_model as convert

    card = convert(ImportSettings(checkpoint, net, out, crop_margin, licence))
    typer.echo(f"{card.id}: {card.summary}")
    typer.echo(
        "It has no calibration yet: it gives scores, and no verdicts, until forensics calibrate has fitted "
        "it."
    )
    typer.echo(f"Next: forensics scan MEDIA --model {out}")
