"""``forensics scan``, ``evaluate`` and ``demo`` from the command line to the report, on tiny models."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from forensics import catalog
from forensics.casefile.case_file import CaseFile
from forensics.media.encode import write_clip
from tests.casefile.made import tampering
from tests.cli.running import ROOT, Runner
from tests.made_models import face_model, voice_aids, voice_model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, and clips of a bright and a dark face, one without a face, one broken."""
    root = tmp_path_factory.mktemp("made")
    face_model(root / "models")
    voice_model(root / "models")
    voice_aids(root / "models")
    portrait = np.asarray(data.astronaut()[:400, :400], np.uint8)
    for name, light in (("real/dark.mp4", 0.45), ("fake/bright.mp4", 1.2)):
        path = root / "clips" / name
        path.parent.mkdir(parents=True)
        picture = np.clip(portrait * light, 0, 255).astype(np.uint8)
        write_clip(path, [picture] * 8, 8.0)
    write_clip(root / "clips" / "wall.mp4", [np.full((96, 96, 3), 128, np.uint8)] * 4, 4.0)
    (root / "clips" / "text.mp4").write_text("this is no video", encoding="utf-8")
    return root


@pytest.fixture
def shipped(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalog, "models_folder", lambda: made / "models")
    return made


def _rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as opened:
        return {Path(row["path"]).name: row for row in csv.DictReader(opened)}


def test_a_scan_gives_every_file_a_row_and_is_not_repeated(
    run: Runner, shipped: Path, tmp_path: Path
) -> None:
    case, table, page = (tmp_path / name for name in ("out.case", "out.csv", "out.html"))
    command = ("scan", shipped / "clips", "--workers", 1, "--frames", 4, "--case", case)
    first = run(*command, "--report", table, "--report", page, "--json", "--fail-on", "signs")
    assert first.code == 1, first.err
    rows = _rows(table)
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "bright.mp4": "SIGNS_OF_MANIPULATION",
        "dark.mp4": "NO_SIGNS_FOUND",
        "wall.mp4": "NOT_EXAMINED",
        "text.mp4": "NOT_EXAMINED",
    }
    assert {name: row["label"] for name, row in rows.items()} == {
        "bright.mp4": "manipulated",
        "dark.mp4": "pristine",
        "wall.mp4": "",
        "text.mp4": "",
    }
    lines = [json.loads(line) for line in first.out.splitlines()]
    assert sorted(Path(line["media"]["path"]).name for line in lines) == sorted(rows)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "1  signs of manipulation" in first.err
    assert "4 files to examine" in first.err

    head = json.loads(table.with_name("out.head.json").read_bytes())["head_hash"]
    assert f"Head hash: {head} (row 6)" in first.err
    assert "has no end row" not in first.err
    with tampering(case) as raw:  # the end of the run
        raw.execute("DELETE FROM entries WHERE row_id = 6")
    lost = run(*command, "--report", table)
    assert lost.code == 4
    assert head in lost.err
    table.with_name("out.head.json").unlink()

    again = run(*command, "--report", table)
    assert again.code == 0, again.err
    assert "has no end row" in again.err
    assert "0 files to examine, 0.0 MB; in the case already: 4" in again.err
    assert again.out == ""
    assert _rows(table) == rows

    other = run("scan", shipped / "clips", "--workers", 1, "--frames", 8, "--case", case)
    assert other.code == 4
    assert "was scanned with other settings: frames was 4, is 8" in other.err


def test_what_is_skipped_is_hashed_again_where_a_case_is_being_finished_and_on_demand(
    run: Runner, shipped: Path, tmp_path: Path
) -> None:
    clip, case = tmp_path / "clips" / "a.mp4", tmp_path / "out.case"
    clip.parent.mkdir()
    clip.write_text("no video, of monday", encoding="utf-8")
    command = ("scan", clip.parent, "--case", case, "--workers", 1, "--detectors", "voice")

    def rewrite(text: str) -> None:
        """Another content of the same size and time."""
        before = clip.stat()
        clip.write_text(text, encoding="utf-8")
        os.utime(clip, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert run(*command).code == 0
    rewrite("no video, of MONDAY")
    trusting = run(*command)
    assert "0 files to examine" in trusting.err
    assert "Hashing" not in trusting.err
    asked = run(*command, "--rehash")
    assert "Hashing again what was examined before: 1 file, " in asked.err
    assert "No longer what was examined, and examined anew: 1 of them" in asked.err
    with CaseFile.open_read_only(case) as opened:
        assert len({one.media.sha256 for _, one in opened.results()}) == 2
        assert [(end.counts["skipped"], end.counts["rehashed"]) for end in opened.ends()] == [
            (0, 0),
            (1, 0),
            (0, 1),
        ]
        n_rows = opened.verify().n_rows
    rewrite("no video, of friday")
    with tampering(case) as raw:
        raw.execute("DELETE FROM entries WHERE row_id = ?", (n_rows,))
    assert "Hashing" not in run(*command, "--no-rehash").err
    with tampering(case) as raw:
        raw.execute("DELETE FROM entries WHERE row_id = (SELECT MAX(row_id) FROM entries)")
    finishing = run(*command)
    assert "No longer what was examined, and examined anew: 1 of them" in finishing.err
    assert "Hashing" not in run(*command).err


def test_one_file_is_one_row_however_its_path_is_typed_and_two_files_are_two(
    run: Runner, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("monday", "tuesday"):
        (tmp_path / folder / "clips").mkdir(parents=True)
        (tmp_path / folder / "clips" / "a.mp4").write_text(f"no video, of {folder}", encoding="utf-8")
    case, table, page = (tmp_path / name for name in ("out.case", "out.csv", "out.html"))
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\nmonday/clips/a.mp4,fake\ntuesday/clips/a.mp4,real\n", encoding="utf-8")
    for folder, spelling, n_new in (
        ("monday", Path("clips"), 1),
        ("monday", tmp_path / "monday" / "clips", 0),
        ("monday", Path("../monday/./clips/a.mp4"), 0),
        ("tuesday", Path("clips"), 1),
    ):
        monkeypatch.chdir(tmp_path / folder)
        ran = run("scan", spelling, "--case", case, "--workers", 1, "--detectors", "voice")
        assert ran.code == 0, ran.err
        assert f"{n_new} files to examine" in ran.err or f"{n_new} file to examine" in ran.err
    drawn = run("report", case, "--report", table, "--report", page, "--labels", labels)
    assert drawn.code == 0, drawn.err
    with table.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["path"], row["place"], row["label"]) for row in rows] == [
        ("clips/a.mp4", str(tmp_path / "monday" / "clips" / "a.mp4"), "manipulated"),
        ("clips/a.mp4", str(tmp_path / "tuesday" / "clips" / "a.mp4"), "pristine"),
    ]
    assert str(tmp_path / "monday" / "clips" / "a.mp4") in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("missing.mp4",), 6, "There is nothing to scan: missing.mp4 does not exist"),
        (("{empty}",), 2, "There are no media in"),
        (("{clips}", "--report", "{clips}/wall.mp4.html/x.html"), 4, "does not exist"),
        (("{clips}/text.mp4", "--report", "{clips}/text.mp4"), 2, "no report format is called so"),
        (("{clips}", "--labels", "nowhere.csv"), 2, "The labels nowhere.csv cannot be read"),
        (("{clips}", "--detectors", "ears"), 2, "ears, which is not a detector"),
        (("missing.mp4", "gone"), 6, "missing.mp4 does not exist; gone does not exist"),
        (("{clips}", "--workers", "0"), 2, "--workers is 0"),
        (("{clips}", "--time-limit", "nan"), 2, "--time-limit is nan"),
        (("{clips}", "--model", "face-made", "--detectors", "voice"), 2, "is not among --detectors"),
        (("{clips}", "--trust-list", "{clips}/text.mp4"), 2, "text.mp4 holds no certificate"),
        (("{clips}", "--trust-list", "{clips}/nowhere.pem"), 2, "nowhere.pem cannot be read"),
        (("{clips}", "--model", "nonesuch"), 3, "There is no model nonesuch"),
        (("{clips}", "--case", "{clips}/text.mp4"), 2, "text.mp4 would overwrite evidence"),
        (("{clips}", "--case", "same.csv", "--report", "same.csv"), 2, "Writing same.csv would overwrite"),
    ],
)
def test_what_cannot_work_is_said_before_the_work_starts(
    run: Runner,
    shipped: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(tmp_path)
    ran = run("scan", *(one.format(empty=empty, clips=shipped / "clips") for one in arguments))
    assert ran.code == code, ran.err
    assert words in ran.err
    assert "files to examine" not in ran.err
    assert len(ran.err.strip().splitlines()) == 2


def test_a_missing_path_is_named_and_has_an_exit_code_of_its_own(
    run: Runner, shipped: Path, tmp_path: Path
) -> None:
    clip = shipped / "clips" / "fake" / "bright.mp4"
    options = ("--workers", 1, "--frames", 2, "--detectors", "face")
    gone = tmp_path / "gone.mp4"
    ran = run("scan", clip, gone, *options)
    assert ran.code == 6
    told = ran.err.index(f"Not examined: {gone} does not exist. Check the spelling")
    assert told < ran.err.index("1 file to examine")
    assert ran.err.rindex("Not examined: ") > ran.err.index("1  signs of manipulation")
    # What was found outranks what is missing; both are said.
    found = run("scan", clip, gone, *options, "--fail-on", "signs")
    assert found.code == 1
    assert f"Not examined: {gone}" in found.err
    # Figures on a part of what was named would pass for figures on the whole.
    part = run("evaluate", shipped / "clips", gone, *options)
    assert (part.code, part.err) == (
        6,
        f"Error: {gone} does not exist\nCheck the spelling and that the drive is mounted.\n",
    )


def test_an_empty_path_is_not_the_current_folder(
    run: Runner, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shipped / "clips")
    for command in (
        ("scan",),
        ("evaluate",),
        ("calibrate", "--model", "face-made"),
        ("prepare", "--out", "x"),
    ):
        ran = run(*command, "")
        assert ran.code == 2
        assert "an empty path was given" in ran.err


def test_a_scan_whose_reader_leaves_stops_and_keeps_what_it_has(made: Path, tmp_path: Path) -> None:
    case = tmp_path / "left.case"
    command = [sys.executable, "-m", "forensics", "scan", made / "clips" / "wall.mp4", "--json"]
    model = ["--model", made / "models" / "face-made", "--detectors", "face", "--case", case]
    reads, writes = os.pipe()
    os.close(reads)
    left = subprocess.run(
        [*command, *model],
        stdout=writes,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        check=False,
    )
    os.close(writes)
    assert left.returncode == 141, left.stderr
    assert "Interrupted: everything so far is kept" in left.stderr
    assert "Exception" not in left.stderr
    assert "Traceback" not in left.stderr
    with CaseFile.open_read_only(case) as opened:
        assert opened.verify().sound
        assert [result.media.path for _, result in opened.results()] == [str(made / "clips" / "wall.mp4")]


def test_evaluate_writes_figures_that_an_audit_then_holds(run: Runner, shipped: Path, tmp_path: Path) -> None:
    command = ("evaluate", shipped / "clips", "--detectors", "face", "--workers", 1, "--frames", 2)
    refused = run(*command, "--write-card")
    assert refused.code == 2
    assert "what the data set is called" in refused.err
    for wanted in (("--audit",), ("--junit", tmp_path / "none.xml")):
        unasked = run(*command, *wanted)
        assert unasked.code == 2
        assert "which figures of the cards to compare with" in unasked.err
        assert "files to examine" not in unasked.err
    first = run(*command, "--write-card", "--data-set", "made clips", "--report", tmp_path / "eval.json")
    assert first.code == 0, first.err
    assert "file: 1 manipulated, 1 pristine, 0 abstained" in first.out
    drawn = json.loads((tmp_path / "eval.json").read_bytes())
    assert len(drawn["files"]) == 2
    card = catalog.read_card(shipped / "models" / "face-made")
    auc = next(metric for metric in card.metrics if metric.name == "face: auc")
    assert (auc.data_set, auc.value, auc.n) == ("made clips", 1.0, 2)
    again = run(*command, "--audit")
    assert again.code == 2
    assert "--data-set: 'made clips'" in again.err
    other = run(*command, "--audit", "--data-set", "other clips")
    assert other.code == 2
    assert "no figures on 'other clips' in the card of face-made" in other.err
    assert "files to examine" not in other.err
    nowhere = run(*command, "--data-set", "made clips", "--junit", tmp_path / "none" / "audit.xml")
    assert (nowhere.code, "files to examine" in nowhere.err) == (2, False)
    nobody = run(*command, "--compare", "nobody")
    assert (nobody.code, "files to examine" in nobody.err) == (3, False)
    junit = tmp_path / "audit.xml"
    held = run(*command, "--audit", "--data-set", "made clips", "--junit", junit)
    assert held.code == 0, held.out + held.err
    assert 'failures="0"' in junit.read_text(encoding="utf-8")


def test_demo_scans_the_clips_that_it_makes(run: Runner, shipped: Path, tmp_path: Path) -> None:
    table = tmp_path / "demo.csv"
    ran = run("demo", "--report", table, "--workers", 1, "--out", tmp_path / "clips")
    assert ran.code == 0, ran.err
    rows = _rows(table)
    assert len(rows) == 10
    seen = [row for name, row in rows.items() if name.startswith(("portrait", "blended"))]
    assert len(seen) == 8
    assert all(row["people"] == "1" and row["face_fakeness"] for row in seen)
    # Two have sound, which is hum.
    assert not any(row["voice_fakeness"] for row in rows.values())
    assert {row["label"] for row in seen} == {"pristine", "manipulated"}
    assert rows["no-face.mp4"]["verdict"] == rows["truncated.mp4"]["verdict"] == "NOT_EXAMINED"
    assert "synthetic hum" in ran.err
    assert "chosen so that every verdict occurs" in ran.err
    assert all(Path(row["place"]).is_file() for row in rows.values())
