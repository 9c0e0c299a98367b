"""No command writes over what it reads: evidence, labels, case data, case files, keys."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from forensics.casefile.case_file import CaseFile
from forensics.media.encode import write_clip
from tests.cli.running import Runner

_QUICK = ("--detectors", "container", "--workers", "1")


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clips, one of them called like a report, an empty one, and two tables with labels."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "media"
    for name, light in (("real/a.mp4", 90), ("fake/b.mp4", 200)):
        path = folder / name
        path.parent.mkdir(parents=True)
        write_clip(path, [np.full((64, 64, 3), light, np.uint8)] * 4, 4.0)
    (folder / "real" / "a.mp4").rename(folder / "clip.html")
    (folder / "empty.mp4").touch()
    (folder / "metadata.json").write_text('{"clip.html": {"label": "REAL"}, "b.mp4": {"label": "FAKE"}}')
    (tmp_path / "labels.csv").write_text("path,label\nclip.html,real\nb.mp4,fake\n")
    (tmp_path / "link.html").symlink_to(folder / "clip.html")
    return folder


def _contents(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    "command",
    [
        ("scan", "media", *_QUICK, "--report", "media/clip.html"),
        ("scan", "media", *_QUICK, "--report", "media/real/../clip.html"),
        ("scan", "media", *_QUICK, "--report", "link.html"),
        ("scan", "media", *_QUICK, "--shard", "1/2", "--report", "media/clip.html"),
        ("scan", "media", *_QUICK, "--shard", "2/2", "--report", "media/clip.html"),
        ("scan", "media", *_QUICK, "--case", "media/empty.mp4"),
        ("scan", "media", *_QUICK, "--labels", "labels.csv", "--report", "labels.csv"),
        ("scan", "media", *_QUICK, "--report", "media/metadata.json"),
        ("evaluate", "media", *_QUICK, "--labels", "labels.csv", "--report", "labels.csv"),
        ("evaluate", "media", *_QUICK, "--report", "media/metadata.json"),
        ("evaluate", "media", *_QUICK, "--labels", "labels.csv", "--report", "media/clip.html"),
        ("evaluate", "media", *_QUICK, "--data-set", "x", "--labels", "labels.csv", "--junit", "labels.csv"),
    ],
)
def test_nothing_that_is_read_is_overwritten(
    run: Runner, media: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    before = _contents(tmp_path)
    ran = run(*command)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert "would overwrite evidence, or another file that is read here" in ran.err
    assert _contents(tmp_path) == before


def test_a_report_that_is_drawn_again_spares_what_was_examined(
    run: Runner, media: Path, tmp_path: Path
) -> None:
    assert run("scan", "media", *_QUICK, "--case", "out.case").code == 0
    (tmp_path / "out.case").rename(tmp_path / "out.json")
    before = _contents(tmp_path)
    for report in ("media/clip.html", "link.html", "out.json"):
        ran = run("report", "out.json", "--report", report)
        assert ran.code == 2, ran.err
        assert f"Writing {report} would overwrite evidence" in ran.err
        assert _contents(tmp_path) == before
    ran = run("report", "out.json", "--labels", "labels.csv", "--report", "labels.csv")
    assert (ran.code, _contents(tmp_path)) == (2, before), ran.err
    assert run("report", "out.json", "--report", "media/other.html").code == 0


def test_an_earlier_report_is_overwritten_by_its_scan(run: Runner, media: Path, tmp_path: Path) -> None:
    command = ("scan", "media", *_QUICK, "--case", "media/out.case", "--report", "media/report.html")
    for n_new in (3, 0):
        ran = run(*command)
        assert ran.code == 0, ran.err
        assert f"{n_new} files to examine" in ran.err
    with CaseFile.open_read_only(media / "out.case") as case:
        assert case.n_results == 3
