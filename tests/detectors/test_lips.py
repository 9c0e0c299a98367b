"""Lips and sound: what goes together is found with its lag, what does not is not, and silence is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from forensics.detectors.lips import Lips
from forensics.detectors.mouth_sound import mouth_opening
from forensics.media.discovery import Found, discover
from forensics.records.exhibit_content import CurveChart, Table
from forensics.records.faces import FaceBox, FaceMesh, FaceTrack
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind, Notice
from forensics.records.media import AudioChunk, MediaFile, MediaKind, StreamInfo, StreamKind
from forensics.records.stream import Item
from forensics.records.subject import person
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import assemble, choose_detectors, manifest_of
from forensics.settings import ScanSettings
from tests import synthetic

RATE_HZ = 16_000
SOUND = StreamInfo(1, StreamKind.AUDIO, "aac")
VIDEO = MediaFile("a.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO, streams=(SOUND,))
LENGTH_S = 12.0


def loudness(at_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Syllables of uneven strength at uneven times, in [0, 1]."""
    rng = np.random.default_rng(4)
    times = np.cumsum(rng.uniform(0.15, 0.5, 60))
    heights = rng.uniform(0.3, 1.0, 60)
    return np.max(heights[:, None] * np.exp(-(((at_s - times[:, None]) / 0.06) ** 2)), axis=0)


def speech_chunks() -> list[AudioChunk]:
    """A voice of 120 Hz with harmonics that follows ``loudness``."""
    at_s = np.arange(round(LENGTH_S * RATE_HZ)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * n * at_s) / n for n in range(1, 12))
    samples = np.asarray(0.1 * (loudness(at_s) + 0.01) * buzz, np.float32)
    middle = samples.size // 2 + 77
    return [
        AudioChunk(samples[:middle], RATE_HZ, 0.0, RATE_HZ),
        AudioChunk(samples[middle:], RATE_HZ, middle / RATE_HZ, RATE_HZ),
    ]


def mesh(at_s: float, opening: float, burst: int, track_id: int = 1) -> FaceMesh:
    points = np.zeros((468, 2), np.float32)
    points[33], points[263] = (100, 100), (200, 100)
    for upper, lower in ((13, 14), (82, 87), (312, 317)):
        points[upper], points[lower] = (150, 160), (150, 160 + 100 * opening)
    return FaceMesh(points, FaceBox(80, 60, 140, 140), track_id, burst, round(at_s * 25), at_s)


def mouths(opening: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> list[FaceMesh]:
    found = []
    for burst, start_s in enumerate((1.0, 4.0, 7.0)):
        at_s = start_s + np.arange(63) / 25
        found += [mesh(t, value, burst) for t, value in zip(at_s, opening(at_s), strict=True)]
    return found


def examined(items: list[Item], media: MediaFile = VIDEO) -> list[Item]:
    examination = Lips([]).begin(media, Path("a.mp4"))
    given = [one for item in items for one in examination.observe(item)]
    return given + list(examination.conclude())


def figures(items: list[Item]) -> dict[str, str]:
    [table] = [item for item in items if isinstance(item, Exhibit) and item.kind is ExhibitKind.TABLE]
    assert isinstance(table.content, Table)
    return dict(table.content.rows)


def test_a_mouths_opening_is_measured_by_the_distance_of_the_eyes() -> None:
    assert mouth_opening(mesh(0.0, 0.3, 0).points) == pytest.approx(0.3)


@pytest.mark.parametrize("lag_s", [-0.2, 0.0, 0.14])
def test_a_mouth_that_follows_the_sound_is_found_with_its_lag(lag_s: float) -> None:
    items = examined([*speech_chunks(), *mouths(lambda at_s: 0.05 + 0.3 * loudness(at_s + lag_s))])
    told = figures(items)
    assert float(told["Best correlation"]) > 0.75
    assert float(told["Best correlation"]) > float(told["By chance in 95 of 100 cases"]) + 0.15
    assert float(told["Sound after mouth, ms"]) == pytest.approx(1000 * lag_s, abs=40)
    [notice] = [item for item in items if isinstance(item, Notice)]
    assert notice.message.startswith("person 1: mouth and loudness of the sound correlate by at most 0.")
    assert "decides nothing" in notice.message
    charts = [item.content for item in items if isinstance(item, Exhibit) and item.kind is ExhibitKind.CURVE]
    over_time, by_lag = charts
    assert isinstance(over_time, CurveChart)
    assert isinstance(by_lag, CurveChart)
    assert [line.name for line in over_time.lines] == ["mouth", "sound"]
    assert all(-1e-9 <= y <= 1 + 1e-9 for line in over_time.lines for y in line.y if y is not None)
    assert len(by_lag.lines[0].x) == 51


def test_a_mouth_that_moves_by_itself_stays_within_what_chance_reaches() -> None:
    told = figures(examined([*speech_chunks(), *mouths(lambda at_s: 0.2 + 0.15 * np.sin(14.5 * at_s**1.3))]))
    assert float(told["Best correlation"]) < float(told["By chance in 95 of 100 cases"]) + 0.1
    assert float(told["Best correlation"]) < 0.5


def test_lips_that_move_in_silence_are_counted() -> None:
    chunks = speech_chunks()
    quiet = [AudioChunk(chunk.samples.copy(), RATE_HZ, chunk.at_s, RATE_HZ) for chunk in chunks]
    quiet[1].samples[:] = 1e-5  # from about 6 s on
    moving = mouths(lambda at_s: 0.2 + 0.15 * np.sin(20 * at_s))
    still = mouths(lambda at_s: 0.2 + 0 * at_s)
    assert float(figures(examined([*quiet, *moving]))["Lips move without speech, s"]) > 2.0
    assert float(figures(examined([*quiet, *still]))["Lips move without speech, s"]) == 0.0


@pytest.mark.parametrize(
    ("items", "media", "reason", "words"),
    [
        ([], MediaFile("a.png", 1, "", kind=MediaKind.IMAGE), AbstentionReason.UNSUPPORTED, "still picture"),
        (
            mouths(loudness),
            MediaFile("a.mp4", 1, "", kind=MediaKind.VIDEO),
            AbstentionReason.NO_AUDIO,
            "no sound stream",
        ),
        (
            [AudioChunk(np.full(160_000, 1e-6, np.float32), RATE_HZ, 0.0, RATE_HZ), *mouths(loudness)],
            VIDEO,
            AbstentionReason.NO_AUDIO,
            "neither swells nor is voiced",
        ),
        (
            [*speech_chunks(), *mouths(loudness)[:20]],
            VIDEO,
            AbstentionReason.TOO_SHORT,
            "24 consecutive pictures",
        ),
        (
            [*speech_chunks(), FaceTrack(1, 3, 0.0, 9.0, 50.0)],
            VIDEO,
            AbstentionReason.TOO_SHORT,
            "24 consecutive",
        ),
    ],
    ids=["image", "no sound", "silence", "few pictures", "no mesh"],
)
def test_it_abstains_and_says_why(
    items: list[Item], media: MediaFile, reason: AbstentionReason, words: str
) -> None:
    [said] = examined(items, media)
    assert isinstance(said, Abstention)
    assert said.why is reason
    assert words in said.detail


def test_a_scan_shows_landmarks_to_it_and_scores_faces_as_without_it(tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path)
    [found] = [one for one in discover([clip]) if isinstance(one, Found)]
    results = {}
    for names in (("face",), ("face", "lips", "blink-pose")):
        settings = ScanSettings(paths=(clip,), frames=8, detectors=names)
        chosen = choose_detectors(settings)
        used = [model.id for model in manifest_of(settings, chosen, ["forensics", "scan"]).models]
        assert ("face-landmarks" in used) is (len(names) == 3)
        results[names] = examine(found, assemble(settings, chosen))
    alone, both = results.values()
    assert alone.scores == both.scores
    assert alone.tracks == both.tracks
    assert alone.verdict.label == both.verdict.label
    assert alone.media.films[0].chosen_frames == both.media.films[0].chosen_frames
    assert len([one for one in both.exhibits if one.group == "blinks and pose"]) == 3
    # Two seconds of hum are on the edge of what may be speech: it is told what came of them, once.
    told = [one.message for one in both.notices if "mouth and loudness" in one.message]
    refused = [one.why for one in both.abstentions if one.detector == "lips" and one.subject == person(1)]
    assert len(told) + len(refused) == 1
    assert not [one for one in both.scores if one.detector != "face"], "they decide nothing"
