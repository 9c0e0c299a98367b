"""``forensics calibrate``: fit what a card says of its scores, on validation media."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.scan_options import (
    SCORING_DETECTORS,
    Crops,
    FollowLinks,
    Frames,
    Labels,
    Split,
    Workers,
    named_path,
    scan_settings,
)
from forensics.cli.training_packages import require
from forensics.errors import SettingsError

if TYPE_CHECKING:
    from forensics.evaluation.calibration import CalibrationFit
    from forensics.evaluation.fusion_fit import FusionFit
    from forensics.records.model_card import ModelCard


def calibrate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=named_path, metavar="LABELLED", help="Validation media: the model was not trained on them."
        ),
    ],
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="MODEL", help="A model's id or folder; with --fusion several."),
    ] = None,
    labels: Labels = None,
    split: Split = None,
    data_set: Annotated[
        str | None,
        typer.Option(
            "--data-set", metavar="TEXT", help="What the data are, for the card.", show_default="their paths"
        ),
    ] = None,
    frames: Frames = None,
    crops: Crops = False,
    workers: Workers = None,
    follow_links: FollowLinks = False,
    domain_only: Annotated[
        bool,
        typer.Option("--domain-only", help="Measure the domain only; leave the calibration as it is."),
    ] = False,
    prepared: Annotated[
        bool,
        typer.Option(
            "--prepared",
            help="LABELLED are folders that prepare wrote. Their validation rows fit an ensemble, or a model "
            "without a calibration, whole; of another model only what they say of parts of clips, of blurred "
            "faces and of origins left out.",
        ),
    ] = False,
    unmet: Annotated[
        list[Path] | None,
        typer.Option(
            "--unmet",
            metavar="FOLDER",
            help="With --prepared: prepared data of origins that trained nothing; their pristine "
            "validation rows set the threshold for signs.",
        ),
    ] = None,
    fusion: Annotated[
        Path | None,
        typer.Option(
            "--fusion",
            metavar="FOLDER",
            help="Fit how the scores of several detectors are added up, into this folder.",
        ),
    ] = None,
    detectors: Annotated[
        str, typer.Option("--detectors", metavar="NAMES", help="With --fusion: the detectors to add up.")
    ] = SCORING_DETECTORS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the fit; leave the card as it is.")
    ] = False,
) -> None:
    """Fit calibration, thresholds, bounds for parts of clips, likelihood ratios and domain, for the card.

    With --fusion, fit how the scores of several calibrated detectors make one of the file.
    """
    from forensics.cli.progress import note, shown
    from forensics.workflows import calibrating

    data = data_set or ", ".join(str(path) for path in paths)
    if prepared:
        _from_prepared(calibrating.the_model(models or ()), paths, unmet or (), dry_run=dry_run)
        return
    if unmet:
        raise SettingsError("--unmet belongs to --prepared", "Give --prepared, or leave --unmet out.")
    settings = scan_settings(
        paths,
        workers=workers,
        detectors=detectors,
        models=models,
        frames=frames,
        crops=crops,
        follow_links=follow_links,
    )
    command = ("forensics", *sys.argv[1:])
    if fusion is not None:
        with shown() as on_event:
            found = calibrating.fused(
                settings, labels, split, command, name=fusion.name, data=data, on_event=on_event, on_note=note
            )
        _tell_fusion(found, None if dry_run else fusion)
        return
    with shown() as on_event:
        fitted = calibrating.calibrated(
            settings,
            labels,
            split,
            command,
            data=data,
            domain_only=domain_only,
            on_event=on_event,
            on_note=note,
        )
    _tell_card(fitted.card, fitted.fit, None if dry_run else fitted.folder)


def _from_prepared(model: str, paths: list[Path], unmet: Sequence[Path], *, dry_run: bool) -> None:
    require("torch", "timm")
    from forensics import catalog
    from forensics.cli.progress import note
    from forensics.training.prepared_fits import refitted

    card, folder = catalog.find(model)
    _tell_card(refitted(card, folder, paths, note, unmet), None, None if dry_run else folder)


def _tell_card(card: ModelCard, fit: CalibrationFit | None, folder: Path | None) -> None:
    """Says what was fitted, and writes it where there is a folder for it."""
    from forensics import catalog

    typer.echo("\n".join(_told(card, fit)))
    if folder is None:
        return
    typer.echo(f"Written: {catalog.write_card(card, folder)}")
    if fit is not None:
        typer.echo(
            "The card's figures were dropped, since they were measured under its former calibration. Next: "
            f"forensics evaluate TEST_DATA --model {folder} --data-set NAME --write-card"
        )


def _tell_fusion(fit: FusionFit, folder: Path | None) -> None:
    """Says what was fitted, and writes it where there is a folder for it."""
    from forensics import fusions

    typer.echo("\n".join(_told_of_fusion(fit)))
    if folder is not None:
        typer.echo(f"Written: {fusions.write(fit.card, folder)}")


def _told_of_fusion(fit: FusionFit) -> Iterator[str]:
    card = fit.card
    yield f"log loss {fit.held_out_loss:.3f} on rows of other groups than it was fitted on"
    for detector, loss in fit.alone.items():
        yield f"{detector:<12} weight {card.weights[detector]:.3f}  log loss alone {loss:.3f}"
    bounds = card.thresholds
    yield f"signs from {bounds.signs:.3f}, no signs up to {bounds.no_signs:.3f}: {bounds.rule}"


def _told(card: ModelCard, fit: CalibrationFit | None) -> Iterator[str]:
    from forensics.detectors.domain import amount, property_name, range_words
    from forensics.evaluation.shares import left_out_text
    from forensics.verdicts.likelihood import ratio_text

    if fit is not None:
        for name, loss in fit.log_losses.items():
            yield f"{name:<12} log loss {loss:.3f}" + ("  chosen" if name == fit.chosen else "")
        if card.thresholds is not None:
            bounds = card.thresholds
            yield f"signs from {bounds.signs:.3f}, no signs up to {bounds.no_signs:.3f}: {bounds.rule}"
            yield from (left_out_text(one) for one in bounds.left_out)
        if card.likelihood is not None:
            lowest, highest = card.likelihood.log10_lowest, card.likelihood.log10_highest
            reach = f"{ratio_text(lowest)} to {ratio_text(highest)}"
            yield f"likelihood ratios from {reach}: {card.likelihood.rule}"
    if card.windows is not None:
        reach = ", ".join(f"{n:g}: {bound:.2f}" for n, bound in card.windows.departures)
        yield f"parts of a clip, logits above its mean, by number of windows: {reach}: {card.windows.rule}"
    for name, lowest in card.domain.needed.items():
        yield f"needed for a verdict: {property_name(name)} of at least {amount(name, lowest)}"
    if card.domain.needed_rule:
        yield f"needed for a verdict, how found: {card.domain.needed_rule}"
    for name, (smallest, largest) in card.domain.ranges.items():
        yield f"domain: {property_name(name)} from {range_words(name, smallest, largest)}"
