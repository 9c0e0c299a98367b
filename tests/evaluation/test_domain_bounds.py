"""Ranges of measured properties."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forensics.errors import SettingsError
from forensics.evaluation.cards import card_with_domain
from forensics.evaluation.domain_bounds import fit_domain, measured_domain
from forensics.records.model_card import Domain
from forensics.records.properties import Properties
from forensics.records.subject import VOICE_OF_FILE, person
from tests.evaluation.made import CARD, labelled_scan


def test_domain_is_the_middle_98_percent_of_what_was_measured() -> None:
    values = [*range(1001), float("nan")]
    domain = fit_domain({"face_size_px": values, "rare": [1.0] * 5})
    assert domain.ranges == {"face_size_px": (10.0, 990.0)}


def test_a_scan_of_labelled_files_gives_the_ranges_of_one_detector() -> None:
    results, labels = labelled_scan(101)
    seen = [
        replace(
            one,
            properties=(
                Properties("face", person(1), {"brightness": index / 100}),
                Properties("voice", VOICE_OF_FILE, {"length_s": 3.0}),
            ),
        )
        for index, one in enumerate(results)
    ]
    # Sound of one length only would call every other length out of domain.
    assert measured_domain(seen, labels, "voice").ranges == {}
    assert measured_domain(seen, labels, "face").ranges == {"brightness": pytest.approx((0.01, 0.99))}
    assert measured_domain(seen, {}, "face").ranges == {}


def test_a_renewed_domain_keeps_the_ranges_that_were_not_measured() -> None:
    results, labels = labelled_scan(40)
    known = Domain({"brightness": (0.1, 0.2), "sharpness": (1.0, 2.0)})
    card = replace(CARD, domain=known)
    with pytest.raises(SettingsError, match="too few to measure the domain"):
        card_with_domain(card, results, labels)
    seen = [
        replace(one, properties=(Properties("face", person(1), {"brightness": index % 2, "size": 9.0}),))
        for index, one in enumerate(results)
    ]
    assert card_with_domain(card, seen, labels).domain.ranges == {
        "brightness": (0, 1),
        "sharpness": (1.0, 2.0),
    }
