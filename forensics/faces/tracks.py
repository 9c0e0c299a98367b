"""Who is who within one file: faces of sampled frames become tracks, one per person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from forensics.faces.appearance import Look, likeness, look
from forensics.faces.crop import whole_image_box
from forensics.faces.finder import THOROUGH, FaceFinder
from forensics.faces.overlap import same_face
from forensics.records.detector_spec import CropSpec
from forensics.records.faces import FaceBox, FaceTrack, TrackedFace
from forensics.records.findings import Abstention, AbstentionReason, Notice
from forensics.records.media import Frame
from forensics.records.stream import Item

# Whoever appears is found within four sampled frames if their face is large (for dlib about a seventh of the
# picture's longer side), within eight if it is middling (a ninth) and within sixteen if it is small. A search
# in full detail costs ten times as much as a window; on the 25 clips, searching every frame in full found
# nobody whom this misses (benchmarks/face_recall.py).
RESCAN_EVERY = 4
_DETAILS = (1.0, 0.375, 0.5, 0.375)
# A face that was missed is still looked for where it was, for this many frames.
_STILL_SOUGHT = 3

# A face belongs to a person if likeness + _PLACE_WEIGHT * place >= _SAME_PERSON. Far away in time or
# place, likeness alone has to exceed what any two different people reached (0.69); in place, 0.67 is
# enough, and among several alike the nearest is taken. In doubt a person
# becomes two tracks rather than two people one: a mixed track would hide the manipulated one.
_SAME_PERSON = 0.72
_PLACE_WEIGHT = 0.05
# Sides of the larger box by which a face may move at once, and more per second, up to a limit.
_REACH, _REACH_PER_S, _LARGEST_REACH = 0.5, 1.0, 2.5
# How fast a place is forgotten.
_PLACE_FADES_S = 4.0
# A look unlike those known is kept beside them: a person has a profile and a front.
_NEW_LOOK = 0.85
_N_LOOKS = 4


@dataclass(slots=True)
class _Person:
    """What is known of one track so far."""

    track_id: int
    start_s: float
    box: FaceBox
    at_s: float
    number: int
    looks: list[Look]
    sizes_px: list[float] = field(default_factory=list)

    def summary(self) -> FaceTrack:
        return FaceTrack(self.track_id, len(self.sizes_px), self.start_s, self.at_s, median(self.sizes_px))


@dataclass(slots=True)
class _Match:
    """One box of a frame, with whom it belongs to: None is a person not seen before."""

    box: FaceBox
    look: Look
    person: _Person | None


def track(
    items: Iterable[Item],
    finder: FaceFinder,
    detectors: Sequence[str],
    *,
    keep_frames: bool = False,
    n_known: int = 0,
    apart: bool = False,
    between: FaceFinder | None = None,
) -> Iterator[Item]:
    """The stage: finds the faces of every frame and keeps people apart.

    Known faces are searched where they were; the whole frame at first, when a face was lost, while nobody
    is known, and from time to time for newcomers, for large faces more often than for small ones.

    Args:
        items: the stream. Every ``Frame`` becomes a ``TrackedFace`` per face; all else passes on. At its
            end come the ``FaceTrack`` of every person, or an abstention of each detector if there were
            frames but no face.
        finder: finds faces.
        detectors: names of those that observe faces.
        keep_frames: pass on the frames too, each before its faces.
        n_known: people of other streams of the file; numbers go on from there.
        apart: the frames are pictures of their own (pages): each is searched in full, and nobody in one is
            taken for anybody in another, so that no manipulated picture is averaged with pristine ones.
        between: finds the same faces again in the pictures of a burst, which count for nothing else: a
            person's track is what it would be without them. By default ``finder``.
    """
    people: list[_Person] = []
    n_frames = 0
    last_seen: dict[int, FaceBox] = {}
    for item in items:
        if not isinstance(item, Frame):
            yield item
            continue
        if not item.sampled:
            yield from _followed(item, last_seen, between or finder)
            continue
        if keep_frames:
            yield item
        last_seen.clear()
        known = [] if apart else people
        for match in _faces(item, n_frames, known, finder):
            person = _remember(match, people, item, n_frames, n_known)
            last_seen[person.track_id] = match.box
            yield TrackedFace(item, match.box, person.track_id)
        n_frames += 1
    if apart and n_frames > 1:
        yield from (_where(person) for person in people)
    yield from (person.summary() for person in people)
    if n_frames and not people:
        yield from (_no_face(name, n_frames) for name in detectors)


def _followed(frame: Frame, last_seen: dict[int, FaceBox], finder: FaceFinder) -> Iterator[TrackedFace]:
    """The faces of the picture before, found again close by; who is lost stays lost for the burst."""
    boxes = finder.find(frame.image, near=list(last_seen.values())) if last_seen else []
    for track_id, known in list(last_seen.items()):
        again = [box for box in boxes if same_face(box, known)]
        if not again:
            del last_seen[track_id]
            continue
        x, y = known.centre_px
        nearest = min(again, key=lambda box: math.dist(box.centre_px, (x, y)))
        boxes.remove(nearest)
        last_seen[track_id] = nearest
        yield TrackedFace(frame, nearest, track_id)


def whole_images(items: Iterable[Item], spec: CropSpec) -> Iterator[Item]:
    """The stage in place of ``track`` for stills that are face crops already: each is one face, whole.

    Args:
        items: the stream; its ``Frame`` items become ``TrackedFace`` items, each of a person of its own.
        spec: how the face is cut, whose margin must not cut into the picture.
    """
    tracks: list[FaceTrack] = []
    for item in items:
        if not isinstance(item, Frame):
            yield item
            continue
        box = whole_image_box(item.image, spec)
        tracks.append(FaceTrack(len(tracks) + 1, 1, item.at_s, item.at_s, box.size_px))
        yield TrackedFace(item, box, tracks[-1].track_id)
    yield from tracks


def _faces(frame: Frame, number: int, people: list[_Person], finder: FaceFinder) -> list[_Match]:
    """The faces of one frame, each with its person, in the order of track ids, newcomers last."""
    sought = [person for person in people if number - person.number <= _STILL_SOUGHT]
    boxes = finder.find(frame.image, near=[person.box for person in sought]) if sought else []
    matches = _match(frame, boxes, people)
    found = {match.person.track_id for match in matches if match.person}
    lost = any(person.number == number - 1 and person.track_id not in found for person in sought)
    detail = THOROUGH if not people else 1.0 if lost or not sought else _detail(number)
    if detail is not None:
        others = finder.find(frame.image, detail=detail)
        newcomers = [box for box in others if not any(same_face(box, known) for known in boxes)]
        if newcomers:
            matches = _match(frame, [*boxes, *newcomers], people)
    return sorted(
        matches,
        key=lambda one: (0, one.person.track_id, 0.0) if one.person else (1, 0, one.box.left_px),
    )


def _detail(number: int) -> float | None:
    """In how much detail the whole of a frame is searched for newcomers; None for not at all."""
    times, rest = divmod(number, RESCAN_EVERY)
    return None if rest else _DETAILS[times % len(_DETAILS)]


def _match(frame: Frame, boxes: Sequence[FaceBox], people: Sequence[_Person]) -> list[_Match]:
    """Gives each box to the person whom it fits best, the best fit first; each person one box at most."""
    matches = [_Match(box, look(frame.image, box), None) for box in boxes]
    fits = [
        (_fit(match, person, frame.at_s), index, person)
        for index, match in enumerate(matches)
        for person in people
    ]
    taken: set[int] = set()
    for fit, index, person in sorted(fits, key=lambda one: (-one[0], one[1], one[2].track_id)):
        if fit < _SAME_PERSON:
            break
        if matches[index].person is None and person.track_id not in taken:
            matches[index].person = person
            taken.add(person.track_id)
    return matches


def _fit(match: _Match, person: _Person, at_s: float) -> float:
    """How well a box fits a person: likeness in [-1, 1], plus up to _PLACE_WEIGHT for its place."""
    gap_s = abs(at_s - person.at_s)
    (x, y), (last_x, last_y) = match.box.centre_px, person.box.centre_px
    largest_px = max(match.box.size_px, person.box.size_px)
    moved = math.hypot(x - last_x, y - last_y) / largest_px
    reach = min(_REACH + _REACH_PER_S * gap_s, _LARGEST_REACH)
    grown = math.log(match.box.size_px / person.box.size_px)
    place = math.exp(-((moved / reach) ** 2) - (grown / 0.5) ** 2 - gap_s / _PLACE_FADES_S)
    return likeness(match.look, person.looks) + _PLACE_WEIGHT * place


def _remember(match: _Match, people: list[_Person], frame: Frame, number: int, n_known: int) -> _Person:
    person = match.person
    if person is None:
        person = _Person(n_known + len(people) + 1, frame.at_s, match.box, frame.at_s, number, [match.look])
        people.append(person)
    elif likeness(match.look, person.looks) < _NEW_LOOK:
        # The first look stays: a chain of small changes must not end at somebody else.
        person.looks = [person.looks[0], *person.looks[1:][-(_N_LOOKS - 2) :], match.look]
    person.box, person.at_s, person.number = match.box, frame.at_s, number
    person.sizes_px.append(match.box.size_px)
    return person


def _where(person: _Person) -> Notice:
    return Notice("faces", f"Person {person.track_id} is in picture or part {person.number + 1} of the file")


def _no_face(detector: str, n_frames: int) -> Abstention:
    if n_frames == 1:
        where, remedy = "the picture", "a copy of higher resolution"
    else:
        where = f"any of {n_frames} sampled frames"
        remedy = f"more frames (--frames {2 * n_frames}) or a copy of higher resolution"
    return Abstention(
        detector=detector,
        why=AbstentionReason.NO_FACE,
        detail=f"no face was found in {where}. If there is one, try {remedy}; faces in profile, partly "
        "covered or lying on their side are not found.",
    )
