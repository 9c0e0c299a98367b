"""A model card as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from forensics.detectors.domain import property_name, range_words
from forensics.evaluation.shares import left_out_text
from forensics.numerals import figure_text
from forensics.records.input_contract import ClipContract, FlowContract, SoundContract
from forensics.records.model_card import Calibration, Metric, ModelCard
from forensics.verdicts.likelihood import ratio_text

_WIDTH = 100


def card_text(card: ModelCard, folder: Path) -> str:
    """The whole card, in the order in which an examiner asks."""
    return "\n".join(_lines(card, folder))


def _lines(card: ModelCard, folder: Path) -> Iterator[str]:
    yield f"{card.id}, version {card.version}: a {card.task} model ({card.net})"
    yield f"in {folder}"
    yield from _section("What it is", [card.summary])
    yield from _section("Licence", [card.licence])
    yield from _section("Trained on", [card.training_data])
    yield from _section("Splits", _splits(card))
    yield from _section("What goes in", [_contract(card)])
    yield from _section("Figures", [_metric(metric) for metric in card.metrics] or ["none yet"])
    commands = dict.fromkeys(metric.command for metric in card.metrics if metric.command)
    if commands:
        yield from _section("To repeat them", commands)
    yield from _section("Calibration", _calibration(card))
    yield from _section("Domain", _domain(card))
    yield from _section("Limits and known failures", card.limits or ["none are stated"])
    files = [
        f"{variant.precision}: {name} {digest}"
        for variant in card.variants
        for name, digest in ((variant.xml, variant.xml_sha256), (variant.bin, variant.bin_sha256))
    ]
    if card.members:
        parts = [
            f"{one.id}, weight {one.weight:.3g}: weights file {one.bin_sha256}"
            + (" (a triage looks with it first)" if one.id == card.looks_first else "")
            for one in card.members
        ]
        yield from ("", "Members (SHA-256)", *(f"  {line}" for line in parts))
        return
    yield from ("", "Files (SHA-256)", *(f"  {line}" for line in files))


def _section(title: str, paragraphs: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    for paragraph in paragraphs:
        yield from textwrap.wrap(paragraph, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _contract(card: ModelCard) -> str:
    one = card.contract
    if isinstance(one, SoundContract):
        return f"windows of {one.window_s:g} s at {one.rate_hz} Hz, one every {one.hop_s:g} s"
    clips = ""
    if isinstance(one, ClipContract):
        clips = f"clips of {one.clip_frames} "
    elif isinstance(one, FlowContract):
        clips = f"optical flow between {one.clip_frames} "
    least = f", faces of {one.min_face_px} px and more" if one.min_face_px else ""
    mirrored = "; each crop is also scored mirrored" if one.flip else ""
    return (
        f"{clips}crops of {one.size_px} x {one.size_px} px, cut {one.crop_margin:g} times "
        f"as wide as the box of the finder {one.finder}{least}{mirrored}"
    )


def _metric(metric: Metric) -> str:
    value = figure_text(metric.value, metric.lower, metric.upper)
    return f"{metric.name}: {value}, n = {metric.n}, {metric.data_set}"


def _calibration(card: ModelCard) -> list[str]:
    lines = []
    if card.calibration is None:
        lines.append("none: the score is the plain sigmoid of the logit")
    else:
        fit = card.calibration
        lines.append(
            f"{_curve(fit)}, for logits from {fit.logit_lowest:.2f} to {fit.logit_highest:.2f}, from {fit.n} "
            f"subjects: {fit.data}"
        )
    if card.thresholds is None:
        lines.append("no thresholds: it gives scores, and no verdicts")
    else:
        bounds = card.thresholds
        lines.append(f"signs from {bounds.signs:.3f}, no signs up to {bounds.no_signs:.3f}; {bounds.rule}")
        lines += [left_out_text(one) for one in bounds.left_out]
    if card.likelihood is None:
        lines.append("no likelihood ratios: their bounds have not been fitted")
    else:
        ratios = card.likelihood
        lines.append(
            f"likelihood ratios from {ratio_text(ratios.log10_lowest)} to "
            f"{ratio_text(ratios.log10_highest)}; {ratios.rule}"
        )
    return lines


def _curve(fit: Calibration) -> str:
    if fit.knots:
        return f"score by isotonic regression with {len(fit.knots)} knots"
    return f"score = sigmoid({fit.slope:.3f} x logit {fit.intercept:+.3f})"


def _splits(card: ModelCard) -> Iterator[str]:
    yield "training: as above"
    if card.calibration is not None:
        yield (
            f"validation: {card.calibration.data}, n = {card.calibration.n}; weights and thresholds were "
            "chosen on them"
        )
    tested = dict.fromkeys(metric.data_set for metric in card.metrics)
    for data_set in tested:
        n = max(metric.n for metric in card.metrics if metric.data_set == data_set)
        yield f"measured on: {data_set}, up to {n} rows; nothing was chosen on them"


def _domain(card: ModelCard) -> Iterator[str]:
    for name, (lowest, highest) in card.domain.ranges.items():
        yield f"{property_name(name)} from {range_words(name, lowest, highest)}"
    if not card.domain.ranges:
        yield "not measured: no file is reported as out of domain"
