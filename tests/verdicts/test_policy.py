"""The policy: who decides, what a threshold makes of it, and what is said beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from forensics.detectors import DETECTORS
from forensics.records.findings import Abstention, AbstentionReason, Score, Span
from forensics.records.input_contract import PictureContract, SoundContract
from forensics.records.media import MediaFile, MediaKind, StreamInfo, StreamKind
from forensics.records.model_card import Calibration, ModelCard, Thresholds, Windows
from forensics.records.subject import VOICE_OF_FILE, Subject, person
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.verdicts import policy
from forensics.verdicts.interval import mean_interval
from forensics.verdicts.policy import POLICY

VIDEO = MediaFile("clip.mp4", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.VIDEO)
SOUND = replace(VIDEO, path="talk.wav", kind=MediaKind.AUDIO)


def conclude(
    media: MediaFile,
    given: Sequence[Score],
    abstentions: Sequence[Abstention],
    cards: Mapping[str, ModelCard],
) -> Verdict:
    return policy.conclude(media, given, abstentions, cards, DETECTORS)


def card(task: str, **changes: object) -> ModelCard:
    plain = ModelCard(
        id=f"{task}-test",
        version="1",
        task=task,
        net="test",
        summary="",
        licence="",
        training_data="",
        contract=PictureContract(size_px=128, crop_margin=1.04),
        variants=(),
        calibration=Calibration(1.0, 0.0, -6.0, 6.0, "made up", 100),
        thresholds=Thresholds(signs=0.8, no_signs=0.3, rule="made up"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


CARDS = {"face-test": card("face"), "voice-test": card("voice")}


def scores(detector: str, subject: Subject, logits: list[float]) -> list[Score]:
    return [
        Score(
            detector,
            f"{detector}-test",
            subject,
            Span(float(i), float(i)),
            logit,
            CARDS[f"{detector}-test"].manipulation_score(logit),
        )
        for i, logit in enumerate(logits)
    ]


def test_the_mean_of_logits_is_calibrated_not_the_mean_of_sigmoids() -> None:
    verdict = conclude(VIDEO, scores("face", person(1), [-2.0, 0.0, 5.0]), [], CARDS)
    assert verdict.manipulation_score == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert verdict.policy == POLICY


@pytest.mark.parametrize(
    ("logit", "label"),
    [
        (3.0, VerdictLabel.SIGNS_OF_MANIPULATION),
        (0.0, VerdictLabel.INCONCLUSIVE),
        (-3.0, VerdictLabel.NO_SIGNS_FOUND),
    ],
)
def test_the_cards_thresholds_make_the_label(logit: float, label: VerdictLabel) -> None:
    assert conclude(VIDEO, scores("face", person(1), [logit] * 5), [], CARDS).label is label


def test_the_worst_person_decides() -> None:
    rows = scores("face", person(1), [-4.0] * 8) + scores("face", person(2), [4.0] * 8)
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert verdict.basis[0].subject == person(2)
    assert [basis.subject for basis in verdict.basis] == [person(2), person(1)]


def test_a_person_seen_once_among_many_frames_is_not_judged_but_named() -> None:
    rows = scores("face", person(1), [-4.0] * 20) + scores("face", person(2), [-1.0])
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.NO_SIGNS_FOUND
    said = "Person 2 was found in only 1 sampled frame (0.27 at 0.0 s) and was not judged."
    assert said in verdict.limits


def test_a_clip_of_one_frame_is_judged_by_it() -> None:
    assert (
        conclude(VIDEO, scores("face", person(1), [4.0]), [], CARDS).label
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
    verdict = conclude(replace(VIDEO, streams=(stream,)), scores("face", person(1), [-4.0] * 3), [], CARDS)
    assert [limit for limit in verdict.limits if "frames were" in limit] == ([said] if said else [])


def test_an_unclear_voice_does_not_overrule_clean_faces_and_is_named() -> None:
    rows = scores("face", person(1), [-4.0] * 8) + scores("voice", VOICE_OF_FILE, [0.0] * 4)
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.NO_SIGNS_FOUND
    assert any(limit == "The voice is inconclusive (0.50)." for limit in verdict.limits)


def test_a_synthetic_voice_overrules_clean_faces() -> None:
    rows = scores("face", person(1), [-4.0] * 8) + scores("voice", VOICE_OF_FILE, [4.0] * 4)
    verdict = conclude(VIDEO, rows, [], CARDS)
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert verdict.basis[0].detector == "voice"


def test_a_video_whose_faces_were_not_found_is_never_without_signs() -> None:
    missing = Abstention("face", AbstentionReason.NO_FACE, "No face was found.")
    verdict = conclude(VIDEO, scores("voice", VOICE_OF_FILE, [-4.0] * 4), [missing], CARDS)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert "no face could be examined" in verdict.reason
    assert (
        conclude(SOUND, scores("voice", VOICE_OF_FILE, [-4.0] * 4), [], CARDS).label
        is VerdictLabel.NO_SIGNS_FOUND
    )


def test_nothing_scored_is_not_examined_with_the_reasons_and_without_a_number() -> None:
    missing = [
        Abstention("face", AbstentionReason.NO_FACE, "No face was found."),
        Abstention("voice", AbstentionReason.NO_AUDIO, "No sound."),
    ]
    verdict = conclude(VIDEO, [], missing, CARDS)
    assert verdict.label is VerdictLabel.NOT_EXAMINED
    assert verdict.manipulation_score is None
    assert verdict.reason == "No face was found. No sound."


def test_an_uncalibrated_model_may_not_judge() -> None:
    cards = {"face-test": card("face", calibration=None, thresholds=None)}
    verdict = conclude(VIDEO, scores("face", person(1), [5.0] * 8), [], cards)
    assert verdict.label is VerdictLabel.NOT_EXAMINED
    assert "may not judge: it is not calibrated" in verdict.reason


def test_a_model_that_did_not_earn_verdicts_gives_scores_and_says_why() -> None:
    silent = Thresholds(signs=1.0, no_signs=0.0, rule="AUC on 118 validation rows is 0.61")
    cards = {"voice-test": card("voice", thresholds=silent)}
    for logit in (-50.0, 0.0, 50.0):
        verdict = conclude(SOUND, scores("voice", VOICE_OF_FILE, [logit] * 8), [], cards)
        assert verdict.label is VerdictLabel.NOT_EXAMINED
        assert verdict.manipulation_score is None
        assert "voice-test may not judge" in verdict.reason
        [basis] = verdict.basis
        assert not basis.judges
        assert basis.manipulation_score == pytest.approx(cards["voice-test"].manipulation_score(logit))


def test_scores_beyond_the_calibration_are_held_at_its_edge_and_said_to_be() -> None:
    verdict = conclude(VIDEO, scores("face", person(1), [50.0] * 8), [], CARDS)
    assert verdict.manipulation_score == pytest.approx(1 / (1 + math.exp(-6.0)))
    assert not verdict.basis[0].covered
    assert "scores at least 0.99 over 8 frames" in verdict.reason
    assert any("it is at least 0.99, and no probability is stated beyond" in one for one in verdict.limits)
    low = conclude(VIDEO, scores("face", person(1), [-50.0] * 8), [], CARDS)
    assert "scores at most 0.01 over 8 frames" in low.reason


def test_the_order_of_scores_does_not_matter() -> None:
    rows = scores("face", person(1), list(np.linspace(-3, 3, 16))) + scores(
        "voice", VOICE_OF_FILE, [1.0, 2.0, 0.5, 0.1]
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


# Windows of 1 s or three scores; among 4 windows one departs by 2 logits by accident, among 64 by 4.
WINDOWS = Windows(1.0, 3, ((1, 1.0), (4, 2.0), (64, 4.0)), ((1, 1.0), (4, 2.0)), "made up", 40, "made up")
BY_WINDOW = {"face-test": card("face", windows=WINDOWS), "voice-test": card("voice")}


def frames(
    subject: Subject, *parts: tuple[int, float], start_s: float = 0.0, rate_hz: float = 2.0
) -> list[Score]:
    """Scores at an even pace: so many of this logit, then so many of that."""
    logits = [logit for n, logit in parts for _ in range(n)]
    return [
        Score(
            "face",
            "face-test",
            subject,
            Span(at_s, at_s),
            logit,
            CARDS["face-test"].manipulation_score(logit),
        )
        for at_s, logit in zip((start_s + i / rate_hz for i in range(len(logits))), logits, strict=True)
    ]


@pytest.mark.parametrize(("n_windows", "said"), [(1, False), (2, True)])
def test_sound_without_bounds_for_parts_says_that_they_are_missed(n_windows: int, said: bool) -> None:
    sound = SoundContract(rate_hz=16_000, window_s=3.0, hop_s=1.5)
    cards = {"voice-test": card("voice", contract=sound)}
    rows = scores("voice", VOICE_OF_FILE, [-3.0] * n_windows)
    verdict = conclude(SOUND, rows, [], cards)
    assert verdict.label is VerdictLabel.NO_SIGNS_FOUND
    assert any("synthetic speech in it are nearly always missed" in limit for limit in verdict.limits) is said
    bounded = replace(cards["voice-test"], windows=BY_WINDOW["face-test"].windows)
    heard = conclude(SOUND, rows, [], {"voice-test": bounded})
    silent = replace(cards["voice-test"], thresholds=Thresholds(1.0, 0.0, "not earned"))
    for other in (heard, conclude(SOUND, rows, [], {"voice-test": silent})):
        assert not any("nearly always missed" in limit for limit in other.limits)


def test_a_manipulated_part_of_a_clip_shows_signs_and_its_seconds_are_named() -> None:
    rows = frames(person(1), (10, -3.0), (4, 3.0), (6, -3.0))
    before = conclude(VIDEO, rows, [], CARDS)
    assert before.label is VerdictLabel.NO_SIGNS_FOUND
    assert any("face-test has no thresholds for parts of a clip" in limit for limit in before.limits)
    verdict = conclude(VIDEO, rows, [], BY_WINDOW)
    assert verdict.label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert verdict.stretch == Span(5.0, 6.0)
    assert verdict.manipulation_score == pytest.approx(CARDS["face-test"].manipulation_score(3.0))
    assert verdict.lower is None
    assert "from 5.0 to 6.5 s" in verdict.reason
    assert "0.14 over 20 frames" in verdict.reason


def test_the_same_part_needs_to_stand_out_more_in_a_longer_clip() -> None:
    for n, label in ((8, VerdictLabel.SIGNS_OF_MANIPULATION), (100, VerdictLabel.INCONCLUSIVE)):
        verdict = conclude(VIDEO, frames(person(1), (n, -1.0), (3, 2.0), (n, -1.0)), [], BY_WINDOW)
        assert verdict.label is label
    assert verdict.stretch is None
    assert "0.88 from 50.0 to 51.0 s: too high for no signs" in verdict.reason


def test_a_part_that_stands_out_without_reaching_the_threshold_is_no_sign() -> None:
    verdict = conclude(VIDEO, frames(person(1), (10, -5.0), (4, 0.0), (10, -5.0)), [], BY_WINDOW)
    assert verdict.label is VerdictLabel.NO_SIGNS_FOUND


def test_several_people_are_more_chances() -> None:
    alone = frames(person(1), (8, -1.0), (3, 2.0), (8, -1.0))
    others = [row for i in range(2, 30) for row in frames(person(i), (19, -3.0))]
    assert conclude(VIDEO, alone, [], BY_WINDOW).label is VerdictLabel.SIGNS_OF_MANIPULATION
    assert conclude(VIDEO, alone + others, [], BY_WINDOW).label is VerdictLabel.INCONCLUSIVE


@pytest.mark.parametrize(
    ("logit", "label"),
    [
        (3.0, VerdictLabel.SIGNS_OF_MANIPULATION),
        (1.45, VerdictLabel.INCONCLUSIVE),
        (0.5, VerdictLabel.NO_SIGNS_FOUND),
    ],
)
def test_somebody_seen_for_three_seconds_of_a_minute_is_judged(logit: float, label: VerdictLabel) -> None:
    rows = frames(person(1), (120, -3.0)) + frames(person(2), (6, logit), start_s=40.0)
    verdict = conclude(VIDEO, rows, [], BY_WINDOW)
    assert verdict.label is label
    assert {basis.subject: basis.brief for basis in verdict.basis} == {person(1): False, person(2): True}
    said = " ".join([verdict.reason, *verdict.limits])
    assert "40.0 to 42.5 s" in said


def test_somebody_seen_in_one_frame_as_high_as_signs_is_not_passed() -> None:
    verdict = conclude(VIDEO, frames(person(1), (20, -3.0)) + frames(person(2), (1, 4.0)), [], BY_WINDOW)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert "person 2 (0.98, 0.0 s, seen in few frames)" in verdict.reason


UNLIKE = Abstention(
    "face", AbstentionReason.OUT_OF_DOMAIN, "Person 2 is not judged: sharpness 0.46.", person(2)
)


@pytest.mark.parametrize(
    ("logit", "label"), [(1.0, VerdictLabel.NO_SIGNS_FOUND), (4.0, VerdictLabel.INCONCLUSIVE)]
)
def test_a_face_unlike_the_calibration_does_not_decide_but_is_named(
    logit: float, label: VerdictLabel
) -> None:
    rows = frames(person(1), (20, -3.0)) + frames(person(2), (20, logit))
    verdict = conclude(VIDEO, rows, [UNLIKE], BY_WINDOW)
    assert verdict.label is label
    assert verdict.basis[0].subject == person(1)
    assert verdict.manipulation_score == pytest.approx(CARDS["face-test"].manipulation_score(-3.0))
    assert "Person 2 is not judged: sharpness 0.46." in verdict.reason
    assert any("Person 2 is not judged" in limit for limit in verdict.limits)


@pytest.mark.parametrize("logit", [-4.0, 4.0])
def test_a_file_with_no_other_face_is_never_passed(logit: float) -> None:
    verdict = conclude(VIDEO, frames(person(2), (20, logit)), [UNLIKE], BY_WINDOW)
    assert verdict.label is VerdictLabel.INCONCLUSIVE
    assert verdict.manipulation_score is None
    assert "Person 2 is not judged" in verdict.reason
    assert [basis.in_domain for basis in verdict.basis] == [False]


def test_a_passer_by_does_not_clear_a_clip_whose_main_face_is_unlike_the_calibration() -> None:
    rows = frames(person(2), (100, 1.0)) + frames(person(1), (4, -3.0))
    assert conclude(VIDEO, rows, [UNLIKE], BY_WINDOW).label is VerdictLabel.INCONCLUSIVE


@pytest.mark.parametrize(("rate_hz", "shortest_s"), [(2.0, 1.5), (0.5, 6.0)])
def test_a_verdict_says_what_length_it_may_have_missed(rate_hz: float, shortest_s: float) -> None:
    verdict = conclude(VIDEO, frames(person(1), (20, -3.0), rate_hz=rate_hz), [], BY_WINDOW)
    assert verdict.shortest_s == pytest.approx(shortest_s)
    assert any(f"shorter than {shortest_s:.1f} s may lie" in limit for limit in verdict.limits)


def test_a_time_without_a_face_is_named() -> None:
    rows = frames(person(1), (10, -3.0)) + frames(person(1), (10, -3.0), start_s=12.0)
    verdict = conclude(VIDEO, rows, [], BY_WINDOW)
    assert "No face was scored from 4.5 to 12.0 s." in verdict.limits
    assert verdict.shortest_s == pytest.approx(1.5)
