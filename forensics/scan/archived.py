"""Members of archives: one is unpacked, examined as any other file, and gone again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from forensics.errors import MediaError
from forensics.media.archive_search import still_there
from forensics.media.archives import ArchiveMember, extracted
from forensics.media.discovery import Found
from forensics.records.findings import Abstention, AbstentionReason
from forensics.records.media import MediaFile
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.failures import origin_of
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import WorkerContext
from forensics.verdicts.policy import POLICY


def examine_any(
    file: Found, context: WorkerContext, tell: Callable[[float], object] = lambda _: None
) -> ScanResult:
    """Examines a file, or a member of an archive, as ``pipeline.examine`` does.

    A member that cannot be unpacked, or whose archive changes meanwhile, gives a NOT_EXAMINED result.
    """
    if file.member is None:
        return examine(file, context, tell)
    try:
        result = _of_member(file, file.member, context, tell)
    except MediaError as error:
        result = _nothing(file, f"{error.message}. {error.hint}")
    if not still_there(file):
        reason = (
            "The archive changed while it was scanned. Make a copy that nothing writes to, and scan that."
        )
        result = _nothing(file, reason, Abstention("scan", AbstentionReason.CHANGED, reason))
    media = replace(result.media, archive=origin_of(file), modified_utc=file.modified_utc)
    return replace(result, media=media)


def _of_member(
    file: Found, member: ArchiveMember, context: WorkerContext, tell: Callable[[float], object]
) -> ScanResult:
    if member.refusal is not None:
        raise MediaError(f"{file.display} {member.refusal[0]}", member.refusal[1])
    with extracted(file.path, member) as taken:
        return examine(replace(file, path=taken, member=None), context, tell)


def _nothing(file: Found, reason: str, *abstentions: Abstention) -> ScanResult:
    return ScanResult(
        media=MediaFile(file.display, file.size_bytes, file.modified_utc, place=file.place),
        verdict=Verdict(VerdictLabel.NOT_EXAMINED, reason, POLICY),
        abstentions=abstentions,
    )
