"""Groups of files that show or sound the same, ready to be drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from forensics.records.exhibit_content import Picture
from forensics.records.media import MediaFile, StreamKind
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject
from forensics.report.duplicates.matches import Group, Link
from forensics.report.duplicates.words import in_common

MOST_IN_CHART = 40


@dataclass(frozen=True, slots=True)
class KinFile:
    """A file of a group.

    Attributes:
        index: its position in the report, from 1; None where the report leaves it out.
        aspect: width of its picture by its height.
    """

    row_id: int
    path: str
    index: int | None
    aspect: float = 1.0


@dataclass(frozen=True, slots=True)
class FacePair:
    """One moment of a person's face in both files.

    Attributes:
        first, second: the face there.
        apart: how much each place differs, three times as strong as it is.
    """

    subject: Subject
    at_s: float
    first: Picture
    second: Picture
    apart: Picture


@dataclass(frozen=True, slots=True)
class KinLink:
    """Two files of a group: ``first`` is the likely source where ``link.is_directed``.

    Attributes:
        says: what they have in common, in sentences.
        faces: moments at which a face differs.
    """

    first: KinFile
    second: KinFile
    link: Link
    says: tuple[str, ...]
    faces: tuple[FacePair, ...] = ()


@dataclass(frozen=True, slots=True)
class KinNode:
    """A file in the chart, with those that likely derive from it, or are nearest to it.

    Attributes:
        via: the link to what it hangs on; None for the first.
    """

    file: KinFile
    via: KinLink | None
    below: tuple[KinNode, ...]


@dataclass(frozen=True, slots=True)
class KinGroup:
    """Files that hang together.

    Attributes:
        chart: the likeliest source, with the others below it, at most ``MOST_IN_CHART`` of them.
    """

    files: tuple[KinFile, ...]
    links: tuple[KinLink, ...]
    chart: KinNode

    def renamed(self, rename: Callable[[str], str]) -> KinGroup:
        """The group with other paths."""
        built = _built(
            [replace(file, path=rename(file.path)) for file in self.files], [one.link for one in self.links]
        )
        links = zip(built.links, self.links, strict=True)
        return replace(built, links=tuple(replace(one, faces=known.faces) for one, known in links))


def kin_groups(
    groups: Sequence[Group], results: Mapping[int, ScanResult], index_of: Mapping[int, int]
) -> tuple[KinGroup, ...]:
    """The groups that hold a file of the report.

    Args:
        results: of the whole case, by row id.
        index_of: row id to position, for the files of the report.
    """
    return tuple(
        _built([_file(row_id, results[row_id].media, index_of) for row_id in group.files], group.links)
        for group in groups
        if any(row_id in index_of for row_id in group.files)
    )


def links_by_file(groups: Sequence[KinGroup]) -> dict[int, tuple[KinLink, ...]]:
    """Row id to the links that it is an end of."""
    found: dict[int, list[KinLink]] = defaultdict(list)
    for link in (link for group in groups for link in group.links):
        found[link.first.row_id].append(link)
        found[link.second.row_id].append(link)
    return {row_id: tuple(links) for row_id, links in found.items()}


def _built(files: Sequence[KinFile], links: Sequence[Link]) -> KinGroup:
    by_id = {file.row_id: file for file in files}
    drawn = tuple(KinLink(by_id[one.source], by_id[one.copy], one, in_common(one)) for one in links)
    # The links stand in the order in which files were hung up: each brings one that is new.
    below: dict[int, list[tuple[KinFile, KinLink]]] = defaultdict(list)
    known = {files[0].row_id}
    for one in drawn[:MOST_IN_CHART]:
        old, new = (one.first, one.second) if one.first.row_id in known else (one.second, one.first)
        below[old.row_id].append((new, one))
        known.add(new.row_id)
    return KinGroup(tuple(files), drawn, _node(files[0], None, below))


def _node(file: KinFile, via: KinLink | None, below: Mapping[int, list[tuple[KinFile, KinLink]]]) -> KinNode:
    return KinNode(file, via, tuple(_node(one, link, below) for one, link in below.get(file.row_id, ())))


def _file(row_id: int, media: MediaFile, index_of: Mapping[int, int]) -> KinFile:
    video = media.stream(StreamKind.VIDEO)
    width, height = (video.width_px, video.height_px) if video is not None else (None, None)
    aspect = width / height if width and height else 1.0
    return KinFile(row_id, media.path, index_of.get(row_id), round(aspect, 3))
