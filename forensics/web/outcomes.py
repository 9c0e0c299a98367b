"""Outcomes: from a case file to what the page says of each upload, and to the reports beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from forensics.casefile.case_file import CaseFile
from forensics.casefile.chain import Rejection
from forensics.evaluation.labels import Label, LabelSet
from forensics.languages import ENGLISH
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.report_words import VERDICT_ORDER
from forensics.web.desk import MOST_MEMBERS, DeskCase, MemberVerdict, UploadedFile
from forensics.web.places import REPORT_SUFFIXES, Places
from forensics.workflows.drawing import cards_of, draw

_NO_MEDIA: Final = "It holds no video, sound or pictures."


def draw_reports(places: Places, case: DeskCase, language: str = ENGLISH) -> None:
    """Draws all reports of a case that is examined, with figures where labels are known.

    Args:
        language: of pages.

    Raises:
        CaseFileError: the case file is not what was written.
        ReportError: a report cannot be written.
    """
    path = places.case_file(case.id)
    with CaseFile.open_read_only(path) as opened:
        draw(
            opened,
            [places.report(case.id, suffix) for suffix in REPORT_SUFFIXES],
            LabelSet(_labels(places, case, opened)),
            cards_of(opened.manifests()),
            checked=opened.checked(),
            name=path.name,
            title=case.title,
            language=language,
        )


def judged_files(places: Places, case: DeskCase) -> dict[str, UploadedFile]:
    """The files of a case with what its case file says of them and of their members, by id.

    Raises:
        CaseFileError: the case file cannot be read.
    """
    with CaseFile.open_read_only(places.case_file(case.id)) as opened:
        results = _by_file(places, case, (result for _, result in opened.results()))
        rejections = opened.rejections()
    return {file.id: _judged(file, results.get(file.id, {}), rejections) for file in case.files}


def _by_file(
    places: Places, case: DeskCase, results: Iterable[ScanResult]
) -> dict[str, dict[str, ScanResult]]:
    """Id of an upload to its results by the name within it; the upload itself has the empty name."""
    files = f"{places.place(case.id) / 'files'}/"
    found: dict[str, dict[str, ScanResult]] = {}
    for result in results:
        file_id, _, member = (
            result.media.place.replace("\\", "/").removeprefix(files.replace("\\", "/")).partition("/")
        )
        found.setdefault(file_id, {})[member] = result
    return found


def _labels(places: Places, case: DeskCase, opened: CaseFile) -> dict[str, Label]:
    known = {file.id: file.label for file in case.files if file.label}
    if not known:
        return {}
    labels = {}
    for file_id, members in _by_file(places, case, (result for _, result in opened.results())).items():
        if file_id not in known:
            continue
        for result in members.values():
            path = result.media.path
            labels[result.media.key] = Label(path, known[file_id] == "manipulated", group=path)
    return labels


def _judged(
    file: UploadedFile, results: Mapping[str, ScanResult], rejections: Sequence[Rejection]
) -> UploadedFile:
    members = [_of_member(name, result) for name, result in results.items() if name]
    file = replace(
        file,
        members=tuple(sorted(members, key=_attention)[:MOST_MEMBERS]),
        member_verdicts=dict(Counter(one.verdict for one in members)),
    )
    own = results.get("")
    if own is not None:
        verdict = own.verdict
        return replace(
            file,
            verdict=verdict.label.value,
            manipulation_score=verdict.manipulation_score,
            reason=verdict.reason,
        )
    if members:
        return replace(file, verdict=None, manipulation_score=None, reason="")
    said = [f"{one.path} {one.reason}. {one.hint}" for one in rejections if _concerns(one.path, file.name)]
    return replace(
        file,
        verdict=VerdictLabel.NOT_EXAMINED.value,
        manipulation_score=None,
        reason=" ".join(said) or _NO_MEDIA,
    )


def _concerns(path: str, name: str) -> bool:
    """Whether a path is an upload, or lies in it."""
    return path == name or path.startswith(f"{name}/")


def _of_member(name: str, result: ScanResult) -> MemberVerdict:
    verdict = result.verdict
    return MemberVerdict(name, verdict.label.value, verdict.manipulation_score, verdict.reason)


def _attention(member: MemberVerdict) -> tuple[int, float, str]:
    return VERDICT_ORDER.index(VerdictLabel(member.verdict)), -(member.manipulation_score or 0.0), member.name
