"""The policy: who decides, what a threshold makes of it, and what is said beside it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from forensics.records.findings import Abstention, Score, Span, Why
from forensics.records.media import MediaFile, MediaKind, StreamInfo, StreamKind
from forensics.records.model_card import Calibration, InputContract, ModelCard, Thresholds
from forensics.records.verdict import VerdictLabel
from forensics.verdicts.interval import mean_interval
from forensics.verdicts.policy import POLICY, conclude

VIDEO = MediaFile("clip.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)
SOUND = replace(VIDEO, path="talk.wav", kind=MediaKind.AUDIO)


def card(task: str, **changes: object) -> ModelCard:
    plain = ModelCard(
        id=f"{task}-test",
        version="1",
        task=task,
        net="test",
        summary="",
        licence="",
        training_data="",
        contract=InputContract(),
        variants=(),
        calibration=Calibration(1.0, 0.0, -6.0, 6.0, "made up", 100),
        thresholds=Thresholds(signs=0.8, no_signs=0.3, rule="made up"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


CARDS = {"face-test": card("face"), "voice-test": card("voice")}


def scores(detector: str, subject: str, raws: list[float]) -> list[Score]:
    return [
        Score(
            detector,
            f"{detector}-test",
            subject,
            Span(float(i), float(i)),
            raw,
            CARDS[f"{detector}-test"].fakeness(raw),
        )
        for i, raw in enumerate(raws)
    ]


def test_the_mean_of_logits_is_calibrated_not_the_mean_of_sigmoids() -> None:
    verdict = conclude(VIDEO, scores("face", "person 1", [-2.0, 0.0, 5.0]), [], CARDS)
    assert verdict.fakeness == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert verdict.policy == POLICY


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (3.0, VerdictLabel.SIGNS_OF_MANIPULATION),
        (0.0, VerdictLabel.INCONCLUSIVE),
        (-3.0, VerdictLabel.NO_SIGNS_FOUND),
    ],
)
def test_the_cards_thresholds_make_the_label(raw: float, label: VerdictLabel) -> None:
    assert conclude(VIDEO, scores("face", "person 1", [raw] * 5), [], CARDS).label is label


def test_the_worst_person_decides() -> None:
    rows = scores("face", "person 1", [-4.0] * 8) + scores("face", "person 2", [4.0] * 8)
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert verdict.basis[0].subject == "person 2"
    assert [basis.subject for basis in verdict.basis] == ["person 2", "person 1"]


def test_a_person_seen_once_among_many_frames_is_not_judged_but_named() -> None:
    rows = scores("face", "person 1", [-4.0] * 20) + scores("face", "person 2", [5.0])
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.NO_SIGNS_FOUND
    assert any("Person 2 was found in 1 sampled frame only" in limit for limit in verdict.limits)


def test_a_clip_of_one_frame_is_judged_by_it() -> None:
    assert (
        conclude(VIDEO, scores("face", "person 1", [4.0]), [], CARDS).label
        is VerdictLabel.SIGNS_OF_MANIPULATION
    )


@pytest.mark.parametrize(
    ("n_all", "n_chosen", "said"),
    [
        (346, 8, "8 of 346 frames were examined."),
        (9, 9, None),
        (None, 0, "Sampled frames were examined, not every frame."),
    ],
)
def test_a_verdict_says_how_much_of_a_video_was_looked_at(
    n_all: int | None, n_chosen: int, said: str | None
) -> None:
    stream = StreamInfo(
        0, StreamKind.VIDEO, "h264", n_frames_from_content=n_all, chosen_frames=tuple(range(n_chosen))
    )
    verdict = conclude(replace(VIDEO, streams=(stream,)), scores("face", "person 1", [-4.0] * 3), [], CARDS)
    assert [limit for limit in verdict.limits if "frames were" in limit] == ([said] if said else [])


def test_an_unclear_voice_does_not_overrule_clean_faces_and_is_named() -> None:
    rows = scores("face", "person 1", [-4.0] * 8) + scores("voice", "voice", [0.0] * 4)
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.NO_SIGNS_FOUND
    assert any("voice (0.50) could not be told" in limit for limit in verdict.limits)


def test_a_synthetic_voice_overrules_clean_faces() -> None:
    rows = scores("face", "person 1", [-4.0] * 8) + scores("voice", "voice", [4.0] * 4)
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert verdict.basis[0].detector == "voice"


def test_a_video_whose_faces_were_not_found_is_never_without_signs() -> None:
    missing = Abstention("face", Why.NO_FACE, "No face was found.")
    verdict = conclude(VIDEO, scores("voice", "voice", [-4.0] * 4), [missing], CARDS)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert "no face could be examined" in verdict.reason
    assert (
        conclude(SOUND, scores("voice", "voice", [-4.0] * 4), [], CARDS).label is VerdictLabel.NO_SIGNS_FOUND
    )


def test_nothing_scored_is_not_examined_with_the_reasons_and_without_a_number() -> None:
    missing = [
        Abstention("face", Why.NO_FACE, "No face was found."),
        Abstention("voice", Why.NO_AUDIO, "No sound."),
    ]
    verdict = conclude(VIDEO, [], missing, CARDS)
    assert verdict.label is VerdictLabel.NOT_EXAMINED
    assert verdict.fakeness is None
    assert verdict.reason == "No face was found. No sound."


def test_an_uncalibrated_model_cannot_tell() -> None:
    cards = {"face-test": card("face", calibration=None, thresholds=None)}
    verdict = conclude(VIDEO, scores("face", "person 1", [5.0] * 8), [], cards)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert any("not calibrated" in limit for limit in verdict.limits)


def test_a_model_that_did_not_earn_verdicts_gives_scores_and_says_why() -> None:
    silent = Thresholds(signs=1.0, no_signs=0.0, rule="AUC on 118 validation rows is 0.61")
    cards = {"voice-test": card("voice", thresholds=silent)}
    for raw in (-50.0, 0.0, 50.0):
        verdict = conclude(SOUND, scores("voice", "voice", [raw] * 8), [], cards)
        assert verdict.label is VerdictLabel.INCONCLUSIVE
        assert verdict.fakeness is not None
        assert any("no verdicts: AUC on 118 validation rows is 0.61" in limit for limit in verdict.limits)


def test_scores_beyond_the_calibration_are_held_at_its_edge_and_said_to_be() -> None:
    verdict = conclude(VIDEO, scores("face", "person 1", [50.0] * 8), [], CARDS)
    assert verdict.fakeness == pytest.approx(1 / (1 + math.exp(-6.0)))
    assert not verdict.basis[0].covered
    assert "scores at least 0.99 over 8 frames" in verdict.reason
    assert any("it is at least 0.99, and no probability is stated beyond" in one for one in verdict.limits)
    low = conclude(VIDEO, scores("face", "person 1", [-50.0] * 8), [], CARDS)
    assert "scores at most 0.01 over 8 frames" in low.reason


def test_the_order_of_scores_does_not_matter() -> None:
    rows = scores("face", "person 1", list(np.linspace(-3, 3, 16))) + scores(
        "voice", "voice", [1.0, 2.0, 0.5, 0.1]
    )
    assert conclude(VIDEO, rows, [], CARDS) == conclude(VIDEO, rows[::-1], [], CARDS)


def test_the_interval_holds_the_mean_and_shrinks_with_more_frames() -> None:
    rng = np.random.default_rng(1)
    few, many = rng.normal(0, 1, 8), rng.normal(0, 1, 128)
    narrow, wide = mean_interval(many), mean_interval(few)
    assert narrow is not None
    assert wide is not None
    assert narrow[0] <= many.mean() <= narrow[1]
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert mean_interval(few[:3]) is None


def test_the_interval_is_wider_for_frames_that_resemble_their_neighbours() -> None:
    rng = np.random.default_rng(2)
    slow = np.repeat(rng.normal(0, 1, 16), 8)
    shuffled = rng.permutation(slow)
    wide, narrow = mean_interval(slow), mean_interval(shuffled)
    assert wide is not None
    assert narrow is not None
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
