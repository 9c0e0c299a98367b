"""Errors become two lines and an exit code; nothing else reaches the user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import forensics
from forensics import errors
from forensics.errors import ForensicsError
from tests.cli.running import ROOT, Runner, in_own_process

_FULL = Path("/dev/full")

_ON_PURPOSE = [
    (errors.SettingsError, 2),
    (errors.PathError, 6),
    (errors.ModelError, 3),
    (errors.EngineError, 3),
    (errors.CaseFileError, 4),
    (errors.ReportError, 4),
    (errors.TrainingError, 5),
    (errors.BackendUnavailable, 5),
]


def _failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    from forensics import catalog

    def fail() -> None:
        raise error

    monkeypatch.setattr(catalog, "list_cards", fail)


@pytest.mark.parametrize(("kind", "code"), _ON_PURPOSE)
def test_an_error_is_its_message_its_hint_and_its_exit_code(
    run: Runner, monkeypatch: pytest.MonkeyPatch, kind: type[ForensicsError], code: int
) -> None:
    _failing(monkeypatch, kind("The dog ate it", "Get another dog."))
    ran = run("models", "list")
    assert (ran.code, ran.out, ran.err) == (code, "", "Error: The dog ate it\nGet another dog.\n")


def test_a_defect_is_one_line_and_the_way_to_its_traceback(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _failing(monkeypatch, ZeroDivisionError("by zero"))
    ran = run("models", "list")
    assert ran.code == 70
    assert ran.err.splitlines() == [
        "Error: forensics met a defect of its own (ZeroDivisionError: by zero)",
        "Repeat the command with --debug and report what it shows.",
    ]


@pytest.mark.parametrize("arguments", [("--debug", "models", "list"), ("models", "list", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(
    run: Runner, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    _failing(monkeypatch, errors.ModelError("The dog ate it", "Get another dog."))
    ran = run(*arguments)
    assert ran.code == 3
    assert "Traceback (most recent call last)" in ran.err
    assert ran.err.endswith("Error: The dog ate it\nGet another dog.\n")


def test_an_interrupt_leaves_with_130(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(monkeypatch, KeyboardInterrupt())
    ran = run("models", "list")
    assert (ran.code, ran.err) == (130, "Interrupted.\n")


@pytest.mark.parametrize("arguments", [("scna",), ("scan",), ("scan", ".", "--profile", "fast")])
def test_wrong_usage_leaves_with_2(run: Runner, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "Usage: forensics" in ran.err


def test_version(run: Runner) -> None:
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"forensics {forensics.__version__}\n")


def test_as_a_module() -> None:
    ran = in_own_process("--version")
    assert (ran.code, ran.out) == (0, f"forensics {forensics.__version__}\n")


@pytest.mark.parametrize(
    "arguments", [("--help",), ("scan", "--help"), ("models", "list"), ("doctor",), ("scna",)]
)
@pytest.mark.parametrize("buffered", [True, False])
def test_a_reader_that_left_is_no_finding(arguments: tuple[str, ...], buffered: bool) -> None:
    """``forensics ... | head`` must not leave with 1, which means that something was found."""
    reads, writes = os.pipe()
    os.close(reads)
    ran = subprocess.run(
        [sys.executable, *([] if buffered else ["-u"]), "-m", "forensics", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writes,
        stderr=writes if arguments == ("scna",) else subprocess.PIPE,
        check=False,
    )
    os.close(writes)
    assert (ran.returncode, ran.stderr or b"") == (141, b"")


@pytest.mark.skipif(not _FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_no_defect() -> None:
    with _FULL.open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "forensics", "models", "list"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert ran.returncode == 4
    assert ran.stderr.startswith("Error: The output cannot be written (No space left on device)\n")
    assert len(ran.stderr.splitlines()) == 2
