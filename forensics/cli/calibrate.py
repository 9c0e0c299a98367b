"""``forensics calibrate``: fit what a card says of its scores, on validation media."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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

if TYPE_CHECKING:
    from forensics.evaluation.calibration import CalibrationFit
    from forensics.evaluation.fusion import FusionFit
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
            help="LABELLED are folders that prepare wrote: fit what their validation rows say of parts of "
            "clips and of blurred faces; leave the rest alone.",
        ),
    ] = False,
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
    from forensics import catalog, fusions
    from forensics.cli.progress import note, shown
    from forensics.evaluation.cards import calibrated_card, card_with_domain
    from forensics.workflows.evaluating import fused_from, scanned

    command = ("forensics", *sys.argv[1:])
    data = data_set or ", ".join(str(path) for path in paths)
    if fusion is not None:
        settings = scan_settings(
            paths,
            workers=workers,
            detectors=detectors,
            models=models,
            frames=frames,
            crops=crops,
            follow_links=follow_links,
        )
        with (
            shown() as on_event,
            scanned(settings, labels, split, command, on_event=on_event, on_note=note) as measured,
        ):
            found = fused_from(measured, fusion.name, data)
        typer.echo("\n".join(_told_of_fusion(found)))
        if not dry_run:
            typer.echo(f"Written: {fusions.write(found.card, fusion)}")
        return
    card, folder = catalog.find(_the_model(models))
    if prepared:
        require("torch", "timm")
        from forensics.training.short_parts import refitted

        fitted = refitted(card, folder, paths, lambda line: typer.echo(line, err=True))
        typer.echo("\n".join(_told(fitted, None)))
        if not dry_run:
            typer.echo(f"Written: {catalog.write_card(fitted, folder)}")
        return
    settings = scan_settings(
        paths,
        workers=workers,
        detectors=card.task,
        models=models,
        frames=frames,
        crops=crops,
        follow_links=follow_links,
    )
    with (
        shown() as on_event,
        scanned(settings, labels, split, command, on_event=on_event, on_note=note) as measured,
    ):
        if domain_only:
            fitted, fit = card_with_domain(card, measured.results, measured.known.labels), None
        else:
            fitted, fit = calibrated_card(card, measured.results, measured.known.labels, data=data)
    typer.echo("\n".join(_told(fitted, fit)))
    if dry_run:
        return
    typer.echo(f"Written: {catalog.write_card(fitted, folder)}")
    if fit is not None:
        typer.echo(
            "The card's figures were dropped, since they were measured under its former calibration. Next: "
            f"forensics evaluate TEST_DATA --model {folder} --data-set NAME --write-card"
        )


def _the_model(models: list[str] | None) -> str:
    from forensics.errors import SettingsError

    if models is None or len(models) != 1:
        raise SettingsError(
            f"calibrate fits one model, and --model names {len(models or ())}",
            "Give one --model, or --fusion FOLDER to add up several detectors.",
        )
    return models[0]


def _told_of_fusion(fit: FusionFit) -> Iterator[str]:
    card = fit.card
    yield f"log loss {fit.held_out_loss:.3f} on rows of other groups than it was fitted on"
    for detector, loss in fit.alone.items():
        yield f"{detector:<12} weight {card.weights[detector]:.3f}  log loss alone {loss:.3f}"
    bounds = card.thresholds
    yield f"signs from {bounds.signs:.3f}, no signs up to {bounds.no_signs:.3f}: {bounds.rule}"


def _told(card: ModelCard, fit: CalibrationFit | None) -> Iterator[str]:
    from forensics.detectors.domain import amount, property_name, range_words
    from forensics.verdicts.likelihood import ratio_text

    if fit is not None:
        for name, loss in fit.log_losses.items():
            yield f"{name:<12} log loss {loss:.3f}" + ("  chosen" if name == fit.chosen else "")
        if card.thresholds is not None:
            bounds = card.thresholds
            yield f"signs from {bounds.signs:.3f}, no signs up to {bounds.no_signs:.3f}: {bounds.rule}"
        if card.likelihood is not None:
            lowest, highest = card.likelihood.log10_lowest, card.likelihood.log10_highest
            reach = f"{ratio_text(lowest)} to {ratio_text(highest)}"
            yield f"likelihood ratios from {reach}: {card.likelihood.rule}"
    if card.windows is not None:
        reach = ", ".join(f"{n:g}: {bound:.2f}" for n, bound in card.windows.departures)
        yield f"parts of a clip, logits above its mean, by number of windows: {reach}: {card.windows.rule}"
    for name, lowest in card.domain.needed.items():
        least = f"{property_name(name)} of at least {amount(name, lowest)}"
        yield f"needed for a verdict: {least}: {card.domain.needed_rule}"
    for name, (smallest, largest) in card.domain.ranges.items():
        yield f"domain: {property_name(name)} from {range_words(name, smallest, largest)}"
