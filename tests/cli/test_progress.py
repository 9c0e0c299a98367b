"""What a terminal of 80 columns shows while a command works."""

from __future__ import annotations

import io
import re

from rich.console import Console

from forensics.cli.progress import ScanProgress, StepProgress
from forensics.scan.events import BatchStarted, FileDone
from tests.casefile.made import result

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def _terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=80, height=24, color_system=None)


def _shown(console: Console) -> list[str]:
    """The lines of the last frame."""
    assert isinstance(console.file, io.StringIO)
    text = _ESCAPES.sub("", console.file.getvalue()).replace("\r", "\n")
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def test_a_scan_shows_bar_count_speed_time_and_tally_within_80_columns() -> None:
    console = _terminal()
    with ScanProgress(console) as progress:
        progress.on_event(BatchStarted(12_345, 0, 1_000_000))
        for n_done in range(1, 1_201):
            progress.on_event(FileDone(result(f"{n_done}.mp4"), n_done))
    bar, tally = _shown(console)[-2:]
    time = r"(\d+:\d\d:\d\d|-:--:--)"
    drawn = r"[\u2501\u2578\u257a ]{8,}"
    assert re.fullmatch(rf"examined {drawn} +1200/12345 +\d+ files/min +{time} +left +{time}", bar), bar
    assert "\u2501" in bar
    assert tally.startswith("1200 signs of manipulation, 0 inconclusive, 0 no signs found")
    assert max(map(len, (bar, tally))) <= 80


def test_a_training_shows_bar_count_and_time_whatever_its_words() -> None:
    console = _terminal()
    with StepProgress("trained", console) as progress:
        for step in (1, 2500):
            progress.show(step, 5000, "steps, loss 0.123, validation AUC " + "dfdc 0.912 " * 20)
    bar, words = _shown(console)[-2:]
    assert "2500/5000" in bar
    assert "\u2501" in bar
    assert re.search(r"\d:\d\d:\d\d", bar)
    assert words.startswith("steps, loss 0.123")
    assert max(map(len, (bar, words))) <= 80
