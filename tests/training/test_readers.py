"""Every layout that ``forensics prepare`` knows, made in miniature."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from forensics.errors import TrainingError
from forensics.training.data.readers import READERS, detect, load_reader
from forensics.training.data.readers.reader import Reading, ReadOptions, Source
from forensics.training.data.split_assignment import parse_shares, place, split_by_hash


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def table(path: Path, *rows: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read(dataset: Path, kind: str, **options: object) -> Reading:
    """Reads it after checking that its kind is found without being told."""
    assert detect(dataset) == kind
    return load_reader(kind).read(dataset, ReadOptions(**options))


def by_name(reading: Reading) -> dict[str, Source]:
    return {source.path.name: source for source in reading.sources}


def test_label_folders(tmp_path: Path):
    touch(
        tmp_path,
        "real/007.mp4",
        "fake/FaceSwap/007.mp4",
        "fake/voice.wav",
        "real/.hidden.mp4",
        "real/notes.txt",
    )
    reading = read(tmp_path, "folders")
    found = {source.path.relative_to(tmp_path).as_posix(): source for source in reading.sources}
    assert set(found) == {"real/007.mp4", "fake/FaceSwap/007.mp4", "fake/voice.wav"}
    swapped = found["fake/FaceSwap/007.mp4"]
    assert (swapped.manipulated, swapped.method, swapped.groups, swapped.split) == (
        True,
        "FaceSwap",
        ("007",),
        None,
    )
    assert (found["real/007.mp4"].manipulated, found["real/007.mp4"].method) == (False, "pristine")
    assert reading.origin == tmp_path.name


def test_a_folder_of_pristine_media_alone_is_a_data_set(tmp_path: Path):
    touch(tmp_path, "real/one.mp4", "real/two.mp4")
    assert detect(tmp_path) == "folders"
    assert not any(source.manipulated for source in read(tmp_path, "folders").sources)


def test_a_folder_of_manipulated_media_alone_is_none(tmp_path: Path):
    touch(tmp_path, "fake/one.mp4")
    with pytest.raises(TrainingError, match="no layout that is known"):
        detect(tmp_path)


def test_label_folders_within_split_folders(tmp_path: Path):
    touch(tmp_path, "train/real/a.jpg", "train/fake/b.jpg", "valid/real/c.jpg", "Test/fake/d.jpg")
    found = by_name(read(tmp_path, "folders", crop_margin=1.3))
    assert {name: source.split for name, source in found.items()} == {
        "a.jpg": "train",
        "b.jpg": "train",
        "c.jpg": "val",
        "d.jpg": "test",
    }
    assert found["a.jpg"].crop_margin == 1.3


def test_link_finds_the_group_in_the_path(tmp_path: Path):
    touch(tmp_path, "real/anna/1.mp4", "fake/anna_2.mp4")
    reading = read(tmp_path, "folders", link=re.compile(r"(anna)"))
    assert {source.groups for source in reading.sources} == {("anna",)}


def test_csv_manifest(tmp_path: Path):
    table(
        tmp_path / "manifest.csv",
        {"path": "x/a.mp4", "label": "REAL", "method": "", "group": "g", "split": "train"},
        {"path": "x/b.mp4", "label": "1", "method": "lip sync", "group": "", "split": "validation"},
        {"path": "x/c.mp4", "label": "fake", "method": "", "group": "", "split": "sealed"},
    )
    found = by_name(read(tmp_path, "manifest"))
    assert set(found) == {"a.mp4", "b.mp4"}
    assert (found["a.mp4"].groups, found["a.mp4"].method, found["a.mp4"].split) == (
        ("g",),
        "pristine",
        "train",
    )
    assert (found["b.mp4"].groups, found["b.mp4"].method, found["b.mp4"].split) == (("b",), "lip sync", "val")
    assert by_name(read(tmp_path / "manifest.csv", "manifest", media=Path("/media")))["a.mp4"].path == Path(
        "/media/x/a.mp4"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"path": "a.mp4", "label": "maybe", "split": ""}, "line 2: the label 'maybe' is not known"),
        ({"path": "a.mp4", "label": "real", "split": "holdout"}, "line 2: the split 'holdout' is not known"),
    ],
)
def test_a_word_that_is_not_known_is_named_with_its_line(tmp_path: Path, row: dict[str, str], message: str):
    table(tmp_path / "manifest.csv", row)
    with pytest.raises(TrainingError, match=message):
        read(tmp_path, "manifest")


def test_a_short_row_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "manifest.csv").write_text("path,label\na.mp4,real\nb.mp4\n")
    with pytest.raises(TrainingError, match="line 3: the row has more or fewer cells"):
        read(tmp_path, "manifest")


def test_dfdc(tmp_path: Path):
    part = tmp_path / "dfdc_train_part_0"
    touch(part, "a.mp4", "b.mp4")
    entries = {
        "a.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"},
        "b.mp4": {"label": "REAL", "split": "train"},
    }
    (part / "metadata.json").write_text(json.dumps(entries))
    for dataset in (tmp_path, part):
        found = by_name(read(dataset, "dfdc"))
        assert (found["a.mp4"].manipulated, found["b.mp4"].manipulated) == (True, False)
        assert found["a.mp4"].groups == found["b.mp4"].groups == ("b.mp4",)
        assert found["a.mp4"].split is None


def test_faceforensics_with_and_without_its_splits(tmp_path: Path):
    touch(
        tmp_path,
        "original_sequences/youtube/c23/videos/071.mp4",
        "original_sequences/youtube/c23/videos/054.mp4",
        "original_sequences/actors/c23/videos/01__hugging_happy.mp4",
        "manipulated_sequences/Deepfakes/c23/videos/071_054.mp4",
        "manipulated_sequences/Deepfakes/masks/videos/071_054.mp4",
        "manipulated_sequences/DeepFakeDetection/masks/videos/02_01__hugging_happy__ABC.mp4",
        "manipulated_sequences/DeepFakeDetection/c23/videos/02_01__hugging_happy__ABC.mp4",
    )
    reading = read(tmp_path, "faceforensics")
    assert len(reading.sources) == 5, "clips of masks are no faces"
    found = by_name(reading)
    assert (found["071_054.mp4"].groups, found["071_054.mp4"].method) == (("071", "054"), "Deepfakes")
    assert found["02_01__hugging_happy__ABC.mp4"].groups == ("actor02", "actor01")
    assert found["071.mp4"].split is None
    for name, pairs in {"train": [], "val": [["071", "054"]], "test": []}.items():
        touch(tmp_path, f"splits/{name}.json")
        (tmp_path / "splits" / f"{name}.json").write_text(json.dumps(pairs))
    found = by_name(read(tmp_path, "faceforensics"))
    assert {found[name].split for name in ("071.mp4", "054.mp4", "071_054.mp4")} == {"val"}
    assert found["01__hugging_happy.mp4"].split is None


def test_faceforensics_of_the_first_release(tmp_path: Path):
    touch(
        tmp_path,
        "original_sequences/c40/videos/000.mp4",
        "manipulated_sequences/Face2Face/c40/videos/000_003.mp4",
    )
    found = by_name(read(tmp_path, "faceforensics"))
    assert {name: source.method for name, source in found.items()} == {
        "000.mp4": "pristine",
        "000_003.mp4": "Face2Face",
    }


def test_celeb_df(tmp_path: Path):
    touch(
        tmp_path,
        "Celeb-real/id0_0000.mp4",
        "Celeb-real/id7_0001.mp4",
        "YouTube-real/00170.mp4",
        "Celeb-synthesis/id0_id1_0000.mp4",
        "Celeb-synthesis/id2_id3_0000.mp4",
    )
    (tmp_path / "List_of_testing_videos.txt").write_text(
        "1 Celeb-real/id0_0000.mp4\n1 YouTube-real/00170.mp4\n"
    )
    reading = read(tmp_path, "celeb-df-v2")
    found = by_name(reading)
    assert (found["id0_0000.mp4"].split, found["00170.mp4"].split) == ("test", "test")
    assert found["id0_id1_0000.mp4"].groups == ("id0", "id1")
    places = dict(zip(found, place(reading.sources, (70, 20, 10), seed="", keep_own=True), strict=True))
    assert places["id0_id1_0000.mp4"].split is None, "shares a person with the test list"
    assert places["id2_id3_0000.mp4"].split in {"train", "val"}, "the test split is the list alone"


FAKEAVCELEB_TABLE = """source,target1,target2,method,category,type,race,gender,path,
id00076,-,-,real,A,RealVideo-RealAudio,African,men,00109.mp4,FakeAVCeleb/RealVideo-RealAudio/African/men/id00076
id00076,id00366,1,wav2lip,C,FakeVideo-RealAudio,African,men,00109_id00366_wavtolip.mp4,FakeAVCeleb/FakeVideo-RealAudio/African/men/id00076
id00166,-,-,rtvc,B,RealVideo-FakeAudio,African,women,00010_fake.mp4,FakeAVCeleb/RealVideo-FakeAudio/African/women/id00166
"""


def test_fakeavceleb(tmp_path: Path):
    touch(
        tmp_path,
        "RealVideo-RealAudio/African/men/id00076/00109.mp4",
        "FakeVideo-RealAudio/African/men/id00076/00109_id00366_wavtolip.mp4",
        "RealVideo-FakeAudio/African/women/id00166/00010_fake.mp4",
    )
    (tmp_path / "meta_data.csv").write_text(FAKEAVCELEB_TABLE)
    found = by_name(read(tmp_path, "fakeavceleb"))
    pristine, swapped = found["00109.mp4"], found["00109_id00366_wavtolip.mp4"]
    assert (pristine.manipulated, pristine.method, pristine.groups) == (False, "pristine", ("id00076",))
    assert (swapped.manipulated, swapped.method) == (True, "FakeVideo-RealAudio/wav2lip")
    assert swapped.groups == ("id00076", "id00366")
    assert found["00010_fake.mp4"].unfit == "its sound alone is manipulated"


def test_celeb_df_beside_frames(tmp_path: Path):
    touch(
        tmp_path,
        "Celeb-real/videos/id0_0000.mp4",
        "Celeb-real/frames/id0_0000/000.png",
        "Celeb-synthesis/videos/id0_id1_0000.mp4",
    )
    (tmp_path / "List_of_testing_videos.txt").write_text("0 Celeb-synthesis/id0_id1_0000.mp4\n")
    found = by_name(read(tmp_path, "celeb-df-v2"))
    assert {name: source.split for name, source in found.items()} == {
        "id0_0000.mp4": None,
        "id0_id1_0000.mp4": "test",
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 Celeb-real/id0_0000.mp4", "1 is pristine in this list"),
        ("real Celeb-real/id0_0000.mp4", "line 1 cannot be read"),
        ("1 id0_0000.mp4", "line 1 cannot be read"),
    ],
)
def test_a_test_list_of_celeb_df_that_was_changed(tmp_path: Path, line: str, message: str):
    touch(tmp_path, "Celeb-real/id0_0000.mp4", "Celeb-synthesis/id0_id1_0000.mp4")
    (tmp_path / "List_of_testing_videos.txt").write_text(line)
    with pytest.raises(TrainingError, match=message):
        read(tmp_path, "celeb-df-v2")


def test_google_dfd_links_actors(tmp_path: Path):
    touch(tmp_path, "original/01__exit.mp4", "original/03__exit.mp4", "manipulated/01_02__exit__XYZ.mp4")
    reading = read(tmp_path, "google-dfd")
    found = by_name(reading)
    assert (found["01__exit.mp4"].manipulated, found["01_02__exit__XYZ.mp4"].manipulated) == (False, True)
    groups = {p.group for p in place(reading.sources, (70, 20, 10), seed="", keep_own=True)}
    assert groups == {"actor01", "actor03"}


def test_asvspoof(tmp_path: Path):
    protocols = tmp_path / "LA" / "ASVspoof2019_LA_cm_protocols"
    protocols.mkdir(parents=True)
    (protocols / "ASVspoof2019.LA.cm.train.trn.txt").write_text(
        "LA_0079 LA_T_1 - - bonafide\nLA_0080 LA_T_2 - A01 spoof\n"
    )
    (protocols / "ASVspoof2019.LA.cm.eval.trl.txt").write_text("LA_0001 LA_E_1 - A07 spoof\n")
    found = by_name(read(tmp_path, "asvspoof2019-la"))
    assert found["LA_T_1.flac"].path == tmp_path / "LA/ASVspoof2019_LA_train/flac/LA_T_1.flac"
    assert (found["LA_T_2.flac"].method, found["LA_T_2.flac"].groups) == ("A01", ("LA_0080",))
    assert (found["LA_T_1.flac"].split, found["LA_E_1.flac"].split) == ("train", "test")


def test_tight_crops_without_their_sealed_rows(tmp_path: Path):
    rows = [
        {"name": "a.jpg", "label": "fake", "group": "g.mp4", "split": "train", "here": "1"},
        {"name": "b.jpg", "label": "real", "group": "h.mp4", "split": "val", "here": "0"},
        {"name": "c.jpg", "label": "real", "group": "i.mp4", "split": "sealed", "here": "1"},
    ]
    table(tmp_path / "split.csv", *rows)
    assert set(by_name(read(tmp_path, "dfdc-crops"))) == {"a.jpg"}
    found = by_name(read(tmp_path, "dfdc-crops", media=tmp_path / "all"))
    assert set(found) == {"a.jpg", "b.jpg"}
    assert found["b.jpg"].path == tmp_path / "all" / "b.jpg"
    assert found["a.jpg"].crop_margin == pytest.approx(1 / 0.96)


def test_wide_crops_link_people(tmp_path: Path):
    blank = {"label": "fake", "method": "m", "clip": "c.mp4", "face_px": "99"}
    groups = {
        "dfd_actor01(target)+11(source)": "dfd",
        "dfl_Marilyn_1": "dfl_Marilyn",
        "dfl_Keanu_twitch_example_2": "dfl_Keanu",
        "hdtf_WDA_3": "hdtf_WDA_3",
    }
    table(
        tmp_path / "manifest.csv",
        *({"path": f"{i}.jpg", "group": group} | blank for i, group in enumerate(groups)),
    )
    reading = read(tmp_path, "wide-crops")
    assert [source.groups[0] for source in reading.sources] == list(groups.values())
    assert {source.crop_margin for source in reading.sources} == {1.8}
    assert {source.clip for source in reading.sources} == {"c.mp4"}


def test_voice_clips_are_grouped_by_source(tmp_path: Path):
    row = {"label": "fake", "source_repo": "org/tts", "native_rate_hz": "22050"}
    table(
        tmp_path / "manifest.csv",
        row | {"path": "a.flac", "split": "train", "seconds": "3.0"},
        row | {"path": "b.flac", "split": "train", "seconds": "0.5"},
        row | {"path": "c.flac", "split": "test", "seconds": "0.5"},
    )
    found = by_name(read(tmp_path, "voice-clips"))
    assert (found["a.flac"].split, found["a.flac"].groups) == (None, ("org/tts",))
    assert found["b.flac"].unfit == "shorter than 0.8 s"
    assert (found["c.flac"].split, found["c.flac"].groups, found["c.flac"].unfit) == (
        "test",
        ("org/tts (test)",),
        None,
    )


def test_every_reader_says_what_it_reads():
    for kind in READERS:
        reader = load_reader(kind)
        assert reader.__doc__
        assert not reader.recognises(Path("/nowhere"))


def test_what_nobody_knows_is_answered_with_a_way_out(tmp_path: Path):
    with pytest.raises(TrainingError, match="no layout that is known") as caught:
        detect(tmp_path)
    assert "real and fake" in caught.value.hint
    with pytest.raises(TrainingError, match="There is no data set at"):
        detect(tmp_path / "nowhere")
    with pytest.raises(TrainingError, match="no reader for data sets of kind x"):
        load_reader("x")


def source(*groups: str, split: str | None = None) -> Source:
    return Source(Path("f"), False, "pristine", groups, split)


def test_linked_sources_stay_together_whatever_the_order():
    chain = [source("a", "b"), source("x"), source("c", "d"), source("b", "c"), source("y")]
    groups = [p.group for p in place(chain, (70, 20, 10), seed="", keep_own=True)]
    assert groups == ["a", "x", "a", "a", "y"]
    backwards = [p.group for p in place(chain[::-1], (70, 20, 10), seed="", keep_own=True)]
    assert backwards == groups[::-1]


def test_own_splits_that_leak_are_an_error():
    with pytest.raises(TrainingError, match="own splits leak: group a stands in test and in train"):
        place([source("a", split="train"), source("a", split="test")], (70, 20, 10), seed="", keep_own=True)
    places = place(
        [source("a", split="train"), source("a", split="test")], (70, 20, 10), seed="", keep_own=False
    )
    assert places[0] == places[1]


def test_a_hash_gives_the_parts_that_were_asked():
    splits = [split_by_hash(f"group {i}", (70, 20, 10), "s") for i in range(3000)]
    for name, share in {"train": 0.7, "val": 0.2, "test": 0.1}.items():
        assert abs(splits.count(name) / 3000 - share) < 0.03
    assert splits != [split_by_hash(f"group {i}", (70, 20, 10), "t") for i in range(3000)]
    assert split_by_hash("g", (7, 2, 1), "") == split_by_hash("g", (70, 20, 10), "")


@pytest.mark.parametrize("text", ["70,30", "a,b,c", "0,50,50", "70,-1,31", ""])
def test_shares_that_are_none(text: str):
    with pytest.raises(TrainingError, match="--split is"):
        parse_shares(text)
    assert parse_shares("80,20,0") == (80, 20, 0)


def test_a_clip_lists_repositories_are_its_origins_and_groups(tmp_path: Path):
    header = "repo,commit,path,label,method,speaker_group,split,file\n"
    (tmp_path / "manifest.csv").write_text(
        header
        + "a/tts,1,x.wav,fake,TTS,LJSpeech,train,fake/x.flac\n"
        + "b/vc,1,y.wav,real,real,LJSpeech,test,real/y.flac\n"
        + "c/vc,1,z.wav,real,real,VCTK,sealed,real/z.flac\n"
    )
    assert detect(tmp_path) == "clip-list"
    found = {
        source.path.name: source for source in load_reader("clip-list").read(tmp_path, ReadOptions()).sources
    }
    assert set(found) == {"x.flac", "y.flac"}
    assert [(s.origin, s.groups, s.manipulated, s.split) for s in found.values()] == [
        ("a/tts", ("a/tts",), True, "train"),
        ("b/vc", ("b/vc",), False, "test"),
    ]
