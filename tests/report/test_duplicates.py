"""Files that show or sound the same: made copies are found with what was done to them, others are not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forensics.casefile.case_file import CaseFile
from forensics.records.perceptual_hashes import FilmHash, PerceptualHashes
from forensics.records.scan_result import ScanResult
from forensics.records.subject import person
from forensics.report.duplicates import finding
from forensics.report.duplicates.finding import find_duplicates
from forensics.report.duplicates.matches import Link
from forensics.report.duplicates.near_hashes import REACH, distances, near_pairs
from forensics.report.duplicates.words import in_common
from forensics.report.renderers.case_uco import CaseUcoRenderer
from forensics.report.renderers.csv import CsvRenderer
from forensics.report.renderers.json import JsonRenderer
from forensics.report.view import ReportView, build_view
from forensics.workflows.merging import merge
from tests import copies
from tests.casefile.made import manifest
from tests.report.drawn import drawn, page_of, text_of


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


def test_sound_and_faces_are_compared_once_whichever_comes_first(
    made: dict[str, ScanResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    def counted(name: str, compare: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: compared.append(name) or compare(*given)

    monkeypatch.setattr(finding.sounds, "compared", counted("sound", finding.sounds.compared))
    monkeypatch.setattr(finding, "faces_compared", counted("faces", finding.faces_compared))
    for rows in (("source", "half the size"), ("half the size", "source")):
        compared.clear()
        [group] = find_duplicates(list(enumerate((made[name] for name in rows), 1)))
        [link] = group.links
        assert rows[link.source - 1] == "source"
        assert sorted(compared) == ["faces", "sound"]


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
    page = page_of(view)
    section = page[page.index('id="duplicates"') : page.index('id="evidence"')]
    assert section.count('href="#f1"') >= len(copies.COPIES) - 1
    assert "It has more pixels: 480 x 360, the other 240 x 180." in section
    assert "One is the mirror image of the other." in section
    assert "another.mp4" not in section


def test_json_and_csv_name_them(view: ReportView) -> None:
    [group] = json.loads(drawn(JsonRenderer(), view))["duplicates"]
    assert group["files"][0] == 1
    assert len(group["links"]) == len(group["files"]) - 1 == len(copies.COPIES)
    rows = {Path(row["path"]).stem: row for row in csv.DictReader(io.StringIO(text_of(CsvRenderer(), view)))}
    assert rows["half_the_size"]["likely_source"].endswith("source.mp4")
    assert rows["another"]["alike"] == ""


def test_only_names_files_that_are_left_out(made: dict[str, ScanResult]) -> None:
    rows = [(1, made["source"]), (2, made["half the size"])]
    view = build_view([], rows, lambda _: (), only=["half_the_size.mp4"])
    [group] = view.duplicates
    assert [(file.row_id, file.index) for file in group.files] == [(1, None), (2, 1)]


def test_a_changed_face_is_told_from_a_copy() -> None:
    rows, _ = copies.swapped_case()
    [group] = find_duplicates(rows)
    links = {(link.source, link.copy): link for link in group.links}
    coded, swapped = links[1, 2], links[1, 3]
    assert coded.difference is not None
    assert not coded.difference.cells
    assert swapped.is_directed, "the verdict without signs is that of the source"
    assert swapped.difference is not None
    assert swapped.difference.n_moments == 20
    assert [face.subject for face in swapped.difference.faces] == [person(1)]
    assert swapped.difference.in_faces == 1.0
    [face] = swapped.faces
    assert face.bits > 48
    assert coded.faces[0].bits < 16
    assert "one of the two was made from the other" in " ".join(in_common(swapped))
    assert "one of the two was made from the other" not in " ".join(in_common(coded))


def test_a_longer_film_with_another_face_is_no_source_by_its_length() -> None:
    rows, _ = copies.swapped_case()
    swapped = rows[2][1]
    longer = replace(swapped.media.streams[0], duration_from_header_s=20.0)
    longer_film = replace(swapped, media=replace(swapped.media, streams=(longer,)))
    [group] = find_duplicates([rows[0], (3, longer_film)])
    [link] = group.links
    assert (link.source, link.is_directed) == (1, True)
    assert link.against == ("It is longer, and holds what the other holds: 20.0 s, the other 8.0 s.",)
    undecided = replace(longer_film, verdict=rows[0][1].verdict)
    [group] = find_duplicates([rows[0], (3, undecided)])
    assert not group.links[0].is_directed, "nothing but the verdicts could tell"


def test_faces_of_one_moment_stand_side_by_side() -> None:
    rows, exhibits = copies.swapped_case()
    view = build_view([], rows, lambda row_id: exhibits[row_id])
    pairs = {(one.first.row_id, one.second.row_id): one.faces for one in view.duplicates[0].links}
    assert not pairs[1, 2]
    [pair] = pairs[1, 3]
    assert pair.subject == person(1)
    assert len({pair.first.jpeg, pair.second.jpeg, pair.apart.jpeg}) == 3
    assert {pair.first.jpeg, pair.second.jpeg} <= {
        frame.jpeg for row_id in (1, 3) for frame in exhibits[row_id][0].content.frames
    }


def test_case_uco_relates_copies_to_sources() -> None:
    rows, _ = copies.swapped_case()
    nodes = json.loads(drawn(CaseUcoRenderer(), build_view([], rows, lambda _: ())))["@graph"]
    names = {
        node["@id"]: node["uco-core:hasFacet"][0]["uco-observable:fileName"]
        for node in nodes
        if node["@type"] == "uco-observable:File"
    }
    related = [node for node in nodes if node["@type"] == "uco-observable:ObservableRelationship"]
    ends = {(names[one["uco-core:source"]["@id"]], names[one["uco-core:target"]["@id"]]) for one in related}
    assert ("swapped.mp4", "source.mp4") in ends
    assert len(related) == 2


def test_a_crowd_of_copies_hangs_together() -> None:
    rng = np.random.default_rng(3)
    rows, _ = copies.swapped_case()
    of_one = rows[0][1]
    crowd = []
    for row_id in range(700):
        bits = np.unpackbits(np.frombuffer(b"many" * 8, np.uint8))
        bits[rng.permutation(256)[:6]] ^= 1
        film = FilmHash((0.0,), np.packbits(bits).tobytes())
        hashes = replace(of_one.hashes or PerceptualHashes(""), film=film, faces=(), grids=(), sound=None)
        crowd.append((row_id, replace(of_one, hashes=hashes)))
    [group] = find_duplicates(crowd)
    assert sorted(group.files) == list(range(700))
    assert len(group.links) == 699


def test_copies_in_cases_of_two_machines_are_found_in_the_merged_case(tmp_path: Path) -> None:
    rows, _ = copies.swapped_case()
    parts = [tmp_path / "one.case", tmp_path / "two.case"]
    for part, (row_id, result) in zip(parts, (rows[0], rows[2]), strict=True):
        with CaseFile.create_or_resume(part) as case:
            case.begin_run(manifest(run_id=f"{row_id:016x}"), 1)
            case.add(result)
            case.finish({})
    merge(parts, tmp_path / "both.case")
    with CaseFile.open_read_only(tmp_path / "both.case") as both:
        found = dict(both.results())
    [group] = find_duplicates(found.items())
    [link] = group.links
    assert found[link.source].media.path == "source.mp4"
    assert found[link.copy].media.path == "swapped.mp4"
    assert link.difference is not None
    assert link.difference.in_faces == 1.0
