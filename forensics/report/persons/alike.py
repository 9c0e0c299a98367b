"""People who look alike, ready to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forensics.numerals import count_text
from forensics.records.exhibit_content import Filmstrip, Picture
from forensics.records.findings import Exhibit, ExhibitKind
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject
from forensics.records.verdict import VerdictLabel
from forensics.report.persons.matching import AlikeGroup, Comparison, Someone, compare, people_of
from forensics.report.persons.worth import WORTH, Rate, Worth

ExhibitLoader = Callable[[int], Iterable[Exhibit]]

# A small picture each, of some 2 kB.
MOST_PICTURES: Final = 400


@dataclass(frozen=True, slots=True)
class AlikePerson:
    """A person of a group.

    Attributes:
        index: position of the file in the report, from 1; None where the report leaves it out.
        label: verdict of the file.
        at_s: of the sharpest face that was compared.
        n_faces: faces that were compared.
        distance: to the nearest other person of the group in another file.
        nearest: that person's place in the group, from 1.
        is_near: the distance is one that hardly any two different people fall short of.
        picture: the face; None where the case file holds none, or there is no room for it.
    """

    row_id: int
    path: str
    index: int | None
    subject: Subject
    label: VerdictLabel
    at_s: float
    n_faces: int
    distance: float
    nearest: int
    is_near: bool
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class AlikePeople:
    """People of several files who look alike.

    Attributes:
        widest: largest distance within the group.
        remark: what differs between their files' verdicts; may be empty.
    """

    people: tuple[AlikePerson, ...]
    widest: float
    remark: str


@dataclass(frozen=True, slots=True)
class PersonsAlike:
    """What the comparison of a case's people found.

    Attributes:
        says: what was compared, and what to expect of it, in sentences.
        limits: what it cannot tell, in sentences.
    """

    groups: tuple[AlikePeople, ...]
    n_persons: int
    n_pairs: int
    n_alike: int
    worth: Worth
    method: str
    says: tuple[str, ...]
    limits: tuple[str, ...]

    def files_like(self, row_id: int) -> tuple[str, ...]:
        """Paths of the files in which somebody looks like somebody in this one, each once."""
        return tuple(
            dict.fromkeys(
                one.path
                for group in self.groups
                if any(each.row_id == row_id for each in group.people)
                for one in group.people
                if one.row_id != row_id
            )
        )

    def renamed(self, rename: Callable[[str], str]) -> PersonsAlike:
        """With other paths."""
        groups = tuple(
            replace(group, people=tuple(replace(one, path=rename(one.path)) for one in group.people))
            for group in self.groups
        )
        return replace(self, groups=groups)


@dataclass(frozen=True, slots=True)
class ComparedPersons:
    """A whole case's people, compared: to be laid out for each page of its report.

    Attributes:
        files: path and verdict of each row that has somebody in a group.
    """

    method: str
    comparison: Comparison
    files: Mapping[int, tuple[str, VerdictLabel]]


def compare_persons(rows: Iterable[tuple[int, ScanResult]]) -> ComparedPersons | None:
    """Compares everybody in a case; None where nobody has a descriptor that can be compared.

    Args:
        rows: (row id, result) of a whole case; they are passed through once.
    """
    [method] = WORTH
    files: dict[int, tuple[str, VerdictLabel]] = {}

    def noted() -> Iterable[tuple[int, ScanResult]]:
        for row_id, result in rows:
            if result.descriptors:
                files[row_id] = result.media.path, result.verdict.label
            yield row_id, result

    people = people_of(noted(), method)
    if not people:
        return None
    comparison = compare(people, WORTH[method].threshold)
    shown = {one.row_id for group in comparison.groups for one in group.people}
    return ComparedPersons(method, comparison, {row_id: files[row_id] for row_id in shown})


def persons_alike(
    compared: ComparedPersons, index_of: Mapping[int, int], load_exhibits: ExhibitLoader
) -> PersonsAlike:
    """The groups that hold somebody of a report's files.

    Args:
        index_of: row id to position, for the files of the report.
        load_exhibits: the exhibits of a row id, in which faces are looked for.
    """
    worth, comparison = WORTH[compared.method], compared.comparison
    n_left = MOST_PICTURES
    groups = []
    for group in comparison.groups:
        if not any(one.row_id in index_of for one in group.people):
            continue
        laid_out = _group(group, compared, index_of, worth)
        if n_left > 0:
            laid_out = _with_pictures(laid_out, load_exhibits, n_left)
            n_left -= len(laid_out.people)
        groups.append(laid_out)
    return PersonsAlike(
        tuple(groups),
        comparison.n_persons,
        comparison.n_pairs,
        comparison.n_alike,
        worth,
        compared.method,
        (*_says(comparison, worth), *_nobody(comparison, bool(groups))),
        LIMITS,
    )


LIMITS: Final = (
    "This says that faces look alike. It does not say that they are one person, and not who it is.",
    "Twins, relatives and children look alike to it, and people who are rare in its training data are told "
    "apart less well. Small, blurred, made-up or partly covered faces are missed or mistaken more often.",
    "A manipulated clip can show the face of somebody who was never filmed there. That is why a match of "
    "such a clip is worth a look: the other file may be where the face, or the film, was taken from.",
)


def _says(comparison: Comparison, worth: Worth) -> Iterable[str]:
    rate = worth.false_matches
    yield (
        f"{count_text(comparison.n_compared, 'person', 'persons')} could be compared, in "
        f"{count_text(comparison.n_pairs, 'pair', 'pairs')} of people in different files. Pairs within "
        f"{worth.threshold:.2f}, the largest distance that counts as alike: {comparison.n_alike:,}."
    )
    if comparison.n_compared < comparison.n_persons:
        n_left_out = comparison.n_persons - comparison.n_compared
        yield f"Not compared, since there are too many: {n_left_out:,}."
    yield (
        f"On {worth.data}, pairs of different people lay within that distance in "
        f"{_percent(worth.false_matches)}, and pairs of pictures of one person did not in "
        f"{_percent(worth.misses)}."
    )
    expected = comparison.n_pairs * rate.share
    if expected >= 0.5:
        yield (
            f"Were all these people different, and like those of the measurement, about {expected:,.0f} "
            "pairs would lie within that distance by accident."
        )


def _percent(rate: Rate) -> str:
    """``0.052 % (95 % interval 0.031 to 0.080 %, 208 of 400,000)``."""
    return (
        f"{100 * rate.share:.2g} % (95 % interval {100 * rate.lower:.2g} to {100 * rate.upper:.2g} %, "
        f"{rate.n_times:,} of {rate.n:,})"
    )


def _nobody(comparison: Comparison, is_anybody_shown: bool) -> Iterable[str]:
    if not comparison.groups:
        yield "Nobody in one file looks like anybody in another."
    elif not is_anybody_shown:
        yield "Nobody in the files that are shown here looks like anybody in another file."


def _group(
    group: AlikeGroup, compared: ComparedPersons, index_of: Mapping[int, int], worth: Worth
) -> AlikePeople:
    people = []
    for place, one in enumerate(group.people):
        elsewhere = [other for other, someone in enumerate(group.people) if someone.row_id != one.row_id]
        nearest = min(elsewhere, key=lambda other: (float(group.distances[place, other]), other))
        distance = float(group.distances[place, nearest])
        people.append(_person(one, compared, index_of, nearest + 1, distance, worth))
    labels = {one.label for one in people}
    return AlikePeople(tuple(people), float(group.distances.max()), _remark(labels))


def _person(
    one: Someone,
    compared: ComparedPersons,
    index_of: Mapping[int, int],
    nearest: int,
    distance: float,
    worth: Worth,
) -> AlikePerson:
    path, label = compared.files[one.row_id]
    return AlikePerson(
        row_id=one.row_id,
        path=path,
        index=index_of.get(one.row_id),
        subject=one.track.subject,
        label=label,
        at_s=one.descriptor.at_s,
        n_faces=one.descriptor.n_faces,
        distance=distance,
        nearest=nearest,
        is_near=distance <= worth.near,
    )


def _remark(labels: set[VerdictLabel]) -> str:
    if VerdictLabel.SIGNS_OF_MANIPULATION not in labels or len(labels) == 1:
        return ""
    return (
        "Some of these files have signs of manipulation and others have none: one of the others may be where "
        "the face or the film comes from."
    )


def _with_pictures(group: AlikePeople, load_exhibits: ExhibitLoader, n_most: int) -> AlikePeople:
    people: list[AlikePerson] = []
    faces: dict[int, Sequence[Exhibit]] = {}
    for one in group.people:
        if len(people) >= n_most:
            people.append(one)
            continue
        if one.row_id not in faces:
            faces[one.row_id] = [
                each for each in load_exhibits(one.row_id) if isinstance(each.content, (Filmstrip, Picture))
            ]
        people.append(replace(one, picture=_picture(one, faces[one.row_id])))
    return replace(group, people=tuple(people))


def _picture(one: AlikePerson, exhibits: Sequence[Exhibit]) -> Picture | None:
    """Of the person's strip the frame nearest to what was compared; of a file without strips, a crop."""
    mine = [each for each in exhibits if each.subject == one.subject]
    frames = [frame for each in mine if isinstance(each.content, Filmstrip) for frame in each.content.frames]
    if frames:
        return Picture(min(frames, key=lambda frame: abs(frame.at_s - one.at_s)).jpeg)
    crops = (each.content for each in mine if each.kind is ExhibitKind.CROP)
    return next((content for content in crops if isinstance(content, Picture)), None)
