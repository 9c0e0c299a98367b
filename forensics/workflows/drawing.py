"""From a case file to the reports that were asked for, with figures where labels are known."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from forensics import catalog
from forensics.casefile.case_file import CaseFile
from forensics.casefile.coverage import uncovered
from forensics.casefile.head_note import HeadNote, case_place, note_beside, read_note, write_note
from forensics.casefile.verification import VerificationReport
from forensics.detectors import IDENTITY_DETECTORS
from forensics.errors import ModelError, SettingsError
from forensics.evaluation.content_once import each_content_once
from forensics.evaluation.label_files import TABLES_OF_DATA_SETS
from forensics.evaluation.labels import LabelSet, by_key, read_labels
from forensics.languages import ENGLISH
from forensics.media.discovery import Rejected
from forensics.records.findings import Notice
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.report.condition import CaseCondition
from forensics.report.evidence import ExhibitLoader
from forensics.report.persons.alike import compare_persons
from forensics.report.renderers import check_writable, write_report
from forensics.report.shortening import folders_of, shortened, without_folders
from forensics.report.view import ReportView, build_view
from forensics.workflows.paging import MOST_FILES_ON_A_PAGE, write_pages

_REDACTED = (
    Notice(
        "report",
        "Frames are blurred in this copy of the report; faces cut out of them, and sound, are left out. The "
        "case file holds them as they were examined. Names of files are not changed.",
    ),
)
_PAGES = (".html", ".pdf")


def check_brief(reports: Sequence[Path], *, brief: bool) -> None:
    """Makes sure that a short form that was asked for has something to shorten.

    Raises:
        SettingsError: no report is a page.
    """
    if brief and not any(path.suffix.lower() in _PAGES for path in reports):
        raise SettingsError(
            "--brief draws the short form of an HTML or PDF report, and none was asked for",
            "Add --report brief.html.",
        )


def label_files(source: Path | None, roots: Sequence[Path]) -> list[Path]:
    """Where labels are read from: the named file, otherwise the tables of data sets, if they are there.

    Args:
        source: the labels file that was named.
        roots: what is scanned.
    """
    return [root / name for root in roots for name in TABLES_OF_DATA_SETS] if source is None else [source]


def labels_for(files: Sequence[tuple[str, str]], source: Path | None, roots: Sequence[Path]) -> LabelSet:
    """Labels from the file that was named, otherwise from what lies among the media.

    Without a named file, the table of a data set in a scanned folder counts (``metadata.json`` of the DFDC,
    ``meta_data.csv`` of FakeAVCeleb), then folders called real and fake, or as Celeb-DF and FakeAVCeleb call
    theirs: only where both kinds are there, since one folder's name alone says little.

    Args:
        files: display path and key of each file. Where several files have one display path, as relative
            paths can, labels are held against their keys.
        source: the labels file that was named.
        roots: what was scanned.

    Raises:
        SettingsError: the named labels cannot be read or fit nothing.
    """
    keys_of: dict[str, set[str]] = {}
    for path, key in files:
        keys_of.setdefault(path, set()).add(key)
    named = [(path if len(keys_of[path]) == 1 else key, key) for path, key in files]
    paths = [name for name, _ in named]
    if source is not None:
        return by_key(read_labels(source, paths, roots), named)
    found = [table for table in label_files(source, roots) if table.is_file()]
    for candidate in [*found, None]:
        # What was not asked for must not stop a scan.
        with contextlib.suppress(SettingsError):
            known = read_labels(candidate, paths, roots)
            if {label.manipulated for label in known.labels.values()} == {True, False}:
                return by_key(known, named)
    return LabelSet({})


def cards_of(manifests: Sequence[RunManifest]) -> tuple[ModelCard, ...]:
    """The cards of the models that scored, as far as they are still installed with the same content."""
    cards: dict[str, ModelCard] = {}
    for use in (use for manifest in manifests for use in manifest.models):
        with contextlib.suppress(ModelError):
            card, folder = catalog.find(use.id)
            if catalog.card_sha256(folder) == use.card_sha256:
                cards[use.id] = card
    return tuple(cards.values())


def noted_heads(case: Path | None, reports: Sequence[Path]) -> tuple[str, ...]:
    """Head hashes of this case that lie noted beside the reports that are about to be drawn anew.

    Raises:
        CaseFileError: another file lies where a head would be noted.
        ReportError: a report cannot be written there.
    """
    for path in reports:
        check_writable(path)
    if case is None:
        return ()
    notes = [read_note(path) for path in _note_paths(reports) if path.exists()]
    return tuple(note.head_hash for note in notes if note.case == case_place(case))


def _note_paths(reports: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(note_beside(path) for path in reports))


def condition_of(report: VerificationReport) -> CaseCondition:
    """What readers of a report have to know of the case file's check."""
    return CaseCondition(
        intact=report.sound,
        n_rows=report.n_rows,
        problems=tuple(problem.text for problem in report.problems),
        runs_without_end=tuple(run.text for run in report.without_end),
    )


def draw(
    case: CaseFile,
    reports: Sequence[Path],
    known: LabelSet,
    cards: Sequence[ModelCard],
    *,
    checked: VerificationReport,
    name: str | None,
    only: Collection[str] = (),
    figures: Sequence[LabelledFigures] | None = None,
    ratios: bool = False,
    relative_to: Path | None = None,
    redact: bool = False,
    remarks: Sequence[str] = (),
    brief: bool = False,
    title: str = "",
    language: str = ENGLISH,
) -> None:
    """Writes every report, and beside it the head hash of a case file that stays.

    Args:
        case: open for reading.
        reports: where to; the suffix chooses the form.
        known: labels by key; may be empty.
        cards: of the models that scored.
        checked: the check of the case.
        name: the case file as the user would type it, None for one that is about to vanish.
        only: show these files alone.
        figures: to show; None computes them where labels are known.
        ratios: state likelihood ratios.
        relative_to: a folder whose own path is left out; None leaves paths as they are.
        redact: blur frames, leave out faces and sound, and shorten all paths.
        remarks: sentences that stand first among the notices.
        brief: draw HTML in its short form.
        title: what the reports are headed with where the case holds no case data.
        language: of pages; what is for programs is English.

    Raises:
        CaseFileError: the head hash cannot be noted.
        ReportError: a report cannot be written.
    """
    if not reports:
        return
    rejected = [rejection_notice(one.path, one.reason, one.hint) for one in case.rejections()]
    manifests, case_info = case.manifests(), case.case_info()
    ended_utc = {end.run_id: end.ended_utc for end in case.ends()}
    labelled = [result for _, result in case.results()] if figures is None and known.labels else None
    if figures is None:
        figures = labelled_figures(labelled or (), known, cards, ratios=ratios)
    folders: list[Path] = []
    typed: tuple[str, ...] = ()
    if redact:
        # A large case is not read again for what is at hand, and not held for what passes by.
        results = (result for _, result in case.results()) if labelled is None else iter(labelled)
        of_files = folders_of(one.media for one in results)
        folders = [*of_files.nearest, *([] if relative_to is None else [relative_to])]
        typed = of_files.typed(folders)
    labels = {key: "manipulated" if one.manipulated else "pristine" for key, one in known.labels.items()}
    of_all = (
        *(Notice("report", one) for one in remarks),
        *known.notices,
        *(_REDACTED if redact else ()),
        *_left_out(case, checked),
        *rejected,
    )

    n_files = case.n_results
    in_pages = not only and not brief and n_files > MOST_FILES_ON_A_PAGE
    split = [path for path in reports if in_pages and path.suffix.lower() == ".html"]
    # A page has some of the rows, and people look alike across pages. A large case is not read for nothing.
    described = any(use.name in IDENTITY_DETECTORS for run in manifests for use in run.detectors)
    compared = compare_persons(case.results()) if split and described else None

    def view_of(rows: Iterable[tuple[int, ScanResult]], whole: bool) -> ReportView:
        """Args: whether the page also carries what concerns the case as a whole."""
        view = build_view(
            manifests,
            rows,
            _blurred(case.exhibits) if redact else case.exhibits,
            figures=figures if whole else (),
            labels=labels,
            cards=cards,
            chain_head=checked.head_hash if checked.sound else "",  # of a broken chain it would vouch for it
            notices=of_all if whole else _REDACTED if redact else (),
            case=name,
            only=only,
            ratios=ratios,
            condition=condition_of(checked),
            brief=brief,
            case_info=case_info,
            ended_utc=ended_utc,
            title=title,
            side_by_side=not redact,
            language=language,
            compared=compared,
        )
        if redact:
            return without_folders(view, folders, typed)
        return view if relative_to is None else shortened(view, relative_to)

    for path in split:
        write_pages(case.results(), n_files, path, view_of)
    if len(split) < len(reports):
        view = view_of(case.results(), whole=True)
        for path in reports:
            if path not in split:
                write_report(view, path)
    if name is not None and checked.sound:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        note = HeadNote(case_place(case.path), checked.n_rows, checked.head_hash, now)
        for path in _note_paths(reports):
            write_note(path, note)


def _left_out(case: CaseFile, checked: VerificationReport) -> list[Notice]:
    return [Notice("find", f"{sentence}.") for sentence in uncovered(case.manifests(), checked.runs)]


def draw_results(
    manifest: RunManifest,
    results: Sequence[ScanResult],
    reports: Sequence[Path],
    *,
    rejected: Sequence[Rejected] = (),
    cards: Sequence[ModelCard] = (),
    language: str = ENGLISH,
) -> None:
    """Writes reports of results that are in no case file.

    Args:
        manifest: of the run that they come from.
        results: with their exhibits.
        reports: where to; the suffix chooses the form.
        rejected: paths that could not be examined.
        cards: of the models that scored.
        language: of pages.

    Raises:
        ReportError: a report cannot be written.
        SettingsError: there is no such form.
    """
    view = build_view(
        [manifest],
        list(enumerate(results, start=1)),
        lambda row_id: list(results[row_id - 1].exhibits),
        cards=cards,
        notices=[rejection_notice(one.display, one.reason, one.hint) for one in rejected],
        language=language,
    )
    for path in reports:
        write_report(view, path)


def rejection_notice(path: str, reason: str, hint: str) -> Notice:
    """What a report says of a path that could not be searched or read."""
    return Notice("find", f"{path} {reason}. {hint}")


def _blurred(load_exhibits: ExhibitLoader) -> ExhibitLoader:
    from forensics.report.redaction import redacted

    return lambda row_id: redacted(load_exhibits(row_id))


def labelled_figures(
    results: Sequence[ScanResult], known: LabelSet, cards: Sequence[ModelCard], *, ratios: bool
) -> tuple[LabelledFigures, ...]:
    """Figures of every scope, none without labels; with ``ratios``, those of stated likelihood ratios too."""
    if not known.labels:
        return ()
    # scikit-learn takes a second to load, and only figures need it.
    from forensics.evaluation.protocol import figures_for
    from forensics.evaluation.ratios import ratio_figures

    results, labels, notes = each_content_once(results, known.labels)
    figures = figures_for(
        results,
        labels,
        thresholds={card.task: card.thresholds for card in cards if card.thresholds is not None},
        domains={card.task: card.domain for card in cards},
    )
    if notes:
        figures = (replace(figures[0], notes=(*figures[0].notes, *notes)), *figures[1:])
    return figures + (ratio_figures(results, labels, cards) if ratios else ())
