"""Public data sets whose folders and lists say which clips are manipulated, in words of their own.

The one place for what is known of them: labels of a scan and readers of training data both come here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from forensics.errors import SettingsError

CELEB_DF_FOLDERS: Final = {"Celeb-real": False, "YouTube-real": False, "Celeb-synthesis": True}
"""Folder to whether its clips are manipulated (Celeb-DF v2, Li et al. 2020)."""

CELEB_DF_TESTS: Final = "List_of_testing_videos.txt"

FAKEAVCELEB_FOLDERS: Final = {
    "RealVideo-RealAudio": False,
    "RealVideo-FakeAudio": True,
    "FakeVideo-RealAudio": True,
    "FakeVideo-FakeAudio": True,
}
"""Folder, and type in the table, to whether pictures or sound are manipulated (Khalid et al. 2021)."""

FAKEAVCELEB_TABLE: Final = "meta_data.csv"

_FOLDERS = {name.lower(): label for name, label in (CELEB_DF_FOLDERS | FAKEAVCELEB_FOLDERS).items()}
_FAKEAVCELEB_COLUMNS = frozenset({"source", "target1", "method", "category", "type", "path"})
_PERSON = re.compile(r"id\d+")


@dataclass(frozen=True, slots=True)
class ListedClip:
    """A line of Celeb-DF's list of testing videos.

    Attributes:
        path: folder and name: ``YouTube-real/00170.mp4``.
    """

    line: int
    path: str
    manipulated: bool


@dataclass(frozen=True, slots=True)
class FakeAvCelebClip:
    """A row of FakeAVCeleb's table.

    Attributes:
        path: from the folder of the type downwards.
        people: whose clip it is, then whose faces or voices went into it.
        method: ``wav2lip``, ``fsgan`` and so on; None for a pristine clip.
    """

    path: str
    kind: str
    people: tuple[str, ...]
    method: str | None


def folder_label(folder: str) -> bool | None:
    """Whether the clips of a folder that a data set names so are manipulated; None for other folders."""
    return _FOLDERS.get(folder.lower())


def people_in(name: str) -> tuple[str, ...]:
    """The people that a clip's name tells of, as in ``id0_id1_0000``: first whose clip it is."""
    return tuple(dict.fromkeys(_PERSON.findall(name)))


def is_celeb_df_list(text: str) -> bool:
    """Whether these are lines such as ``1 YouTube-real/00170.mp4``."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    _, _, name = first.strip().partition(" ")
    return name.strip().partition("/")[0] in CELEB_DF_FOLDERS


def celeb_df_tests(text: str, where: str) -> Iterator[ListedClip]:
    """The clips of Celeb-DF's list; 1 stands for pristine there, unlike elsewhere.

    Args:
        where: the file, for messages.

    Raises:
        SettingsError: a line of another form, or a label that contradicts the folder.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        label, _, name = line.strip().partition(" ")
        name = name.strip()
        manipulated = CELEB_DF_FOLDERS.get(name.partition("/")[0])
        if label not in {"0", "1"} or manipulated is None:
            raise SettingsError(f"{where}, line {number} cannot be read: {line!r}", "Fetch the list again.")
        if (label == "0") != manipulated:
            raise SettingsError(
                f"{where}, line {number} says {label} of {name}: 1 is pristine in this list, 0 manipulated",
                "Fetch the list again; it was changed.",
            )
        yield ListedClip(number, name, manipulated)


def is_fakeavceleb_table(columns: frozenset[str]) -> bool:
    """Whether a table with these columns, in lower case, is FakeAVCeleb's."""
    return columns >= _FAKEAVCELEB_COLUMNS


def fakeavceleb_clip(cells: Mapping[str, str], beyond: str = "") -> FakeAvCelebClip:
    """A row of FakeAVCeleb's ``meta_data.csv``.

    The column ``path`` holds the file's name; its folder stands in a column without a name, below the name
    that the data set had when it was published.

    Args:
        cells: by column, in lower case.
        beyond: a cell beyond the header.
    """
    kind = cells.get("type", "")
    folder = (cells.get("") or beyond).replace("\\", "/").strip("/")
    _, found, below = f"/{folder}".partition(f"/{kind}")
    if folder and found:
        folder = f"{kind}{below}"
    else:
        folder = "/".join((kind, cells.get("race", ""), cells.get("gender", ""), cells.get("source", "")))
    # The second target of a few methods is a number, the place of a frame, and no person.
    people = (cells.get("source", ""), cells.get("target1", ""), cells.get("target2", ""))
    method = cells.get("method", "").lower()
    return FakeAvCelebClip(
        path=f"{folder}/{cells.get('path', '')}",
        kind=kind,
        people=tuple(dict.fromkeys(one for one in people if _PERSON.fullmatch(one))),
        method=method if method and method != "real" else None,
    )
