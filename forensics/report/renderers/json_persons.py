"""What JSON reports say of people who look alike: groups and distances, never the descriptors."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.records.subject import Subject
from forensics.report.persons.alike import AlikePeople, AlikePerson, PersonsAlike
from forensics.report.persons.worth import Worth


@dataclass(frozen=True, slots=True)
class JsonAlikePerson:
    """A person of a group.

    Attributes:
        row_id: of the file; with ``--only``, of files that are not in ``files`` too.
        subject: as the file calls the person.
        at_s: of the sharpest face that was compared.
        n_faces: faces that were compared.
        distance: to the nearest person of the group in another file.
        nearest: that person's place in ``people``, from 0.
        is_near: the distance is one that hardly any two different people fall short of (``worth.near``).
    """

    row_id: int
    subject: Subject
    at_s: float
    n_faces: int
    distance: float
    nearest: int
    is_near: bool


@dataclass(frozen=True, slots=True)
class JsonAlikeGroup:
    """People of several files who look alike.

    Attributes:
        widest: largest distance within the group.
        remark: what differs between their files' verdicts; may be empty.
    """

    people: tuple[JsonAlikePerson, ...]
    widest: float
    remark: str


@dataclass(frozen=True, slots=True)
class JsonPersons:
    """What the comparison of a case's people found. It says that faces look alike, not who somebody is.

    Attributes:
        method: names what described the faces. The descriptors are biometric data and stay in the case file.
        worth: the threshold, and how often it errs.
        n_persons: people whose faces could be described.
        n_pairs: of people in two files, that were compared.
        n_alike: of these, pairs within the threshold.
        says: the same in sentences.
        limits: what the comparison cannot tell, in sentences.
    """

    method: str
    worth: Worth
    n_persons: int
    n_pairs: int
    n_alike: int
    says: tuple[str, ...]
    limits: tuple[str, ...]
    groups: tuple[JsonAlikeGroup, ...]


def json_persons(found: PersonsAlike) -> JsonPersons:
    """The comparison, with row ids in place of files."""
    return JsonPersons(
        method=found.method,
        worth=found.worth,
        n_persons=found.n_persons,
        n_pairs=found.n_pairs,
        n_alike=found.n_alike,
        says=found.says,
        limits=found.limits,
        groups=tuple(map(_group, found.groups)),
    )


def _group(group: AlikePeople) -> JsonAlikeGroup:
    return JsonAlikeGroup(tuple(map(_person, group.people)), round(group.widest, 4), group.remark)


def _person(one: AlikePerson) -> JsonAlikePerson:
    return JsonAlikePerson(
        row_id=one.row_id,
        subject=one.subject,
        at_s=one.at_s,
        n_faces=one.n_faces,
        distance=round(one.distance, 4),
        nearest=one.nearest - 1,
        is_near=one.is_near,
    )
