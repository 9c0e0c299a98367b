"""From a case's results to groups of files that show or sound the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from forensics.records.perceptual_hashes import PerceptualHashes
from forensics.records.scan_result import ScanResult
from forensics.report.duplicates import films, sounds
from forensics.report.duplicates.differences import difference, faces_compared
from forensics.report.duplicates.matches import Difference, Group, Link, PictureMatch, SoundMatch
from forensics.report.duplicates.near_hashes import mirrored, near_pairs
from forensics.report.duplicates.sources import Sign, balance, signs
from forensics.report.duplicates.words import HASH_BITS

Pairs = set[tuple[int, int]]

# In a small group everything is compared with everything; in a large one each file with so many.
_ALL_WITH_ALL: Final = 16
_MOST_PARTNERS: Final = 8


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A file that was examined itself and has hashes."""

    row_id: int
    result: ScanResult
    hashes: PerceptualHashes


def find_duplicates(rows: Iterable[tuple[int, ScanResult]]) -> tuple[Group, ...]:
    """Groups of files that have pictures or sound in common, the largest first.

    Identical files count as one: the one that was examined.

    Args:
        rows: (row id, result) of a whole case.
    """
    files = [
        _Hashed(row_id, result, result.hashes)
        for row_id, result in rows
        if result.hashes is not None and result.twin_of is None
    ]
    groups: list[Group] = []
    for method in dict.fromkeys(file.hashes.method for file in files):
        some = [file for file in files if file.hashes.method == method]
        groups.extend(_grouped(some, _links(some)))
    return tuple(sorted(groups, key=lambda group: (-len(group.files), group.files)))


def _links(files: Sequence[_Hashed]) -> list[Link]:
    """Of all pairs that may have something in common, those that do."""
    pairs = _picture_candidates(files) | _sound_candidates(files)
    found = (_compared(files[one], files[other]) for one, other in sorted(_thinned(pairs)))
    return [link for link in found if link is not None]


def _picture_candidates(files: Sequence[_Hashed]) -> Pairs:
    shown = [(place, file.hashes.film) for place, file in enumerate(files) if file.hashes.film is not None]
    if not shown:
        return set()
    some = [films.representatives(film) for _, film in shown]
    owners = np.repeat([place for place, _ in shown], [len(one) for one in some])
    plain = np.concatenate(some)
    both = np.concatenate((plain, mirrored(plain)))
    distinct, place_of = np.unique(both.view(f"V{both.shape[1]}").ravel(), return_inverse=True)
    place_of = place_of.ravel()
    hashes = distinct.view(np.uint8).reshape(-1, both.shape[1])
    # A mirrored hash has no file of its own: it stands for the file whose hash was turned.
    owner_of: dict[int, list[int]] = defaultdict(list)
    for place, owner in zip(place_of, np.tile(owners, 2), strict=True):
        if len(owner_of[int(place)]) < _MOST_PARTNERS or owner_of[int(place)][-1] != owner:
            owner_of[int(place)].append(int(owner))
    pairs: Pairs = set()
    for same in owner_of.values():
        pairs.update(_ordered(same[0], other) for other in same[1:])
    first, second, _ = near_pairs(hashes)
    for one, other in zip(first, second, strict=True):
        pairs.update(_ordered(a, b) for a in owner_of[int(one)][:1] for b in owner_of[int(other)][:1])
    return {pair for pair in pairs if pair[0] != pair[1]}


def _sound_candidates(files: Sequence[_Hashed]) -> Pairs:
    heard = [(place, file.hashes.sound) for place, file in enumerate(files) if file.hashes.sound is not None]
    first, second = sounds.candidates([sounds.words_of(sound) for _, sound in heard])
    return {
        _ordered(heard[one][0], heard[other][0])
        for one, other in zip(first, second, strict=True)
        if one != other
    }


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)


def _thinned(pairs: Pairs) -> Pairs:
    """All pairs within small groups; within large ones so few that time stays in step with the files."""
    chosen: Pairs = set()
    n_partners: dict[int, int] = defaultdict(int)
    for members in _components(pairs):
        if len(members) <= _ALL_WITH_ALL:
            chosen.update((a, b) for index, a in enumerate(members) for b in members[index + 1 :])
        else:
            chosen.update((members[0], other) for other in members[1:])
    for one, other in sorted(pairs - chosen):
        if n_partners[one] < _MOST_PARTNERS and n_partners[other] < _MOST_PARTNERS:
            n_partners[one] += 1
            n_partners[other] += 1
            chosen.add((one, other))
    return chosen


def _components(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Places that hang together, of two and more, each in order."""
    above: dict[int, int] = {}

    def top(place: int) -> int:
        while above.setdefault(place, place) != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for one, other in pairs:
        low, high = sorted((top(one), top(other)))
        above[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for place in sorted(above):
        members[top(place)].append(place)
    return list(members.values())


def _compared(first: _Hashed, second: _Hashed) -> Link | None:
    """What two files have in common, the likely source first; None where that is nothing."""
    seen = _seen(first, second)
    if balance(seen.signs) < 0:
        first, second = second, first
        seen = _seen(first, second)
    # Only now that it is known which comes first: it costs more than the pictures do.
    sound = _sound(first, second, seen.pictures)
    if seen.pictures is None and sound is None:
        return None
    return Link(
        source=first.row_id,
        copy=second.row_id,
        is_directed=balance(seen.signs) > 0,
        pictures=seen.pictures,
        sound=sound,
        faces=()
        if seen.pictures is None
        else faces_compared(first.hashes, second.hashes, *_how(seen.pictures)),
        difference=seen.difference,
        sound_differs=_sound_differs(first, second, seen.pictures, sound),
        reasons=tuple(sign.says for sign in seen.signs if sign.weight > 0),
        against=tuple(sign.says for sign in seen.signs if sign.weight < 0),
    )


class _Seen(NamedTuple):
    """What the pictures of two files, and their records, say of which comes from which."""

    pictures: PictureMatch | None
    difference: Difference | None
    signs: tuple[Sign, ...]


def _seen(source: _Hashed, copy: _Hashed) -> _Seen:
    film, other = source.hashes.film, copy.hashes.film
    pictures = None if film is None or other is None else films.compared(film, other)
    differs = None if pictures is None else difference(source.hashes, copy.hashes, *_how(pictures))
    return _Seen(pictures, differs, signs(source.result, copy.result, pictures, differs))


def _how(pictures: PictureMatch) -> tuple[float, bool]:
    """Shift in seconds and whether one is mirrored. Where too little moves to tell, films start together."""
    return pictures.offset_s or 0.0, pictures.is_mirrored


def _sound(source: _Hashed, copy: _Hashed, pictures: PictureMatch | None) -> SoundMatch | None:
    if source.hashes.sound is None or copy.hashes.sound is None:
        return None
    hint_s = None if pictures is None else pictures.offset_s or 0.0
    return sounds.compared(source.hashes.sound, copy.hashes.sound, hint_s)


def _sound_differs(
    source: _Hashed, copy: _Hashed, pictures: PictureMatch | None, sound: SoundMatch | None
) -> bool:
    """Pictures in common, sound in both, and none of it the same."""
    heard = source.hashes.sound, copy.hashes.sound
    if pictures is None or sound is not None or heard[0] is None or heard[1] is None:
        return False
    return all(
        np.count_nonzero(sounds.words_of(one)) * one.step_s >= sounds.LEAST_S
        for one in heard
        if one is not None
    )


def _grouped(files: Sequence[_Hashed], links: Sequence[Link]) -> Iterator[Group]:
    place_of = {file.row_id: place for place, file in enumerate(files)}
    by_file: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        by_file[link.source].append(link)
        by_file[link.copy].append(link)
    ends = [(place_of[link.source], place_of[link.copy]) for link in links]
    for members in _components(ends):
        yield _tree([files[place].row_id for place in members], by_file)


def _tree(row_ids: Sequence[int], by_file: dict[int, list[Link]]) -> Group:
    """Every file with the link to what it likely derives from, the likeliest source of all first."""
    n_derived = {
        row_id: sum(link.is_directed * (1 if link.source == row_id else -1) for link in by_file[row_id])
        for row_id in row_ids
    }
    waiting = sorted(row_ids, key=lambda row_id: (-n_derived[row_id], row_id))
    placed = {waiting.pop(0): 0}
    links: list[Link] = []
    while waiting:
        ready = (
            row_id for row_id in waiting if any(_end(link, row_id) in placed for link in by_file[row_id])
        )
        row_id = next(ready)
        known = [link for link in by_file[row_id] if _end(link, row_id) in placed]
        links.append(min(known, key=lambda link: _closeness(link, row_id, placed)))
        placed[row_id] = len(placed)
        waiting.remove(row_id)
    return Group(tuple(placed), tuple(links))


def _end(link: Link, row_id: int) -> int:
    """The file at the other end."""
    return link.copy if link.source == row_id else link.source


def _closeness(link: Link, row_id: int, placed: Mapping[int, int]) -> tuple[int, int, int]:
    """Low for the link that explains a file best: its likely source, then whatever it is nearest to."""
    bits = link.pictures.bits if link.pictures is not None else HASH_BITS
    if link.is_directed and link.copy == row_id:
        return 0, placed[link.source], bits
    return (2 if link.is_directed else 1), bits, placed[_end(link, row_id)]
