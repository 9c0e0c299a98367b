"""Damaged files of every kind through a whole scan: the small form of benchmarks/fuzz_scan.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_damaged_files_get_their_rows_and_damaged_cases_are_noticed() -> None:
    # With this seed nothing takes a worker down; where something does, larger runs name it.
    ran = subprocess.run(
        [sys.executable, "benchmarks/fuzz_scan.py", "--files", "72", "--cases", "24", "--workers", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    assert "rows: 72; files without one: 0" in said
    for mishap in ("its worker died", "out of time", "a defect of this program"):
        assert mishap not in said, said
