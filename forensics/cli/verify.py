"""``forensics verify``: is a case file, and are the media, what they were?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.wording import escaped
from forensics.errors import CaseFileError

if TYPE_CHECKING:
    from forensics.casefile.media_check import MediaCheck
    from forensics.casefile.verification import VerificationReport


def verify(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    media: Annotated[
        Path | None,
        typer.Option(
            "--media", metavar="FOLDER", help="Folder that holds the examined files: hash them again."
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="HASH", help="The head hash noted after a scan, or the file with it."),
    ] = None,
    signature: Annotated[
        Path | None,
        typer.Option(
            "--signature", metavar="FILE", help="Signature that forensics sign wrote: does it hold?"
        ),
    ] = None,
    signer: Annotated[
        Path | None,
        typer.Option(
            "--signer", metavar="FILE", help="Public key or certificate that it has to be of (PEM)."
        ),
    ] = None,
    timestamp_ca: Annotated[
        Path | None,
        typer.Option(
            "--timestamp-ca", metavar="FILE", help="Root certificate (PEM) of the time-stamp's authority."
        ),
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="A signed report. Repeatable.",
            show_default="beside the signature",
        ),
    ] = None,
) -> None:
    """Check the chain of a case file and, with --media, the hashes of the examined files."""
    from forensics.casefile.case_file import CaseFile
    from forensics.casefile.coverage import uncovered
    from forensics.casefile.head_note import head_from
    from forensics.casefile.media_check import check_root
    from forensics.cli.signed import tell_signed_rows, verify_signature

    expected = () if head is None else (head_from(head),)
    signed = verify_signature(signature, signer, reports or (), timestamp_ca)
    if media is not None:
        check_root(media)
    with CaseFile.open_read_only(case) as opened:
        report = opened.checked(even_if_broken=True, expected_heads=(*expected, *signed))
        _tell_problems(case, report)
        typer.echo(f"The chain of {case} is intact: {report.n_rows} rows, {report.n_exhibits} exhibits.")
        typer.echo(f"Head hash: {report.head_hash}")
        for part in report.parts:
            typer.echo(escaped(f"{part.text}: intact."))
        for sentence in uncovered(opened.manifests(), report.runs):
            typer.echo(f"{sentence}.")
        for run in report.runs:
            if not run.ended or run.interrupted:
                typer.echo(escaped(run.text))
        if head is None:
            typer.echo(report.advice)
        elif report.expected_head_row is not None:
            typer.echo(f"The noted head is row {report.expected_head_row} of {report.n_rows}.")
        tell_signed_rows([opened.row_of_head(one) for one in signed], report.n_rows)
        if media is not None:
            _verify_media(opened.verify_media(media))
        if report.runs and not report.runs[-1].ended and report.expected_head_row != report.n_rows:
            raise CaseFileError(
                f"The newest run in {case} has no end: what it recorded last may be missing",
                "Give the head hash that was noted with --head, or let the scan finish by its own command.",
            )


def _tell_problems(case: Path, report: VerificationReport) -> None:
    for problem in report.problems:
        typer.echo(escaped(problem.text))
    if not report.sound:
        raise CaseFileError(
            f"{case} is not what was written: {_counted(len(report.problems))}",
            "Keep the file as it is, and compare it with a copy from a backup.",
        )


def _counted(n_problems: int) -> str:
    return "1 problem" if n_problems == 1 else f"{n_problems} problems"


def _verify_media(check: MediaCheck) -> None:
    from forensics.casefile.media_check import MediaState

    for finding in check.findings:
        if finding.state is not MediaState.SAME:
            detail = f" ({finding.detail})" if finding.detail else ""
            typer.echo(escaped(f"{finding.state.value}: {finding.path}{detail}"))
    n_same = len(check.of(MediaState.SAME, MediaState.MOVED))
    typer.echo(f"{n_same} of {len(check.findings)} examined files are unchanged.")
    if not check.sound:
        raise CaseFileError(
            "Not all examined files are what was examined",
            "Look at the lines above; --media names the folder that holds them now.",
        )
