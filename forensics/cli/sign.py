"""``forensics sign``: a detached signature over the head of a case and its reports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.wording import escaped
from forensics.errors import SettingsError

_VARIABLE = "FORENSICS_KEY_PASSPHRASE"


def sign(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="Private key (PEM); FORENSICS_KEY_PASSPHRASE holds its passphrase.",
        ),
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE", help="A report to sign with it. Repeatable."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate", metavar="FILE", help="The key's X.509 certificate, and those above it."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write.", show_default="CASE.sig"),
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option(
            "--timestamp-request",
            metavar="FILE",
            help="Write what a time-stamp authority is sent (RFC 3161).",
        ),
    ] = None,
    timestamp: Annotated[
        Path | None,
        typer.Option(
            "--timestamp", metavar="FILE", help="Add the authority's answer to a signature that is there."
        ),
    ] = None,
) -> None:
    """Check a case file, and sign its head hash and the reports drawn from it."""
    if key is not None and timestamp is not None:
        raise SettingsError(
            "--timestamp adds to a signature that is there, and --key makes a new one",
            "Sign with --key and --timestamp-request, have that answered, then give --timestamp alone.",
        )
    try:
        from forensics.casefile import signature
    except ImportError as error:
        raise missing_package(error) from error

    place = out or case.with_name(case.name + signature.SIGNATURE_SUFFIX)
    if key is not None:
        _sign(case, key, reports or (), certificate, place)
    elif timestamp is None and request is None:
        raise SettingsError("There is no key to sign with", "Give --key FILE.")
    if timestamp is not None:
        _add_timestamp(place, timestamp)
    if request is not None:
        _write_request(place, request)


def _sign(case: Path, key: Path, reports: Sequence[Path], certificate: Path | None, place: Path) -> None:
    from forensics.casefile import signature
    from forensics.casefile.case_file import CaseFile

    private_key = signature.load_private_key(key, _passphrase())
    certificates = () if certificate is None else signature.load_certificates(certificate, private_key)
    with CaseFile.open_read_only(case) as opened:
        checked = opened.checked()
    made = signature.sign(private_key, case.name, checked.n_rows, checked.head_hash, reports, certificates)
    signature.write_signature(place, made)
    typer.echo(f"Signature: {place} ({made.algorithm}; key {made.fingerprint})")
    typer.echo(f"Head hash: {checked.head_hash} (row {checked.n_rows})")
    for report in made.content.reports:
        typer.echo(f"Report: {report.name} {report.sha256}")


def _add_timestamp(place: Path, token: Path) -> None:
    from forensics.casefile import signature

    try:
        from forensics.casefile.timestamp import with_timestamp
    except ImportError as error:
        raise missing_package(error) from error

    read = signature.read_signature(place)
    signature.check_signature(read)
    stamped, says = with_timestamp(read, token)
    signature.replace_signature(place, stamped)
    typer.echo(escaped(f"Time-stamp: {says.stamped_utc}, added to {place}"))
    typer.echo("Check whose it is: forensics verify CASE --signature FILE --timestamp-ca FILE")


def _write_request(place: Path, request: Path) -> None:
    from forensics.casefile import signature

    try:
        from forensics.casefile.timestamp import request_for
    except ImportError as error:
        raise missing_package(error) from error

    content = request_for(signature.read_signature(place))
    try:
        with request.open("xb") as out:
            out.write(content)
    except FileExistsError as error:
        raise SettingsError(
            f"{request} exists already, and is not overwritten by a request", "Give another name."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"The request cannot be written to {request}: {error.strerror or error}", "Give another name."
        ) from error
    typer.echo(f"Request for a time-stamp: {request} (send it as application/timestamp-query)")


def missing_package(error: ImportError) -> SettingsError:
    """What to do where the package is missing that signs."""
    return SettingsError(
        f"The package that signs is not installed ({error})", "Run: pip install 'forensics[sign]'"
    )


def _passphrase() -> bytes | None:
    """Of the key, from the environment: command lines are seen by others."""
    given = os.environ.get(_VARIABLE)
    return given.encode() if given else None
