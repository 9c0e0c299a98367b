"""The examiner: takes one case after the other from the queue and scans it, as ``forensics scan`` does."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import forensics
from forensics.errors import MediaError
from forensics.media.movie_header import movie_header
from forensics.processor import usable_cores
from forensics.settings import Profile
from forensics.web.desk import CaseState, Desk, DeskCase
from forensics.web.news import News
from forensics.web.outcomes import draw_reports, judged_files
from forensics.web.progress import Progress, ProgressOfCase

Change = Callable[[DeskCase], DeskCase]
_LOG = logging.getLogger(__name__)


class Examiner:
    """Scans in a thread of its own, with workers that keep their models from case to case.

    Args:
        shown: a case as the pages get it.
        workers: processes; None for one per core.
    """

    def __init__(
        self, desk: Desk, news: News, shown: Callable[[DeskCase], Any], workers: int | None = None
    ) -> None:
        self._desk = desk
        self._shown = shown
        self._news = news
        self._n_workers = workers or usable_cores()
        self._pool = ThreadPoolExecutor(1, "examiner")
        self._drawer = ThreadPoolExecutor(1, "drawer")
        self._scanner: tuple[tuple[Profile, tuple[str, ...]], forensics.Scanner] | None = None
        self._closing = False
        self._mutex = threading.Lock()
        self._stop = threading.Event()
        self._current: str | None = None
        self._listener: ProgressOfCase | None = None

    @property
    def progress(self) -> Progress | None:
        """Of the case that is being examined; None where none is."""
        listener = self._listener
        return None if listener is None else listener.now

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
        self._drawer.shutdown(wait=True, cancel_futures=True)
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
        try:
            draw_reports(self._desk, case)
            problem = ""
        except (forensics.ForensicsError, OSError) as error:
            problem = _words_of(error)
        self._record(case_id, lambda now: replace(now, problem=problem, reports=now.reports + 1))

    def _examine_next(self) -> None:
        with self._mutex:
            case = None if self._closing else self._desk.next_waiting()
            if case is None:
                return
            self._current = case.id
            self._stop.clear()
        self._listener = ProgressOfCase(
            case.id, len(case.files), partial(self._news.tell, "progress"), self._lengths(case)
        )
        self._record(case.id, lambda now: replace(now, state=CaseState.EXAMINING))
        try:
            finished = self._examined(case)
        except (forensics.ForensicsError, OSError) as error:
            finished = _failed(_words_of(error, self._names(case)))
        self._settle(finished)

    def _settle(self, finished: Change | None) -> None:
        """What was stopped by a person goes; what was stopped by the end of the server waits for the next."""
        with self._mutex:
            case_id, self._current = self._current, None
            unwanted = self._stop.is_set() and not self._closing
        self._listener = None
        if case_id is None:
            return
        if unwanted:
            self._forget(case_id)
        elif finished is not None:
            self._record(case_id, finished)

    def _examined(self, case: DeskCase) -> Change | None:
        """What becomes of the case: its verdicts and reports are there; None if it was stopped."""
        desk = self._desk
        listener = self._listener
        assert listener is not None
        outcome = self._scanner_for(case).scan_into(
            desk.case_file(case.id),
            [desk.upload_path(case.id, file.id) for file in case.files],
            shown_as=self._names(case),
            command=("forensics", "serve"),
            on_event=listener.on_event,
            stop=self._stop,
        )
        if outcome.interrupted:
            return None
        listener.advance("Writing the report")
        labelled = desk.case(case.id) or case
        draw_reports(desk, labelled)
        judged = judged_files(desk, labelled)
        changed = [one.label for one in labelled.files]

        def done(now: DeskCase) -> DeskCase:
            files = tuple(replace(judged[file.id], label=file.label) for file in now.files)
            if [file.label for file in files] != changed:  # labels came while the reports were drawn
                self.redraw(now.id)
            return replace(now, state=CaseState.DONE, files=files, problem="", reports=now.reports + 1)

        return done

    def _lengths(self, case: DeskCase) -> dict[str, tuple[int, float]]:
        """Name of a film to bytes and seconds, as the header of an MP4 or MOV says; read without FFmpeg."""
        lengths = {}
        for file in case.files:
            with contextlib.suppress(MediaError):
                header = movie_header(self._desk.upload_path(case.id, file.id))
                if header is not None and header.length_s:
                    lengths[file.name] = file.size_bytes, header.length_s
        return lengths

    def _names(self, case: DeskCase) -> dict[str, str]:
        return {str(self._desk.upload_path(case.id, file.id)): file.name for file in case.files}

    def _scanner_for(self, case: DeskCase) -> forensics.Scanner:
        wanted = case.profile, case.models
        if self._scanner is not None and self._scanner[0] != wanted:
            self._scanner[1].__exit__()
            self._scanner = None
        if self._scanner is None:
            scanner = forensics.Scanner(profile=case.profile, models=case.models, workers=self._n_workers)
            self._scanner = wanted, scanner
        return self._scanner[1]

    def _look_for_defect(self, done: Future[None]) -> None:
        """A defect costs its case, not the desk."""
        error = None if done.cancelled() else done.exception()
        if error is None:
            return
        _LOG.error("a case could not be examined", exc_info=error)
        what = f"{type(error).__name__}: {error}"
        self._settle(_failed(f"forensics met a defect of its own ({what}). Report it, or try again."))

    def _record(self, case_id: str, change: Change) -> None:
        kept = self._desk.change(case_id, change)
        if kept is not None:
            self._news.tell("case", self._shown(kept))


def _failed(problem: str) -> Change:
    return lambda now: replace(now, state=CaseState.FAILED, problem=problem)


def _words_of(error: forensics.ForensicsError | OSError, names: Mapping[str, str] | None = None) -> str:
    """What the page says of an error; uploads under the names that their owner knows."""
    if isinstance(error, OSError):
        return f"The disk refuses: {error.strerror or error}. Free some space, then try again."
    words = f"{error.message}. {error.hint}"
    for path, name in (names or {}).items():
        words = words.replace(path, name)
    return words


def _log_defect(done: Future[None]) -> None:
    if not done.cancelled() and done.exception() is not None:
        _LOG.error("a report could not be drawn", exc_info=done.exception())
