"""Words and amounts as a reader sees them, and container facts side by side."""

from __future__ import annotations

import pytest

from forensics.records.findings import Why
from forensics.records.verdict import VerdictLabel
from forensics.report import words
from forensics.report.container import container_facts
from tests.report.synthetic_case import video


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.fakeness_text(0.999), "> 0.99"),
        (words.fakeness_text(0.0), "< 0.01"),
        (words.fakeness_text(0.5), "0.50"),
        (words.fakeness_text(None), ""),
        (words.interval_text(0.1, 0.2), "0.10 to 0.20"),
        (words.figure_interval_text(0.1, 0.2), "0.100 to 0.200"),
        (words.figure_interval_text(None, None), "not stated"),
        (words.interval_text(0.1, None), ""),
        (words.duration_text(59.94), "59.9 s"),
        (words.duration_text(185), "3:05 min"),
        (words.duration_text(3729), "1:02:09 h"),
        (words.moment_text(7.44), "0:07.4"),
        (words.moment_text(59.97), "1:00.0"),
        (words.moment_text(3729), "1:02:09.0"),
        (words.size_text(812), "812 bytes"),
        (words.size_text(4_200_000), "4.2 MB"),
        (words.size_text(7_000_000_000_000), "7000.0 GB"),
        (words.count_text(1, "file", "files"), "1 file"),
        (words.count_text(5000, "file", "files"), "5,000 files"),
        (words.metric_words("face tracks: auc"), "AUC (area under the ROC curve), face tracks"),
        (words.metric_words("new_measure"), "new measure"),
        (words.share_text(1, 0), ""),
    ],
)
def test_amounts(said: str, expected: str) -> None:
    assert said == expected


def test_invisible_characters_become_visible() -> None:
    assert words.visible("a\nb\u202ec\u200bd\ud800e") == r"a\nb\u202ec\u200bd\ud800e"
    assert words.visible("Zoë 東京 naïve.mp4") == "Zoë 東京 naïve.mp4"


def test_every_label_and_reason_has_words() -> None:
    assert (
        set(words.VERDICT_WORDS)
        == set(words.VERDICT_MEANING)
        == set(words.VERDICT_ORDER)
        == set(VerdictLabel)
    )
    assert set(words.WHY_WORDS) == set(Why)


@pytest.mark.parametrize(("lost_frames", "differs"), [(0, False), (2, False), (38, True)])
def test_header_and_content_are_compared(lost_frames: int, differs: bool) -> None:
    facts = {fact.name: fact for fact in container_facts(video("a.mp4", 12.0, lost_frames))}
    assert facts["Video stream 0: frames"].differs is differs
    assert facts["Video stream 0: duration"].differs is differs
    assert facts["Video stream 0: frames"].header == "300"
    assert facts["Video stream 0: frames"].content == str(300 - lost_frames)
    assert "44,100 Hz, 2 channels" in facts["Audio stream 1"].header
    assert facts["Tag: encoder"].header == "Lavf60.3.100"
