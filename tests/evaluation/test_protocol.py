"""From results and labels to figures, and to a card."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from forensics.evaluation.cards import as_metrics
from forensics.evaluation.labels import Label
from forensics.evaluation.protocol import figures_for, rows_of
from forensics.records.labelled_figures import LabelledFigures
from forensics.records.model_card import Thresholds
from forensics.records.subject import VOICE_OF_FILE, person
from tests.evaluation.made import SIGNS, basis, labelled_scan, no_face, result

N_RESAMPLES = 100


def _by_scope(figures: tuple[LabelledFigures, ...]) -> dict[str, LabelledFigures]:
    return {one.scope: one for one in figures}


def _value(one: LabelledFigures, name: str) -> float:
    return next(figure.value for figure in one.figures if figure.name == name)


def test_every_scope_and_part_is_there() -> None:
    results, labels = labelled_scan()
    found = _by_scope(figures_for(results, labels, n_resamples=N_RESAMPLES))
    assert {"file", "face", "face tracks", "face frames"} <= found.keys()
    assert {"file, method=swap", "file, method=reenactment", "face, method=swap"} <= found.keys()
    assert {"file, resolution=480 to 720 px", "file, resolution=1080 px or more"} <= found.keys()
    assert "file, method=camera" not in found
    assert "voice" not in found


def test_shuffled_labels_give_an_auc_of_one_half_within_every_scopes_interval() -> None:
    results, labels = labelled_scan(240, strength=4.0)
    straight = _by_scope(figures_for(results, labels, n_resamples=N_RESAMPLES))
    assert _value(straight["file"], "auc") > 0.99
    shuffled = np.random.default_rng(1).permutation([label.manipulated for label in labels.values()])
    lied = {
        path: replace(label, manipulated=bool(manipulated), group=path)
        for (path, label), manipulated in zip(labels.items(), shuffled, strict=True)
    }
    found = _by_scope(figures_for(results, lied, n_resamples=1000))
    for scope in ("file", "face", "face tracks", "face frames"):
        auc = next(figure for figure in found[scope].figures if figure.name == "auc")
        assert auc.lower is not None
        assert auc.upper is not None
        assert auc.lower < 0.5 < auc.upper


def test_scores_beyond_the_calibration_are_counted_aloud() -> None:
    results, labels = labelled_scan(40)
    one = results[0]
    beyond = replace(one, verdict=replace(one.verdict, basis=(replace(one.verdict.basis[0], covered=False),)))
    found = _by_scope(figures_for([beyond, *results[1:]], labels, n_resamples=10))
    for scope in ("file", "face", "face tracks"):
        assert any(
            note.startswith("1 of 40 scores lie outside what the calibration has seen")
            for note in found[scope].notes
        )


def test_a_method_is_measured_against_all_pristine_files() -> None:
    results, labels = labelled_scan(120)
    part = _by_scope(figures_for(results, labels, n_resamples=N_RESAMPLES))["file, method=swap"]
    assert (part.n_manipulated, part.n_pristine) == (30, 60)


def test_abstentions_are_counted_beside_with_their_reason() -> None:
    results, labels = labelled_scan(40)
    for index in range(3):
        path = f"faceless_{index}.mp4"
        results.append(result(path, abstentions=[no_face()]))
        labels[path] = Label(path, True, f"faceless {index}", "swap")
    found = _by_scope(figures_for(results, labels, n_resamples=N_RESAMPLES))
    for scope in ("file", "face", "face tracks", "face frames"):
        assert found[scope].n_abstained == 3
        assert found[scope].subsets == {"abstained, NO_FACE": 3}
    assert (found["file"].n_manipulated, found["file"].n_pristine) == (20, 20)
    assert next(figure.n for figure in found["file"].figures) == 40
    assert found["file"].confusion is not None
    assert found["file"].confusion.manipulated["NOT_EXAMINED"] == 3


def test_a_file_that_was_never_examined_is_an_abstention_of_the_file() -> None:
    results, labels = labelled_scan(20)
    results.append(result("broken.mp4"))
    labels["broken.mp4"] = Label("broken.mp4", False, "broken")
    assert figures_for(results, labels, n_resamples=10)[0].subsets == {"abstained, NOT_EXAMINED": 1}


def test_decisions_are_the_verdicts_own() -> None:
    results = [
        result("a", [basis(0.9)]),
        result("b", [basis(0.5)]),
        result("c", [basis(0.85)]),
        result("d", [basis(0.1)]),
    ]
    labels = {path: Label(path, path in "ab", path) for path in "abcd"}
    file = figures_for(results, labels, n_resamples=10)[0]
    assert _value(file, "recall") == 0.5
    assert _value(file, "false_positive_rate") == 0.5
    assert file.confusion is not None
    assert file.confusion.manipulated["INCONCLUSIVE"] == 1
    assert file.confusion.pristine["SIGNS_OF_MANIPULATION"] == 1


def test_single_frames_are_called_by_the_cards_threshold_or_not_at_all() -> None:
    results, labels = labelled_scan(40)
    without = _by_scope(figures_for(results, labels, n_resamples=10))["face frames"]
    rule = {"face": Thresholds(SIGNS, 0.2, "made")}
    with_rule = _by_scope(figures_for(results, labels, n_resamples=10, thresholds=rule))["face frames"]
    assert "recall" not in {figure.name for figure in without.figures}
    whole = _by_scope(figures_for(results, labels, n_resamples=10))["face"]
    assert _value(with_rule, "recall") == _value(whole, "recall")
    assert without.confusion is None
    assert without.n_manipulated == 40


def test_two_persons_are_two_tracks_and_the_file_takes_the_worse() -> None:
    results = [result("a", [basis(0.9), basis(0.3, subject=person(2))]), result("b", [basis(0.2)])]
    labels = {"a": Label("a", True, "a"), "b": Label("b", False, "b")}
    found = _by_scope(figures_for(results, labels, n_resamples=10))
    assert found["face"].n_manipulated == 1
    assert found["face tracks"].n_manipulated == 2
    assert any("untouched person" in note for note in found["face tracks"].notes)
    assert rows_of(results, labels, "face").manipulation_score.tolist() == [0.9, 0.2]


def test_face_voice_and_their_fusion_are_apart() -> None:
    results = [
        result("a", [basis(0.9), basis(0.2, "voice", VOICE_OF_FILE)]),
        result("b", [basis(0.1), basis(0.3, "voice", VOICE_OF_FILE)]),
    ]
    labels = {"a": Label("a", True, "a"), "b": Label("b", False, "b")}
    found = _by_scope(figures_for(results, labels, n_resamples=10))
    assert _value(found["face"], "auc") == 1
    assert _value(found["voice"], "auc") == 0
    assert {"voice subjects", "voice windows"} <= found.keys()


def test_unlabelled_files_are_counted_in_a_note() -> None:
    results, labels = labelled_scan(20)
    results.append(result("stranger.mp4", [basis(0.9)]))
    file = figures_for(results, labels, n_resamples=10)[0]
    assert file.n_manipulated + file.n_pristine == 20
    assert file.notes[0].startswith("1 examined files have no label")


def test_one_class_gives_counts_and_says_why_there_is_no_auc() -> None:
    results, labels = labelled_scan(20)
    only = {path: label for path, label in labels.items() if label.manipulated}
    file = figures_for([one for one in results if one.media.path in only], only, n_resamples=10)[0]
    assert {figure.name for figure in file.figures} == {"recall"}
    assert any("All scored rows are manipulated" in note for note in file.notes)


def test_an_unequal_share_is_said_where_figures_depend_on_it() -> None:
    results, labels = labelled_scan(40)
    part = _by_scope(figures_for(results, labels, n_resamples=10))["file, method=swap"]
    assert any("33% of the rows are manipulated" in note for note in part.notes)


def test_no_results_at_all_give_an_empty_file_scope() -> None:
    (file,) = figures_for([], {})
    assert (file.scope, file.n_manipulated, file.figures) == ("file", 0, ())
    assert "Nothing was scored." in file.notes


def test_figures_survive_json() -> None:
    results, labels = labelled_scan(20)
    figures = figures_for(results, labels, n_resamples=10)
    assert msgspec.json.decode(msgspec.json.encode(figures), type=tuple[LabelledFigures, ...]) == figures


def test_a_card_gets_its_own_detectors_figures_only() -> None:
    results, labels = labelled_scan(40)
    metrics = as_metrics(
        figures_for(results, labels, n_resamples=10), "made", "forensics evaluate x", detector="face"
    )
    names = {metric.name for metric in metrics}
    assert {"face: auc", "face tracks: cllr_min", "face frames: eer", "face, method=swap: auc"} <= names
    assert not [name for name in names if name.startswith("file")]
    assert "face, method=swap: brier" not in names
    assert {metric.command for metric in metrics} == {"forensics evaluate x"}
    assert next(metric.n for metric in metrics if metric.name == "face: auc") == 40


@pytest.mark.parametrize(
    ("height_px", "part"), [(480, "480 to 720 px"), (479, "below 480 px"), (1080, "1080 px or more")]
)
def test_bands_hold_their_lower_edge(height_px: int, part: str) -> None:
    results = [result("a", [basis(0.9)], height_px=height_px), result("b", [basis(0.1)], height_px=720)]
    labels = {"a": Label("a", True, "a"), "b": Label("b", False, "b")}
    assert f"file, resolution={part}" in _by_scope(figures_for(results, labels, n_resamples=10))
