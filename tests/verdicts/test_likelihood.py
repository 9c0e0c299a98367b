"""Likelihood ratios of subjects: held at their bounds, in the scale's words, refused without support."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forensics.records.findings import Span
from forensics.records.input_contract import PictureContract
from forensics.records.model_card import Calibration, Domain, LikelihoodBounds, ModelCard, Thresholds
from forensics.records.subject import person
from forensics.records.verdict import Stretch, SubjectScore, VerdictLabel
from forensics.verdicts.likelihood import likelihood_of, log10_ratio, state, verbal

WIDE = LikelihoodBounds(-8.0, 8.0, "made")
CARD = ModelCard(
    *(
        "face-x",
        "1",
        "face",
        "net",
        "made",
        "none",
        "none",
        PictureContract(size_px=128, crop_margin=1.04),
        (),
    ),
    calibration=Calibration(1.0, 0.0, -5.0, 5.0, "made", 100),
    thresholds=Thresholds(0.9, 0.1, "made"),
    domain=Domain({"brightness": (0.2, 0.8)}),
    likelihood=LikelihoodBounds(-1.0, 1.5, "made"),
)
MOMENT = Span(0.0, 0.0)
BASIS = SubjectScore(
    *("face", "face-x", person(1), 8, 2.2, 0.9, None, None, MOMENT, MOMENT),
    VerdictLabel.SIGNS_OF_MANIPULATION,
)
PART = Stretch(MOMENT, 3, 2.0, 0.88, 10, 4.0, 2.0, alone=True, spans=(MOMENT,))


def test_a_ratio_beyond_the_bounds_is_held_and_said_so() -> None:
    bounds = LikelihoodBounds(-1.0, 1.5, "made")
    high, low, within = state(0.9999, bounds), state(0.0, bounds), state(0.9, bounds)
    assert (high.log10_ratio, high.bounded) == (1.5, True)
    assert "held at the most that the validation files support" in high.words
    assert (low.log10_ratio, low.bounded) == (-1.0, True)
    assert within.bounded is False
    assert "held" not in within.words


@pytest.mark.parametrize(
    ("log10_ratio", "words"),
    [
        (0.0, None),
        (0.3, None),
        (0.302, "weak support"),
        (1.0, "moderate support"),
        (2.0, "moderately strong support"),
        (3.0, "strong support"),
        (4.0, "very strong support"),
        (5.9, "very strong support"),
        (6.0, "extremely strong support"),
    ],
)
def test_words_of_the_enfsi_scale_on_both_sides(log10_ratio: float, words: str | None) -> None:
    assert verbal(log10_ratio) == words
    assert verbal(-log10_ratio) == words


def test_statements_name_the_side_and_never_call_a_file_real() -> None:
    for manipulation_score, side in (
        (0.99, "if it was manipulated than if it was not"),
        (0.01, "if it was not than if it was manipulated"),
    ):
        words = state(manipulation_score, WIDE).words
        assert side in words
        assert "about 99 times" in words
        assert "real" not in words.lower().split()
    assert "does not support either" in state(0.55, WIDE).words


def test_a_ratio_is_the_odds_of_the_manipulation_score() -> None:
    assert log10_ratio(10 / 11) == pytest.approx(1)
    assert (log10_ratio(0.0), log10_ratio(1.0)) == (-float("inf"), float("inf"))


def test_a_supported_score_gets_its_ratio_and_words() -> None:
    found = likelihood_of(BASIS, CARD, {"brightness": 0.5, "sharpness": 99.0})
    assert found.log10_ratio == pytest.approx(0.954, abs=1e-3)
    assert found.support == "weak support"


@pytest.mark.parametrize(
    ("basis", "card", "properties", "why"),
    [
        (BASIS, replace(CARD, calibration=None), {}, "is not calibrated"),
        (BASIS, replace(CARD, likelihood=None), {}, "forensics calibrate fits them"),
        (BASIS, replace(CARD, thresholds=Thresholds(1.0, 0.0, "made")), {}, "do not show that face-x tells"),
        (BASIS, replace(CARD, likelihood=LikelihoodBounds(0.0, 0.0, "made")), {}, "any ratio but 1"),
        (
            replace(BASIS, logit=9.0, covered=False),
            CARD,
            {},
            "outside what the calibration of face-x has seen",
        ),
        (replace(BASIS, in_domain=False), CARD, {}, "too unlike the files that face-x was calibrated on"),
        (replace(BASIS, stretch=PART), CARD, {}, "a part of the clip shows signs"),
        (BASIS, CARD, {"brightness": 0.9}, "unlike the files that face-x was calibrated on (brightness)"),
    ],
)
def test_a_ratio_without_support_is_refused_with_the_reason(
    basis: SubjectScore, card: ModelCard, properties: dict[str, float], why: str
) -> None:
    found = likelihood_of(basis, card, properties)
    assert found.log10_ratio is None
    assert found.support is None
    assert found.words.startswith("No likelihood ratio is stated: ")
    assert why in found.words
