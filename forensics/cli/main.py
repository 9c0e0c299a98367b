"""The command line: assembles the commands and turns errors into words and exit codes."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Annotated, Any, TextIO

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
    merge,
    models,
    prepare,
    reconstruct,
    report,
    scan,
    serve,
    sign,
    train,
    verify,
    watch,
)
from forensics.cli.wording import escaped
from forensics.errors import ForensicsError, ReportError

INTERRUPTED = 130
# 128 + SIGPIPE, as shells report a program whose reader went away: never 1, which speaks of the evidence.
READER_LEFT = 141
# sysexits.h: an error within the software itself.
_DEFECT = 70
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

_EPILOG = (
    "Exit codes: 0 done; 1 done, and --fail-on or --audit found what it looks for; 2 wrong usage; 3 model; "
    "4 case file or report; 5 training; 6 a path that was named could not be examined (the others were); "
    "70 a defect of forensics; 130 interrupted, everything so far is kept; 141 whatever read the output has "
    "closed it."
)


class _ReaderLeft(Exception):
    """Whoever read stdout or stderr is gone. No OSError, which click would turn into exit code 1."""


@contextlib.contextmanager
def _broken_pipes_told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderLeft from error


class _Commands(TyperGroup):
    """A group that leaves with 130 when interrupted, and with 141 when nobody reads its output any more."""

    def make_context(self, *arguments: Any, **settings: Any) -> Any:
        with _broken_pipes_told():  # --help and --version are printed here
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _broken_pipes_told():
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
app.command("merge")(merge.merge)
app.command("sign")(sign.sign)
app.command("serve")(serve.serve)
app.command("watch")(watch.watch)
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("prepare")(prepare.prepare)
app.command("reconstruct")(reconstruct.reconstruct)
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
        try:
            app([one for one in arguments if one != "--debug"], prog_name="forensics")
        except ForensicsError as error:
            if debug:
                traceback.print_exc()
            # Both may name files, whose names must not steer the terminal.
            lines = f"Error: {error.message}\n{error.hint}".split("\n")
            typer.echo("\n".join(map(escaped, lines)), err=True)
            sys.exit(error.exit_code)
        except (BrokenPipeError, _ReaderLeft):
            raise
        except Exception as error:  # one of three legal places: the top of the command line
            if isinstance(error, OSError) and error.errno in _DISK_FULL:
                raise
            if debug:
                traceback.print_exc()
            typer.echo(
                f"Error: forensics met a defect of its own ({type(error).__name__}: {error})\n"
                "Repeat the command with --debug and report what it shows.",
                err=True,
            )
            sys.exit(_DEFECT)
        finally:
            sys.stdout.flush()
    except (BrokenPipeError, _ReaderLeft):
        _silence_what_is_broken()
        sys.exit(READER_LEFT)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        _silence_what_is_broken()
        typer.echo(f"Error: The output cannot be written ({error.strerror})\nFree some space.", err=True)
        sys.exit(ReportError.exit_code)


def _silence_what_is_broken() -> None:
    """What is still in a stream's buffer must not be written to a broken pipe when Python leaves."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _silence(stream)


def _silence(stream: TextIO) -> None:
    with contextlib.suppress(OSError):  # a stream that is no file has nothing to silence
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
