"""Paths without what concerns nobody else: the folder in which a case lies on the examiner's machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from forensics.media.discovery import display_path
from forensics.records.case_info import RecordedCaseInfo
from forensics.records.findings import Notice
from forensics.records.media import MediaFile
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.report.container_facts import container_facts
from forensics.report.duplicates.kin import KinLink, links_by_file
from forensics.report.view import FileView, Omission, ReportView

_TOLD = Notice(
    "report",
    "Paths are shown without the path of a folder that was named when the report was drawn. The case file "
    "holds them in full.",
)
_TOLD_OF_ALL = Notice(
    "report",
    "Paths are shown without the folders of the machine on which the files were examined. The case file "
    "holds them in full.",
)
# Where a path begins: not within a longer one that happens to hold the same folders.
_BEGINS = r"(?<![^\s'\"(=,;:])"
_WORD = re.compile(r"^(--[a-z-]+=)?/.*/", re.DOTALL)
# Also relative paths; shares (1/2) and addresses (ray://HEAD) are none.
_PATH = re.compile(r"^(--[a-z-]+=)?(?!\d+/\d+$)(?!ray://).*/", re.DOTALL)
_FOLDERS = re.compile(rf"{_BEGINS}(?:/[^/\s'\"(),;:]+)+/")


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of a case's files.

    Attributes:
        nearest: the one that holds all of them; where only the root does, the folder of each.
        starts: what was typed instead of which folder: ``("..", "/srv")`` of ``../clip.mp4``.
    """

    nearest: tuple[Path, ...]
    starts: frozenset[tuple[str, str]]

    def typed(self, folders: Iterable[Path]) -> tuple[str, ...]:
        """How these folders begin the paths that were typed, relative or by way of links."""
        found = {
            str(PurePath(typed, real.relative_to(start)))
            for real in (Path(os.path.realpath(folder)) for folder in folders)
            for typed, start in self.starts
            if real.is_relative_to(start)
        }
        return tuple(sorted(found - {"."}))


def folders_of(files: Iterable[MediaFile]) -> Folders:
    """Where a case's files lie, and how that was typed."""
    parents, starts = set(), set()
    for one in files:
        typed, place = (one.path, one.place) if one.archive is None else (one.archive.path, one.archive.place)
        if place.startswith("/"):
            parents.add(str(PurePath(place).parent))
            starts.add(_start(typed, place))
    common = os.path.commonpath(parents) if parents else "/"
    nearest = tuple(Path(one) for one in ([common] if common != "/" else sorted(parents)) if one != "/")
    return Folders(nearest, frozenset(starts))


def _start(typed: str, place: str) -> tuple[str, str]:
    """Both without the parts at their ends that are the same."""
    one, other = PurePath(typed), PurePath(place)
    while one.name and one.name == other.name:
        one, other = one.parent, other.parent
    return str(one), str(other)


def shortened(view: ReportView, folder: Path) -> ReportView:
    """The view with every path in a folder written from there on, in rows, notices, reasons and records.

    Args:
        folder: as typed; paths are shortened by its absolute spelling, with and without links resolved, and
            by the one with which the view's files were typed.
    """
    typed = folders_of(file.result.media for file in view.files).typed((folder,))
    return _with(view, _by((folder,), typed), _TOLD)


def without_folders(view: ReportView, folders: Sequence[Path], typed: Sequence[str]) -> ReportView:
    """The view with no folder of the examiner's machine.

    Args:
        folders: paths in these are written from there on; of any other path, its name alone is left.
        typed: how they were typed, see ``Folders``.
    """
    known = _by(folders, typed)

    def bare(word: str) -> str:
        # A word of a command is one path, spaces included; in a sentence, a path is taken to end at a space.
        inside = known(word)
        return (_PATH if inside == word else _WORD).sub(r"\1", inside)

    runs = tuple(
        replace(
            run,
            command=tuple(map(bare, run.command)),
            settings={name: ", ".join(map(bare, one.split(", "))) for name, one in run.settings.items()},
        )
        for run in view.manifests
    )
    case = None if view.case is None else PurePath(view.case).name
    view = replace(view, manifests=runs, case=case)
    return _with(view, lambda text: _FOLDERS.sub("", known(text)), _TOLD_OF_ALL)


def _with(view: ReportView, shorten: Callable[[str], str], told: Notice) -> ReportView:
    groups = tuple(group.renamed(shorten) for group in view.duplicates)
    kin = links_by_file(groups)
    return replace(
        view,
        case=None if view.case is None else shorten(view.case),
        manifests=tuple(_manifest(one, shorten) for one in view.manifests),
        files=tuple(_file(one, kin.get(one.row_id, ()), shorten) for one in view.files),
        duplicates=groups,
        persons=None if view.persons is None else view.persons.renamed(shorten),
        figures=tuple(replace(one, notes=tuple(map(shorten, one.notes))) for one in view.figures),
        notices=(told, *(_notice(one, shorten) for one in view.notices)),
        omission=None if view.omission is None else _omission(view.omission, shorten),
        case_info=None if view.case_info is None else _case_info(view.case_info, shorten),
    )


def _by(folders: Sequence[Path], typed: Sequence[str]) -> Callable[[str], str]:
    if not folders:
        return lambda text: text
    absolute = {
        display_path(Path(spelling))
        for folder in folders
        for spelling in (os.path.realpath(folder), os.path.normpath(folder.absolute()))
    }
    absolute |= {one for one in typed if PurePath(one).is_absolute()}
    relative = set(typed) - absolute
    inside = re.compile(rf"{_BEGINS}(?:{_any_of(absolute | relative)}){re.escape(os.sep)}")
    itself = re.compile(rf"{_BEGINS}(?:{_any_of(absolute)})(?![^\s'\"),;:])")
    # Within a sentence, a folder that is called "clips" is a word like others.
    first = re.compile(rf"^(?:{_any_of(relative)})(?=$| )") if relative else None

    def shorten(text: str) -> str:
        text = itself.sub(".", inside.sub("", text))
        return text if first is None else first.sub(".", text)

    return shorten


def _any_of(spellings: Iterable[str]) -> str:
    return "|".join(re.escape(one.rstrip(os.sep)) for one in sorted(spellings, key=len, reverse=True))


def _case_info(recorded: RecordedCaseInfo, shorten: Callable[[str], str]) -> RecordedCaseInfo:
    exhibits = tuple(
        replace(one, files=tuple(map(shorten, one.files)), description=shorten(one.description))
        for one in recorded.info.exhibits
    )
    return replace(recorded, info=replace(recorded.info, exhibits=exhibits))


def _omission(omission: Omission, shorten: Callable[[str], str]) -> Omission:
    return replace(omission, command=shorten(omission.command))


def _file(file: FileView, kin: tuple[KinLink, ...], shorten: Callable[[str], str]) -> FileView:
    examined = tuple(
        replace(part, examined=shorten(part.examined), not_examined=shorten(part.not_examined))
        for part in file.examined
    )
    result = _result(file.result, shorten)
    facts = container_facts(result.media) if file.facts else ()
    return replace(file, result=result, kin=kin, examined=examined, facts=facts)


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
