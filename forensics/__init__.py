"""forensics: examine directories of video and audio for deepfakes, on CPU, offline.

What stands in ``__all__`` is public and follows semantic versioning: it changes only with a new major
version, after one minor version in which the old form still works and warns. Importing this package loads
nothing heavy: the names are loaded when they are first asked for, and type checkers read ``__init__.pyi``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.2.0"
_PUBLIC = {
    "CaseFile": "forensics.casefile.case_file",
    "ForensicsError": "forensics.errors",
    "Results": "forensics.api",
    "ScanResult": "forensics.records.scan_result",
    "Scanner": "forensics.api",
    "Verdict": "forensics.records.verdict",
    "VerdictLabel": "forensics.records.verdict",
    "scan_file": "forensics.api",
    "write_report": "forensics.api",
}
__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604 - the names of a table


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
