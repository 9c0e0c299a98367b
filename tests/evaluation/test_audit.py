"""Audits: a sound model passes, a damaged one fails, and CI can read why."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.errors import ReportError, SettingsError
from forensics.evaluation.audit import Audit, AuditLine, audit, check_data_set, write_junit
from forensics.evaluation.cards import as_metrics
from forensics.evaluation.protocol import figures_for
from forensics.records.labelled_figures import Figure, LabelledFigures
from forensics.records.model_card import Metric, ModelCard
from tests.evaluation.made import CARD, labelled_scan, no_face, result

DATA = "made clips"


def _card(metrics: tuple[Metric, ...]) -> ModelCard:
    return replace(CARD, id="face-x", metrics=metrics)


def _figures(strength: float = 2.0, seed: int = 3) -> tuple[LabelledFigures, ...]:
    return figures_for(*labelled_scan(200, strength=strength, seed=seed), n_resamples=200)


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return _card(as_metrics(_figures(), DATA, "forensics evaluate made", detector="face"))


def _one(name: str, value: float, lower: float | None = None, upper: float | None = None) -> Metric:
    return Metric(name, DATA, 200, value, lower, upper)


def _measured(
    name: str, value: float, lower: float | None = None, upper: float | None = None
) -> LabelledFigures:
    scope, figure = name.split(": ")

    return LabelledFigures(scope, 100, 100, 0, (Figure(figure, value, 200, lower, upper),))


def test_the_same_model_on_the_same_files_passes(card: ModelCard) -> None:
    found = audit(card, _figures(), data_set=DATA)
    assert found.fallen == ()
    assert found.exit_code == 0
    assert len(found.lines) == len(card.metrics)


def test_a_damaged_model_fails_with_one_line_per_figure(card: ModelCard) -> None:
    found = audit(card, _figures(strength=0.1, seed=9), data_set=DATA)
    assert found.exit_code == 1
    line = next(line for line in found.fallen if line.name == "face: auc")
    assert line.message.startswith("face: auc fell to 0.")
    assert "the card says" in line.message
    assert "required by the card's interval" in line.message
    assert any(line.name == "face: cllr" and "rose to" in line.message for line in found.fallen)
    assert all("\n" not in line.message for line in found.lines)


def test_another_draw_of_the_same_kind_passes_mostly(card: ModelCard) -> None:
    found = audit(card, _figures(seed=21), data_set=DATA)
    assert len(found.fallen) < len(found.lines) / 4


def test_a_better_model_passes(card: ModelCard) -> None:
    better = audit(card, _figures(strength=3.0), data_set=DATA)
    assert not [line for line in better.fallen if line.name in ("face: auc", "face: eer", "face: cllr_min")]


def test_abstaining_from_the_hard_files_is_no_way_to_pass(card: ModelCard) -> None:
    results, labels = labelled_scan(200)
    hard = {one.media.path for one in results[:40]}
    silent = [result(r.media.path, abstentions=[no_face()]) if r.media.path in hard else r for r in results]
    found = audit(card, figures_for(silent, labels, n_resamples=50), data_set=DATA)
    auc = next(line for line in found.fallen if line.name == "face: auc")
    assert "only 160 of the card's 200 rows were scored" in auc.message


def test_a_figure_that_cannot_be_measured_any_more_fell(card: ModelCard) -> None:
    found = audit(card, (), data_set=DATA)
    assert len(found.fallen) == len(card.metrics)
    assert "could not be measured" in found.fallen[0].message


@pytest.mark.parametrize(
    ("expected", "measured", "fell"),
    [
        (_one("face: auc", 0.9, 0.85, 0.95), _measured("face: auc", 0.86), False),
        (_one("face: auc", 0.9, 0.85, 0.95), _measured("face: auc", 0.84), True),
        (_one("face: eer", 0.1, 0.05, 0.15), _measured("face: eer", 0.14), False),
        (_one("face: eer", 0.1, 0.05, 0.15), _measured("face: eer", 0.16), True),
        (_one("face: eer", 0.1, 0.05, 0.15), _measured("face: eer", 0.01), False),
        (_one("face: auc", 0.9), _measured("face: auc", 0.86, 0.80, 0.91), False),
        (_one("face: auc", 0.9), _measured("face: auc", 0.86, 0.80, 0.89), True),
        (_one("face: auc", 0.9), _measured("face: auc", 0.885), False),
        (_one("face: auc", 0.9), _measured("face: auc", 0.87), True),
    ],
)
def test_tolerance_comes_from_an_interval_where_there_is_one(
    expected: Metric, measured: LabelledFigures, fell: bool
) -> None:
    assert bool(audit(_card((expected,)), [measured], data_set=DATA).fallen) is fell


def test_a_card_without_figures_on_that_data_is_refused(card: ModelCard) -> None:
    with pytest.raises(SettingsError, match="no figures on 'other'") as caught:
        audit(card, (), data_set="other")
    assert DATA in caught.value.hint
    with pytest.raises(SettingsError, match="no figures on 'made clips'") as empty:
        audit(replace(card, metrics=()), (), data_set=DATA)
    assert "--write-card" in empty.value.hint


def test_an_audit_of_data_without_a_name_asks_for_it(card: ModelCard) -> None:
    with pytest.raises(SettingsError, match="which figures of the cards") as caught:
        check_data_set([card], None)
    assert repr(DATA) in caught.value.hint
    check_data_set([card], DATA)


def test_junit_names_every_figure_and_every_fall(card: ModelCard, tmp_path: Path) -> None:
    audits = [audit(card, _figures(strength=0.1), data_set=DATA)]
    write_junit(audits, tmp_path / "audit.xml")
    root = ET.parse(tmp_path / "audit.xml").getroot()
    suite = root.find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "0")) == len(suite.findall("testcase")) == len(card.metrics)
    assert (
        int(suite.get("failures", "0")) == len(suite.findall("testcase/failure")) == len(audits[0].fallen) > 0
    )


def test_junit_holds_text_that_xml_cannot(tmp_path: Path) -> None:
    line = AuditLine("face: auc\x00<&>", True, 'fell\x1b[31m "quoted" \ud800')
    write_junit([Audit("face-\x01", (line,))], tmp_path / "audit.xml")
    case = ET.parse(tmp_path / "audit.xml").getroot().find("testsuite/testcase")
    assert case is not None
    assert case.get("name") == "face: auc?<&>"


def test_junit_into_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be written") as caught:
        write_junit([], tmp_path / "missing" / "audit.xml")
    assert caught.value.hint
