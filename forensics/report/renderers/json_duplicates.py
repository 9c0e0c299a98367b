"""What JSON reports say of files that show or sound the same."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.report.duplicates.kin import KinGroup, KinLink
from forensics.report.duplicates.matches import Difference, FaceMatch, PictureMatch, SoundMatch


@dataclass(frozen=True, slots=True)
class JsonLink:
    """Two files that show or sound the same.

    Attributes:
        first, second: row ids; the first is the likely source where ``is_directed``.
        is_directed: something speaks for the first being the source; otherwise it is not known.
        pictures: what they have in common; ``source`` in it is the first file, ``copy`` the second.
        sound: the longest stretch in common.
        sound_differs: the pictures are the same, both have sound, and no three seconds of it are.
        faces: faces that stand in the same place at the same moments.
        difference: where pictures of the same moments differ.
        says: the same in sentences.
        reasons: sentences that speak for the first being the source.
        against: sentences that speak for the second.
    """

    first: int
    second: int
    is_directed: bool
    pictures: PictureMatch | None
    sound: SoundMatch | None
    sound_differs: bool
    faces: tuple[FaceMatch, ...]
    difference: Difference | None
    says: tuple[str, ...]
    reasons: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JsonGroup:
    """Files that hang together by pictures or sound in common.

    Attributes:
        files: row ids, the likeliest source first; with ``--only``, of files that are not in ``files`` too.
        links: of each file but the first, to what it likely derives from or is nearest to.
    """

    files: tuple[int, ...]
    links: tuple[JsonLink, ...]


def json_group(group: KinGroup) -> JsonGroup:
    """A group, with row ids in place of files."""
    return JsonGroup(tuple(file.row_id for file in group.files), tuple(map(_json_link, group.links)))


def _json_link(one: KinLink) -> JsonLink:
    link = one.link
    return JsonLink(
        first=link.source,
        second=link.copy,
        is_directed=link.is_directed,
        pictures=link.pictures,
        sound=link.sound,
        sound_differs=link.sound_differs,
        faces=link.faces,
        difference=link.difference,
        says=one.says,
        reasons=link.reasons,
        against=link.against,
    )
