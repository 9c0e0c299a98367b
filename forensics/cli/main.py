"""The command line: assembles the commands and turns errors into words and exit codes."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import forensics
from forensics.cli import (
    average,
    calibrate,
    demo,
    doctor,
    evaluate,
    export,
    models,
    prepare,
    report,
    scan,
    train,
    verify,
)
from forensics.errors import ForensicsError

INTERRUPTED = 130
# sysexits.h: an error within the software itself.
_DEFECT = 70

_EPILOG = (
    "Exit codes: 0 done; 1 done, and what --fail-on names was found; 2 wrong usage; 3 model; 4 case file or "
    "report; 5 training; 70 a defect of forensics; 130 interrupted, everything so far is kept."
)


class _Commands(TyperGroup):
    """A group that leaves with 130 when interrupted, whatever the version of typer does."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="forensics",
    cls=_Commands,
    help="Examine directories of video and audio for deepfakes: on CPU, offline.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"forensics {forensics.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and logs. May also stand after the command.")
    ] = False,
) -> None:
    """Examine directories of video and audio for deepfakes: on CPU, offline."""


app.command("scan")(scan.scan)
app.command("demo")(demo.demo)
app.command("report")(report.report)
app.command("verify")(verify.verify)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("prepare")(prepare.prepare)
app.command("train")(train.train)
app.command("average")(average.average)
app.command("export")(export.export)
app.command("evaluate")(evaluate.evaluate)
app.command("calibrate")(calibrate.calibrate)


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    logging.basicConfig(level=logging.INFO if debug else logging.CRITICAL, format="%(name)s: %(message)s")
    try:
        app([one for one in arguments if one != "--debug"], prog_name="forensics")
    except ForensicsError as error:
        if debug:
            traceback.print_exc()
        typer.echo(f"Error: {error.message}\n{error.hint}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - one of three legal places: the top of the command line
        if debug:
            traceback.print_exc()
        typer.echo(
            f"Error: forensics met a defect of its own ({type(error).__name__}: {error})\n"
            "Repeat the command with --debug and report what it shows.",
            err=True,
        )
        sys.exit(_DEFECT)
