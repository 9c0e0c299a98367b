"""Renderers by suffix. Adding one: a file beside this one and a line in ``RENDERERS``, or, from another
package, an entry point of the group ``forensics.renderers`` that is called like the suffix, without the dot.

A report appears whole or not at all: it is written to a temporary file in its folder and then renamed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol, cast

from forensics.addresses import load
from forensics.errors import ReportError, SettingsError
from forensics.report.view import ReportView

RENDERERS: dict[str, str] = {
    ".html": "forensics.report.renderers.html:HtmlRenderer",
    ".pdf": "forensics.report.renderers.pdf:PdfRenderer",
    ".json": "forensics.report.renderers.json:JsonRenderer",
    ".v1.json": "forensics.report.renderers.json_v1:JsonV1Renderer",
    ".csv": "forensics.report.renderers.csv:CsvRenderer",
    ".sarif": "forensics.report.renderers.sarif:SarifRenderer",
    ".jsonld": "forensics.report.renderers.case_uco:CaseUcoRenderer",
    ".xml": "forensics.report.renderers.junit:JunitRenderer",
}


ENTRY_POINT_GROUP = "forensics.renderers"
_BINARY = getattr(os, "O_BINARY", 0)


class Renderer(Protocol):
    """Writes a view in one format."""

    suffix: ClassVar[str]

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """Writes the whole report to ``out``."""
        ...


def renderer_for(path: Path) -> Renderer:
    """The renderer that the path's suffix names.

    Raises:
        SettingsError: no renderer has this suffix.
    """
    name = path.name.lower()
    double = (one for one in RENDERERS if one.count(".") > 1 and name.endswith(one))
    suffix = next(double, path.suffix.lower())
    others = registered()
    if suffix in others and suffix not in RENDERERS:
        return _loaded(others[suffix])
    target = RENDERERS.get(suffix)
    if target is None:
        known = ", ".join([*RENDERERS, *sorted(set(others) - set(RENDERERS))])
        ending = f"ends in {path.suffix}" if path.suffix else "has no suffix"
        raise SettingsError(
            f"The report {path} {ending}, and no report format is called so",
            f"Choose one of {known}, for example --report report.html.",
        )
    return cast(Renderer, load(target)())


@cache
def registered() -> Mapping[str, EntryPoint]:
    """Renderers of other installed packages by suffix, not imported yet; a shipped suffix cannot be taken."""
    return {f".{point.name.lower()}": point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _loaded(point: EntryPoint) -> Renderer:
    try:
        return cast(Renderer, point.load()())
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"Reports that end in .{point.name} cannot be written by {point.value}: {error}",
            "Install the package that provides it again, or choose another format.",
        ) from error


def check_writable(path: Path) -> None:
    """Makes sure before the work starts that the report can be written after it.

    Raises:
        ReportError: the folder is missing or closed, or something else stands at the path.
        SettingsError: no renderer has this suffix.
    """
    renderer_for(path)
    if path.is_dir():
        raise ReportError(
            f"The report {path} is a folder", f"Give a file name, for example {path / 'report.html'}."
        )
    if path.exists() and not path.is_file():
        raise ReportError(f"The report {path} is not an ordinary file", "Give another file name.")
    folder = path.parent
    if not folder.is_dir():
        raise ReportError(
            f"The report's folder {folder} does not exist", f"Create it first: mkdir -p '{folder}'"
        )
    temporary = _temporary(path)
    try:
        _create(temporary).close()
        temporary.unlink()
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_report(view: ReportView, path: Path) -> None:
    """Renders to a file, whole or not at all.

    Raises:
        ReportError: the file cannot be written, for example because the disk is full.
        SettingsError: no renderer has this suffix.
    """
    renderer = renderer_for(path)
    temporary = _temporary(path)
    try:
        with _create(temporary) as out:
            renderer.render(view, out)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.parent / f".{path.stem[:40]}-{secrets.token_hex(4)}.partial"


def _create(path: Path) -> BinaryIO:
    # For its owner alone: it shows faces. Who may read it is for the owner to say.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb")


def _cannot_write(path: Path, error: OSError) -> ReportError:
    return ReportError(
        f"The report {path} cannot be written: {error.strerror or error}",
        "Give a path in a folder that you may write to and that has space left. The results are in the case "
        "file; forensics report CASE --report FILE draws them again.",
    )
