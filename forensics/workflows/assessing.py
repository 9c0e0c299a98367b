"""``evaluate`` from settings to figures, reports, cards and audits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import SettingsError
from forensics.evaluation.audit import Audit, audit, check_data_set, write_junit
from forensics.records.labelled_figures import LabelledFigures
from forensics.scan.events import Event
from forensics.scan.overwriting import check_apart
from forensics.scan.worker_context import choose_detectors
from forensics.settings import ScanSettings
from forensics.workflows.comparing import check_other, compared
from forensics.workflows.drawing import draw, label_files, noted_heads
from forensics.workflows.evaluating import Measured, scanned
from forensics.workflows.measuring import figures_of, write_figures


@dataclass(frozen=True, slots=True)
class AssessmentOptions:
    """What a user wants of an evaluation beside the scan itself.

    Attributes:
        labels: the labels file; None takes folders called real and fake.
        split: rows of this split alone.
        reports: to write.
        compare: models, profiles and precisions to compare with.
        ratios: measure likelihood ratios as a report states them.
        data_set: what the cards call the data that are measured.
        write_card: write the figures into the cards of the models.
        audit: compare the figures with those of the cards.
        junit: where the audit is written as JUnit XML.
    """

    labels: Path | None = None
    split: str | None = None
    reports: tuple[Path, ...] = ()
    compare: tuple[str, ...] = ()
    ratios: bool = False
    data_set: str | None = None
    write_card: bool = False
    audit: bool = False
    junit: Path | None = None

    def __post_init__(self) -> None:
        if self.write_card and self.data_set is None:
            raise SettingsError(
                "--write-card needs to know what the data set is called",
                'Add --data-set "NAME, test rows".',
            )
        if self.junit is not None and not self.junit.absolute().parent.is_dir():
            raise SettingsError(
                f"The audit cannot be written to {self.junit}: its folder does not exist",
                "Choose a folder that exists and is writable.",
            )

    @property
    def audits(self) -> bool:
        """Whether anything is audited."""
        return self.audit or self.junit is not None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was measured.

    Attributes:
        figures: of every scope, then of every comparison.
        written: cards that the figures were written into.
        audits: one for each model; empty where none was asked for.
    """

    figures: tuple[LabelledFigures, ...]
    written: tuple[Path, ...]
    audits: tuple[Audit, ...]


def assess(
    settings: ScanSettings,
    options: AssessmentOptions,
    command: Sequence[str],
    *,
    on_event: Callable[[Event], object] = lambda _: None,
    on_note: Callable[[str], object] = lambda _: None,
) -> Assessment:
    """Checks everything that can be checked, scans labelled files, measures, and draws the reports.

    Args:
        settings: of the scan.
        options: beside the scan.
        command: the command line as typed, for the manifest and the cards.
        on_event: takes what happens, as it happens.
        on_note: takes sentences on what the figures leave out.

    Raises:
        ForensicsError: something is wrong that stops the evaluation; before the work starts, if possible.
        KeyboardInterrupt: the scan was interrupted; with a case file it can be resumed.
    """
    noted = noted_heads(settings.case, options.reports)
    to_write = [*options.reports, *([] if options.junit is None else [options.junit])]
    check_apart(to_write, (*settings.paths, settings.case, *label_files(options.labels, settings.paths)))
    if options.audits:
        chosen = choose_detectors(settings)
        check_data_set([model.card for one in chosen for model in one.models], options.data_set)
    for other in options.compare:
        check_other(other)
    labels, split = options.labels, options.split
    with scanned(
        settings, labels, split, command, written=to_write, on_event=on_event, on_note=on_note
    ) as measured:
        figures = figures_of(measured, ratios=options.ratios)
        for other in options.compare:
            figures += (
                compared(
                    measured, settings, other, labels, split, command, on_event=on_event, on_note=on_note
                ),
            )
        draw(
            measured.case,
            options.reports,
            measured.known,
            measured.run_cards,
            checked=measured.case.checked(expected_heads=noted),
            name=None if settings.case is None else str(settings.case),
            figures=figures,
            ratios=options.ratios,
        )
    written: tuple[Path, ...] = ()
    if options.write_card and options.data_set is not None:
        written = tuple(write_figures(measured, figures, options.data_set, command))
    return Assessment(figures, written, _audited(measured, figures, options))


def _audited(
    measured: Measured, figures: Sequence[LabelledFigures], options: AssessmentOptions
) -> tuple[Audit, ...]:
    if not options.audits or options.data_set is None:
        return ()
    audits = tuple(audit(card, figures, data_set=options.data_set) for card in measured.cards)
    if options.junit is not None:
        write_junit(audits, options.junit)
    return audits
