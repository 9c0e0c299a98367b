"""One whole scan: find the files, skip those that the case has done, examine the rest, record everything."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.casefile.identity import Identity
from forensics.errors import EngineError, ForensicsError, PathError, SettingsError
from forensics.media.archive_search import find_media
from forensics.media.discovery import Found, Rejected, display_path
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import RunManifest, ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.scan.batch import run_batch
from forensics.scan.elsewhere import assemble_here, workplace
from forensics.scan.events import Event, TwinsFound
from forensics.scan.executors import check_choice, load_executor
from forensics.scan.executors.executor import Executor, ExecutorChoice
from forensics.scan.overwriting import check_apart
from forensics.scan.rehash import changed_since
from forensics.scan.shards import share_of
from forensics.scan.twins import Twin, distinct
from forensics.scan.worker_context import (
    ChosenDetector,
    ChosenModel,
    WorkerContext,
    choose_detectors,
    manifest_of,
)
from forensics.settings import ScanSettings

# Paths that an error names.
_MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """What is about to be scanned, with what: everything that can go wrong before the work has not.

    Attributes:
        rejected: paths that were asked for, or met on the way, and cannot be examined.
        passed_over: what lies in the named folders and is no media, counted.
    """

    settings: ScanSettings
    detectors: tuple[ChosenDetector, ...]
    manifest: RunManifest
    files: tuple[Found, ...]
    rejected: tuple[Rejected, ...]
    passed_over: tuple[Rejected, ...] = ()

    @property
    def unreachable(self) -> tuple[Rejected, ...]:
        """Those of the rejected paths that were asked for by name."""
        named = {display_path(path) for path in self.settings.paths}
        return tuple(one for one in self.rejected if one.display in named)

    @property
    def models(self) -> tuple[ChosenModel, ...]:
        """Of all detectors, in their order."""
        return tuple(model for detector in self.detectors for model in detector.models)

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Of the models that score, members of ensembles included, and of those that find what they score."""
        chosen = (model for one in self.detectors for model in (*one.models, *one.aids))
        return tuple({card.id: card for model in chosen for card in model.cards}.values())


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """How a scan ended.

    Attributes:
        n_done: files examined now.
        n_skipped: files that an earlier run of the same case had done.
        interrupted: files are left; the same command goes on with them.
    """

    n_done: int
    n_skipped: int
    interrupted: bool


def plan_scan(settings: ScanSettings, command: Sequence[str], written: Sequence[Path] = ()) -> ScanPlan:
    """Verifies the models and finds the files; of a shard, those that are its own, which may be none.

    Args:
        command: the command line as typed, for the manifest.
        written: what will be written beside the case file.

    Raises:
        ModelError: a model is missing or damaged.
        PathError: nothing that was named can be examined.
        SettingsError: there are no media where they were looked for, or one would be overwritten.
    """
    check_choice(ExecutorChoice.parse(settings.executor, ship=settings.ship))
    detectors = choose_detectors(settings)
    files: list[Found] = []
    rejected: list[Rejected] = []
    passed_over: list[Rejected] = []
    for item in find_media(settings.paths, follow_links=settings.follow_links, archives=settings.archives):
        if isinstance(item, Found):
            files.append(item)
        elif isinstance(item, Rejected):
            rejected.append(item)
        else:
            passed_over.append(item.told)
    if not files:
        raise _nothing_to_scan(settings, rejected)
    check_apart((settings.case, *written), (file.path for file in files))
    manifest = manifest_of(settings, detectors, command)
    share = tuple(files)
    if settings.shard is not None:
        share, use = share_of(settings.shard, files, settings.paths)
        manifest = replace(manifest, shard=use)
    return ScanPlan(
        settings,
        detectors,
        manifest,
        share,
        tuple(rejected),
        tuple(passed_over),
    )


def _nothing_to_scan(settings: ScanSettings, rejected: Sequence[Rejected]) -> ForensicsError:
    if rejected:
        listed = "; ".join(f"{one.display} {one.reason}" for one in rejected[:_MOST_LISTED])
        return PathError(f"There is nothing to scan: {listed}", rejected[0].hint)
    named = ", ".join(display_path(path) for path in settings.paths)
    return SettingsError(
        f"There are no media in {named}", "Name a folder that holds video, sound or pictures, or name files."
    )


def run_scan(
    plan: ScanPlan,
    case: CaseFile,
    *,
    on_event: Callable[[Event], object] = lambda _: None,
    retry_failed: bool = False,
    rehash: bool | None = None,
    executor: Executor | None = None,
    stop: threading.Event | None = None,
) -> ScanOutcome:
    """Examines what the case has not done yet; every result is in the case before the next event.

    Args:
        plan: from ``plan_scan``.
        case: open for writing.
        on_event: takes what happens, as it happens.
        retry_failed: files on which the tool itself failed are examined again.
        rehash: hash again what is skipped; None does so where the case's newest run did not end in order.
        executor: keeps its workers for the next scan with the same settings, whatever its paths and case;
            None for the one of the settings, whose workers end with the scan.
        stop: once set, interrupts the scan as SIGINT does.

    Raises:
        CaseFileError: the case was made with other settings or models, or cannot be written.
        EngineError: a model cannot be run on this machine, or another one is not like it.
        SettingsError: the executor cannot be had.
    """
    settings = plan.settings
    own = contextlib.ExitStack()
    if executor is None:
        executor = load_executor(ExecutorChoice.parse(settings.executor, ship=settings.ship))
        own.callback(executor.dismiss)
    being_finished = case.at_opening is not None and not case.at_opening.finished
    case.begin_run(plan.manifest, len(plan.files))
    for one in (*plan.rejected, *plan.passed_over):
        case.add_rejected(one.display, one.reason, one.hint)
    todo, examined = _parted(plan.files, case.examined(retry_failed=retry_failed))
    n_skipped = len(examined)
    n_rehashed = 0
    counts: Counter[VerdictLabel] = Counter()

    def keep(result: ScanResult) -> None:
        case.add(result)
        counts[result.verdict.label] += 1

    def account() -> dict[str, int]:
        verdicts = {label.value: n for label, n in counts.items()}
        return verdicts | {"skipped": n_skipped, "rehashed": n_rehashed}

    interrupted = False
    try:
        if examined and (being_finished if rehash is None else rehash):
            changed = changed_since(examined, settings.n_threads, on_event)
            todo += changed
            n_skipped -= len(changed)
            n_rehashed = len(examined)
        alike = distinct(todo, _contents(case.examined(retry_failed=retry_failed)), settings.n_threads)
        settled, unlike = _results_from_before(alike.known, case)
        n_twins = alike.n_twins - len(unlike)
        if n_twins:
            on_event(TwinsFound(n_twins))
        run_batch(
            (*alike.files, *unlike),
            # Of the settings alone: the workers may outlive this scan's paths and case.
            partial(assemble_here, replace(settings, paths=(), case=None), plan.detectors),
            examine_found,
            n_workers=settings.workers,
            time_limit_s=settings.time_limit_s,
            on_result=keep,
            on_event=on_event,
            n_skipped=n_skipped,
            twins=alike.twins,
            settled=settled,
            executor=executor,
            elsewhere=workplace(plan.detectors),
            stop=stop,
        )
    except KeyboardInterrupt:
        interrupted = True
    except (EngineError, SettingsError):
        case.finish(account(), interrupted=True)
        raise
    finally:
        own.close()
    case.finish(account(), interrupted=interrupted)
    return ScanOutcome(counts.total(), n_skipped, interrupted)


def _contents(done: Mapping[Identity, str | None]) -> dict[int, set[str]]:
    """Size in bytes to the hashes of what the case has examined."""
    contents: dict[int, set[str]] = {}
    for (_, size_bytes, _), sha256 in done.items():
        if sha256 is not None:
            contents.setdefault(size_bytes, set()).add(sha256)
    return contents


def _results_from_before(twins: Sequence[Twin], case: CaseFile) -> tuple[list[ScanResult], list[Found]]:
    """Results of files whose content earlier runs examined elsewhere; files that need one of their own."""
    wanted = {twin.fingerprint.sha256 for twin in twins}
    recorded: dict[str | None, list[ScanResult]] = {}
    for _, result in case.results() if twins else ():
        if result.media.sha256 in wanted and result.twin_of is None:
            recorded.setdefault(result.media.sha256, []).append(result)
    settled: list[ScanResult] = []
    unlike: list[Found] = []
    for twin in twins:
        # Its own former result would take the place of itself, without its scores.
        elsewhere = [
            one for one in recorded.get(twin.fingerprint.sha256, ()) if one.media.key != twin.file.key
        ]
        shared = twin.result_from(elsewhere[-1]) if elsewhere else None
        if shared is None:
            unlike.append(twin.file)
        else:
            settled.append(shared)
    return settled, unlike


def _parted(
    files: Sequence[Found], done: Mapping[Identity, str | None]
) -> tuple[list[Found], list[tuple[Found, str | None]]]:
    """Files to examine, and those that are done with the hash that is recorded of them."""
    todo: list[Found] = []
    examined: list[tuple[Found, str | None]] = []
    for file in files:
        known = next((one for one in _identities(file) if one in done), None)
        if known is None:
            todo.append(file)
        else:
            examined.append((file, done[known]))
    return todo, examined


def _identities(file: Found) -> list[Identity]:
    """Under its place, and as cases of earlier versions knew it."""
    return [(name, file.size_bytes, file.modified_utc) for name in (file.place, file.display)]


def examine_found(file: Found, context: WorkerContext, tell: Callable[[float], object]) -> ScanResult:
    """One file to its result, in a worker."""
    # The process that hands out the files decodes nothing, and need not wait for FFmpeg and OpenCV.
    from forensics.scan.archived import examine_any

    return examine_any(file, context, tell)
