"""What ``scan`` and ``demo`` say while they scan, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec
import typer

from forensics.casefile.case_file import CaseFile
from forensics.cli.custody import tell_condition, tell_head
from forensics.cli.progress import Audience, ScanProgress
from forensics.cli.wording import LABEL_WORDS, escaped
from forensics.media.discovery import Rejected
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.scan.events import Event, FileDone
from forensics.settings import ScanSettings
from forensics.workflows.scanning import Done, ReportOptions, scan_and_report

# Files with signs that the summary names; the report has them all.
_MOST_NAMED = 10


def scan_and_tell(
    settings: ScanSettings, options: ReportOptions, command: Sequence[str], *, as_json: bool = False
) -> Done:
    """Scans, draws the reports and says what came of it.

    Args:
        settings: of the scan.
        options: beside the scan.
        command: the command line as typed, for the manifest.
        as_json: one line of JSON per file on stdout.

    Raises:
        ForensicsError: something is wrong that stops the whole scan; before the work starts, if possible.
        BrokenPipeError: whoever read the output has gone.
    """
    audience = Audience()
    with ScanProgress() as progress:

        def on_case(case: CaseFile) -> None:
            if case.at_opening is not None:
                tell_condition(case.at_opening)
            if as_json:
                for _, result in case.results():
                    _tell(result)

        def on_event(event: Event) -> None:
            with audience.listening():
                progress.on_event(event)
                if as_json and isinstance(event, FileDone):
                    _tell(event.result)

        done = scan_and_report(
            settings,
            options,
            command,
            on_plan=lambda plan: _name_unreachable(plan.unreachable),
            on_case=on_case,
            on_event=on_event,
        )
    _sum_up(settings, options, done, as_json=as_json)
    if settings.case is not None:
        tell_head(done.checked, options.reports)
    audience.check()
    return done


def _tell(result: ScanResult) -> None:
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()


def _name_unreachable(unreachable: Sequence[Rejected]) -> None:
    for one in unreachable:
        _say(f"Not examined: {escaped(one.display)} {one.reason}. {one.hint}")


def _sum_up(settings: ScanSettings, options: ReportOptions, done: Done, *, as_json: bool) -> None:
    """A short account on stderr: stdout belongs to --json."""
    _say("")
    counts = done.counts
    for label, words in LABEL_WORDS.items():
        _say(f"{counts[label]:>7}  {words}")
    if done.n_rejected:
        paths = "path" if done.n_rejected == 1 else "paths"
        _say(
            f"{done.n_rejected:>7}  {paths} not searched, not read or with files passed over; see the report"
        )
    if done.unreachable:
        _say("")
        _name_unreachable(done.unreachable)
    suspicious = [shown for shown, label in done.verdicts if label is VerdictLabel.SIGNS_OF_MANIPULATION]
    if suspicious:
        _say("\nSigns of manipulation:")
        for one in suspicious[:_MOST_NAMED]:
            _say(f"  {escaped(one)}")
        if len(suspicious) > _MOST_NAMED:
            _say(f"  and {len(suspicious) - _MOST_NAMED} more")
    _say("")
    for path in options.reports:
        _say(f"Report: {path}")
    if settings.case is not None:
        _say(f"Case file: {settings.case} (check it with: forensics verify {settings.case})")
    _say(_next_step(settings, options, done, as_json=as_json))


def _next_step(settings: ScanSettings, options: ReportOptions, done: Done, *, as_json: bool) -> str:
    if done.interrupted and settings.case is not None:
        return "Interrupted: everything so far is kept. The same command goes on where this one stopped."
    if done.interrupted:
        return "Interrupted: what was examined is in the report. With --case FILE a scan can be resumed."
    if not options.reports and settings.case is not None:
        return f"To read the results: forensics report {settings.case} --report report.html"
    if not options.reports and not as_json:
        return "To see the evidence behind the verdicts, scan again with --report report.html"
    return "No signs found does not mean genuine: the report says what was and was not looked at."


def _say(line: str) -> None:
    typer.echo(line, err=True)
