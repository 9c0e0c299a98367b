"""What a report itself notes: files that name each other, and what the runs used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from forensics.records.findings import Notice
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import RunManifest, ScanResult

# Copies of one file that a notice names; each has its own row.
_MOST_TWINS_NAMED = 5


def naming_each_other(rows: Sequence[tuple[int, ScanResult]]) -> list[tuple[int, ScanResult]]:
    """Results of one place, and of one content, with notices that name the others.

    Args:
        rows: (row id, result) in the order of the case file.
    """
    return _with_twins(_with_neighbours(rows))


def _with_neighbours(rows: Sequence[tuple[int, ScanResult]]) -> list[tuple[int, ScanResult]]:
    """Rows of one place, whose content changed between runs, name each other."""
    at_place: dict[str, list[int]] = {}
    for row_id, result in rows:
        at_place.setdefault(result.media.key, []).append(row_id)
    named = []
    for row_id, result in rows:
        others = [str(other) for other in at_place[result.media.key] if other != row_id]
        if others:
            message = f"When other runs examined this place, it held other content: row {', '.join(others)}."
            notices = (*result.notices, Notice("report", message))
            named.append((row_id, replace(result, notices=notices)))
        else:
            named.append((row_id, result))
    return named


def _with_twins(rows: Sequence[tuple[int, ScanResult]]) -> list[tuple[int, ScanResult]]:
    """A file that was examined for others too names them."""
    twins: dict[tuple[str, str | None], list[str]] = {}
    for _, result in rows:
        if result.twin_of is not None:
            twins.setdefault((result.twin_of, result.media.sha256), []).append(result.media.path)
    return [
        (row_id, _naming_twins(result, twins.get((result.media.key, result.media.sha256), ())))
        for row_id, result in rows
    ]


def _naming_twins(result: ScanResult, paths: Sequence[str]) -> ScanResult:
    if result.twin_of is not None or not paths:
        return result
    more = f" and {len(paths) - _MOST_TWINS_NAMED:,} more" if len(paths) > _MOST_TWINS_NAMED else ""
    message = f"The same content, byte for byte, lies at {', '.join(paths[:_MOST_TWINS_NAMED])}{more}."
    return replace(result, notices=(*result.notices, Notice("report", message)))


def run_notices(runs: Sequence[RunManifest], cards: Sequence[ModelCard]) -> tuple[Notice, ...]:
    """What is to be said of the runs: other weights under one name, cards that are missing, profiles."""
    notices = []
    used = {(model.id, model.sha256) for run in runs for model in run.models}
    for model_id, n in Counter(model_id for model_id, _ in used).items():
        if n > 1:
            notices.append(
                Notice("report", f"The runs used {n} different weights under the model name {model_id}.")
            )
    known = {card.id for card in cards}
    notices.extend(
        Notice(
            "report",
            f"The card of model {missing} was not at hand: its thresholds and error rates are not drawn.",
        )
        for missing in sorted({model_id for model_id, _ in used} - known)
    )
    precisions = {model.precisions for run in runs for model in run.models}
    if len({run.profile for run in runs}) > 1:
        named = "; ".join(sorted(precisions))
        notices.append(
            Notice("report", f"The runs used different profiles ({named}); scores differ slightly.")
        )
    return tuple(notices)
