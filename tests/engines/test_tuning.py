"""Tuning measures every pace, keeps those that give the same answers, and finds them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forensics import cache, catalog
from forensics.engines import tuning
from forensics.engines.net import InferenceConfig
from forensics.engines.tuning import Timing, candidates, fastest, pace_for, tune
from forensics.records.model_card import ModelCard
from tests.made_models import face_model, voice_model


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(tuning, "ROUND_S", 0.0)
    return catalog.read_card(face_model(tmp_path))


@pytest.mark.parametrize("n_cores", [1, 2, 6, 16])
def test_candidates_stay_within_the_cores_and_begin_with_the_default(n_cores: int) -> None:
    paces = list(candidates(n_cores))
    assert paces[0] == InferenceConfig()
    assert len(set(paces)) == len(paces)
    assert {pace.n_threads for pace in paces} >= {1, n_cores}
    assert all(pace.n_streams <= pace.n_threads <= n_cores for pace in paces)
    assert all(pace.n_batch <= 32 for pace in paces)


def test_what_was_measured_is_found_again_within_the_threads(card: ModelCard, tmp_path: Path) -> None:
    seen: list[Timing] = []
    timings = tune(card, tmp_path / card.id, "f32", 2, seen.append)
    assert {one.pace for one in seen} == set(candidates(2))
    assert all(one.change <= tuning.MOST_CHANGE for one in timings)
    assert pace_for(card, "f32", 2) == fastest(timings, 2)
    narrow = pace_for(card, "f32", 1)
    assert narrow is not None
    assert narrow.n_threads == 1


def test_a_finding_is_of_one_net_and_precision(card: ModelCard, tmp_path: Path) -> None:
    tune(card, tmp_path / card.id, "f32", 1)
    assert pace_for(card, "bf16", 1) is None
    other = replace(card, variants=(replace(card.variants[0], bin_sha256="0" * 64),))
    assert pace_for(other, "f32", 1) is None


def test_a_voice_net_is_measured_too(card: ModelCard, tmp_path: Path) -> None:
    folder = voice_model(tmp_path)
    assert tune(catalog.read_card(folder), folder, "f32", 1)


@pytest.mark.parametrize(("per_s", "expected"), [(101.0, InferenceConfig()), (120.0, InferenceConfig(16))])
def test_only_what_is_clearly_faster_replaces_the_default(per_s: float, expected: InferenceConfig) -> None:
    timings = (
        Timing(InferenceConfig(16), per_s, 0.0),
        Timing(InferenceConfig(), 100.0, 0.0),
        Timing(InferenceConfig(8, 2), 900.0, 0.0),
    )
    assert fastest(timings, 1) == expected
    assert fastest(timings, 2) == InferenceConfig(8, 2)


def test_an_entry_of_another_form_is_no_finding(card: ModelCard, tmp_path: Path) -> None:
    tune(card, tmp_path / card.id, "f32", 1)
    [entry] = (tmp_path / "cache").glob("pace-*")
    cache.keep(entry.name, b'{"of": "another version"}')
    assert pace_for(card, "f32", 1) is None
