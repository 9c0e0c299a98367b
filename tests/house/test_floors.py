"""What may be imported where, as a running interpreter sees it."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import forensics

_ROOT = Path(__file__).resolve().parent.parent.parent
_TRAINING_ONLY = {"torch", "torchvision", "timm", "nncf", "librosa", "numba", "intel_extension_for_pytorch"}
_HEAVY = {*_TRAINING_ONLY, "cv2", "av", "openvino", "dlib", "sklearn", "scipy", "skimage", "numpy", "jinja2"}
_ROOMS_ABOVE_A_SCAN = {"training", "__main__"}


def _loaded_after(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after running the code."""
    report = "\nimport json, sys; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    ran = subprocess.run(
        [sys.executable, "-c", code + report],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def _modules_of_a_scan() -> list[str]:
    found = pkgutil.walk_packages(forensics.__path__, "forensics.")
    return sorted(one.name for one in found if one.name.split(".")[1] not in _ROOMS_ABOVE_A_SCAN)


def test_no_module_of_a_scan_loads_torch() -> None:
    modules = _modules_of_a_scan()
    assert len(modules) > 30
    loaded = _loaded_after(f"import {', '.join(modules)}")
    assert "openvino" in loaded
    assert not loaded & _TRAINING_ONLY


@pytest.mark.parametrize("arguments", [["--help"], ["scan", "--help"], ["--version"]])
def test_help_reaches_no_heavy_module(arguments: list[str]) -> None:
    code = f"""
import sys
from forensics.cli.main import main
sys.argv = ["forensics", *{arguments!r}]
try:
    main()
except SystemExit as left:
    assert left.code == 0, left.code
"""
    loaded = _loaded_after(code)
    assert "typer" in loaded
    assert not loaded & _HEAVY
    assert "rich" not in loaded


def test_the_process_that_hands_out_the_files_loads_what_runs_nets_in_workers_alone() -> None:
    code = """
from pathlib import Path
from forensics.cli import scan_account
from forensics.scan.worker_context import choose_detectors, manifest_of
from forensics.settings import ScanSettings
settings = ScanSettings(paths=(Path("."),))
manifest_of(settings, choose_detectors(settings), ["forensics", "scan", "."])
"""
    assert not _loaded_after(code) & {"av", "cv2", "dlib", "openvino", "scipy", "sklearn"}
