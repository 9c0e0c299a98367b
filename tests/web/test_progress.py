"""Progress: what the page says while a case is examined."""

from __future__ import annotations

from dataclasses import replace

from forensics.records.findings import Score, Span
from forensics.records.media import MediaFile
from forensics.records.scan_result import ScanResult
from forensics.records.subject import person
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.events import BatchStarted, FileDone, FileProgressed, FileStarted
from forensics.web.orders import Progress
from forensics.web.progress import ProgressOfCase


def done(name: str, size_bytes: int, n_scores: int) -> FileDone:
    score = Score("face", "m", person(1), Span(0.0, 0.0), 0.0, 0.5)
    result = ScanResult(
        media=MediaFile(name, size_bytes, "2026-01-01T00:00:00+00:00"),
        verdict=Verdict(VerdictLabel.INCONCLUSIVE, "between", "p"),
        scores=(score,) * n_scores,
    )
    return FileDone(result, 1)


def test_time_left_comes_from_the_bytes_that_are_done() -> None:
    told: list[Progress] = []
    now_s = [100.0]
    listener = ProgressOfCase("c", 1, told.append, clock=lambda: now_s[0])
    assert (told[-1].stage, told[-1].n_files, told[-1].left_s) == ("Starting", 1, None)
    # A zip of three: there is more to examine than was uploaded.
    listener.on_event(BatchStarted(3, 0, 1_000))
    assert (told[-1].n_files, told[-1].left_s) == (3, None)
    now_s[0] = 110.0  # loading the models is not what a file takes
    listener.on_event(FileStarted("a.mp4", 1))
    now_s[0] = 112.0
    listener.on_event(FileProgressed("a.mp4", 7.5))
    assert (told[-1].file, told[-1].behind_s, told[-1].left_s) == ("a.mp4", 7.5, None)
    now_s[0] = 114.0
    listener.on_event(done("a.mp4", 250, 32))
    assert (told[-1].n_done, told[-1].n_scores, told[-1].left_s) == (1, 32, 12.0)
    now_s[0] = 126.0
    listener.on_event(done("b.mp4", 750, 10))
    assert (told[-1].n_done, told[-1].n_scores, told[-1].left_s) == (2, 42, None)
    assert told[-1].elapsed_s == 26.0
    assert listener.now == replace(told[-1])


def test_what_an_earlier_run_has_done_counts_as_done() -> None:
    told: list[Progress] = []
    listener = ProgressOfCase("c", 5, told.append, clock=lambda: 0.0)
    listener.on_event(BatchStarted(2, 3, 500))
    assert (told[-1].n_done, told[-1].n_files) == (3, 5)


def test_of_a_film_whose_length_is_known_what_is_done_so_far_counts() -> None:
    told: list[Progress] = []
    now_s = [0.0]
    listener = ProgressOfCase("c", 1, told.append, {"a.mp4": (800, 60.0)}, clock=lambda: now_s[0])
    listener.on_event(BatchStarted(2, 0, 1_000))
    listener.on_event(FileStarted("a.mp4", 1))
    now_s[0] = 10.0
    listener.on_event(FileProgressed("a.mp4", 15.0))
    assert told[-1].left_s == 40.0  # 200 of 1,000 bytes took 10 s
    listener.on_event(FileProgressed("other.mkv", 15.0))
    assert told[-1].left_s == 40.0
    now_s[0] = 40.0
    listener.on_event(done("a.mp4", 800, 5))
    assert told[-1].left_s == 10.0
