"""The process that examines, as the server sees it: orders go there, and their answers come back."""

from __future__ import annotations

import contextlib
import itertools
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import msgspec

from forensics.languages import ENGLISH
from forensics.web import orders
from forensics.web.desk import DeskCase

_END_LIMIT_S: Final = 10.0
_ENDED: Final = (
    "The process that examines ended by itself. Try again: it goes on where it was; where memory is short, "
    "start forensics serve with fewer --workers."
)


class ExaminationProcess:
    """Started when it is first needed, and again if it has ended. Safe for threads.

    Args:
        folder: holds the cases.
        n_workers: processes that it starts in turn.
        language: of reports.
    """

    def __init__(self, folder: Path, n_workers: int, language: str = ENGLISH) -> None:
        self._command = [
            sys.executable,
            "-m",
            "forensics.web.examination",
            str(folder),
            str(n_workers),
            language,
        ]
        self._mutex = threading.Lock()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._open: dict[int, tuple[queue.SimpleQueue[orders.Done], Callable[[orders.Progress], object]]] = {}

    def scan(
        self, case: DeskCase, tell: Callable[[orders.Progress], object], stop: threading.Event
    ) -> orders.Done:
        """Scans a case, one at a time, and waits until that is done.

        Args:
            tell: takes how far it is, in another thread.
            stop: set by whoever calls the method ``stop``, before.
        """
        answer = self._ask(lambda number: orders.Scan(number, case), tell)
        if stop.is_set():  # perhaps before there was anything to stop
            self.stop()
        return answer.get()

    def draw(self, case: DeskCase, *, judged: bool = False) -> orders.Done:
        """Draws the reports of a case, one case at a time, and waits until that is done.

        Args:
            judged: the files are wanted with their verdicts.
        """
        return self._ask(lambda number: orders.Draw(number, case, judged), lambda _: None).get()

    def stop(self) -> None:
        """Ends the scan that is under way; ``scan`` says so."""
        with self._mutex:
            if self._process is not None:
                self._send(self._process, orders.Stop())

    def close(self) -> None:
        """Ends the process, and its workers with it."""
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join()

    def _ask(
        self, order: Callable[[int], orders.Order], tell: Callable[[orders.Progress], object]
    ) -> queue.SimpleQueue[orders.Done]:
        answer: queue.SimpleQueue[orders.Done] = queue.SimpleQueue()
        with self._mutex:
            process = self._process or self._start()
            number = next(self._numbers)
            self._open[number] = answer, tell
            self._send(process, order(number))
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        process = self._process = subprocess.Popen(  # noqa: S603
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the whole group; the server decides
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        assert process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(process, process.stdout), name="examination", daemon=True
        )
        self._reader.start()
        return process

    def _send(self, process: subprocess.Popen[bytes], order: orders.Order) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # whoever reads its answers notices its end, too
            orders.send(process.stdin, order)

    def _read(self, process: subprocess.Popen[bytes], lines: IO[bytes]) -> None:
        """Hands on what it tells, until it ends; what is open then will not be done."""
        for line in lines:
            told = msgspec.json.decode(line, type=orders.Answer)
            with self._mutex:
                answer, tell = self._open[told.number]
                if isinstance(told, orders.Done):
                    del self._open[told.number]
            if isinstance(told, orders.Done):
                answer.put(told)
            else:
                tell(told.progress)
        lines.close()
        process.wait()
        with self._mutex:
            assert process.stdin is not None
            with contextlib.suppress(OSError):  # what it has not read is not read any more
                process.stdin.close()
            self._process = None
            open_orders, self._open = self._open, {}
        for number, (answer, _) in open_orders.items():
            answer.put(orders.Done(number, _ENDED))
