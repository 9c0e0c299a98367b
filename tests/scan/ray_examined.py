"""Examines as a scan does, but for files that crash their worker; a module, so that workers can load it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from forensics.media.discovery import Found
from forensics.records.scan_result import ScanResult
from forensics.scan.scan_run import examine_found
from forensics.scan.worker_context import WorkerContext

HOSTILE = b"this crashes its worker"


def hostile(path: Path) -> None:
    path.write_bytes(path.read_bytes() + HOSTILE)


def examine(file: Found, context: WorkerContext, tell: Callable[[float], object]) -> ScanResult:
    if file.path.read_bytes().endswith(HOSTILE):
        os.abort()
    return examine_found(file, context, tell)
