"""The process that examines: scans cases and draws their reports, beside the server that answers the page.

    python -m forensics.web.examination FOLDER WORKERS LANGUAGE

What takes long or holds the interpreter is done here and in the workers that this process starts, all at a
lower priority than the server's. Orders come on stdin, what happens goes to stdout (``orders``). It ends with
its server, however that ends; ``examination_process`` starts it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, Final

import msgspec

import forensics
from forensics.casefile.lock import WriterLock
from forensics.errors import CaseFileError, MediaError
from forensics.languages import ENGLISH
from forensics.media.movie_header import movie_header
from forensics.settings import Profile
from forensics.web import orders
from forensics.web.desk import DeskCase
from forensics.web.outcomes import draw_reports, judged_files
from forensics.web.places import Places
from forensics.web.progress import ProgressOfCase

NICENESS: Final = 2
"""A little is enough for the page; more would take from examinations their share of a busy machine."""

_PREDECESSOR_LIMIT_S: Final = 60.0
_LOG = logging.getLogger(__name__)


class Examination:
    """Does orders: scans in one thread, reports in another.

    Args:
        out: takes what happens.
        language: of reports.
    """

    def __init__(self, places: Places, n_workers: int, out: IO[bytes], language: str = ENGLISH) -> None:
        self._places = places
        self._n_workers = n_workers
        self._out = out
        self._language = language
        self._writing = threading.Lock()
        self._scans = ThreadPoolExecutor(1, "scan")
        self._drawings = ThreadPoolExecutor(1, "drawing")
        self._stop = threading.Event()
        self._scanner: tuple[tuple[Profile, tuple[str, ...]], forensics.Scanner] | None = None

    def obey(self, lines: IO[bytes]) -> None:
        """Takes orders until there are no more."""
        for line in lines:
            order = msgspec.json.decode(line, type=orders.Order)
            if isinstance(order, orders.Stop):
                self._stop.set()
            elif isinstance(order, orders.Scan):
                self._stop = threading.Event()
                self._submit(self._scans, order, partial(self._scan, order, self._stop))
            else:
                self._submit(self._drawings, order, partial(self._draw, order))

    def _submit(
        self, pool: ThreadPoolExecutor, order: orders.Scan | orders.Draw, how: Callable[[], orders.Done]
    ) -> None:
        pool.submit(how).add_done_callback(partial(self._done, order))

    def _done(self, order: orders.Scan | orders.Draw, ended: Future[orders.Done]) -> None:
        error = ended.exception()
        if error is None:
            done = ended.result()
        elif isinstance(error, (forensics.ForensicsError, OSError)):
            done = orders.Done(order.number, words_of(error, names_of(self._places, order.case)))
        else:  # a defect costs its case, not the desk
            _LOG.error("a case could not be examined", exc_info=error)
            done = orders.Done(order.number, orders.defect(f"{type(error).__name__}: {error}"))
        self._tell(done)

    def _scan(self, order: orders.Scan, stop: threading.Event) -> orders.Done:
        case = order.case

        def tell(progress: orders.Progress) -> None:
            self._tell(orders.GettingOn(order.number, progress))

        listener = ProgressOfCase(case.id, len(case.files), tell, lengths_of(self._places, case))
        outcome = self._scanner_for(case).scan_into(
            self._places.case_file(case.id),
            [self._places.upload_path(case.id, file.id) for file in case.files],
            shown_as=names_of(self._places, case),
            command=("forensics", "serve"),
            on_event=listener.on_event,
            stop=stop,
        )
        if not outcome.interrupted:
            listener.advance("Writing the report")
        return orders.Done(order.number, stopped=outcome.interrupted)

    def _draw(self, order: orders.Draw) -> orders.Done:
        draw_reports(self._places, order.case, self._language)
        return orders.Done(order.number, files=judged_files(self._places, order.case) if order.judged else {})

    def _scanner_for(self, case: DeskCase) -> forensics.Scanner:
        wanted = case.profile, case.models
        if self._scanner is not None and self._scanner[0] != wanted:
            self._scanner[1].__exit__()
            self._scanner = None
        if self._scanner is None:
            scanner = forensics.Scanner(profile=case.profile, models=case.models, workers=self._n_workers)
            self._scanner = wanted, scanner
        return self._scanner[1]

    def _tell(self, what: orders.Answer) -> None:
        with self._writing, contextlib.suppress(OSError):  # without a server there are no more orders either
            orders.send(self._out, what)


def names_of(places: Places, case: DeskCase) -> dict[str, str]:
    """Path of each upload to the name that its owner gave it."""
    return {str(places.upload_path(case.id, file.id)): file.name for file in case.files}


def lengths_of(places: Places, case: DeskCase) -> dict[str, tuple[int, float]]:
    """Name of a film to bytes and seconds, as the header of an MP4 or MOV says; read without FFmpeg."""
    lengths = {}
    for file in case.files:
        with contextlib.suppress(MediaError):
            header = movie_header(places.upload_path(case.id, file.id))
            if header is not None and header.length_s:
                lengths[file.name] = file.size_bytes, header.length_s
    return lengths


def words_of(error: forensics.ForensicsError | OSError, names: Mapping[str, str]) -> str:
    """What the page says of an error; uploads under the names that their owner knows."""
    if isinstance(error, OSError):
        return f"The disk refuses: {error.strerror or error}. Free some space, then try again."
    words = f"{error.message}. {error.hint}"
    for path, name in names.items():
        words = words.replace(path, name)
    return words


def main(folder: str, n_workers: str, language: str) -> None:
    """Obeys until stdin ends, then ends at once, whatever is under way: the next server goes on with it."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # What libraries print must not come between the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    places = Places(Path(folder))
    _wait_for_predecessor(places)
    Examination(places, int(n_workers), out, language).obey(sys.stdin.buffer)
    os._exit(0)


def _wait_for_predecessor(places: Places) -> WriterLock:
    """Holds the folder until this process ends.

    The process of a server that was killed may still hold a case file; it ends within moments.
    """
    deadline_s = time.monotonic() + _PREDECESSOR_LIMIT_S
    while True:
        try:
            return WriterLock(places.folder / "examination")
        except CaseFileError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
