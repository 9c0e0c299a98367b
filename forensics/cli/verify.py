"""``forensics verify``: is a case file, and are the media, what they were?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.errors import CaseFileError


def verify(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    media: Annotated[
        Path | None,
        typer.Option("--media", metavar="FOLDER", help="Hash the examined files again; they lie below here."),
    ] = None,
    expected_head: Annotated[
        str | None,
        typer.Option("--expected-head", metavar="HASH", help="The head hash that was noted after the scan."),
    ] = None,
) -> None:
    """Check the chain of a case file and, with --media, the hashes of the examined files."""
    from forensics.casefile.case_file import CaseFile
    from forensics.casefile.media_check import MediaState
    from forensics.cli.wording import escaped

    with CaseFile.open_read_only(case) as opened:
        report = opened.verify(expected_head=expected_head)
        for problem in report.problems:
            typer.echo(problem.text)
        if not report.sound:
            raise CaseFileError(
                f"{case} is not what was written: {len(report.problems)} problems",
                "Keep the file as it is, and compare it with a copy from a backup.",
            )
        typer.echo(f"The chain of {case} is intact: {report.n_rows} rows, {report.n_exhibits} exhibits.")
        typer.echo(f"Head hash: {report.head_hash}")
        if expected_head is None:
            typer.echo(report.advice)
        elif report.expected_head_row is not None:
            typer.echo(f"The expected head is row {report.expected_head_row} of {report.n_rows}.")
        if media is None:
            return
        check = opened.verify_media(media)
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
