"""The container detector on files as phones, converters, recorders and galleries leave them.

``pytest -s`` prints the sentences of each: the gallery.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from forensics import detectors
from forensics.casefile.case_file import CaseFile
from forensics.detectors.structure.header_rules import times
from forensics.media.encode import write_clip
from forensics.media.movie_header import movie_header
from forensics.media.packets import read_packets
from forensics.media.probe import probe
from forensics.records.detector_spec import Role
from forensics.records.exhibit_content import Table
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, Notice
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from tests import recordings, synthetic


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recordings.phone_like(tmp_path_factory.mktemp("phone"))


class Said:
    """What the detector says of one file."""

    def __init__(self, path: Path) -> None:
        detector = detectors.load_detector(detectors.spec_of("container"), [])
        items = list(detector.begin(probe(path), path).conclude())
        self.notices = [one.message for one in items if isinstance(one, Notice)]
        self.abstentions = [one for one in items if isinstance(one, Abstention)]
        tables = [one.content for one in items if isinstance(one, Exhibit)]
        self.rows = [row for table in tables if isinstance(table, Table) for row in table.rows]
        print(f"\n{path.name}")  # noqa: T201 - the gallery
        for what, says, evidence, usual in self.rows:
            print(f"  {what}: {says} ({evidence}) {usual}")  # noqa: T201 - the gallery

    def of(self, what: str) -> str:
        return " ".join(row[1] for row in self.rows if row[0] == what)

    def noted(self, words: str) -> bool:
        return any(words in one for one in self.notices)


def test_a_phones_own_file_has_nothing_to_note(phone: Path) -> None:
    said = Said(phone)
    assert said.notices == []
    assert "marks of Apple iPhone or iPad" in said.of("Writing program")
    assert said.of("Encoder of the pictures") == ""
    assert said.of("Key frames") == "A key frame stands at every 25 frames."
    assert said.of("Frame times") == "The rate is constant, 25.00 frames a second."
    assert "says where" in said.of("Place")
    assert any("2024-05-01 10:00:00" in row[2] for row in said.rows if row[0] == "Times")


@pytest.mark.parametrize(("gop", "b_frames", "every"), [(25, "0", ("25",)), (12, "3", ("6", "12"))])
def test_coded_anew_it_names_the_library_the_encoder_and_the_earlier_compression(
    gop: int, b_frames: str, every: tuple[str, ...], tmp_path: Path
) -> None:
    source = recordings.phone_like(tmp_path, gop=gop)
    said = Said(recordings.re_encoded(source, tmp_path / "sent.mp4", bf=b_frames))
    assert said.noted("written by FFmpeg")
    assert "coded by x264 core" in said.of("Encoder of the pictures")
    assert said.of("Times") == "The container has no time of creation."
    assert any(said.noted(f"recur at every {n} frames or a multiple of it") for n in every)


def test_one_compression_alone_leaves_no_such_rhythm(phone: Path, tmp_path: Path) -> None:
    once = write_clip(tmp_path / "once.mp4", recordings.noisy_frames(), 25.0)
    assert Said(once).of("Earlier compression") == ""
    assert Said(phone).of("Earlier compression") == ""


def test_trimmed_by_copy_it_tells_what_the_edit_list_hides(phone: Path, tmp_path: Path) -> None:
    said = Said(recordings.trimmed_by_copy(phone, tmp_path / "trimmed.mp4", from_s=2.8))
    assert said.noted("An edit list hides stored material from players: up to the first 0.80 s")
    assert said.noted("written by FFmpeg")


def test_remuxed_with_the_tags_of_a_phone_the_encoder_contradicts_them(tmp_path: Path) -> None:
    coded = write_clip(tmp_path / "a.mov", recordings.noisy_frames(60), 25.0)
    tags = {"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 15"}
    said = Said(recordings.remuxed(coded, tmp_path / "b.mov", tags=tags, handler="Core Media Video"))
    assert said.noted("names a device, but the pictures were coded by a software encoder")


def test_a_recording_of_a_screen_varies_in_rate_and_stands_still(tmp_path: Path) -> None:
    said = Said(recordings.screen_recorder_like(tmp_path / "screen.mkv"))
    assert said.of("Frame times").startswith("The rate varies around")
    assert said.noted("The picture stands still")


def test_pieces_cut_out_by_copy_leave_gaps_and_break_the_rhythm(phone: Path, tmp_path: Path) -> None:
    def outside(kind: str, at_s: float) -> bool:
        return not (3.0 <= at_s < 4.0 if kind == "video" else 5.0 <= at_s < 5.5)

    said = Said(recordings.remuxed(phone, tmp_path / "cut.mkv", keep=outside))
    assert said.noted("pictures are missing at 2.96 s (1.04 s)") or said.noted("pictures are missing at 3")
    assert said.noted("The sound breaks off at 5.")


def test_joined_pieces_break_a_fixed_distance_of_key_frames(phone: Path, tmp_path: Path) -> None:
    # 3.4 s to 4 s are gone up to the next key frame: 10 pictures are left of that piece.
    said = Said(
        recordings.remuxed(phone, tmp_path / "joined.mkv", keep=lambda _, at_s: not 3.4 <= at_s < 4.0)
    )
    assert said.noted("The key frames stand 25 frames apart, but not at")


def test_late_sound_and_a_prepared_index_are_told(phone: Path, tmp_path: Path) -> None:
    late = recordings.remuxed(
        phone,
        tmp_path / "late.mp4",
        keep=lambda kind, at_s: kind == "video" or at_s >= 0.6,
        options={"movflags": "faststart"},
    )
    said = Said(late)
    assert said.noted("The sound begins 0.")
    assert said.of("Order of boxes").startswith("The index (moov) stands before the media")


def test_a_cover_is_held_against_the_film(tmp_path: Path) -> None:
    frames = list(recordings.noisy_frames(30))
    film = write_clip(tmp_path / "film.mp4", iter(frames), 25.0)
    own = Said(recordings.with_cover(film, tmp_path / "own.mp4", frames[0]))
    assert own.of("Cover") == "The still picture that accompanies the film shows one of its key pictures."
    assert not own.noted("cover")
    other = np.ascontiguousarray(data.coffee()[:300, :400])
    said = Said(recordings.with_cover(film, tmp_path / "other.mp4", other))
    assert said.noted("(cover, thumbnail) shows none of its key pictures")


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm", "clip.avi", "clip.ts", "clip.mov"])
def test_every_container_names_its_program(name: str, tmp_path: Path) -> None:
    codec = {"clip.webm": "libvpx-vp9", "clip.avi": "mpeg4"}.get(name, "libx264")
    clip = write_clip(tmp_path / name, synthetic.portrait_frames(12), samples=synthetic.hum(0.5), codec=codec)
    assert Said(clip).noted("written by FFmpeg")


def test_it_abstains_on_stills_and_formats_that_it_does_not_look_into(tmp_path: Path) -> None:
    for path in (synthetic.still(tmp_path), write_clip(tmp_path / "a.wav", samples=synthetic.hum(0.5))):
        [abstention] = Said(path).abstentions
        assert abstention.why is AbstentionReason.UNSUPPORTED


def test_a_header_that_claims_more_than_a_time_can_hold_is_told_as_any_other(phone: Path) -> None:
    header, packets = movie_header(phone), read_packets(phone)
    assert header is not None
    told = [one.says for one in times(replace(header, length_s=1e18), packets, None)]
    assert told == [one.says for one in times(header, packets, None)]
    assert "The container says when it was made." in told


def test_metadata_is_shown_without_its_control_characters(tmp_path: Path) -> None:
    tags = {"encoder_note": "x", "location": "\x1b[2J<script>alert(1)</script>\u202e"}
    coded = write_clip(tmp_path / "a.mov", recordings.noisy_frames(12), 25.0)
    said = Said(recordings.remuxed(coded, tmp_path / "b.mov", tags=tags))
    shown = " ".join(cell for row in said.rows for cell in row)
    assert "<script>" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_it_stands_beside_the_verdict_and_changes_none(phone: Path, tmp_path: Path) -> None:
    assert detectors.spec_of("container").role is Role.SUPPORTS
    results = {}
    for names in (("voice",), ("voice", "container")):
        with CaseFile.create_or_resume(tmp_path / f"{len(names)}.case") as case:
            run_scan(plan_scan(ScanSettings(paths=(phone,), detectors=names), ["forensics", "scan"]), case)
            [(row, results[names])] = case.results()
            shown = [one.kind for one in case.exhibits(row)]
    assert results["voice", "container"].verdict == results["voice",].verdict
    assert "table" in shown


def test_alone_it_draws_no_verdict_and_says_so(phone: Path, tmp_path: Path) -> None:
    with CaseFile.create_or_resume(tmp_path / "a.case") as case:
        run_scan(
            plan_scan(ScanSettings(paths=(phone,), detectors=("container",)), ["forensics", "scan"]), case
        )
        [(_, result)] = case.results()
    assert result.verdict.reason == "No detector of this scan draws verdicts (container)."
