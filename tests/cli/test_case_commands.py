"""``forensics verify`` and ``forensics report``: what can be done with a case file alone."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from tests.casefile.made import case_of_four_rows, manifest, result, tampering
from tests.cli.running import Runner


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "made.case"
    case_of_four_rows(path)
    return path


def test_verify_of_a_sound_case_gives_its_head(run: Runner, case: Path) -> None:
    ran = run("verify", case)
    assert ran.code == 0
    assert "is intact: 4 rows, 2 exhibits" in ran.out
    with CaseFile.open_read_only(case) as opened:
        head = opened.head_hash
    assert f"Head hash: {head}" in ran.out
    again = run("verify", case, "--head", head)
    assert again.code == 0
    assert "The noted head is row 4 of 4" in again.out


def test_verify_against_another_head_fails(run: Runner, case: Path) -> None:
    ran = run("verify", case, "--head", "0" * 63 + "1")
    assert ran.code == 4
    assert "is not what was written" in ran.err


def test_verify_sees_a_changed_row(run: Runner, case: Path) -> None:
    with tampering(case) as raw:
        raw.execute("UPDATE entries SET payload = replace(payload, '0.1', '0.9') WHERE row_id = 3")
    ran = run("verify", case)
    assert ran.code == 4
    assert "3" in ran.out
    assert "Keep the file as it is" in ran.err


def test_verify_of_the_media(run: Runner, tmp_path: Path) -> None:
    clip = tmp_path / "clips" / "a.mp4"
    clip.parent.mkdir()
    clip.write_bytes(b"not looked into")
    path = tmp_path / "media.case"
    digest = hashlib.sha256(clip.read_bytes()).hexdigest()
    with CaseFile.create_or_resume(path) as opened:
        opened.begin_run(manifest())
        opened.add(result(str(clip), sha256=digest, size_bytes=15))
        opened.finish({})
    sound = run("verify", path, "--media", clip.parent)
    assert sound.code == 0
    assert "1 of 1 examined files are unchanged" in sound.out
    clip.write_bytes(b"not looked INTO")
    changed = run("verify", path, "--media", clip.parent)
    assert changed.code == 4
    assert "changed: " in changed.out
    assert "Not all examined files are what was examined" in changed.err


def test_verify_of_no_case_says_so(run: Runner, tmp_path: Path) -> None:
    ran = run("verify", tmp_path / "none.case")
    assert ran.code == 4
    assert str(tmp_path / "none.case") in ran.err


def test_report_draws_every_form_that_was_asked_for(run: Runner, case: Path, tmp_path: Path) -> None:
    wanted = [tmp_path / f"out.{suffix}" for suffix in ("html", "json", "csv")]
    ran = run("report", case, *(word for path in wanted for word in ("--report", path)))
    assert ran.code == 0, ran.err
    html, data, table = wanted
    assert "a.mp4" in html.read_text(encoding="utf-8")
    assert len(json.loads(data.read_bytes())["files"]) == 2
    with table.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.reader(opened))
    assert rows[0][:4] == ["path", "sha256", "kind", "verdict"]
    assert [row[0] for row in rows[1:]] == ["clips/a.mp4", "clips/b.mp4"]


def test_report_is_drawn_in_the_language_that_was_asked_for(
    run: Runner, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {name: tmp_path / f"{name}.html" for name in ("asked", "by-variable", "neither")}
    assert run("report", case, "--report", pages["asked"], "--language", "de").code == 0
    assert run("report", case, "--report", pages["neither"]).code == 0
    monkeypatch.setenv("FORENSICS_LANGUAGE", "de")
    assert run("report", case, "--report", pages["by-variable"]).code == 0
    first = {name: page.read_text(encoding="utf-8").split("<head>")[0] for name, page in pages.items()}
    assert {name for name, start in first.items() if 'lang="de"' in start} == {"asked", "by-variable"}
    refused = run("report", case, "--report", tmp_path / "no.html", "--language", "tlh")
    assert refused.code != 0
    assert "There are en (English), de (Deutsch)." in refused.err.replace("\n", " ")


def test_report_with_labels_has_figures(run: Runner, tmp_path: Path) -> None:
    case = tmp_path / "unlike.case"
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        opened.add(result("clips/a.mp4", sha256="a" * 64))  # one content counts once
        opened.add(result("clips/b.mp4", sha256="b" * 64, manipulation_score=0.1))
        opened.finish({})
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\na.mp4,fake\nb.mp4,real\n", encoding="utf-8")
    out = tmp_path / "out.json"
    ran = run("report", case, "--labels", labels, "--report", out)
    assert ran.code == 0, ran.err
    drawn = json.loads(out.read_bytes())
    assert {one["label"] for one in drawn["files"]} == {"manipulated", "pristine"}
    file_scope = next(one for one in drawn["figures"] if one["scope"] == "file")
    assert (file_scope["n_manipulated"], file_scope["n_pristine"]) == (1, 1)


def test_a_name_that_fits_no_file_is_refused_with_the_names_that_fit(
    run: Runner, case: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.html"
    ran = run("report", case, "--only", "a.mpg", "--report", out)
    assert ran.code == 2
    assert not out.exists()
    assert "There is no 'a.mpg' in" in ran.err
    assert "clips/a.mp4, clips/b.mp4" in ran.err
    assert run("report", case, "--only", "", "--report", out).code == 2
    assert run("report", case, "--only", "a.mp4", "--only", "b", "--report", out).code == 2
    assert run("report", case, "--only", "a.mp4", "--report", out).code == 0


def test_verify_takes_no_empty_head(run: Runner, case: Path) -> None:
    """A shell variable that was never set must not verify."""
    ran = run("verify", case, "--head", "")
    assert (ran.code, ran.out) == (2, "")


def test_verify_of_media_that_are_nowhere_is_no_word_on_the_case(
    run: Runner, case: Path, tmp_path: Path
) -> None:
    ran = run("verify", case, "--media", tmp_path / "none")
    assert (ran.code, ran.out) == (6, "")
    assert "is not a folder" in ran.err


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("missing/out.html", 4, "does not exist"),
        ("out.docx", 2, "ends in .docx"),
        ("", 4, "is a folder"),
    ],
)
def test_report_says_before_it_starts_that_it_cannot_write(
    run: Runner, case: Path, tmp_path: Path, name: str, code: int, words: str
) -> None:
    folder = tmp_path / "folder.html"
    folder.mkdir()
    ran = run("report", case, "--report", tmp_path / name if name else folder)
    assert ran.code == code
    assert words in ran.err
