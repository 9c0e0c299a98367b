"""The view: order, budget, what is left out, and what the runs have to say."""

from __future__ import annotations

from dataclasses import replace

from forensics.records.findings import Exhibit
from forensics.records.verdict import VerdictLabel
from forensics.report.evidence import MOST_FULL_FILES, encoded_bytes, image_budget
from forensics.report.view import build_view
from tests.report.synthetic_case import (
    Case,
    cards,
    examined,
    large_case,
    manifest,
    rich_case,
    unexamined,
    view_of,
)


def test_counts_name_all_four_labels() -> None:
    view = view_of(Case([(1, unexamined("a.mp4", "Zero bytes."))], {}))
    assert [(count.label, count.n) for count in view.counts] == [
        (VerdictLabel.SIGNS_OF_MANIPULATION, 0),
        (VerdictLabel.INCONCLUSIVE, 0),
        (VerdictLabel.NO_SIGNS_FOUND, 0),
        (VerdictLabel.NOT_EXAMINED, 1),
    ]


def test_a_small_case_is_shown_whole() -> None:
    case = rich_case()
    view = view_of(case)
    assert view.omission is None
    assert all(file.full and not file.n_left_out for file in view.files)
    assert [file.row_id for file in view.files] == [row_id for row_id, _ in case.rows]


def test_the_budget_goes_to_signs_first() -> None:
    view = view_of(large_case(2_000))
    pictured = [file for file in view.files if any(subject.groups for subject in file.subjects)]
    spent = sum(
        encoded_bytes(one) for file in pictured for s in file.subjects for g in s.groups for one in g.exhibits
    )
    assert 0 < spent <= image_budget(2_000)
    assert len(pictured) <= MOST_FULL_FILES
    assert {file.result.verdict.label for file in pictured} == {VerdictLabel.SIGNS_OF_MANIPULATION}
    assert view.omission is not None
    n_all = sum(len(file.captions) for file in view.files)
    n_shown = sum(len(g.exhibits) for file in pictured for s in file.subjects for g in s.groups)
    assert view.omission.n_exhibits == n_all - n_shown


def test_each_files_exhibits_are_loaded_once() -> None:
    case = rich_case()
    loaded: list[int] = []

    def load(row_id: int) -> tuple[Exhibit, ...]:
        loaded.append(row_id)
        return case.load(row_id)

    build_view([manifest()], case.rows, load)
    assert sorted(loaded) == [row_id for row_id, _ in case.rows]


def test_subjects_follow_the_basis_and_keep_their_pictures() -> None:
    case = rich_case()
    file = next(one for one in view_of(case).files if one.path.endswith("press-briefing.mp4"))
    assert [subject.subject for subject in file.subjects] == [
        one.subject for one in file.result.verdict.basis
    ]
    assert [subject.deciding for subject in file.subjects] == [True, False, False]
    person = file.subjects[0]
    assert [group.title for group in person.groups] == [
        "all sampled frames",
        "strongest for manipulation",
        "strongest against manipulation",
    ]
    assert [one.kind.value for one in person.groups[0].exhibits] == ["filmstrip"]
    assert [one.kind.value for one in person.groups[1].exhibits] == ["frame", "crop", "attention"]
    assert person.thresholds is not None
    assert len(person.scores) == 32


def test_only_takes_a_path_or_its_end() -> None:
    case = rich_case()
    for only in ("clips/phone/IMG_2041.mov", "IMG_2041.mov"):
        assert [file.path for file in view_of(case, only=[only]).files] == ["clips/phone/IMG_2041.mov"]
    assert view_of(case, only=["2041.mov"]).n_files == 0


def test_runs_that_differ_are_noticed() -> None:
    first = manifest()
    second = replace(
        first, profile="triage", models=(replace(first.models[0], sha256="0" * 64), first.models[1])
    )
    view = build_view([first, second], [], lambda _: (), cards=cards()[:1])
    said = " ".join(notice.message for notice in view.notices)
    assert "2 different weights" in said
    assert "different profiles" in said
    assert "voice-cnn was not at hand" in said


def test_disagreement_with_a_label_is_named() -> None:
    case = Case([(1, examined("a.mp4", (0.95,), None, 1)), (2, examined("b.mp4", (0.03,), None, 2))], {})
    view = view_of(case, labels={"a.mp4": "pristine", "b.mp4": "manipulated"})
    assert [file.disagreement for file in view.files] == ["false alarm", "missed"]
    assert not any(file.disagreement for file in view_of(case).files)
