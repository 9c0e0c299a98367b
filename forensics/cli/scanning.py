"""A scan from settings to reports, as ``scan`` and ``demo`` share it."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import typer

from forensics.casefile.case_file import CaseFile
from forensics.cli.custody import tell_condition, tell_head
from forensics.cli.drawing import draw, labels_for, noted_heads
from forensics.cli.progress import Audience, ScanProgress
from forensics.cli.temporary import temporary_folder
from forensics.cli.wording import LABEL_WORDS, escaped
from forensics.errors import SettingsError
from forensics.evaluation.label_files import read_rows
from forensics.media.discovery import Rejected
from forensics.records.scan import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.scan.events import Event, FileDone
from forensics.scan.run import plan_scan, run_scan
from forensics.settings import ScanSettings

# Files with signs that the summary names; the report has them all.
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user wants of a scan beside the scan itself.

    Attributes:
        labels: the labels file; None takes what lies among the media.
        ratios: state likelihood ratios in the reports.
        rehash: hash again what the case has done; None where an earlier run did not end in order.
        relative_to: a folder whose own path the reports leave out; None leaves paths as they are.
        redact: pictures of people are blurred in the reports.
        as_json: one line of JSON per file on stdout.
    """

    reports: tuple[Path, ...] = ()
    labels: Path | None = None
    ratios: bool = False
    retry_failed: bool = False
    rehash: bool | None = None
    relative_to: Path | None = None
    redact: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended: verdicts over the whole case, earlier runs included.

    Attributes:
        unreachable: paths that were named in this run and could not be examined.
    """

    counts: Counter[VerdictLabel]
    interrupted: bool
    unreachable: tuple[Rejected, ...]


def scan_and_report(settings: ScanSettings, wishes: Wishes, command: Sequence[str]) -> Done:
    """Checks everything that can be checked, scans, draws the reports and says what came of it.

    Args:
        command: the command line as typed, for the manifest.

    Raises:
        ForensicsError: something is wrong that stops the whole scan; before the work starts, if possible.
    """
    noted = noted_heads(settings.case, wishes.reports)
    _apart(settings, wishes)
    if wishes.labels is not None:
        read_rows(wishes.labels)
    plan = plan_scan(settings, command)
    _name_unreachable(plan.unreachable)
    known = labels_for([(file.display, file.key) for file in plan.files], wishes.labels, settings.paths)
    with _case(settings.case, noted) as case:
        if case.at_opening is not None:
            tell_condition(case.at_opening)
        if wishes.as_json:
            _tell_earlier(case)
        audience = Audience()
        with ScanProgress() as progress:

            def listen(event: Event) -> None:
                with audience.listening():
                    progress.on_event(event)
                    if wishes.as_json and isinstance(event, FileDone):
                        _tell(event.result)

            outcome = run_scan(
                plan, case, on_event=listen, retry_failed=wishes.retry_failed, rehash=wishes.rehash
            )
        name = None if settings.case is None else str(settings.case)
        cards = [model.card for model in plan.models]
        checked = case.checked()
        draw(
            case,
            wishes.reports,
            known,
            cards,
            checked=checked,
            name=name,
            ratios=wishes.ratios,
            relative_to=wishes.relative_to,
            redact=wishes.redact,
        )
        results = [(result.media.path, result.verdict.label) for _, result in case.results()]
        n_rejected = len(case.rejections())
    done = Done(Counter(label for _, label in results), outcome.interrupted, plan.unreachable)
    _sum_up(settings, wishes, done, results, n_rejected)
    if settings.case is not None:
        tell_head(checked, wishes.reports)
    audience.check()
    return done


def _apart(settings: ScanSettings, wishes: Wishes) -> None:
    """A report must not be written over the case file or over the evidence."""
    taken = {path.resolve() for path in settings.paths if path.is_file()}
    if settings.case is not None:
        taken.add(settings.case.resolve())
    for path in wishes.reports:
        if path.resolve() in taken:
            raise SettingsError(
                f"The report {path} would overwrite the case file or a file that is to be examined",
                "Give the report another name.",
            )


@contextlib.contextmanager
def _case(path: Path | None, noted: Sequence[str]) -> Iterator[CaseFile]:
    """The case that was asked for, or one that vanishes when the reports are written."""
    if path is not None:
        with CaseFile.create_or_resume(path, expected_heads=noted) as case:
            yield case
        return
    with temporary_folder() as name, CaseFile.create_or_resume(Path(name) / "scan.case") as case:
        yield case


def _tell_earlier(case: CaseFile) -> None:
    for _, result in case.results():
        _tell(result)


def _tell(result: ScanResult) -> None:
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()


def _name_unreachable(unreachable: Sequence[Rejected]) -> None:
    for one in unreachable:
        _say(f"Not examined: {escaped(one.display)} {one.reason}. {one.hint}")


def _sum_up(
    settings: ScanSettings,
    wishes: Wishes,
    done: Done,
    results: Sequence[tuple[str, VerdictLabel]],
    n_rejected: int,
) -> None:
    """A short account on stderr: stdout belongs to --json."""
    _say("")
    for label, words in LABEL_WORDS.items():
        _say(f"{done.counts[label]:>7}  {words}")
    if n_rejected:
        paths = "path" if n_rejected == 1 else "paths"
        _say(f"{n_rejected:>7}  {paths} that could not be searched or read; the report says why")
    if done.unreachable:
        _say("")
        _name_unreachable(done.unreachable)
    suspicious = [shown for shown, label in results if label is VerdictLabel.SIGNS_OF_MANIPULATION]
    if suspicious:
        _say("\nSigns of manipulation:")
        for one in suspicious[:_MOST_NAMED]:
            _say(f"  {escaped(one)}")
        if len(suspicious) > _MOST_NAMED:
            _say(f"  and {len(suspicious) - _MOST_NAMED} more")
    _say("")
    for path in wishes.reports:
        _say(f"Report: {path}")
    if settings.case is not None:
        _say(f"Case file: {settings.case} (check it with: forensics verify {settings.case})")
    _say(_next_step(settings, wishes, done))


def _next_step(settings: ScanSettings, wishes: Wishes, done: Done) -> str:
    if done.interrupted and settings.case is not None:
        return "Interrupted: everything so far is kept. The same command goes on where this one stopped."
    if done.interrupted:
        return "Interrupted: what was examined is in the report. With --case FILE a scan can be resumed."
    if not wishes.reports and settings.case is not None:
        return f"To read the results: forensics report {settings.case} --report report.html"
    if not wishes.reports and not wishes.as_json:
        return "To see the evidence behind the verdicts, scan again with --report report.html"
    return "No signs found does not mean genuine: the report says what was and was not looked at."


def _say(line: str) -> None:
    typer.echo(line, err=True)
