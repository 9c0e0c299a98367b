"""Scans of labelled media, for ``evaluate`` and ``calibrate``: the very code that scans, on labelled rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.errors import PathError
from forensics.evaluation.content_once import each_content_once
from forensics.evaluation.labels import LabelSet, by_key, read_labels
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import ScanResult
from forensics.scan.events import Event
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.scan.worker_context import ChosenModel, manifest_of
from forensics.settings import ScanSettings
from forensics.workflows.temporary import temporary_folder


@dataclass(frozen=True, slots=True)
class Measured:
    """A scan of labelled files.

    Attributes:
        case: still open, for drawing.
        results: without exhibits, in the order of the case.
        run_cards: of all models that ran, those that found what was scored included.
    """

    case: CaseFile
    results: tuple[ScanResult, ...]
    known: LabelSet
    models: tuple[ChosenModel, ...]
    run_cards: tuple[ModelCard, ...]

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Of the models that scored."""
        return tuple(model.card for model in self.models)


@contextlib.contextmanager
def scanned(
    settings: ScanSettings,
    labels: Path | None,
    split: str | None,
    command: Sequence[str],
    *,
    precision: str | None = None,
    written: Sequence[Path] = (),
    on_event: Callable[[Event], object] = lambda _: None,
    on_note: Callable[[str], object] = lambda _: None,
) -> Iterator[Measured]:
    """Scans the files that have a label, no others: files of the sealed split are never opened.

    Args:
        labels: the labels file; None takes folders called real and fake.
        split: rows of this split alone.
        command: the command line as typed, for the manifest.
        precision: in which every score is computed, instead of the profile's.
        written: what will be written beside the case file.
        on_event: takes what happens, as it happens.
        on_note: takes sentences on what the figures leave out.

    Raises:
        ForensicsError: labels that fit nothing, or anything that stops a scan.
        KeyboardInterrupt: the scan was interrupted; with a case file it can be resumed.
    """
    plan = plan_scan(settings, command, written)
    if plan.unreachable:  # figures on a part of the data would pass for figures on all
        first = plan.unreachable[0]
        raise PathError(f"{first.display} {first.reason}", first.hint)
    known = read_labels(labels, [file.display for file in plan.files], settings.paths, split=split)
    known = by_key(known, [(file.display, file.key) for file in plan.files])
    wanted = tuple(file for file in plan.files if file.display in known.labels)
    plan = replace(plan, files=wanted)
    if precision is not None:
        detectors = tuple(
            replace(one, models=tuple(replace(m, precision=precision, first_look=None) for m in one.models))
            for one in plan.detectors
        )
        plan = replace(plan, detectors=detectors, manifest=manifest_of(settings, detectors, command))
    with contextlib.ExitStack() as stack:
        path = settings.case
        if path is None:
            path = Path(stack.enter_context(temporary_folder())) / "evaluation.case"
        case = stack.enter_context(CaseFile.create_or_resume(path))
        outcome = run_scan(plan, case, on_event=on_event)
        if outcome.interrupted:
            raise KeyboardInterrupt
        labelled = [result for _, result in case.results() if result.media.key in known.labels]
        results, kept, notes = each_content_once(labelled, known.labels)
        for note in notes:
            on_note(note)
        measured = tuple(result for result in results if result.media.key in kept)
        yield Measured(case, measured, replace(known, labels=kept), plan.models, plan.cards)
