"""``forensics sign``: a detached signature over the head of a case and its reports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from forensics.errors import SettingsError

_VARIABLE = "FORENSICS_KEY_PASSPHRASE"


def sign(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="The case file.")],
    key: Annotated[
        Path,
        typer.Option(
            "--key",
            metavar="FILE",
            help="Private key (PEM); FORENSICS_KEY_PASSPHRASE holds its passphrase.",
        ),
    ],
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
) -> None:
    """Check a case file, and sign its head hash and the reports drawn from it."""
    from forensics.casefile.case_file import CaseFile

    try:
        from forensics.casefile import signature
    except ImportError as error:
        raise missing_package(error) from error

    private_key = signature.load_private_key(key, _passphrase())
    certificates = () if certificate is None else signature.load_certificates(certificate, private_key)
    with CaseFile.open_read_only(case) as opened:
        checked = opened.checked()
    made = signature.sign(
        private_key, case.name, checked.n_rows, checked.head_hash, reports or (), certificates
    )
    place = out or case.with_name(case.name + signature.SIGNATURE_SUFFIX)
    signature.write_signature(place, made)
    typer.echo(f"Signature: {place} ({made.algorithm}; key {made.fingerprint})")
    typer.echo(f"Head hash: {checked.head_hash} (row {checked.n_rows})")
    for report in made.content.reports:
        typer.echo(f"Report: {report.name} {report.sha256}")


def missing_package(error: ImportError) -> SettingsError:
    """What to do where the package is missing that signs."""
    return SettingsError(
        f"The package that signs is not installed ({error})", "Run: pip install 'forensics[sign]'"
    )


def _passphrase() -> bytes | None:
    """Of the key, from the environment: command lines are seen by others."""
    given = os.environ.get(_VARIABLE)
    return given.encode() if given else None
