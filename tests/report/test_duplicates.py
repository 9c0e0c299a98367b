"""Files that show or sound the same: made copies are found with what was done to them, others are not."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from forensics.records.scan_result import ScanResult
from forensics.report.duplicates.finding import find_duplicates
from forensics.report.duplicates.matches import Link
from forensics.report.duplicates.near_hashes import REACH, distances, near_pairs
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.renderers.html import HtmlRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.view import ReportView, build_view
from tests import copies


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ScanResult]:
    """A recording, its copies, and another recording."""
    folder = tmp_path_factory.mktemp("copies")
    clips = {
        "source": copies.coded(folder / "source.mp4", copies.recording(1), copies.sound(1), crf=16),
        "another": copies.coded(folder / "another.mp4", copies.recording(2), copies.sound(2)),
    }
    for name, make in copies.COPIES.items():
        clips[name] = make(folder / f"{name.replace(' ', '_')}.mp4")
    return {name: copies.hashed(path) for name, path in clips.items()}


def link_of(made: dict[str, ScanResult], name: str) -> Link | None:
    """What the source and a copy have in common."""
    groups = find_duplicates([(1, made["source"]), (2, made[name])])
    return groups[0].links[0] if groups else None


@pytest.mark.parametrize(
    "name", ["coded anew", "half the size", "cut", "half the rate", "mirrored", "dubbed"]
)
def test_a_copys_pictures_are_found(made: dict[str, ScanResult], name: str) -> None:
    link = link_of(made, name)
    assert link is not None
    assert link.pictures is not None
    assert link.pictures.all_of_copy
    assert link.pictures.is_mirrored == (name == "mirrored")


@pytest.mark.parametrize("name", ["coded anew", "half the size", "cut"])
def test_the_better_one_is_the_likely_source(made: dict[str, ScanResult], name: str) -> None:
    for rows in ([(1, made["source"]), (2, made[name])], [(2, made[name]), (1, made["source"])]):
        [group] = find_duplicates(rows)
        assert group.links[0].is_directed
        assert (group.links[0].source, group.links[0].copy) == (1, 2)
        assert group.links[0].reasons


def test_a_cut_is_found_where_it_was_cut(made: dict[str, ScanResult]) -> None:
    link = link_of(made, "cut")
    assert link is not None
    assert link.pictures is not None
    assert link.pictures.offset_s == pytest.approx(-57 / 25, abs=0.1)
    assert link.sound is not None
    assert link.sound.source_span.start_s == pytest.approx(57 / 25, abs=0.2)
    assert link.difference is None, "moments of a shifted copy are not the same to the frame"


def test_sound_is_found_under_other_pictures(made: dict[str, ScanResult]) -> None:
    link = link_of(made, "other pictures")
    assert link is not None
    assert link.pictures is None
    assert link.sound is not None
    assert link.sound.bit_error < 0.2


def test_other_sound_under_the_same_pictures_is_said(made: dict[str, ScanResult]) -> None:
    dubbed, coded = link_of(made, "dubbed"), link_of(made, "coded anew")
    assert dubbed is not None
    assert coded is not None
    assert dubbed.sound_differs
    assert not coded.sound_differs


def test_another_recording_has_nothing_in_common(made: dict[str, ScanResult]) -> None:
    assert link_of(made, "another") is None


def test_identical_files_are_not_told_twice(made: dict[str, ScanResult]) -> None:
    from dataclasses import replace

    twin = replace(made["source"], twin_of=made["source"].media.key)
    assert find_duplicates([(1, made["source"]), (2, twin)]) == ()


def test_every_near_pair_is_found() -> None:
    rng = np.random.default_rng(5)
    hashes = rng.integers(0, 256, (3000, 32), dtype=np.uint8)
    for place in range(0, 1000, 2):
        bits = np.unpackbits(hashes[place])
        bits[rng.permutation(256)[: rng.integers(1, REACH + 4)]] ^= 1
        hashes[place + 1] = np.packbits(bits)
    first, second, bits = near_pairs(hashes)
    all_bits = distances(hashes, hashes)
    expected = np.argwhere(np.triu(all_bits <= REACH, 1))
    assert 400 < len(expected) < 500
    assert np.array_equal(np.stack((first, second), axis=1), expected)
    assert np.array_equal(bits, all_bits[first, second])


@pytest.fixture(scope="module")
def view(made: dict[str, ScanResult]) -> ReportView:
    rows = list(enumerate(made.values(), start=1))
    return build_view([], rows, lambda _: ())


def test_the_page_names_pairs_with_reasons(view: ReportView) -> None:
    out = io.BytesIO()
    HtmlRenderer().render(view, out)
    page = out.getvalue().decode()
    section = page[page.index('id="duplicates"') : page.index('id="evidence"')]
    assert section.count('href="#f1"') >= len(copies.COPIES) - 1
    assert "It has more pixels: 480 x 360, the other 240 x 180." in section
    assert "One is the mirror image of the other." in section
    assert "another.mp4" not in section


def test_json_and_csv_name_them(view: ReportView) -> None:
    out, table = io.BytesIO(), io.BytesIO()
    JsonRenderer().render(view, out)
    CsvRenderer().render(view, table)
    [group] = json.loads(out.getvalue())["duplicates"]
    assert group["files"][0] == 1
    assert len(group["links"]) == len(group["files"]) - 1 == len(copies.COPIES)
    rows = {Path(row["path"]).stem: row for row in csv.DictReader(io.StringIO(table.getvalue().decode()))}
    assert rows["half_the_size"]["likely_source"].endswith("source.mp4")
    assert rows["another"]["alike"] == ""


def test_only_names_files_that_are_left_out(made: dict[str, ScanResult]) -> None:
    rows = [(1, made["source"]), (2, made["half the size"])]
    view = build_view([], rows, lambda _: (), only=["half_the_size.mp4"])
    [group] = view.duplicates
    assert [(file.row_id, file.index) for file in group.files] == [(1, None), (2, 1)]
