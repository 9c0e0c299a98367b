"""Learning from a finished run beside the labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from forensics.errors import TrainingError
from forensics.training.backends import load_backend
from forensics.training.nets import build_net
from forensics.training.teacher import Teacher
from forensics.training.trainer import train
from forensics.training.training_run import BEST_NAME, CHECKPOINT_NAME, TrainSettings, load
from tests.training.small import LAYOUT, one_layout, small_settings

SIZE_PX = 64


@pytest.fixture(scope="module")
def lesson(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainSettings:
    """Settings of a run that is finished and may teach."""
    out = tmp_path_factory.mktemp("runs") / "teacher"
    settings = small_settings(prepared, out, n_steps=2, batch_size=4, size_px=SIZE_PX, evaluate_every=2)
    with one_layout():
        train(settings)
    return settings


@pytest.fixture
def teacher(lesson: TrainSettings) -> Teacher:
    return Teacher(lesson.out, "face-pictures", load_backend("onednn"), LAYOUT)


def test_a_target_lies_halfway_between_the_label_and_the_teachers_manipulation_score(
    teacher: Teacher, lesson: TrainSettings
):
    raw = torch.randint(0, 256, (3, SIZE_PX, SIZE_PX, 3), dtype=torch.uint8)
    net = build_net(lesson.net)
    net.load_state_dict(load(lesson.out / BEST_NAME)["ema"])
    with torch.no_grad():
        manipulation_score = torch.sigmoid(net.eval()(net.prepare(raw))[0])
    label = torch.tensor([0.0, 1.0, 1.0])
    torch.testing.assert_close(teacher.targets(raw, label), (manipulation_score + label) / 2)


def test_pictures_of_another_size_are_scaled_to_the_teachers_own(teacher: Teacher):
    # Plain colours stay what they are at every size.
    small = torch.full((2, SIZE_PX, SIZE_PX, 3), 90, dtype=torch.uint8)
    large = torch.full((2, 2 * SIZE_PX, 2 * SIZE_PX, 3), 90, dtype=torch.uint8)
    label = torch.zeros(2)
    torch.testing.assert_close(teacher.targets(large, label), teacher.targets(small, label))


def test_a_teacher_of_another_detector_is_refused(lesson: TrainSettings):
    with pytest.raises(TrainingError, match="learns from face-pictures, not from sound-windows"):
        Teacher(lesson.out, "sound-windows", load_backend("onednn"), LAYOUT)


def test_an_unfinished_run_cannot_teach(tmp_path: Path):
    with pytest.raises(TrainingError, match="holds no finished run"):
        Teacher(tmp_path, "face-pictures", load_backend("onednn"), LAYOUT)


@pytest.mark.usefixtures("_one_layout")
def test_a_teacher_changes_what_is_learned_and_stays_as_it_was(lesson: TrainSettings, tmp_path: Path):
    before = load(lesson.out / BEST_NAME)["ema"]
    alone = replace(lesson, out=tmp_path / "alone", seed=5)
    taught = replace(alone, out=tmp_path / "taught", teacher=lesson.out)
    train(alone)
    train(taught)
    head = [load(run.out / CHECKPOINT_NAME)["net"]["head.weight"] for run in (alone, taught)]
    assert not torch.equal(*head)
    after = load(lesson.out / BEST_NAME)["ema"]
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.usefixtures("_one_layout")
def test_a_run_is_not_resumed_without_its_teacher(lesson: TrainSettings, tmp_path: Path):
    taught = replace(lesson, out=tmp_path / "taught", teacher=lesson.out)
    train(taught)
    with pytest.raises(TrainingError, match="another teacher"):
        train(replace(taught, teacher=None), resume=True)
