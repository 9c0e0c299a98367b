"""Make a data set ready for training: crops or clips, splits by group, one manifest with hashes."""

from __future__ import annotations

import contextlib
import csv
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from forensics.errors import TrainingError
from forensics.scan.executors import load_executor
from forensics.scan.executors.executor import ExecutorChoice, Failed, Finished, Work, Workplace
from forensics.training.data.journal import Journal
from forensics.training.data.prepared_file import (
    Chunk,
    Job,
    PreparedFile,
    found_by_all,
    make_all,
    no_context,
    nothing_more,
    versions,
)
from forensics.training.data.readers import detect, load_reader
from forensics.training.data.readers.reader import ReadOptions, Source
from forensics.training.data.samples import Sample, make_folder, write_samples
from forensics.training.data.split_assignment import Shares, SplitAssignment, place

SKIPPED_NAME = "skipped.csv"
# Ready-made files cost a millisecond each, less than sending them to a process one by one.
_N_READY_AT_ONCE = 128
# A clip that takes longer is damaged in a way that keeps the decoder busy.
_TIME_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """Settings of ``forensics prepare``.

    Attributes:
        dataset: folder or CSV file.
        kind: a reader of the table; None looks for the one that fits.
        n_frames: frames of a video in which faces are looked for.
        n_bursts: of a video, stretches of half a second of which every picture is kept beside them; for nets
            that look at consecutive pictures.
        n_workers: None for as many as the executor has room for.
        shares: parts of training, validation and test; None keeps the data set's own splits and the
            reader's parts.
        seed: mixed into the hash that parts the groups.
        link: see ``ReadOptions``.
        media: where the files lie, if not within the data set.
        crop_margin: pictures are ready-made face crops, this many face boxes wide.
        executor: what does the work: ``local``, ``ray`` or ``ray://HEAD``. The machines of a cluster find the
            data set and ``out`` at the same place as this one.
    """

    dataset: Path
    out: Path
    kind: str | None = None
    n_frames: int = 16
    n_bursts: int = 0
    n_workers: int | None = 1
    shares: Shares | None = None
    seed: str = ""
    link: str | None = None
    media: Path | None = None
    crop_margin: float | None = None
    executor: str = "local"

    def __post_init__(self) -> None:
        if self.n_frames < 1 or self.n_bursts < 0 or (self.n_workers is not None and self.n_workers < 1):
            raise TrainingError(
                "--frames and --workers must be 1 or more, --bursts 0 or more", "For example --frames 16."
            )
        if self.media is not None and not self.media.is_dir():
            raise TrainingError(
                f"--media {self.media} is not a folder", "Give the folder that holds the files."
            )
        if self.crop_margin is not None and self.crop_margin < 1:
            raise TrainingError(
                f"--crop-margin is {self.crop_margin:g}",
                "Give 1 or more: how many face boxes a crop is wide.",
            )


@dataclass(frozen=True, slots=True)
class PrepareProgress:
    """How far it is: files of the data set, done in this or an earlier call, and skipped."""

    n_done: int
    n_files: int
    n_skipped: int


def prepare(
    settings: PrepareSettings, on_progress: Callable[[PrepareProgress], None] | None = None
) -> list[Sample]:
    """Reads a data set, cuts faces where they are not cut yet, and writes ``samples.csv``.

    Files that were done in an earlier call and have not changed are not done again. What cannot be used
    is listed with the reason in ``skipped.csv``.

    Raises:
        TrainingError: no known layout, nothing usable, or a leak between the data set's own splits.
    """
    reader = load_reader(settings.kind or detect(settings.dataset))
    options = ReadOptions(_pattern(settings.link), settings.media, settings.crop_margin)
    reading = reader.read(settings.dataset, options)
    if not reading.sources:
        raise TrainingError(
            f"{settings.dataset} holds nothing that can be used", "Check the path, --kind and --media."
        )
    places = place(
        reading.sources,
        settings.shares or reading.shares,
        seed=settings.seed,
        keep_own=settings.shares is None,
    )
    make_folder(settings.out)
    results = _results(settings, reading.sources, places, on_progress)
    skipped = [
        (source.path, result)
        for source, result in zip(reading.sources, results, strict=True)
        if isinstance(result, str)
    ]
    _write_skipped(settings.out, skipped)
    samples = [
        _row(made, source, where, reading.origin)
        for source, where, result in zip(reading.sources, places, results, strict=True)
        if not isinstance(result, str)
        for made in result
    ]
    if not samples:
        raise TrainingError(
            f"No file of {settings.dataset} can be used, first: {skipped[0][0]}: {skipped[0][1]}",
            f"See {settings.out / SKIPPED_NAME} for the reasons.",
        )
    write_samples(settings.out, samples)
    return samples


def disk_use_bytes(out: Path, samples: list[Sample]) -> int:
    """What the pictures take up that were cut for a manifest; files that were there count for nothing."""
    return sum(
        (out / sample.path).stat().st_size for sample in samples if not Path(sample.path).is_absolute()
    )


def _results(
    settings: PrepareSettings,
    sources: list[Source],
    places: list[SplitAssignment],
    on_progress: Callable[[PrepareProgress], None] | None,
) -> list[list[PreparedFile] | str]:
    """For every source what was made of it, or why nothing was."""
    results: list[list[PreparedFile] | str] = ["not done"] * len(sources)
    jobs: dict[int, Job] = {}
    with Journal(settings.out) as journal:
        for index, (source, where) in enumerate(zip(sources, places, strict=True)):
            job = Job(source.path, source.crop_margin, settings.n_frames, settings.n_bursts)
            reason = source.unfit or _left_out(where) or _missing(source.path)
            done = None if reason else journal.done(job)
            if reason or done:
                results[index] = reason or done or []
            else:
                jobs[index] = job
        n_done = len(sources) - len(jobs)
        n_skipped = sum(isinstance(result, str) for index, result in enumerate(results) if index not in jobs)
        for index, result in _run(jobs, settings):
            results[index] = result
            n_done += 1
            if isinstance(result, str):
                n_skipped += 1
            else:
                journal.add(jobs[index], result)
            if on_progress:
                on_progress(PrepareProgress(n_done, len(sources), n_skipped))
    if on_progress:
        on_progress(PrepareProgress(n_done, len(sources), n_skipped))
    return results


def _run(jobs: dict[int, Job], settings: PrepareSettings) -> Iterator[tuple[int, list[PreparedFile] | str]]:
    """Does the jobs on workers; gives (index, result) in the order of completion."""
    executor = load_executor(ExecutorChoice.parse(settings.executor))
    out = settings.out.absolute()
    work = Work(
        no_context,
        partial(make_all, out),
        nothing_more,
        Workplace(versions, at_hand=partial(found_by_all, out)),
    )
    todo = list(_chunks(jobs))
    try:
        while todo:
            outcomes = executor.run(
                work,
                todo,
                n_workers=settings.n_workers,
                time_limit_s=_TIME_LIMIT_S,
                interrupted=threading.Event(),  # Ctrl-C may interrupt at once: the ledger bears it
            )
            todo = []
            with contextlib.closing(outcomes):
                for outcome in outcomes:
                    if isinstance(outcome, Finished):
                        yield from zip((index for index, _ in outcome.task), outcome.value, strict=True)
                    elif isinstance(outcome, Failed) and len(outcome.task) == 1:
                        yield outcome.task[0][0], outcome.failure.reason
                    elif isinstance(outcome, Failed):  # one of them was it: each by itself
                        todo += [[one] for one in outcome.task]
    finally:
        executor.dismiss()


def _chunks(relative: dict[int, Job]) -> Iterator[Chunk]:
    # Other machines work in other folders.
    jobs = {index: replace(job, path=job.path.absolute()) for index, job in relative.items()}
    ready = [(index, job) for index, job in jobs.items() if job.ready]
    yield from (ready[start : start + _N_READY_AT_ONCE] for start in range(0, len(ready), _N_READY_AT_ONCE))
    yield from ([(index, job)] for index, job in jobs.items() if not job.ready)


def _row(made: PreparedFile, source: Source, where: SplitAssignment, origin: str) -> Sample:
    left, top, width, height = made.box or (None, None, None, None)
    return Sample(
        path=made.path,
        manipulated=source.manipulated,
        method=source.method,
        origin=source.origin or origin,
        group=where.group,
        split=where.split or "",
        left=left,
        top=top,
        width=width,
        height=height,
        sha256=made.sha256,
        clip=source.clip if source.crop_margin or made.box is None else str(source.path),
        at_s=made.at_s,
        track=made.track,
        burst=made.burst,
        spread=made.spread,
    )


def _left_out(where: SplitAssignment) -> str | None:
    if where.split is None:
        return f"shares {where.group} with the data set's own test split"
    return None


def _missing(path: Path) -> str | None:
    return None if path.is_file() else "missing"


def _write_skipped(out: Path, skipped: list[tuple[Path, str]]) -> None:
    with (out / SKIPPED_NAME).open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "reason"])
        writer.writerows(skipped)


def _pattern(link: str | None) -> re.Pattern[str] | None:
    if link is None:
        return None
    try:
        return re.compile(link)
    except re.error as error:
        raise TrainingError(
            f"--link {link!r} is no regular expression: {error}", "For example --link '(actor[0-9]+)'."
        ) from error
