"""Paths without what concerns nobody else: the folder in which a case lies on the examiner's machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from forensics.media.discovery import display_path
from forensics.records.findings import Notice
from forensics.records.media import MediaFile
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.report.view import FileView, Omission, ReportView

_TOLD = Notice(
    "report",
    "Paths are shown without the path of a folder that was named when the report was drawn. The case file "
    "holds them in full.",
)


def shortened(view: ReportView, folder: Path) -> ReportView:
    """The view with every path in a folder written from there on, in rows, notices, reasons and records.

    Args:
        folder: as typed; paths are shortened by its absolute spelling, with and without links resolved.
    """
    shorten = _by(folder)
    return replace(
        view,
        case=None if view.case is None else shorten(view.case),
        manifests=tuple(_manifest(one, shorten) for one in view.manifests),
        files=tuple(_file(one, shorten) for one in view.files),
        duplicates=tuple(group.renamed(shorten) for group in view.duplicates),
        figures=tuple(replace(one, notes=tuple(map(shorten, one.notes))) for one in view.figures),
        notices=(_TOLD, *(_notice(one, shorten) for one in view.notices)),
        omission=None if view.omission is None else _omission(view.omission, shorten),
    )


def _by(folder: Path) -> Callable[[str], str]:
    spellings = {
        display_path(Path(os.path.realpath(folder))),
        display_path(Path(os.path.normpath(folder.absolute()))),
    }
    names = "|".join(re.escape(one.rstrip(os.sep)) for one in sorted(spellings, key=len, reverse=True))
    # Where a path begins: not within a longer one that happens to hold the same folders.
    inside = re.compile(rf"(?<![^\s'\"(=,;:])(?:{names}){re.escape(os.sep)}")
    itself = re.compile(rf"(?<![^\s'\"(=,;:])(?:{names})(?![^\s'\"),;:])")
    return lambda text: itself.sub(".", inside.sub("", text))


def _omission(omission: Omission, shorten: Callable[[str], str]) -> Omission:
    return replace(omission, command=shorten(omission.command))


def _file(file: FileView, shorten: Callable[[str], str]) -> FileView:
    kin = tuple(
        replace(
            link,
            first=replace(link.first, path=shorten(link.first.path)),
            second=replace(link.second, path=shorten(link.second.path)),
        )
        for link in file.kin
    )
    return replace(file, result=_result(file.result, shorten), kin=kin)


def _result(result: ScanResult, shorten: Callable[[str], str]) -> ScanResult:
    return replace(
        result,
        media=_media(result.media, shorten),
        verdict=replace(result.verdict, reason=shorten(result.verdict.reason)),
        abstentions=tuple(replace(one, detail=shorten(one.detail)) for one in result.abstentions),
        notices=tuple(_notice(one, shorten) for one in result.notices),
        twin_of=None if result.twin_of is None else shorten(result.twin_of),
    )


def _media(media: MediaFile, shorten: Callable[[str], str]) -> MediaFile:
    place = shorten(media.place)
    # However it was typed, a file in the folder is shown from the folder on.
    path = place if place != media.place else shorten(media.path)
    archive = media.archive
    if archive is not None:
        inside = shorten(archive.place)
        outside = inside if inside != archive.place else shorten(archive.path)
        archive = replace(archive, path=outside, place=inside)
    return replace(media, path=path, place=place, archive=archive)


def _notice(notice: Notice, shorten: Callable[[str], str]) -> Notice:
    return replace(notice, message=shorten(notice.message))


def _manifest(manifest: RunManifest, shorten: Callable[[str], str]) -> RunManifest:
    return replace(
        manifest,
        command=tuple(map(shorten, manifest.command)),
        settings={name: shorten(value) for name, value in manifest.settings.items()},
    )
