"""The examiner: has one case after the other of the queue examined, as by ``forensics scan``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from forensics.languages import ENGLISH
from forensics.processor import usable_cores
from forensics.web.desk import CaseState, Desk, DeskCase
from forensics.web.examination_process import ExaminationProcess
from forensics.web.news import News
from forensics.web.orders import Progress, defect

Change = Callable[[DeskCase], DeskCase]
_LOG = logging.getLogger(__name__)


class Examiner:
    """Has cases scanned by a process of its own, whose workers keep their models from case to case.

    Args:
        shown: a case as the pages get it.
        workers: processes; None for one per core.
        language: of reports.
    """

    def __init__(
        self,
        desk: Desk,
        news: News,
        shown: Callable[[DeskCase], Any],
        workers: int | None = None,
        language: str = ENGLISH,
    ) -> None:
        self._desk = desk
        self._shown = shown
        self._news = news
        self._process = ExaminationProcess(desk.folder, workers or usable_cores(), language)
        self._pool = ThreadPoolExecutor(1, "examiner")
        self._drawer = ThreadPoolExecutor(1, "drawer")
        self._closing = False
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._current: str | None = None
        self._progress: Progress | None = None

    @property
    def progress(self) -> Progress | None:
        """Of the case that is being examined; None where none is."""
        return self._progress

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
            self._process.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._drawer.shutdown(wait=True, cancel_futures=True)
        self._process.close()

    def delete(self, case_id: str) -> None:
        """Removes a case; one that is being examined is stopped first, and goes after that."""
        with self._mutex:
            if self._current == case_id:
                self._stop.set()
                self._process.stop()
                return
        self._forget(case_id)

    def _forget(self, case_id: str) -> None:
        # In the thread that draws reports: one that is being drawn would otherwise leave its file behind.
        self._drawer.submit(self._removed, case_id).result()

    def _removed(self, case_id: str) -> None:
        self._desk.delete(case_id)
        self._news.tell("gone", {"id": case_id})

    def redraw(self, case_id: str) -> None:
        """Draws the reports of a case anew, with its labels as they are then, beside what is examined."""
        self._drawer.submit(self._redraw, case_id).add_done_callback(_log_defect)

    def _redraw(self, case_id: str) -> None:
        case = self._desk.case(case_id)
        if case is None or case.state is not CaseState.DONE:
            return
        problem = self._process.draw(case).problem
        self._record(case_id, lambda now: replace(now, problem=problem, reports=now.reports + 1))

    def _examine_next(self) -> None:
        with self._mutex:
            case = None if self._closing else self._desk.next_waiting()
            if case is None:
                return
            self._current = case.id
            self._stop.clear()
        self._advance(Progress(case.id, "Starting", len(case.files)))
        self._record(case.id, lambda now: replace(now, state=CaseState.EXAMINING))
        self._settle(self._examined(case))

    def _settle(self, finished: Change | None) -> None:
        """What was stopped by a person goes; what was stopped by the end of the server waits for the next."""
        with self._mutex:
            case_id, self._current = self._current, None
            unwanted = self._stop.is_set() and not self._closing
        self._progress = None
        if case_id is None:
            return
        if unwanted:
            self._forget(case_id)
        elif finished is not None:
            self._record(case_id, finished)

    def _examined(self, case: DeskCase) -> Change | None:
        """What becomes of the case: its verdicts and reports are there; None if it was stopped."""
        scanned = self._process.scan(case, self._advance, self._stop)
        if scanned.stopped:
            return None
        labelled = self._desk.case(case.id) or case
        drawn = scanned if scanned.problem else self._process.draw(labelled, judged=True)
        if drawn.problem:
            return _failed(drawn.problem)
        changed = [one.label for one in labelled.files]

        def done(now: DeskCase) -> DeskCase:
            files = tuple(replace(drawn.files[file.id], label=file.label) for file in now.files)
            if [file.label for file in files] != changed:  # labels came while the reports were drawn
                self.redraw(now.id)
            return replace(now, state=CaseState.DONE, files=files, problem="", reports=now.reports + 1)

        return done

    def _advance(self, progress: Progress) -> None:
        self._progress = progress
        self._news.tell("progress", progress)

    def _look_for_defect(self, done: Future[None]) -> None:
        """A defect costs its case, not the desk."""
        error = None if done.cancelled() else done.exception()
        if error is None:
            return
        _LOG.error("a case could not be examined", exc_info=error)
        self._settle(_failed(defect(f"{type(error).__name__}: {error}")))

    def _record(self, case_id: str, change: Change) -> None:
        kept = self._desk.change(case_id, change)
        if kept is not None:
            self._news.tell("case", self._shown(kept))


def _failed(problem: str) -> Change:
    return lambda now: replace(now, state=CaseState.FAILED, problem=problem)


def _log_defect(done: Future[None]) -> None:
    if not done.cancelled() and done.exception() is not None:
        _LOG.error("a report could not be drawn", exc_info=done.exception())
