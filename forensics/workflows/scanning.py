"""A scan from settings to reports, as ``scan`` and ``demo`` share it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.casefile.case_info_file import read_case_info
from forensics.casefile.verification import VerificationReport
from forensics.evaluation.label_files import read_rows
from forensics.languages import ENGLISH
from forensics.media.discovery import Rejected
from forensics.records.verdict import VerdictLabel
from forensics.scan.events import Event
from forensics.scan.overwriting import check_apart
from forensics.scan.scan_run import ScanPlan, plan_scan, run_scan
from forensics.settings import ScanSettings
from forensics.workflows.drawing import check_brief, draw, label_files, labels_for, noted_heads
from forensics.workflows.temporary import temporary_folder


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a user wants of a scan beside the scan itself.

    Attributes:
        labels: the labels file; None takes what lies among the media.
        ratios: state likelihood ratios in the reports.
        rehash: hash again what the case has done; None where an earlier run did not end in order.
        relative_to: a folder whose own path the reports leave out; None leaves paths as they are.
        redact: reports with frames blurred, without faces, sound and folders.
        brief: pages, that is HTML and PDF, are drawn in their short form.
        case_info: a TOML file with case data, to be recorded in the case.
        remarks: sentences that stand in the reports, first among the notices.
        language: of pages.
    """

    reports: tuple[Path, ...] = ()
    labels: Path | None = None
    ratios: bool = False
    retry_failed: bool = False
    rehash: bool | None = None
    relative_to: Path | None = None
    redact: bool = False
    brief: bool = False
    case_info: Path | None = None
    remarks: tuple[str, ...] = ()
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended: verdicts over the whole case, earlier runs included.

    Attributes:
        verdicts: path and verdict of every file of the case, in its order.
        interrupted: files are left; the same scan goes on with them.
        unreachable: paths that were named in this run and could not be examined.
        n_rejected: paths of the whole case that could not be searched or read.
        checked: the check of the case after the last row.
    """

    verdicts: tuple[tuple[str, VerdictLabel], ...]
    interrupted: bool
    unreachable: tuple[Rejected, ...]
    n_rejected: int
    checked: VerificationReport

    @property
    def counts(self) -> Counter[VerdictLabel]:
        """Files by verdict."""
        return Counter(label for _, label in self.verdicts)


def scan_and_report(
    settings: ScanSettings,
    options: ReportOptions,
    command: Sequence[str],
    *,
    on_plan: Callable[[ScanPlan], object] = lambda _: None,
    on_case: Callable[[CaseFile], object] = lambda _: None,
    on_event: Callable[[Event], object] = lambda _: None,
) -> Done:
    """Checks everything that can be checked, scans, and draws the reports.

    Without ``settings.case`` the case vanishes when the reports are written.

    Args:
        settings: of the scan.
        options: beside the scan.
        command: the command line as typed, for the manifest.
        on_plan: takes what is about to be scanned.
        on_case: takes the case with what earlier runs left in it, before this run begins.
        on_event: takes what happens, as it happens.

    Raises:
        ForensicsError: something is wrong that stops the whole scan; before the work starts, if possible.
    """
    check_brief(options.reports, brief=options.brief)
    noted = noted_heads(settings.case, options.reports)
    labels = label_files(options.labels, settings.paths)
    check_apart(options.reports, (*settings.paths, settings.case, options.case_info, *labels))
    if options.labels is not None:
        read_rows(options.labels)
    if settings.trust_list is not None:
        # What reads a manifest is loaded in workers, and here where a list is to be looked at.
        from forensics.detectors.structure.provenance import trust_anchors

        trust_anchors(settings.trust_list)
    given = None if options.case_info is None else read_case_info(options.case_info)
    plan = plan_scan(settings, command, options.reports)
    on_plan(plan)
    known = labels_for([(file.display, file.key) for file in plan.files], options.labels, settings.paths)
    with _case(settings.case, noted) as case:
        on_case(case)
        if given is not None:
            case.add_case_info(given.info, given.sha256)
        outcome = run_scan(
            plan, case, on_event=on_event, retry_failed=options.retry_failed, rehash=options.rehash
        )
        checked = case.checked()
        draw(
            case,
            options.reports,
            known,
            plan.cards,
            checked=checked,
            name=None if settings.case is None else str(settings.case),
            ratios=options.ratios,
            relative_to=options.relative_to,
            redact=options.redact,
            remarks=options.remarks,
            brief=options.brief,
            language=options.language,
        )
        verdicts = tuple((result.media.path, result.verdict.label) for _, result in case.results())
        n_rejected = len(case.rejections())
    return Done(verdicts, outcome.interrupted, plan.unreachable, n_rejected, checked)


@contextlib.contextmanager
def _case(path: Path | None, noted: Sequence[str]) -> Iterator[CaseFile]:
    """The case that was asked for, or one that vanishes when the reports are written."""
    if path is not None:
        with CaseFile.create_or_resume(path, expected_heads=noted) as case:
            yield case
        return
    with temporary_folder() as name, CaseFile.create_or_resume(Path(name) / "scan.case") as case:
        yield case
