"""A cluster of two machines that are one: what is lost is done again; the rows are those of a local scan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np
import pytest

from forensics.casefile.case_file import CaseFile
from forensics.errors import EngineError, SettingsError
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel
from forensics.scan.batch import run_batch
from forensics.scan.elsewhere import assemble_here, workplace
from forensics.scan.executors import load_executor, ray_run
from forensics.scan.executors.executor import Executor, ExecutorChoice, Work, Workplace
from forensics.scan.executors.ray_actors import pieces
from forensics.scan.executors.ray_cluster import RayExecutor
from forensics.scan.scan_run import ScanPlan, plan_scan, run_scan
from forensics.settings import ScanSettings
from forensics.training.data.preparation import PrepareSettings, prepare
from tests.clusters import RunningCluster, cluster
from tests.conformance import executed
from tests.scan.ray_examined import examine, hostile

pytestmark = pytest.mark.slow

N_FILES = 300


def test_without_a_cluster_ray_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    executor = load_executor("ray")
    work: Work[Any, Any, Any] = Work(executed.make_context, executed.perform, executed.identify)
    with pytest.raises(SettingsError, match="No Ray cluster can be reached"):
        list(executor.run(work, ["a"], n_workers=1, time_limit_s=60, interrupted=Event()))


@pytest.fixture(scope="module")
def two_machines() -> Iterator[RunningCluster]:
    with cluster(1, 1) as running:
        yield running


def pictures(folder: Path, n_files: int, seed: int = 18) -> Path:
    """Small pictures that pass for face crops, no two alike."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(seed)
    for number in range(n_files):
        coarse = noise.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), cv2.resize(coarse, (96, 96)))
    return folder


def crops_in(folder: Path, **wishes: Any) -> ScanSettings:
    return ScanSettings((folder,), detectors=("face",), crops=True, **wishes)


def scanned(plan: ScanPlan, case: Path, executor: Executor, on_result: Callable[[int], object]) -> None:
    """Into a case, with the examination that hostile files crash."""
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(plan.manifest, len(plan.files))
        n_done = 0

        def keep(result: ScanResult) -> None:
            nonlocal n_done
            opened.add(result)
            n_done += 1
            on_result(n_done)

        run_batch(
            plan.files,
            partial(assemble_here, plan.settings, plan.detectors),
            examine,
            n_workers=plan.settings.workers,
            time_limit_s=300,
            on_result=keep,
            executor=executor,
            elsewhere=workplace(plan.detectors),
        )
        opened.finish({})


def by_path(case: Path) -> dict[str, ScanResult]:
    """Every row once; the chain of the case holds."""
    with CaseFile.open_read_only(case) as opened:
        assert opened.checked().sound
        results = [result for _, result in opened.results()]
    found = {result.media.path: result for result in results}
    assert len(found) == len(results)
    return found


def facts(**changes: str) -> dict[str, str]:
    here = os.environ.get("FORENSICS_TEST_DRIVER") == str(os.getpid())
    return {"forensics": "1"} if here else {"forensics": "1", **changes}


def elsewhere_only(task: str) -> str:
    raise EngineError(f"{task} is not here", "Mount it.")


def test_machines_that_are_not_alike_or_lack_the_files_get_nothing(
    two_machines: RunningCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_TEST_DRIVER", str(os.getpid()))
    for place, words in (
        (Workplace(partial(facts, model="another"), str), "not like this machine: model is another"),
        (Workplace(facts, elsewhere_only), "does not find the files: a is not here"),
    ):
        work: Work[Any, Any, Any] = Work(executed.make_context, executed.perform, executed.identify, place)
        executor = load_executor("ray")
        try:
            with pytest.raises(EngineError, match=words):
                list(executor.run(work, ["a"], n_workers=1, time_limit_s=60, interrupted=Event()))
        finally:
            executor.dismiss()


def test_prepare_has_the_machines_do_its_work(tmp_path: Path, two_machines: RunningCluster) -> None:
    for seed, label in enumerate(("real", "fake")):
        pictures(tmp_path / "set" / label, 4, seed)
    here, there = (
        prepare(PrepareSettings(tmp_path / "set", tmp_path / name, crop_margin=1.2, executor=name))
        for name in ("local", "ray")
    )
    assert len(there) == 8
    assert here == there


def test_files_are_sent_to_machines_that_do_not_have_them_and_a_scan_resumes(
    tmp_path: Path, two_machines: RunningCluster
) -> None:
    folder, case = pictures(tmp_path / "pictures", 12), tmp_path / "x.case"
    command = [sys.executable, "-m", "forensics", "scan", str(folder), "--crops", "--detectors", "face"]
    command += ["--executor", "ray", "--ship", "--case", str(case)]
    environment = {**os.environ, **two_machines.environment}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as driver:
        assert driver.stderr is not None
        assert any(line.startswith("[3/12]") for line in driver.stderr)
        driver.kill()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert len(by_path(case)) == 12
    plan = plan_scan(crops_in(folder), ("test",))
    with CaseFile.create_or_resume(tmp_path / "local.case") as opened:
        run_scan(plan, opened)
    here, there = by_path(tmp_path / "local.case"), by_path(case)
    assert here.keys() == there.keys()
    assert all(here[path].scores == result.scores for path, result in there.items())


def test_an_archive_is_sent_to_each_worker_once(
    tmp_path: Path, two_machines: RunningCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Path] = []

    def counted(path: Path) -> Iterator[bytes]:
        sent.append(path)
        return pieces(path)

    monkeypatch.setattr(ray_run, "pieces", counted)
    packed = tmp_path / "media" / "packed.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        for picture in sorted(pictures(tmp_path / "pictures", 8).iterdir()):
            archive.write(picture, picture.name)
    pictures(tmp_path / "media" / "beside", 2, 19)
    plan = plan_scan(crops_in(tmp_path / "media", executor="ray", ship=True), ("test",))
    executor = load_executor(ExecutorChoice("ray", ship=True))
    try:
        scanned(plan, tmp_path / "ray.case", executor, lambda _: None)
    finally:
        executor.dismiss()
    here = plan_scan(crops_in(tmp_path / "media"), ("test",))
    scanned(here, tmp_path / "local.case", load_executor("local"), lambda _: None)
    assert 1 <= sent.count(packed) <= 2  # two machines, one worker each
    assert len(sent) - sent.count(packed) == 2
    there, local = by_path(tmp_path / "ray.case"), by_path(tmp_path / "local.case")
    assert len(there) == 10
    assert {path: one.scores for path, one in there.items()} == {
        path: one.scores for path, one in local.items()
    }


def test_machines_workers_and_files_that_fail_cost_no_row_and_no_digit(
    tmp_path: Path, two_machines: RunningCluster
) -> None:
    """The last one: it leaves one machine."""
    folder = pictures(tmp_path / "pictures", N_FILES)
    bad = folder / "123.jpg"
    hostile(bad)
    plan = plan_scan(crops_in(folder, workers=2), ("test",))
    local, ray = load_executor("local"), RayExecutor(ExecutorChoice("ray"))
    lost: list[str] = []

    def disturb(n_done: int) -> None:
        assert ray.nodes is not None
        busy = [one.process for one in ray.actors if one.process and one.job]
        if n_done >= 50 and not lost and busy:
            lost.append("an actor")
            os.kill(busy[0], signal.SIGKILL)
        if n_done == 150:
            lost.append("a machine")
            two_machines.lose(1)

    try:
        scanned(plan, tmp_path / "ray.case", ray, disturb)
        scanned(plan, tmp_path / "local.case", local, lambda _: None)
    finally:
        ray.dismiss()
        local.dismiss()
    assert lost == ["an actor", "a machine"]
    here, there = by_path(tmp_path / "local.case"), by_path(tmp_path / "ray.case")
    assert len(there) == N_FILES
    assert here.keys() == there.keys()
    for path, result in there.items():
        if path == str(bad):
            assert result.verdict.label is VerdictLabel.NOT_EXAMINED
            assert "SIGABRT" in result.verdict.reason
            assert result.media.sha256 == here[path].media.sha256
        else:
            assert result.scores == here[path].scores
            assert result.scores
            assert result.verdict == here[path].verdict
    again = [one for one in there.values() if any("examined again" in n.message for n in one.notices)]
    assert 1 <= len(again) <= 4, "what the actor, the machine and the hostile file took along"
