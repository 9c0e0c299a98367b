"""The report before it is drawn: everything a renderer needs, in frozen dataclasses.

``build_view`` takes what a case file holds as plain iterables, orders it for a reader, and spends a fixed
budget of bytes on evidence: pictures and charts go to the files that need a human's eye first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import forensics
from forensics.detectors import DEFAULT_DETECTORS, described
from forensics.languages import ENGLISH, later
from forensics.records.case_info import RecordedCaseInfo
from forensics.records.detector_spec import DetectorSpec
from forensics.records.exhibit_content import StripFrame
from forensics.records.findings import Notice
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.media import MediaFile, named_by
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.clock import now_utc
from forensics.report.condition import CaseCondition
from forensics.report.container_facts import ContainerFact, container_facts
from forensics.report.duplicates.finding import find_duplicates
from forensics.report.duplicates.kin import KinGroup, KinLink, kin_groups, links_by_file
from forensics.report.duplicates.side_by_side import with_faces
from forensics.report.evidence import (
    MOST_FULL_FILES,
    ExhibitCaption,
    ExhibitLoader,
    Spending,
    attention,
    by_attention,
    spend,
)
from forensics.report.examined import ExaminedPart, account_of
from forensics.report.finite import finite_figures, finite_result
from forensics.report.notices import naming_each_other, run_notices
from forensics.report.persons.alike import ComparedPersons, PersonsAlike, compare_persons, persons_alike
from forensics.report.report_words import VERDICT_ORDER
from forensics.report.subjects import SubjectView, subjects_of
from forensics.verdicts.likelihood import LikelihoodStatement


@dataclass(frozen=True, slots=True)
class FileView:
    """One file, ready to be drawn.

    Attributes:
        index: position in the report, from 1; files keep the order of the case file.
        row_id: the row in the case file.
        result: as recorded, without exhibits and without scores that are not numbers.
        highest: detector name to the highest manipulation score over its subjects, for those that scored any.
        highest_of_members: the same by each model of an ensemble alone, by (detector, model).
        label: ``manipulated`` or ``pristine`` where it is known.
        full: charts and container facts are drawn; otherwise one row and a short account.
        captions: every exhibit that the case file holds for the file.
        examined: what was and was not looked at.
        exhibit_ids: the exhibits of the case data that the file belongs to.
        n_left_out: exhibits that the page leaves out to stay within its size.
        face: a face to know the file by; None where there is none, or no room for it.
        kin: other files of the case that show or sound the same.
    """

    index: int
    row_id: int
    result: ScanResult
    highest: dict[str, float]
    highest_of_members: dict[tuple[str, str], float]
    label: str | None
    full: bool
    subjects: tuple[SubjectView, ...]
    facts: tuple[ContainerFact, ...]
    captions: tuple[ExhibitCaption, ...]
    n_left_out: int
    examined: tuple[ExaminedPart, ...] = ()
    exhibit_ids: tuple[str, ...] = ()
    face: StripFrame | None = None
    kin: tuple[KinLink, ...] = ()

    @property
    def path(self) -> str:
        """As shown to people."""
        return self.result.media.path

    @property
    def disagreement(self) -> str:
        """What the verdict is in the light of the known label where the two disagree, otherwise empty."""
        wrong = {
            ("pristine", VerdictLabel.SIGNS_OF_MANIPULATION): later("false alarm"),
            ("manipulated", VerdictLabel.NO_SIGNS_FOUND): later("missed"),
        }
        return wrong.get((self.label or "", self.result.verdict.label), "")

    @property
    def likelihood(self) -> LikelihoodStatement | None:
        """Of the subject that decides the verdict; None where none was asked for or nothing was scored."""
        return next((one.likelihood for one in self.subjects if one.deciding), None)

    @property
    def n_people(self) -> int:
        """Persons told apart in the file."""
        return len(self.result.tracks)


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many files came to one label."""

    label: VerdictLabel
    n: int


@dataclass(frozen=True, slots=True)
class Omission:
    """What the page leaves out to stay small enough to open, in numbers.

    Attributes:
        n_files: files that lost pictures or charts.
        n_exhibits: pictures left out.
        command: shows one such file in full.
    """

    n_files: int
    n_exhibits: int
    command: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """One of the pages of a report that has too many files for one.

    Attributes:
        href: relative to the page that links to it.
        first, last: its files, counted through the whole case from 1.
        n_signs: files among them with signs of manipulation.
    """

    href: str
    first: int
    last: int
    n_signs: int = 0


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page stands in a report of several.

    Attributes:
        n_files: of the whole report.
        pages: on the overview, all the others; empty on these.
        this: on these, the page itself; its ``href`` leads to the overview.
    """

    n_files: int
    pages: tuple[PageLink, ...] = ()
    this: PageLink | None = None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A whole report.

    Attributes:
        manifests: every run that wrote to the case file, oldest first.
        counts: all four labels in the order of attention, also those at zero.
        notices: of the runs and of this report; those of single files stand with the files.
        labelled: labels are known for at least one file.
        chain_head: digest of the case file's last row, empty where there is no chain.
        omission: None where everything is shown.
        ratios: likelihood ratios are stated.
        condition: of the case file; None for a view that was made without one.
        brief: pages are drawn in their short form.
        duplicates: groups of files that show or sound the same, of the whole case.
        persons: people of several files who look alike, of the whole case; None where nobody was compared.
        case_info: what the examiner states of the case; None where nothing was stated.
        ended_utc: run id to the ISO 8601 time at which the run ended; a run without an end is missing.
        title: what the report is headed with where the case data do not say it; may be empty.
        paging: of a report of several pages; None for one that is complete in itself.
        language: of pages; what is for programs stays English.
    """

    drawn_utc: str
    tool_version: str
    case: str | None
    manifests: tuple[RunManifest, ...]
    counts: tuple[VerdictCount, ...]
    files: tuple[FileView, ...]
    figures: tuple[LabelledFigures, ...]
    cards: tuple[ModelCard, ...]
    notices: tuple[Notice, ...]
    labelled: bool
    chain_head: str
    omission: Omission | None
    ratios: bool = False
    condition: CaseCondition | None = None
    brief: bool = False
    duplicates: tuple[KinGroup, ...] = ()
    persons: PersonsAlike | None = None
    case_info: RecordedCaseInfo | None = None
    ended_utc: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    paging: Paging | None = None
    language: str = ENGLISH

    @property
    def heading(self) -> str:
        """What the case is called: as its examiner does, otherwise by its file; empty for neither."""
        named = "" if self.case_info is None else self.case_info.info.heading
        return named or self.title or self.case or ""

    @property
    def asked(self) -> tuple[DetectorSpec, ...]:
        """The detectors that the runs were asked for."""
        return tuple(described(name) for name in _asked(self.manifests))

    @property
    def detectors(self) -> tuple[DetectorSpec, ...]:
        """Those of every scan, then others that scored something."""
        others = {name for file in self.files for name in file.highest if name not in DEFAULT_DETECTORS}
        return *DEFAULT_DETECTORS.values(), *(described(name) for name in sorted(others))

    @property
    def n_files(self) -> int:
        """Files with a row, those not examined included."""
        return len(self.files)

    @property
    def n_counted(self) -> int:
        """Files that ``counts`` are of."""
        return sum(count.n for count in self.counts)

    @property
    def broken(self) -> bool:
        """The case file was changed after it was written."""
        return self.condition is not None and not self.condition.intact

    @property
    def by_attention(self) -> tuple[FileView, ...]:
        """The files in the order in which a reader needs them: signs first, highest score first."""
        return tuple(sorted(self.files, key=lambda file: attention(file.result)))


def build_view(
    manifests: Iterable[RunManifest],
    results: Iterable[tuple[int, ScanResult]],
    load_exhibits: ExhibitLoader,
    *,
    figures: Sequence[LabelledFigures] = (),
    labels: Mapping[str, str] | None = None,
    cards: Sequence[ModelCard] = (),
    chain_head: str = "",
    notices: Sequence[Notice] = (),
    case: str | None = None,
    only: Collection[str] = (),
    ratios: bool = False,
    condition: CaseCondition | None = None,
    brief: bool = False,
    case_info: RecordedCaseInfo | None = None,
    ended_utc: Mapping[str, str] | None = None,
    title: str = "",
    side_by_side: bool = True,
    compared: ComparedPersons | None = None,
    drawn_utc: str | None = None,
    language: str = ENGLISH,
) -> ReportView:
    """Arranges a case for its readers.

    Args:
        manifests: runs in the order in which they started.
        results: (row id, result) in the order of the case file; exhibits in them are not looked at.
        load_exhibits: the exhibits of a row id; called once for each file, and again for faces that differ.
        labels: ``MediaFile.key`` to ``manipulated`` or ``pristine``; paths may be missing.
        cards: of the models that scored, for thresholds, error rates and limits.
        notices: what the runs report beside their files, for example folders that could not be read.
        case: the case file as the user would type it, for the commands that the page names.
        only: show these files alone, given by display path or by its end; empty means all.
        ratios: state likelihood ratios.
        condition: of the case file.
        brief: draw pages in their short form: three for the case, one for each file.
        case_info: what the examiner states of the case.
        ended_utc: run id to when the run ended, ISO 8601.
        title: what the report is headed with where the case data do not say it.
        side_by_side: faces that differ are shown beside each other; needless where the exhibits hold none.
        compared: the people of the whole case, where ``results`` are a part of it; None compares those of
            ``results``.
        drawn_utc: ISO 8601 time of drawing, UTC; if not given that of ``SOURCE_DATE_EPOCH``, otherwise now.
        language: of pages.
    """
    everything = list(results)
    groups = find_duplicates(everything)
    rows = [
        (row_id, finite_result(result))
        for row_id, result in naming_each_other(everything)
        if _wanted(result.media, only)
    ]
    spent = spend(rows, load_exhibits)
    full = set(by_attention(rows)[:MOST_FULL_FILES])
    by_id = {card.id: card for card in cards}
    runs = tuple(manifests)
    asked = _asked(runs)
    files = tuple(
        _stated(
            _file_view(position, rows[position], position in full, spent, labels or {}, by_id, ratios),
            asked,
            case_info,
        )
        for position in range(len(rows))
    )
    index_of = {file.row_id: file.index for file in files}
    kin = kin_groups(groups, dict(everything), index_of)
    if side_by_side:
        kin = with_faces(kin, load_exhibits)
    persons = compared or compare_persons(everything)
    links = links_by_file(kin)
    files = tuple(replace(file, kin=links.get(file.row_id, ())) for file in files)
    tally = Counter(file.result.verdict.label for file in files)
    return ReportView(
        drawn_utc=drawn_utc or now_utc(),
        tool_version=forensics.__version__,
        case=case,
        manifests=runs,
        counts=tuple(VerdictCount(label, tally[label]) for label in VERDICT_ORDER),
        files=files,
        figures=tuple(finite_figures(one) for one in figures),
        cards=tuple(cards),
        notices=(*run_notices(runs, cards), *notices),
        labelled=any(file.label is not None for file in files),
        chain_head=chain_head,
        omission=_omission(files, case),
        ratios=ratios,
        condition=condition,
        brief=brief,
        duplicates=kin,
        persons=None if persons is None else persons_alike(persons, index_of, load_exhibits),
        case_info=case_info,
        ended_utc=dict(ended_utc or {}),
        title=title,
        language=language,
    )


def _asked(runs: Sequence[RunManifest]) -> tuple[str, ...]:
    """Names of the detectors of all runs; runs of before it was noted asked for those of every scan."""
    named = dict.fromkeys(use.name for run in runs for use in run.detectors)
    return tuple(named) or tuple(DEFAULT_DETECTORS)


def _stated(file: FileView, asked: Sequence[str], case_info: RecordedCaseInfo | None) -> FileView:
    """With what was examined of it, and the exhibits that it belongs to."""
    media = file.result.media
    ids = () if case_info is None else case_info.info.exhibits_of(media.path, media.place)
    return replace(file, examined=account_of(file.result, asked), exhibit_ids=ids)


def _wanted(media: MediaFile, only: Collection[str]) -> bool:
    return not only or any(named_by(path, one) for one in only for path in (media.path, media.key))


def _file_view(
    position: int,
    row: tuple[int, ScanResult],
    full: bool,
    spent: Spending,
    labels: Mapping[str, str],
    cards: Mapping[str, ModelCard],
    ratios: bool,
) -> FileView:
    row_id, result = row
    shown = spent.kept.get(position, ())
    return FileView(
        index=position + 1,
        row_id=row_id,
        result=result,
        highest=_highest(result),
        highest_of_members=_highest_of_members(result),
        label=labels.get(result.media.key),
        full=full,
        subjects=subjects_of(result, shown, cards, ratios, f"m{position + 1}"),
        facts=container_facts(result.media) if full else (),
        captions=spent.captions[position],
        n_left_out=len(spent.captions[position]) - len(shown),
        face=spent.faces.get(position),
    )


def _highest(result: ScanResult) -> dict[str, float]:
    highest: dict[str, float] = {}
    for one in result.verdict.basis:
        highest[one.detector] = max(one.manipulation_score, highest.get(one.detector, 0.0))
    return highest


def _highest_of_members(result: ScanResult) -> dict[tuple[str, str], float]:
    highest: dict[tuple[str, str], float] = {}
    for basis in result.verdict.basis:
        for one in basis.members:
            key = basis.detector, one.model
            highest[key] = max(one.manipulation_score, highest.get(key, 0.0))
    return highest


def _omission(files: Sequence[FileView], case: str | None) -> Omission | None:
    short = [file for file in files if not file.full or file.n_left_out]
    if not short:
        return None
    return Omission(
        n_files=len(short),
        n_exhibits=sum(file.n_left_out for file in short),
        command=f"forensics report {case or 'CASE'} --only PATH --report one-file.html",
    )
