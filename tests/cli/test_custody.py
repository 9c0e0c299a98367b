"""What an examiner who distrusts the case file, and somebody who tampers with it, would try."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from forensics.casefile.case_file import CaseFile
from forensics.faces.finders import load_finder
from forensics.records.exhibit_content import Picture
from forensics.records.findings import ExhibitKind
from forensics.report.report_words import BROKEN_TITLE
from tests.casefile.made import case_of_four_rows, exhibit, manifest, result, tampering
from tests.cli.running import Runner

NO_SIGNS = (
    "UPDATE entries SET payload = CAST(replace(payload, 'SIGNS_OF_MANIPULATION', 'NO_SIGNS_FOUND') AS BLOB) "
    "WHERE row_id = 2"
)
TAMPERINGS = {
    "verdict changed": NO_SIGNS,
    "picture swapped": "UPDATE exhibits SET jpeg = x'ffd800' WHERE position = 1",
    "row removed in the middle": "DELETE FROM entries WHERE row_id = 3",
    "manifest changed": (
        "UPDATE entries SET payload = CAST(replace(payload, 'f32', 'int8') AS BLOB) WHERE row_id = 1"
    ),
    "row no longer readable": "UPDATE entries SET payload = x'7b' WHERE row_id = 3",
}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return case_of_four_rows(tmp_path / "made.case")


@pytest.fixture(params=list(TAMPERINGS))
def broken(case: Path, request: pytest.FixtureRequest) -> Path:
    with tampering(case) as raw:
        raw.execute(TAMPERINGS[request.param])
    return case


def outputs(folder: Path) -> list[Path]:
    return [folder / f"out.{suffix}" for suffix in ("html", "json", "csv")]


def asked(paths: list[Path]) -> tuple[object, ...]:
    return tuple(word for path in paths for word in ("--report", path))


def test_a_broken_case_is_not_drawn(run: Runner, broken: Path, tmp_path: Path) -> None:
    ran = run("report", broken, *asked(outputs(tmp_path)))
    assert ran.code == 4
    assert "was changed after it was written" in ran.err
    assert "Head hash" not in ran.err
    assert [one.name for one in tmp_path.iterdir()] == [broken.name]


def test_a_broken_case_is_not_scanned_on(run: Runner, broken: Path) -> None:
    with pytest.raises(Exception, match="was changed after it was written"):
        CaseFile.create_or_resume(broken)


def test_a_broken_case_that_is_drawn_all_the_same_says_so_everywhere(
    run: Runner, broken: Path, tmp_path: Path
) -> None:
    paths = page, document, table = outputs(tmp_path)
    ran = run("report", broken, "--even-if-broken", *asked(paths))
    assert ran.code == 0, ran.err
    assert "BROKEN CASE FILE" in ran.err
    html = page.read_text(encoding="utf-8")
    drawn = json.loads(document.read_bytes())
    # The strip, the account of the problems, the viewer, and every file.
    assert html.count(f">{BROKEN_TITLE}<") == 3 + len(drawn["files"])
    assert drawn["case_file"]["intact"] is False
    assert drawn["case_file"]["problems"]
    with table.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert rows
    assert all(row["case_file"].startswith("BROKEN: ") for row in rows)
    assert not list(tmp_path.glob("*.head.json")), "the head of a broken case is not worth noting"


def test_a_swapped_picture_is_left_out(run: Runner, case: Path, tmp_path: Path) -> None:
    with tampering(case) as raw:
        raw.execute(TAMPERINGS["picture swapped"])
    out = tmp_path / "out.json"
    assert run("report", case, "--even-if-broken", "--report", out).code == 0
    assert [len(file["exhibits"]) for file in json.loads(out.read_bytes())["files"]] == [1, 0]


def test_a_byte_flipped_in_the_file_is_not_drawn(run: Runner, case: Path, tmp_path: Path) -> None:
    content = bytearray(case.read_bytes())
    place = content.index(b"A person shows signs.")
    content[place] ^= 1
    case.write_bytes(content)
    assert run("report", case, "--report", tmp_path / "out.html").code == 4


def test_an_intact_case_says_so_in_json_and_has_no_mark(run: Runner, case: Path, tmp_path: Path) -> None:
    paths = page, document, table = outputs(tmp_path)
    assert run("report", case, "--even-if-broken", *asked(paths)).code == 0
    condition = json.loads(document.read_bytes())["case_file"]
    assert condition == {"intact": True, "n_rows": 4, "problems": [], "runs_without_end": []}
    assert BROKEN_TITLE not in page.read_text(encoding="utf-8").split("</style>")[1]
    assert "case_file" not in table.read_text(encoding="utf-8")


def test_a_cut_tail_is_said_by_verify_and_report(run: Runner, case: Path, tmp_path: Path) -> None:
    assert run("verify", case).code == 0
    with tampering(case) as raw:
        raw.execute("DELETE FROM entries WHERE row_id >= 3")
    verified = run("verify", case)
    assert verified.code == 4
    assert "has no end row" in verified.out
    assert "The newest run" in verified.err
    paths = page, document, _ = outputs(tmp_path)
    ran = run("report", case, *asked(paths))
    assert ran.code == 0, ran.err
    assert "rows after row 2 were cut off" in ran.err
    assert "rows after row 2 were cut off" in page.read_text(encoding="utf-8")
    assert len(json.loads(document.read_bytes())["case_file"]["runs_without_end"]) == 1


def test_a_run_that_was_killed_and_went_on_verifies_with_a_remark(run: Runner, case: Path) -> None:
    with tampering(case) as raw:
        raw.execute("DELETE FROM entries WHERE row_id = 4")
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest(run_id="f" * 16), 2)
        opened.finish({})
    ran = run("verify", case)
    assert ran.code == 0, ran.err
    assert "before the next run began" in ran.out


def with_second_run(case: Path) -> None:
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest(run_id="f" * 16), 3)
        opened.add(result("clips/c.mp4"))
        opened.finish({})


def test_an_older_copy_is_found_by_the_head_noted_beside_the_report(
    run: Runner, case: Path, tmp_path: Path
) -> None:
    older = shutil.copy(case, tmp_path / "older.case")
    with_second_run(case)
    page, note = tmp_path / "out.html", tmp_path / "out.head.json"
    assert run("report", case, "--report", page).code == 0
    sound = run("verify", case, "--head", note)
    assert sound.code == 0, sound.err
    assert "The noted head is row 7 of 7" in sound.out
    assert run("verify", case, "--head", json.loads(note.read_bytes())["head_hash"]).code == 0

    shutil.copy(older, case)
    assert run("verify", case).code == 0, "by itself an older copy is sound"
    verified = run("verify", case, "--head", note)
    assert verified.code == 4
    assert "an older copy of the case" in verified.out
    before = page.read_bytes(), note.read_bytes()
    drawn = run("report", case, "--report", page)
    assert drawn.code == 4
    assert "noted earlier" in drawn.err
    assert (page.read_bytes(), note.read_bytes()) == before
    marked = run("report", case, "--report", page, "--even-if-broken")
    assert marked.code == 0
    assert BROKEN_TITLE in page.read_text(encoding="utf-8").split("</style>")[1]
    assert note.read_bytes() == before[1]


def test_a_case_written_anew_is_found_by_its_head(run: Runner, case: Path, tmp_path: Path) -> None:
    assert run("report", case, "--report", tmp_path / "out.json").code == 0
    case.unlink()
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        opened.add(result("clips/a.mp4", manipulation_score=0.01))
        opened.finish({})
    assert run("verify", case).code == 0
    assert run("verify", case, "--head", tmp_path / "out.head.json").code == 4


def test_a_note_of_another_case_does_not_stand_in_the_way(run: Runner, case: Path, tmp_path: Path) -> None:
    other = case_of_four_rows(tmp_path / "other.case")
    with_second_run(other)
    out = tmp_path / "out.json"
    assert run("report", other, "--report", out).code == 0
    assert run("report", case, "--report", out).code == 0
    assert run("verify", case, "--head", tmp_path / "out.head.json").code == 0


def test_a_file_that_is_no_note_is_not_overwritten(run: Runner, case: Path, tmp_path: Path) -> None:
    note = tmp_path / "out.head.json"
    note.write_text('{"minutes": "of the meeting"}')
    ran = run("report", case, "--report", tmp_path / "out.json")
    assert ran.code == 4
    assert "is not a noted head" in ran.err
    assert note.read_text() == '{"minutes": "of the meeting"}'
    assert run("verify", case, "--head", note).code == 4


def test_what_shows_faces_is_for_its_owner_alone(run: Runner, case: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = case_of_four_rows(tmp_path / "other.case")
        with CaseFile.create_or_resume(made):
            beside = [one for one in tmp_path.iterdir() if one.name.startswith("other.case-")]
            assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in beside)
        paths = outputs(tmp_path)
        assert run("report", made, *asked(paths)).code == 0
    finally:
        os.umask(before)
    for path in (made, *paths, tmp_path / "out.head.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_paths_can_be_shown_from_a_folder_on(run: Runner, tmp_path: Path) -> None:
    """However a file was typed, and wherever in a report its folder is named."""
    folder = tmp_path / "examiner" / "case 7"
    case = tmp_path / "made.case"
    settings = {**manifest().settings, "paths": str(folder)}
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest(settings=settings, command=("forensics", "scan", str(folder / "clips"))))
        opened.add(result(str(folder / "clips" / "a.mp4"), place=str(folder / "clips" / "a.mp4")))
        opened.add(result("../clips/b.mp4", place=str(folder / "clips" / "b.mp4")))
        opened.add_rejected(str(folder / "lost"), f"is a link to {folder}/x, which is not there", "Mend it.")
        opened.finish({})
    paths = page, document, _ = outputs(tmp_path)
    assert run("report", case, "--relative-to", folder, *asked(paths)).code == 0
    for path in paths:
        assert "examiner" not in path.read_text(encoding="utf-8"), path.name
    drawn = json.loads(document.read_bytes())
    assert [file["media"]["path"] for file in drawn["files"]] == ["clips/a.mp4", "clips/b.mp4"]
    assert drawn["manifests"][0]["command"] == ["forensics", "scan", "clips"]
    assert drawn["manifests"][0]["settings"]["paths"] == "."
    assert any(one["message"].startswith("lost is a link to x, which") for one in drawn["notices"])
    assert run("report", case, *asked(paths)).code == 0
    assert str(folder) in page.read_text(encoding="utf-8")


def test_pictures_of_people_can_be_blurred(run: Runner, tmp_path: Path) -> None:
    _, encoded = cv2.imencode(".jpg", np.asarray(data.astronaut()[:300, 80:380], np.uint8))
    case = tmp_path / "made.case"
    shown = [
        replace(exhibit(kind.value), kind=kind, content=Picture(encoded.tobytes()), caption=kind.value)
        for kind in ExhibitKind
        if kind.form is Picture
    ]
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        opened.add(result("clips/a.mp4", exhibits=tuple(shown)))
        opened.finish({})
    page = tmp_path / "out.html"
    assert run("report", case, "--report", page, "--redact").code == 0
    html = page.read_text(encoding="utf-8")
    assert "are blurred in this copy" in html
    pictures = [
        cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), cv2.IMREAD_GRAYSCALE)
        for one in re.findall(r"data:image/jpeg;base64,([^\"]+)", html)
    ]
    sharpness = sorted(cv2.Laplacian(one, cv2.CV_64F).var() for one in pictures)
    assert len(pictures) == 3  # neither the crop nor where the net looked
    assert sharpness[1] < sharpness[2] / 50  # the spectrogram stays
    finder = load_finder("dlib-hog")
    unblurred = cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert finder.find(np.asarray(unblurred, np.uint8), ())
    assert (
        sum(
            bool(finder.find(np.asarray(cv2.cvtColor(one, cv2.COLOR_GRAY2RGB), np.uint8), ()))
            for one in pictures
        )
        == 1
    )


def test_a_head_that_is_none_is_a_wrong_usage(run: Runner, case: Path) -> None:
    ran = run("verify", case, "--head", "abc")
    assert ran.code == 2
    assert "64 hexadecimal digits" in ran.err
