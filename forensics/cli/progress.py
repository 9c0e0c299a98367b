"""Progress on stderr: a live bar on a terminal, otherwise plain lines."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import typer
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from forensics.cli.wording import LABEL_WORDS, escaped
from forensics.numerals import count_text
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.report.report_words import verdict_score
from forensics.scan.events import (
    BatchEnded,
    BatchStarted,
    Event,
    FileDone,
    FileFailed,
    Rehashed,
    RehashStarted,
    TwinsFound,
)

# A log is read later: a line every few seconds is enough.
_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_OF_ESTIMATE = 3600.0


class Audience:
    """Whoever reads what a scan prints.

    Attributes:
        left: they are gone, as ``head`` is after its ten lines.
    """

    def __init__(self) -> None:
        self.left = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Once nobody listens, stops the scan as Ctrl-C does, so that the case keeps what is done."""
        try:
            yield
        except BrokenPipeError:
            self.left = True
            raise KeyboardInterrupt from None

    def check(self) -> None:
        """Says in the end what stopped the scan.

        Raises:
            BrokenPipeError: nobody listens any more.
        """
        if self.left:
            raise BrokenPipeError


class _Bar(Progress):
    """A bar with count, speed and times on one line, and words on a line of their own.

    Eighty columns hold the first line whole; the words are cut where a terminal is narrower than they are.
    """

    def __init__(self, done: str, console: Console) -> None:
        super().__init__(
            TextColumn(done),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            expand=True,
            # A file can take minutes: the time that is left comes from all that were done.
            speed_estimate_period=_SECONDS_OF_ESTIMATE,
        )

    def get_renderables(self) -> Iterator[RenderableType]:
        """The tasks, each with its words below."""
        for task in self.tasks:
            yield self.make_tasks_table([task])
            yield Text(task.fields["words"], no_wrap=True, overflow="ellipsis")


class ScanProgress:
    """Listens to a batch and shows it, from the first event to the last; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._counts: Counter[VerdictLabel] = Counter()
        self._n_files = 0
        self._began_s = time.monotonic()
        self._task: TaskID | None = None
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = _Bar("examined", self._console)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_event(self, event: Event) -> None:
        """Takes what the batch tells."""
        if isinstance(event, BatchEnded):
            self._stop()
            self._bar = self._bar and _Bar("examined", self._console)  # for another batch
            return
        if self._bar is not None:
            self._bar.start()
        if isinstance(event, BatchStarted):
            self._start(event)
        elif isinstance(event, RehashStarted):
            size_mb = event.total_bytes / 1e6
            n_files = count_text(event.n_files, "file", "files")
            self._line(f"Hashing again what was examined before: {n_files}, {size_mb:,.1f} MB")
        elif isinstance(event, Rehashed) and event.n_changed:
            self._line(f"No longer what was examined, and examined anew: {event.n_changed:,} of them")
        elif isinstance(event, TwinsFound):
            self._line(
                f"{count_text(event.n_files, 'file holds', 'files hold')} the same content as another: "
                "each content is examined once"
            )
        elif isinstance(event, FileFailed) and self._bar is not None:
            self._line(f"{escaped(event.path)}: {event.reason}")
        elif isinstance(event, FileDone):
            self._done(event.result, event.n_done)

    def _start(self, event: BatchStarted) -> None:
        self._n_files = event.n_files
        self._counts.clear()
        self._began_s = time.monotonic()
        skipped = f"; in the case already: {event.n_skipped:,}" if event.n_skipped else ""
        n_files = count_text(event.n_files, "file", "files")
        self._line(f"{n_files} to examine, {event.total_bytes / 1e6:,.1f} MB{skipped}")
        if self._bar is not None:
            self._task = self._bar.add_task("scan", total=event.n_files, speed="", words=self._tally())

    def _done(self, result: ScanResult, n_done: int) -> None:
        self._counts[result.verdict.label] += 1
        if self._bar is not None and self._task is not None:
            per_minute = 60 * n_done / max(time.monotonic() - self._began_s, 1e-3)
            speed = f"{per_minute:.{0 if per_minute >= 10 else 1}f} files/min"
            self._bar.update(self._task, completed=n_done, speed=speed, words=self._tally())
            return
        verdict = result.verdict
        took_s = sum(result.timings_s.values())
        words = f"{LABEL_WORDS[verdict.label]} ({took_s:.1f} s)"
        if verdict.manipulation_score is not None:
            words = f"{verdict_score(verdict)}, {words}"
        elif verdict.label is VerdictLabel.NOT_EXAMINED:
            words += f": {escaped(verdict.reason)}"
        self._line(f"[{n_done}/{self._n_files}] {escaped(result.media.path)}: {words}")

    def _tally(self) -> str:
        return ", ".join(f"{self._counts[label]} {words}" for label, words in LABEL_WORDS.items())

    def _line(self, line: str) -> None:
        if self._bar is not None:
            self._console.print(Text(line))
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


@contextlib.contextmanager
def shown() -> Iterator[Callable[[Event], None]]:
    """Gives what shows the events of a scan.

    Raises:
        BrokenPipeError: whoever read the output has gone; the scan was stopped.
    """
    audience = Audience()
    with ScanProgress() as progress:

        def on_event(event: Event) -> None:
            with audience.listening():
                progress.on_event(event)

        try:
            yield on_event
        except KeyboardInterrupt:
            audience.check()
            raise
    audience.check()


def note(line: str) -> None:
    """Says a line on stderr."""
    typer.echo(line, err=True)


class StepProgress:
    """Progress of anything that counts; a context manager.

    Args:
        done: what has been done to the things that are counted, for example ``prepared``.
    """

    def __init__(self, done: str, console: Console | None = None) -> None:
        self._done = done
        self._console = console or Console(stderr=True, highlight=False)
        self._task: TaskID | None = None
        self._said_s = -_SECONDS_BETWEEN_LINES
        self._bar = _Bar(done, self._console)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, n_done: int, n_all: int, words: str) -> None:
        """How far it is, with the figures of the moment."""
        if self._console.is_terminal:
            if self._task is None:
                self._task = self._bar.add_task(self._done, total=n_all, speed="", words="")
            self._bar.update(self._task, completed=n_done, words=words)
        elif n_done == n_all or time.monotonic() - self._said_s >= _SECONDS_BETWEEN_LINES:
            self._said_s = time.monotonic()
            sys.stderr.write(f"{self._done} {n_done} of {n_all}: {words}\n")
            sys.stderr.flush()
