"""The public functions: scan a file or many, and write reports, from a program.

Files are examined as ``forensics scan`` examines them, in worker processes: one that crashes its worker costs
its own verdict only. For a chain of custody scan into a case file (``Scanner.scan_into``, or
``forensics scan --case``) and open that with ``CaseFile``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Self, overload

from forensics.casefile.case_file import CaseFile
from forensics.errors import PathError
from forensics.evaluation.labels import LabelSet
from forensics.languages import chosen
from forensics.media.archive_search import find_media
from forensics.media.discovery import Found, Rejected
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.scan.batch import run_batch
from forensics.scan.elsewhere import assemble_here, workplace
from forensics.scan.events import Event
from forensics.scan.executors import load_executor
from forensics.scan.executors.executor import ExecutorChoice
from forensics.scan.scan_run import ScanOutcome, ScanPlan, examine_found, plan_scan, run_scan
from forensics.scan.twins import distinct
from forensics.settings import DEFAULT_TIME_LIMIT_S, Profile, ScanSettings
from forensics.workflows.drawing import cards_of, draw, draw_results


@dataclass(frozen=True, slots=True)
class Results(Sequence[ScanResult]):
    """The results of one scan, one per file, in the order of completion.

    Attributes:
        manifest: what ran, with which settings and models.
        rejected: paths that were named or met and could not be examined at all, each with the reason.
        passed_over: files in the named folders that are no media, counted.
        cards: of the models that scored and of those that found what they score.
    """

    results: tuple[ScanResult, ...]
    manifest: RunManifest
    rejected: tuple[Rejected, ...] = ()
    cards: tuple[ModelCard, ...] = ()
    passed_over: tuple[Rejected, ...] = ()

    @overload
    def __getitem__(self, index: int) -> ScanResult: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ScanResult, ...]: ...

    def __getitem__(self, index: int | slice) -> ScanResult | tuple[ScanResult, ...]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[ScanResult]:
        return iter(self.results)


class Scanner:
    """Scans again and again with the same settings: models stay loaded, and workers stay alive in between.

    Use it as a context, so that the workers end with it::

        with forensics.Scanner(profile="triage") as scanner:
            for result in scanner.scan(["a.mp4", "b.wav"]):
                print(result.media.path, result.verdict.label)

    Args:
        profile: ``examination`` or ``triage``.
        detectors: their names; empty for those that ship.
        models: ids or folders; empty for those that ship.
        frames: sampled per video at least; None for as many as the profile looks at.
        crops: stills are ready-made face crops.
        workers: processes; None for as many as the executor has room for.
        executor: ``local``, or ``ray`` or ``ray://HEAD`` for a Ray cluster (the extra ``ray``).
        ship: files are sent to the machines of the cluster; otherwise these find them at the same place.
        time_limit_s: wall seconds after which a file is given up.
        explain: show by occlusion what scores of faces rest on.
        sound_clips: reports let a few seconds of each voice be heard.

    Raises:
        SettingsError: a value is out of its range, or the executor cannot be had.
    """

    def __init__(
        self,
        *,
        profile: str = Profile.EXAMINATION,
        detectors: Sequence[str] = (),
        models: Sequence[str | Path] = (),
        frames: int | None = None,
        crops: bool = False,
        workers: int | None = 1,
        time_limit_s: float = DEFAULT_TIME_LIMIT_S,
        explain: bool = False,
        sound_clips: bool = False,
        executor: str = "local",
        ship: bool = False,
    ) -> None:
        self._settings = partial(
            ScanSettings,
            profile=Profile(profile),
            detectors=tuple(detectors),
            models=tuple(map(str, models)),
            frames=frames,
            crops=crops,
            workers=workers,
            time_limit_s=time_limit_s,
            explain=explain,
            sound_clips=sound_clips,
            executor=executor,
            ship=ship,
        )
        self._settings(paths=())  # what is wrong is said here
        self._executor = load_executor(ExecutorChoice.parse(executor, ship=ship))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.dismiss()

    def scan(
        self, paths: Sequence[str | Path], on_result: Callable[[ScanResult], object] | None = None
    ) -> Results:
        """Examines files and folders.

        Args:
            paths: what to examine.
            on_result: takes each result as it comes.

        Raises:
            PathError: nothing that was named can be examined.
            ForensicsError: a model is missing, damaged or cannot be run.
        """
        settings = self._settings(paths=tuple(map(Path, paths)))
        plan = plan_scan(settings, ("forensics.Scanner",))
        results: list[ScanResult] = []

        def keep(result: ScanResult) -> None:
            results.append(result)
            if on_result is not None:
                on_result(result)

        alike = distinct(plan.files, {}, settings.n_threads)
        run_batch(
            alike.files,
            # Of the settings alone: the workers outlive this scan's paths.
            partial(assemble_here, self._settings(paths=()), plan.detectors),
            examine_found,
            n_workers=settings.workers,
            time_limit_s=settings.time_limit_s,
            on_result=keep,
            executor=self._executor,
            elsewhere=workplace(plan.detectors),
            twins=alike.twins,
        )
        return Results(tuple(results), plan.manifest, plan.rejected, plan.cards, plan.passed_over)

    def scan_into(
        self,
        case: str | Path,
        paths: Sequence[str | Path],
        *,
        shown_as: Mapping[str, str] | None = None,
        command: Sequence[str] = ("forensics.Scanner",),
        on_event: Callable[[Event], object] | None = None,
        stop: threading.Event | None = None,
    ) -> ScanOutcome:
        """Examines files and folders into a case file, as ``forensics scan --case`` does.

        The same call goes on where an earlier one was stopped: what the case has done is skipped.

        Args:
            case: made where there is none.
            paths: what to examine.
            shown_as: absolute path without links to the name under which reports show the file, or the
                members of the archive, that does not lie under its own name. Places in the case file remain.
            command: what the manifest gives as the command.
            on_event: takes what happens, as it happens (``forensics.scan.events``).
            stop: once set, ends the scan; what is done is kept.

        Raises:
            CaseFileError: the case was changed, was made with other settings or models, or cannot be written.
            PathError: nothing that was named can be examined.
            ForensicsError: a model is missing, damaged or cannot be run.
        """
        plan = plan_scan(self._settings(paths=tuple(map(Path, paths)), case=Path(case)), command)
        plan = _renamed(plan, shown_as or {})
        with CaseFile.create_or_resume(Path(case)) as opened:
            return run_scan(
                plan,
                opened,
                on_event=on_event or (lambda _: None),
                executor=self._executor,
                stop=stop,
            )


def _renamed(plan: ScanPlan, names: Mapping[str, str]) -> ScanPlan:
    """The plan with files, members of archives, and what cannot be examined under the names to be shown."""

    def name(place: str, display: str) -> str:
        known = next((one for one in (place, *map(str, PurePosixPath(place).parents)) if one in names), None)
        return display if known is None else names[known] + place.removeprefix(known)

    return replace(
        plan,
        files=tuple(replace(file, display=name(file.place, file.display)) for file in plan.files),
        rejected=tuple(replace(one, display=name(one.display, one.display)) for one in plan.rejected),
        passed_over=tuple(replace(one, display=name(one.display, one.display)) for one in plan.passed_over),
    )


def scan_file(
    path: str | Path,
    *,
    profile: str = Profile.EXAMINATION,
    detectors: Sequence[str] = (),
    models: Sequence[str | Path] = (),
) -> ScanResult:
    """Examines one file.

    Args:
        path: of a file, not a folder; of an archive, one that holds a single file with media.
        profile: as for ``Scanner``.
        detectors: as for ``Scanner``.
        models: as for ``Scanner``.

    Raises:
        PathError: it is not there, is no ordinary file, or is an archive with several.
        ForensicsError: a model is missing, damaged or cannot be run.
    """
    if Path(path).is_dir():
        raise PathError(f"{path} is a folder", "Scan it with forensics.Scanner, or name one file in it.")
    found = sum(isinstance(one, Found) for one in find_media([Path(path)]))
    if found > 1:
        raise PathError(
            f"{path} is an archive with {found:,} files", "Use forensics.Scanner, which examines all of them."
        )
    with Scanner(profile=profile, detectors=detectors, models=models) as scanner:
        [result] = scanner.scan([path])
    return result


def write_report(
    results: Results | CaseFile, path: str | Path, *, title: str = "", language: str = ""
) -> None:
    """Writes a report; the suffix of the path chooses the format.

    Args:
        results: of a scan, or a case file that is open; that is checked first, and its head hash is noted
            beside the report.
        path: where to.
        title: what the report of a case file is headed with, where that holds no case data.
        language: of pages, for example ``de``; empty for what FORENSICS_LANGUAGE says, else English.

    Raises:
        CaseFileError: the case file is not what was written.
        ReportError: it cannot be written.
        SettingsError: there is no such format, or no such language.
    """
    language = chosen(language)
    if isinstance(results, CaseFile):
        checked = results.checked()
        cards = cards_of(results.manifests())
        draw(
            results,
            (Path(path),),
            LabelSet({}),
            cards,
            checked=checked,
            name=results.path.name,
            title=title,
            language=language,
        )
        return
    draw_results(
        results.manifest,
        results.results,
        (Path(path),),
        rejected=(*results.rejected, *results.passed_over),
        cards=results.cards,
        language=language,
    )
