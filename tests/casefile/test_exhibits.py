"""Exhibits of every form: in a case file and out of it, as they were."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.errors import CaseFileError
from forensics.records.exhibit_content import (
    CurveChart,
    CurveLine,
    Filmstrip,
    Picture,
    SoundClip,
    StripFrame,
    Table,
    Text,
    stored,
)
from forensics.records.findings import Exhibit, ExhibitKind
from forensics.records.subject import VOICE_OF_FILE, WHOLE_FILE, person
from tests.casefile.made import exhibit, manifest, result

CHART = CurveChart(
    (CurveLine("lips", (0.0, 0.5, 1.0), (0.2, None, 0.4)), CurveLine("sound", (0.0, 1.0), (-3.0, -2.5))),
    "Time, s",
    "Level",
    marked=((0.2, 0.6),),
    y_range=(-4.0, 1.0),
)
TABLE = Table(("box", "bytes"), (("moov", "1,024"), ("mdat", "99")), marked=(1,))
TEXT = Text("Written by Lavf60.3.100.\n\nNo camera does.")
STRIP = Filmstrip((StripFrame(b"\xff\xd81", 0.0, 0.25), StripFrame(b"\xff\xd82", 0.5, 0.75)), 3)
SHOWN = (
    exhibit(),
    Exhibit(ExhibitKind.PICTURE, Picture(b"\xff\xd8residual"), "Noise", WHOLE_FILE, "noise"),
    Exhibit(ExhibitKind.CURVE, CHART, "Lips and sound", person(1), "lips", 0.0, 0.7),
    Exhibit(ExhibitKind.TABLE, TABLE, "Boxes", WHOLE_FILE, "container"),
    Exhibit(ExhibitKind.TEXT, TEXT, "Encoder", WHOLE_FILE, "container"),
    Exhibit(ExhibitKind.FILMSTRIP, STRIP, "2 sampled frames", person(1), "all sampled frames"),
    Exhibit(ExhibitKind.SOUND, SoundClip(b"fLaC\x00\xff"), "The sound", VOICE_OF_FILE, "voice", 1.5, 0.9),
)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "made.case"
    with CaseFile.create_or_resume(path) as opened:
        opened.begin_run(manifest())
        opened.add(result("clips/a.mp4", exhibits=SHOWN))
        opened.finish({})
    return path


def test_every_form_comes_back_as_it_was(case: Path) -> None:
    with CaseFile.open_read_only(case) as opened:
        [(row_id, _)] = opened.results()
        assert tuple(opened.exhibits(row_id)) == SHOWN
        assert opened.verify().sound
        assert opened.verify().n_exhibits == len(SHOWN)


def test_a_case_of_before_there_were_forms_is_read(case: Path) -> None:
    """What a payload then said of an exhibit, word for word, and a JPEG beside it."""
    with sqlite3.connect(case) as connection:
        payload, jpeg = connection.execute(
            "SELECT payload, jpeg FROM entries JOIN exhibits USING (row_id) WHERE position = 0"
        ).fetchone()
    named = json.loads(payload)["exhibits"][0]
    assert list(named) == [
        "kind",
        "caption",
        "subject",
        "group",
        "at_s",
        "manipulation_score",
        "sha256",
        "size_bytes",
    ]
    assert (named["kind"], named["at_s"]) == ("frame", 1.0)
    assert Picture(jpeg) == exhibit().content


@pytest.mark.parametrize("position", range(1, len(SHOWN)))
def test_a_changed_exhibit_is_found(case: Path, position: int) -> None:
    other = stored(Text("Written by a camera."))
    with sqlite3.connect(case) as connection:
        connection.execute("DROP TRIGGER exhibits_keep")
        connection.execute("UPDATE exhibits SET jpeg = ? WHERE position = ?", (other, position))
    with CaseFile.open_read_only(case) as opened:
        [(row_id, _)] = opened.results()
        assert f"exhibit {position + 1} (" in " ".join(one.text for one in opened.verify().problems)
        with pytest.raises(CaseFileError, match="another exhibit"):
            opened.exhibits(row_id)


def test_a_value_that_is_not_finite_is_not_recorded(tmp_path: Path) -> None:
    chart = CurveChart((CurveLine("lips", (0.0,), (float("nan"),)),), "Time, s", "Level")
    bad = Exhibit(ExhibitKind.CURVE, chart, "Lips", person(1), "lips")
    with CaseFile.create_or_resume(tmp_path / "made.case") as opened:
        opened.begin_run(manifest())
        with pytest.raises(CaseFileError, match="not a finite number"):
            opened.add(result("clips/a.mp4", exhibits=(bad,)))


def test_a_form_that_its_kind_does_not_say_is_refused() -> None:
    with pytest.raises(TypeError, match="Table"):
        Exhibit(ExhibitKind.TABLE, TEXT, "Boxes", WHOLE_FILE, "container")
    with pytest.raises(ValueError, match="2 cells"):
        Table(("box", "bytes"), (("moov",),))
    with pytest.raises(ValueError, match="2 x and 1 y"):
        CurveLine("lips", (0.0, 1.0), (0.0,))
