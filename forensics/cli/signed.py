"""What the terminal says of a detached signature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from forensics.cli.sign import missing_package
from forensics.cli.wording import escaped
from forensics.errors import CaseFileError, SettingsError

if TYPE_CHECKING:
    from forensics.casefile.signature import DetachedSignature


def verify_signature(
    place: Path | None, signer: Path | None, reports: Sequence[Path], timestamp_ca: Path | None
) -> tuple[str, ...]:
    """Checks a signature and the reports that it covers, and says what it vouches for.

    Args:
        place: of the signature; None where none is to be checked.
        signer: public key or certificate that it has to be of; None for any.
        reports: where the signed reports lie, if not beside the signature.
        timestamp_ca: root certificates of the authorities whose time-stamps are believed; None for none.

    Returns:
        The signed head hash, which has to be found in the case; empty without a signature.

    Raises:
        CaseFileError: the signature does not hold, is of another signer, or a report is not what was signed.
        SettingsError: the package that checks is missing, or a key cannot be read.
    """
    if place is None:
        if signer is not None or reports or timestamp_ca is not None:
            raise SettingsError(
                "--signer, --report and --timestamp-ca say nothing alone", "Give --signature FILE too."
            )
        return ()
    try:
        from forensics.casefile import signature
    except ImportError as error:
        raise missing_package(error) from error

    read = signature.read_signature(place)
    statement = signature.check_signature(read, signer)
    problems = signature.altered_reports(statement, [*reports, place.parent])
    if problems:
        raise CaseFileError(
            "; ".join(problems), "Name the report as it was signed with --report, or do not rely on it."
        )
    by = f" by {read.signer}" if read.signer else ""
    typer.echo(escaped(f"The signature holds: {read.algorithm}{by}, dated {statement.signed_utc}."))
    typer.echo(f"Key: {read.fingerprint}")
    if signer is None:
        typer.echo("Anybody can sign: give the signer's public key with --signer, or compare the key above.")
    for report in statement.reports:
        typer.echo(escaped(f"The report {report.name} is what was signed."))
    _tell_timestamp(read, timestamp_ca)
    return (statement.head_hash,)


def _tell_timestamp(read: DetachedSignature, timestamp_ca: Path | None) -> None:
    if not read.timestamp:
        if timestamp_ca is not None:
            raise CaseFileError(
                "The signature carries no time-stamp", "Leave --timestamp-ca out, or ask the signer for one."
            )
        return
    try:
        from forensics.casefile.timestamp import check_timestamp
    except ImportError as error:
        raise missing_package(error) from error

    says = check_timestamp(read, timestamp_ca)
    if says is None:
        return
    if says.trusted:
        by = says.authority or "an authority that gives no name"
        typer.echo(escaped(f"The time-stamp holds: {says.stamped_utc}, by {by}."))
        return
    typer.echo(escaped(f"The time-stamp is of this signature and says {says.stamped_utc}."))
    typer.echo("Anybody can make one: give the authority's root certificate with --timestamp-ca.")


def tell_signed_rows(rows: Sequence[int | None], n_rows: int) -> None:
    """Says which rows of the case a signature covers."""
    for row in rows:
        later = n_rows - (row or 0)
        after = f" {later} {'row after it is' if later == 1 else 'rows after it are'} not covered."
        typer.echo(f"Signed up to row {row} of {n_rows}." + (after if later else ""))
