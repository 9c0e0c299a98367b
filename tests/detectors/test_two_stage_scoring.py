"""A triage: what the fast net clears keeps its scores, everything else is scored by the exact net."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics.detectors import two_stage_scoring
from forensics.detectors.detector import ModelForms
from forensics.detectors.face_frames import FaceFrames
from forensics.detectors.two_stage_scoring import can_clear
from forensics.detectors.voice import Voice
from forensics.engines.net import DEFAULT_BATCH
from forensics.records.faces import FaceBox, FaceCrop
from forensics.records.findings import Exhibit, ExhibitKind, Notice, Score
from forensics.records.media import AudioChunk, MediaFile, MediaKind
from forensics.records.model_card import Thresholds, Windows
from forensics.records.stream import Item
from forensics.records.subject import person
from tests import synthetic
from tests.detectors.nets import SPEC, KnownNet, face_card, voice_card

VIDEO = MediaFile("clip.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)
# The card's bound for no signs is 0.3 in score, -0.85 in logits; a first look has to be 0.3 below it.
CLEARED, IN_DOUBT = -1.2, -1.0


def crops(n: int, track_id: int = 1, level: int = 0) -> list[FaceCrop]:
    image = np.full((32, 32, 3), level, np.uint8)
    thumbnail = np.full((90, 160, 3), 90, np.uint8)
    box = FaceBox(10, 10, 100, 100)
    return [FaceCrop(image, box, track_id, i, i / 10, thumbnail, 0.5, SPEC) for i in range(n)]


def look_twice(given: list[FaceCrop], fast: KnownNet, exact: KnownNet) -> list[Item]:
    examination = FaceFrames([ModelForms(fast, exact)]).begin(VIDEO, Path("clip.mp4"))
    items: list[Item] = []
    for item in given:
        items.extend(examination.observe(item))
    items.extend(examination.conclude())
    return items


def scores(items: list[Item]) -> list[Score]:
    return [item for item in items if isinstance(item, Score)]


def nets(shift: float) -> tuple[KnownNet, KnownNet]:
    return KnownNet(face_card(), "bf16", shift), KnownNet(face_card(), "f32", shift + 0.05)


def test_a_person_clearly_below_the_bound_keeps_the_first_look() -> None:
    fast, exact = nets(CLEARED)
    items = look_twice(crops(11), fast, exact)
    assert {(score.precision, round(score.logit, 5)) for score in scores(items)} == {("bf16", CLEARED)}
    assert exact.batches == []
    assert [item.message for item in items if isinstance(item, Notice)] == [
        "Triage: person 1 cleared in bf16"
    ]


def test_a_person_near_the_bound_is_scored_again_all_of_it() -> None:
    fast, exact = nets(IN_DOUBT)
    found = scores(look_twice(crops(11), fast, exact))
    assert {(score.precision, round(score.logit, 5)) for score in found} == {("f32", IN_DOUBT + 0.05)}
    assert [score.span.start_s for score in found] == [i / 10 for i in range(11)]


def test_people_of_one_file_are_told_apart() -> None:
    fast, exact = nets(CLEARED)
    mixed = [one for pair in zip(crops(9), crops(9, 2, level=255), strict=True) for one in pair]
    items = look_twice(mixed, fast, exact)
    assert {(score.subject, score.precision) for score in scores(items)} == {
        (person(1), "bf16"),
        (person(2), "f32"),
    }
    assert [score.span.start_s for score in scores(items)] == [one.at_s for one in mixed]
    assert sum(exact.batches) == 18  # nine crops and their mirror images
    assert "person 1 cleared in bf16; person 2 scored in f32" in str(items)


def test_the_fast_net_does_not_go_on_with_whom_it_cannot_clear() -> None:
    fast, exact = nets(0.5)
    found = scores(look_twice(crops(32), fast, exact))
    assert {score.precision for score in found} == {"f32"}
    assert (sum(fast.batches), sum(exact.batches)) == (2 * 8, 2 * 32)


def test_exhibits_of_what_is_in_doubt_show_the_exact_scores() -> None:
    given = [one for one in look_twice(crops(3), *nets(IN_DOUBT)) if isinstance(one, Exhibit)]
    exhibits = [one for one in given if one.kind is not ExhibitKind.FILMSTRIP]  # of all scores
    assert exhibits
    exact = face_card().manipulation_score(IN_DOUBT + 0.05)
    assert [one.manipulation_score for one in exhibits] == pytest.approx([exact] * len(exhibits))


def test_more_than_may_be_held_goes_on_in_f32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_stage_scoring, "_MOST_HELD_BYTES", 10 * crops(1)[0].thumbnail.nbytes)
    fast, exact = nets(CLEARED)
    found = scores(look_twice(crops(40), fast, exact))
    assert {score.precision for score in found} == {"f32"}
    assert [score.span.start_s for score in found] == [i / 10 for i in range(40)]
    # Mirrored copies included: after the first batch with which more than ten are held, it is asked no more.
    assert sum(fast.batches) == 2 * math.ceil(10 / DEFAULT_BATCH) * DEFAULT_BATCH


def test_a_triage_of_a_voice() -> None:
    def hear(shift: float) -> list[Score]:
        fast, exact = KnownNet(voice_card(), "int8", shift), KnownNet(voice_card(), "f32", shift)
        examination = Voice([ModelForms(fast, exact)]).begin(VIDEO, Path("clip.mp4"))
        sound = AudioChunk(synthetic.talk(10.0), 16_000, 0.0, 16_000)
        return scores([*examination.observe(sound), *examination.conclude()])

    assert {score.precision for score in hear(-9.0)} == {"int8"}
    assert {score.precision for score in hear(9.0)} == {"f32"}
    assert [score.span for score in hear(-9.0)] == [score.span for score in hear(9.0)]


@pytest.mark.parametrize(("no_signs", "expected"), [(0.3, True), (0.0, False), (None, False)])
def test_a_model_that_draws_no_verdicts_clears_nobody(no_signs: float | None, expected: bool) -> None:
    thresholds = None if no_signs is None else Thresholds(1.0, no_signs, "made up")
    assert can_clear(replace(face_card(), thresholds=thresholds)) is expected


def test_a_person_with_one_high_window_is_scored_again_although_the_mean_is_clear() -> None:
    rule = Windows(1.0, 3, ((1, 1.0),), ((1, 1.0),), "made up", 1, "made up")
    given = crops(30)
    lit = [replace(crop, image=np.full_like(crop.image, 255)) for crop in given[10:20]]
    for windows, precision in ((None, "bf16"), (rule, "f32")):
        card = replace(face_card(), windows=windows, thresholds=Thresholds(0.4, 0.3, "made up"))
        # White crops score 1 more than black ones: -0.5, 0.38 in manipulation score, beside -1.5.
        fast, exact = KnownNet(card, "bf16", -1.5), KnownNet(card, "f32", -1.5)
        items = look_twice([*given[:10], *lit, *given[20:]], fast, exact)
        assert {score.precision for score in scores(items)} == {precision}
