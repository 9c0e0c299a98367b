"""Likelihood ratios of single subjects: bounded by what the data support, and in words.

Bounds come with the card (``evaluation.likelihood`` fits them). The words are the seven steps of the ENFSI
Guideline for Evaluative Reporting in Forensic Science (2015), whose bounds are ratios of 2, 10, 100, 1,000,
10,000 and 1,000,000. A ratio says how much more probable a score is under one proposition than under the
other; it does not say how probable a proposition is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from forensics.records.model_card import LikelihoodBounds, ModelCard
from forensics.records.verdict import SubjectScore

# log10 of the lowest ratio to its words.
ENFSI_SCALE = (
    (6.0, "extremely strong support"),
    (4.0, "very strong support"),
    (3.0, "strong support"),
    (2.0, "moderately strong support"),
    (1.0, "moderate support"),
    (math.log10(2), "weak support"),
)
# Begins the words of a statement without a ratio; the reason follows.
REFUSAL = "No likelihood ratio is stated: "


@dataclass(frozen=True, slots=True)
class LikelihoodStatement:
    """A bounded likelihood ratio, or why there is none.

    Attributes:
        log10_ratio: positive speaks for manipulation; None where no ratio can be stated.
        bounded: the score said more than the data support, and the ratio is held at the bound.
        support: the scale's words, whichever side they favour; None where it has none.
        words: one or two sentences.
        refusal: why there is no ratio, without what differs from file to file; empty where there is one.
    """

    log10_ratio: float | None
    bounded: bool
    support: str | None
    words: str
    refusal: str = ""


def likelihood_of(
    basis: SubjectScore, card: ModelCard, properties: Mapping[str, float]
) -> LikelihoodStatement:
    """The likelihood ratio of one subject's score, or the reason why none is stated.

    Args:
        basis: the subject as its detector saw it.
        card: of the model that scored.
        properties: of the subject, as measured; empty where they are not known.
    """
    why = _missing_support(basis, card, properties)
    if why is not None or card.likelihood is None:
        refusal, detail = why or ("", "")
        words = f"{REFUSAL}{refusal}{f' ({detail})' if detail else ''}."
        return LikelihoodStatement(None, False, None, words, refusal)
    return state(basis.manipulation_score, card.likelihood)


def state(manipulation_score: float, bounds: LikelihoodBounds) -> LikelihoodStatement:
    """The likelihood ratio of one calibrated score, held within its bounds, in words."""
    ratio = log10_ratio(manipulation_score)
    held = min(max(ratio, bounds.log10_lowest), bounds.log10_highest)
    bounded = held != ratio
    support = verbal(held)
    if support is None:
        words = "The score does not support either proposition, manipulated or not, over the other."
    else:
        sides = ("it was manipulated", "it was not")
        first, second = sides if held > 0 else sides[::-1]
        words = (
            f"Such a score is about {ratio_text(abs(held))} times more probable if {first} than if {second}: "
            f"{support} for the first proposition over the second."
        )
    if bounded:
        words += " The ratio is held at the most that the validation files support."
    return LikelihoodStatement(held, bounded, support, words)


def log10_ratio(manipulation_score: float) -> float:
    """log10 likelihood ratio of a calibrated manipulation score; infinite for 0 and 1, for bounds to hold."""
    if manipulation_score <= 0 or manipulation_score >= 1:
        return -math.inf if manipulation_score <= 0 else math.inf
    return math.log10(manipulation_score) - math.log10(1 - manipulation_score)


def ratio_text(log10_ratio: float) -> str:
    """``76`` or ``1/1,500``: a ratio to two digits, as people read it."""
    times = f"{float(f'{10 ** abs(log10_ratio):.2g}'):,g}"
    return times if log10_ratio >= 0 else f"1/{times}"


def verbal(log10_ratio: float) -> str | None:
    """The ENFSI scale's words for a ratio, whichever side it favours; None below a ratio of 2."""
    return next((words for lowest, words in ENFSI_SCALE if abs(log10_ratio) >= lowest), None)


def _missing_support(
    basis: SubjectScore, card: ModelCard, properties: Mapping[str, float]
) -> tuple[str, str] | None:
    """The first reason why no ratio can be stated, and its detail; None where one can."""
    bounds = card.likelihood
    left = ", ".join(name.replace("_", " ") for name in card.domain.left_by(properties))
    reasons = (
        (card.calibration is None, f"{card.id} is not calibrated"),
        (bounds is None, f"the card of {card.id} has no bounds for ratios; forensics calibrate fits them"),
        (
            card.thresholds is not None and not card.thresholds.draw_verdicts,
            f"the validation files do not show that {card.id} tells the two apart",
        ),
        (
            bounds is not None and bounds.log10_lowest >= 0 >= bounds.log10_highest,
            f"the validation files of {card.id} are too few to support any ratio but 1",
        ),
        (
            basis.stretch is not None and basis.stretch.shows_signs,
            "a part of the clip shows signs, and ratios are of the means of whole clips",
        ),
        (not basis.in_domain, f"the subject is too unlike the files that {card.id} was calibrated on"),
        (not basis.covered, f"the score lies outside what the calibration of {card.id} has seen"),
        (bool(left), f"the subject is unlike the files that {card.id} was calibrated on"),
    )
    why = next((why for holds, why in reasons if holds), None)
    return None if why is None else (why, left if why == reasons[-1][1] else "")
