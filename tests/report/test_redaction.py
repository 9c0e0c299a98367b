"""A redacted copy: no face, no voice and no folder of the examiner's machine, in any format."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.errors import SettingsError
from forensics.records.case_info import CaseExhibit, CaseInfo
from forensics.records.exhibit_content import Filmstrip, Picture, SoundClip, StripFrame
from forensics.records.findings import Exhibit, ExhibitKind, Notice
from forensics.records.media import ArchiveOrigin
from forensics.records.subject import person
from forensics.report.renderers import RENDERERS, renderer_for
from forensics.workflows.redrawing import RedrawOptions, redraw
from tests.report.synthetic_case import examined, manifest, pictures

SECRET = "/srv/alice secret/matter-815"
ELSEWHERE = "/elsewhere/alice"


def exhibits() -> tuple[Exhibit, ...]:
    frame, crop, attention = pictures(mirrored=False)
    strip = Filmstrip((StripFrame(crop, 1.0, 0.9),), 1)
    contents = (
        (ExhibitKind.FRAME, Picture(frame)),
        (ExhibitKind.CROP, Picture(crop)),
        (ExhibitKind.ATTENTION, Picture(attention)),
        (ExhibitKind.FILMSTRIP, strip),
        (ExhibitKind.SOUND, SoundClip(b"fLaC" + bytes(range(256)))),
    )
    return tuple(Exhibit(kind, one, kind.value, person(1), "person 1") for kind, one in contents)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "evidence.case"
    elsewhere = (f"--case={ELSEWHERE}/evidence.case", "/mnt/of alice/b")
    run = replace(
        manifest(),
        command=("forensics", "scan", f"{SECRET}/media", *elsewhere),
        settings={"paths": f"{SECRET}/media", "trust_list": f"{ELSEWHERE}/trust.pem"},
    )
    one, two, three = (examined(name, (0.9,), 0.2, seed) for seed, name in enumerate(("a", "b", "c")))
    archive = ArchiveOrigin(f"{SECRET}/x.zip", f"{SECRET}/x.zip", "ab" * 32, 7, "c.mp4")
    said = (
        Notice("decode", f"See {SECRET}/media/log.txt and {ELSEWHERE}/notes."),
        Notice("hash", f"{SECRET}/media is slow."),
    )
    with CaseFile.create_or_resume(path) as opened:
        info = CaseInfo("815", exhibits=(CaseExhibit("A-1", (f"{SECRET}/media/*",)),))
        opened.add_case_info(info, "cd" * 32)
        opened.begin_run(run, 3)
        for result, place in ((one, f"{SECRET}/media/a.mp4"), (two, f"{SECRET}/media/sub/b.mp4")):
            media = replace(result.media, path=place, place=place)
            opened.add(replace(result, media=media, notices=said, exhibits=exhibits()))
        path_in = f"{SECRET}/x.zip/c.mp4"
        media = replace(three.media, path=path_in, place=path_in, archive=archive)
        opened.add(replace(three, media=media, twin_of=f"{SECRET}/media/a.mp4", exhibits=()))
        opened.add_rejected(f"{ELSEWHERE}/lost", f"is a link to {ELSEWHERE}/x", "Mend it.")
        opened.finish({})
    return path


def contents(case: Path, folder: Path, *suffixes: str, **options: bool) -> Iterator[tuple[str, bytes]]:
    """Formats of the case's report, what is compressed in them unpacked."""
    for suffix in suffixes:
        path = folder / f"report{suffix}"
        try:
            renderer_for(path)
        except SettingsError:  # PDF without its packages
            continue
        redraw(case, [path], RedrawOptions(**options))
        content = path.read_bytes()
        yield suffix, content + b"".join(unpacked(content))


def unpacked(content: bytes) -> Iterator[bytes]:
    for part in content.split(b"stream\n")[1:]:
        try:
            yield zlib.decompressobj().decompress(part)
        except zlib.error:
            continue


def test_no_format_of_a_redacted_report_holds_faces_sound_or_folders(case: Path, tmp_path: Path) -> None:
    faces = [content.jpeg for one in exhibits() if isinstance(content := one.content, Picture)]
    hidden = [b"fLaC", *faces, *(base64.b64encode(one) for one in faces)]
    seen = dict(contents(case, tmp_path, *RENDERERS, redact=True))
    assert len(seen) >= len(RENDERERS) - 1
    for suffix, content in seen.items():
        for name in (b"alice", b"matter-815", b"alice%20secret"):
            assert name not in content, (suffix, content[content.find(name) - 200 :][:300])
        assert not any(one in content for one in hidden), suffix
    assert b"media/sub/b.mp4" in seen[".csv"]
    page = seen[".html"].decode()
    assert page.count("data:image/jpeg") == 2  # the frames, blurred
    assert "x.zip/c.mp4" in page
    assert "See media/log.txt and notes." in page


def of_relative_paths(folder: Path, *, start: str, place: str) -> Path:
    """A case whose files, links and options were typed as relative paths."""
    path = folder / "evidence.case"
    options = ("--report", f"{start}-reports/r.html", "--shard", "1/2", "--executor", "ray://HEAD")
    run = replace(
        manifest(),
        command=("forensics", "scan", start, f"{start}/sub", *options),
        settings={"paths": start, "models": f"{start}-models/x, {start}-models/y", "time_limit_s": "600.0"},
    )
    one, two = (examined(name, (0.9,), 0.2, seed) for seed, name in enumerate(("a", "b")))
    said = Notice("hash", f"The content is that of {start}/a.mp4, byte for byte.")
    with CaseFile.create_or_resume(path) as opened:
        opened.begin_run(run, 2)
        for result, name in ((one, "a.mp4"), (two, "sub/b.mp4")):
            media = replace(result.media, path=f"{start}/{name}", place=f"{place}/{name}")
            verdict = replace(result.verdict, reason=f"{start}/{name} is what it is.")
            opened.add(replace(result, media=media, verdict=verdict, notices=(said,), exhibits=()))
        opened.add_rejected(
            start, "holds 1 file passed over, media neither by content nor by name: 1 .txt", ""
        )
        opened.add_rejected(f"{start}/lost", f"is a link to {place}/x", "Mend it.")
        opened.finish({})
    return path


@pytest.mark.parametrize("start", ["alice", "../alice", "../../of alice/alice", "/link/alice"])
@pytest.mark.parametrize("suffix", [one for one in RENDERERS if one != ".pdf"])
def test_a_relative_path_is_a_folder_of_the_machine_too(tmp_path: Path, start: str, suffix: str) -> None:
    case = of_relative_paths(tmp_path, start=start, place=f"/srv/of alice/{Path(start).name}")
    [(_, content)] = contents(case, tmp_path, suffix)
    assert b"alice" in content
    [(_, content)] = contents(case, tmp_path, suffix, redact=True)
    assert b"alice" not in content, content[content.find(b"alice") - 200 :][:300]
    if suffix == ".json":
        assert b"The content is that of a.mp4, byte for byte." in content
        assert b"sub/b.mp4 is what it is." in content
        assert b". holds 1 file passed over" in content
        command = json.loads(content)["manifests"][0]["command"]
        assert command[2:] == [
            *(".", "sub", "--report", "r.html", "--shard", "1/2", "--executor", "ray://HEAD")
        ]


def test_a_folder_is_left_out_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clips").mkdir()
    monkeypatch.chdir(tmp_path)
    case = of_relative_paths(tmp_path, start="clips", place=f"{tmp_path}/clips")
    out = tmp_path / "a.json"
    redraw(case, [out], RedrawOptions(relative_to=Path("clips")))
    text = out.read_text(encoding="utf-8")
    assert "The content is that of a.mp4, byte for byte." in text
    assert ". holds 1 file passed over" in text
    assert "clips/" not in text


def test_an_unredacted_report_holds_what_is_hidden_in_a_redacted_one(case: Path, tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    seen = dict(contents(case, tmp_path, *(one for one in RENDERERS if one != ".pdf")))
    frame, crop, _ = pictures(mirrored=False)
    assert b"alice secret" in seen[".csv"]
    assert base64.b64encode(crop) in seen[".html"]
    assert base64.b64encode(frame) in seen[".html"]
    assert all(b"alice" in content for content in seen.values())


def test_a_folder_that_is_named_is_where_paths_begin(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    redraw(case, [out], RedrawOptions(redact=True, relative_to=Path(f"{SECRET}/media")))
    text = out.read_text(encoding="utf-8")
    assert "\na.mp4," in text
    assert "\nsub/b.mp4," in text
    assert "alice" not in text


def test_files_of_folders_with_nothing_in_common_keep_their_names(tmp_path: Path) -> None:
    case = tmp_path / "e.case"
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest(), 2)
        for seed, place in enumerate(("/one two/x/a.mp4", "/three/b.mp4")):
            result = examined(place, (0.1,), None, seed)
            opened.add(replace(result, media=replace(result.media, place=place)))
        opened.finish({})
    out = tmp_path / "a.csv"
    redraw(case, [out], RedrawOptions(redact=True))
    rows = io.StringIO(out.read_text(encoding="utf-8")).readlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["a.mp4", "b.mp4"]
    assert "/one" not in "".join(rows)
    assert "/three" not in "".join(rows)
