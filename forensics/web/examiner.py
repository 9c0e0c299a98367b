"""The examiner: takes one case after the other from the queue and scans it, as ``forensics scan`` does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import forensics
from forensics.processor import usable_cores
from forensics.records.scan_result import ScanResult
from forensics.scan.events import (
    BatchStarted,
    Event,
    FileDone,
    FileProgressed,
    FileStarted,
    RehashStarted,
)
from forensics.settings import Profile
from forensics.web.desk import CaseState, Desk, DeskCase, UploadedFile
from forensics.web.news import News

REPORT_SUFFIXES: Final = (".html", ".json", ".csv")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the examination of a case is.

    Attributes:
        stage: in words.
        file: the name of the file that was last heard of; empty before the first.
        behind_s: seconds of it that are done.
        n_done: files with a verdict.
        elapsed_s: wall seconds since the examination began.
    """

    case: str
    stage: str
    n_files: int
    n_done: int = 0
    file: str = ""
    behind_s: float = 0.0
    elapsed_s: float = 0.0


class Examiner:
    """Scans in a thread of its own, with workers that keep their models from case to case.

    Args:
        shown: a case as the pages get it.
        workers: processes; None for one per core.

    Attributes:
        progress: of the case that is being examined; None where none is.
    """

    def __init__(
        self, desk: Desk, news: News, shown: Callable[[DeskCase], Any], workers: int | None = None
    ) -> None:
        self._desk = desk
        self._shown = shown
        self._news = news
        self._n_workers = workers or usable_cores()
        self._pool = ThreadPoolExecutor(1, "examiner")
        self._scanner: tuple[Profile, forensics.Scanner] | None = None
        self._closing = False
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._current: str | None = None
        self._began_s = 0.0
        self.progress: Progress | None = None

    def start(self) -> None:
        """Takes up what an earlier server left in the queue."""
        for case in self._desk.cases():
            if case.state is CaseState.WAITING:
                self.wake()

    def wake(self) -> None:
        """One more case waits."""
        self._pool.submit(self._examine_next).add_done_callback(self._look_for_defect)

    def close(self) -> None:
        """Stops what runs; it goes on when the next server starts."""
        with self._mutex:
            self._closing = True
            self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._scanner is not None:
            self._scanner[1].__exit__()

    def delete(self, case_id: str) -> None:
        """Removes a case; one that is being examined is stopped first, and goes after that."""
        with self._mutex:
            if self._current == case_id:
                self._stop.set()
                return
        self._forget(case_id)

    def _forget(self, case_id: str) -> None:
        self._desk.delete(case_id)
        self._news.tell("gone", {"id": case_id})

    def _examine_next(self) -> None:
        with self._mutex:
            case = None if self._closing else self._desk.next_waiting()
            if case is None:
                return
            self._current = case.id
            self._stop.clear()
        self._began_s = time.monotonic()
        self._tell(Progress(case.id, "Starting", len(case.files)))
        self._record(replace(case, state=CaseState.EXAMINING))
        try:
            finished = self._examined(case)
        except forensics.ForensicsError as error:
            finished = replace(case, state=CaseState.FAILED, problem=f"{error.message}. {error.hint}")
        self._settle(finished)

    def _settle(self, finished: DeskCase | None) -> None:
        """What was stopped by a person goes; what was stopped by the end of the server waits for the next."""
        with self._mutex:
            case_id, self._current = self._current, None
            unwanted = self._stop.is_set() and not self._closing
        self.progress = None
        if unwanted and case_id is not None:
            self._forget(case_id)
        elif finished is not None:
            self._record(finished)

    def _examined(self, case: DeskCase) -> DeskCase | None:
        """The case with its verdicts and reports; None if it was stopped."""
        desk = self._desk
        paths = [desk.upload_path(case.id, file.id) for file in case.files]
        outcome = self._scanner_for(case.profile).scan_into(
            desk.case_file(case.id),
            paths,
            shown_as={str(path): file.name for path, file in zip(paths, case.files, strict=True)},
            command=("forensics", "serve"),
            on_event=self._on_event,
            stop=self._stop,
        )
        if outcome.interrupted:
            return None
        self._advance("Writing the report")
        with forensics.CaseFile.open_read_only(desk.case_file(case.id)) as opened:
            for suffix in REPORT_SUFFIXES:
                forensics.write_report(opened, desk.report(case.id, suffix))
            results = {Path(result.media.place).name: result for _, result in opened.results()}
        files = tuple(_judged(file, results) for file in case.files)
        return replace(case, state=CaseState.DONE, files=files, problem="")

    def _scanner_for(self, profile: Profile) -> forensics.Scanner:
        if self._scanner is not None and self._scanner[0] is not profile:
            self._scanner[1].__exit__()
            self._scanner = None
        if self._scanner is None:
            self._scanner = profile, forensics.Scanner(profile=profile, workers=self._n_workers)
        return self._scanner[1]

    def _look_for_defect(self, done: Future[None]) -> None:
        """A defect costs its case, not the desk."""
        if done.cancelled() or done.exception() is None:
            return
        error = done.exception()
        _LOG.error("a case could not be examined", exc_info=error)
        case = self._desk.case(self._current or "")
        words = (
            f"forensics met a defect of its own ({type(error).__name__}: {error}). Report it, or try again."
        )
        self._settle(None if case is None else replace(case, state=CaseState.FAILED, problem=words))

    # -- telling ---------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RehashStarted):
            self._advance("Hashing again what was examined before the restart")
        elif isinstance(event, BatchStarted):
            self._advance("Loading the models", n_done=event.n_skipped)
        elif isinstance(event, FileStarted):
            self._advance("Examining", file=event.path, behind_s=0.0)
        elif isinstance(event, FileProgressed):
            self._advance("Examining", file=event.path, behind_s=event.behind_s)
        elif isinstance(event, FileDone):
            self._done(event)

    def _done(self, event: FileDone) -> None:
        if self.progress is None:
            return
        self._advance("Examining", n_done=self.progress.n_done + 1, file=event.result.media.path)

    def _advance(self, stage: str, **changes: object) -> None:
        if self.progress is not None:
            self._tell(replace(self.progress, stage=stage, **changes))  # type: ignore[arg-type]

    def _tell(self, progress: Progress) -> None:
        self.progress = replace(progress, elapsed_s=round(time.monotonic() - self._began_s, 1))
        self._news.tell("progress", self.progress)

    def _record(self, case: DeskCase) -> None:
        kept = self._desk.update(case)
        if kept is not None:
            self._news.tell("case", self._shown(kept))


def _judged(file: UploadedFile, results: Mapping[str, ScanResult]) -> UploadedFile:
    result = results.get(file.id)
    if result is None:
        return file
    verdict = result.verdict
    return replace(
        file,
        verdict=verdict.label.value,
        manipulation_score=verdict.manipulation_score,
        reason=verdict.reason,
    )
