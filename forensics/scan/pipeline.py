"""The pipeline: hash -> probe -> decode -> faces -> crops -> score -> conclude -> hash again.

Everything that a scan learns of a file is an item on one stream. A stage is a generator that transforms
the items that it knows and passes on the rest. Pixels leave the pipeline at ``score``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from forensics.detectors.detector import Detector, Examination
from forensics.errors import MediaError
from forensics.media.discovery import Found, display_path
from forensics.media.hashing import Fingerprint, fingerprint_of
from forensics.media.probe import probe
from forensics.media.raw_streams import bare_stream_notices
from forensics.records.detector_spec import Input
from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, Notice, Score
from forensics.records.media import MediaFile, MediaUpdate
from forensics.records.perceptual_hashes import PerceptualHashes
from forensics.records.properties import Properties
from forensics.records.scan_result import ScanResult
from forensics.records.stream import Item
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.films import seen_and_heard
from forensics.scan.stage_timer import StageTimer
from forensics.scan.worker_context import WorkerContext
from forensics.verdicts.policy import POLICY, conclude

_LOG = logging.getLogger(__name__)


def examine(
    file: Found, context: WorkerContext, tell: Callable[[float], object] = lambda _: None
) -> ScanResult:
    """Examines one file from hash to verdict.

    A file that cannot be examined, or that changes meanwhile, gives a NOT_EXAMINED result with the reason;
    only errors of this program leave this function.

    Args:
        file: as it was found.
        context: what a worker holds.
        tell: takes the seconds of a long file that are behind, from time to time.
    """
    timer = StageTimer()
    media = MediaFile(file.display, file.size_bytes, file.modified_utc, place=file.place)
    try:
        with timer.start("hash"):
            before = fingerprint_of(file.path)
    except MediaError as error:
        return _timed(_under_its_own_name(_not_examined(media, error, ()), file), timer)
    media = replace(
        media, size_bytes=before.size_bytes, modified_utc=before.modified_utc, sha256=before.sha256
    )
    result = _examined(file, media, context, timer, tell)
    with timer.start("hash"):
        result = _if_still(result, before, file.path)
    return _timed(_under_its_own_name(result, file), timer)


def _examined(
    file: Found, media: MediaFile, context: WorkerContext, timer: StageTimer, tell: Callable[[float], object]
) -> ScanResult:
    learned: list[Item] = list(_since_found(file, media))
    try:
        with timer.start("probe"):
            media = _identified(media, probe(file.path))
        learned.extend(bare_stream_notices(media))
        for item in _items(file.path, media, context, timer, tell):
            if isinstance(item, MediaUpdate):
                media = _identified(media, item.media)
            else:
                learned.append(item)
    except MediaError as error:
        return _not_examined(media, error, learned)
    scores = tuple(item for item in learned if isinstance(item, Score))
    abstentions = tuple(item for item in learned if isinstance(item, Abstention))
    with timer.start("conclude"):
        verdict = conclude(media, scores, abstentions, context.cards, context.specs, context.fusion)
    return ScanResult(
        media=media,
        verdict=verdict,
        scores=scores,
        abstentions=abstentions,
        tracks=tuple(item for item in learned if isinstance(item, FaceTrack)),
        notices=tuple(item for item in learned if isinstance(item, Notice)),
        exhibits=tuple(item for item in learned if isinstance(item, Exhibit)),
        properties=tuple(item for item in learned if isinstance(item, Properties)),
        hashes=next((item for item in learned if isinstance(item, PerceptualHashes)), None),
        descriptors=tuple(item for item in learned if isinstance(item, FaceDescriptor)),
    )


def _since_found(file: Found, media: MediaFile) -> Iterator[Notice]:
    """A file may wait for hours between being found and being hashed."""
    if (file.size_bytes, file.modified_utc) != (media.size_bytes, media.modified_utc):
        yield Notice(
            "hash",
            f"The file changed after the scan had found it: {file.size_bytes} bytes of {file.modified_utc} "
            f"then, {media.size_bytes} bytes of {media.modified_utc} when it was hashed and examined.",
        )


def _if_still(result: ScanResult, before: Fingerprint, path: Path) -> ScanResult:
    """The result, if the file is what it was before it was decoded.

    Otherwise nobody can say which content was scored: scores, pictures and hash are all withdrawn.
    """
    try:
        after = fingerprint_of(path)
        change = before.written_until(after)
    except MediaError as error:
        change = error.message
    else:
        if change is None:
            notices = (*result.notices, *_touched(before, after))
            return replace(result, notices=notices)
    reason = f"The file changed while it was examined: {change}."
    hint = "Make a copy that nothing writes to, and scan the copy."
    return ScanResult(
        media=replace(result.media, sha256=None),
        verdict=Verdict(VerdictLabel.NOT_EXAMINED, f"{reason} {hint}", POLICY),
        abstentions=(Abstention("scan", AbstentionReason.CHANGED, f"{reason} {hint}"),),
        notices=result.notices,
    )


def _touched(before: Fingerprint, after: Fingerprint) -> Iterator[Notice]:
    if before.changed_ns != after.changed_ns:
        yield Notice(
            "hash",
            "The file's name, owner, rights or times were changed while it was examined; its content is the "
            "same before and after.",
        )


def _items(
    path: Path, media: MediaFile, context: WorkerContext, timer: StageTimer, tell: Callable[[float], object]
) -> Iterator[Item]:
    items: Iterator[Item] = iter(())
    if context.seeks_faces or context.observes(Input.FRAMES) or context.observes(Input.SOUND):
        items = seen_and_heard(path, media, context, timer, tell)
    return timer.timed("score", score(items, context.detectors, media, path))


def score(
    items: Iterator[Item], detectors: Sequence[Detector], media: MediaFile, path: Path
) -> Iterator[Item]:
    """Shows every item to every detector; frames, sound and crops end here.

    A detector that fails takes its scores and exhibits for this file with it and abstains.
    """
    looks = [_Look(detector, media, path) for detector in detectors]
    for item in items:
        for look in looks:
            look.observe(item)
        if isinstance(item, (FaceTrack, Abstention, Notice, MediaUpdate)):
            yield item
    for look in looks:
        yield from look.conclude()


class _Look:
    """One detector's examination, and what it gave so far."""

    def __init__(self, detector: Detector, media: MediaFile, path: Path) -> None:
        self._name = detector.spec.name
        self._given: list[Item] = []
        self._failure: Abstention | None = None
        self._examination: Examination | None = None
        self._keep(lambda: self._begin(detector, media, path))

    def _begin(self, detector: Detector, media: MediaFile, path: Path) -> Iterator[Item]:
        self._examination = detector.begin(media, path)
        return iter(())

    def observe(self, item: Item) -> None:
        if self._examination is not None:
            self._keep(partial(self._examination.observe, item))

    def conclude(self) -> list[Item]:
        if self._examination is not None:
            self._keep(self._examination.conclude)
        return self._given if self._failure is None else [self._failure]

    def _keep(self, step: Callable[[], Iterator[Item]]) -> None:
        if self._failure is not None:
            return
        try:
            self._given.extend(step())
        except MediaError:
            raise
        except Exception as error:  # noqa: BLE001 - one of three legal places: it costs scores, not the file
            _LOG.warning("%s failed", self._name, exc_info=True)
            self._given = []
            self._failure = Abstention(
                self._name,
                AbstentionReason.FAILED,
                f"The {self._name} detector failed on this file ({type(error).__name__}: {error}); "
                "its scores were withdrawn. Run forensics doctor, then scan the file again.",
            )


def _identified(known: MediaFile, found: MediaFile) -> MediaFile:
    """What probing or decoding found, under the identity that discovery gave."""
    return replace(
        found,
        path=known.path,
        place=known.place,
        size_bytes=known.size_bytes,
        modified_utc=known.modified_utc,
        sha256=known.sha256,
    )


def _not_examined(media: MediaFile, error: MediaError, learned: Sequence[Item]) -> ScanResult:
    return ScanResult(
        media=media,
        verdict=Verdict(VerdictLabel.NOT_EXAMINED, f"{error.message}. {error.hint}", POLICY),
        notices=tuple(item for item in learned if isinstance(item, Notice)),
    )


def _under_its_own_name(result: ScanResult, file: Found) -> ScanResult:
    """Where the file was opened is nobody's business: in a temporary folder, or on a desk of uploads."""
    opened, shown = display_path(file.path), file.display
    if opened == shown:
        return result
    return replace(
        result,
        verdict=replace(result.verdict, reason=result.verdict.reason.replace(opened, shown)),
        abstentions=tuple(
            replace(one, detail=one.detail.replace(opened, shown)) for one in result.abstentions
        ),
        notices=tuple(replace(one, message=one.message.replace(opened, shown)) for one in result.notices),
    )


def _timed(result: ScanResult, timer: StageTimer) -> ScanResult:
    return replace(result, timings_s={stage: round(seconds, 4) for stage, seconds in timer.seconds.items()})
