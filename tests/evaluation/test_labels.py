"""Labels: every shape that is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics.errors import SettingsError
from forensics.evaluation.label_files import read_rows
from forensics.evaluation.labels import LabelSet, read_labels


def _media(folder: Path, *names: str) -> list[str]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return [str(folder / name) for name in names]


def _csv(folder: Path, text: str, name: str = "labels.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _messages(labels: LabelSet) -> str:
    return "\n".join(notice.message for notice in labels.notices)


@pytest.mark.parametrize("word", ["fake", "FAKE", "Manipulated", "spoof", "1", "1.0", "deepfake", " Fake "])
def test_words_for_manipulated(tmp_path: Path, word: str) -> None:
    assert read_rows(_csv(tmp_path, f"path,label\na.mp4,{word}\n"))[0].manipulated


@pytest.mark.parametrize(
    "word", ["real", "REAL", "pristine", "bonafide", "bona fide", "0", "0.0", "original"]
)
def test_words_for_pristine(tmp_path: Path, word: str) -> None:
    assert not read_rows(_csv(tmp_path, f"path,label\na.mp4,{word}\n"))[0].manipulated


def test_columns_become_group_method_and_facts(tmp_path: Path) -> None:
    files = _media(tmp_path, "sub/a.mp4")
    source = _csv(tmp_path, "path,label,group,method,source,note\nsub/a.mp4,fake,g1,swap,web,\n")
    label = read_labels(source, files).labels[files[0]]
    assert (label.group, label.method, label.facts) == ("g1", "swap", {"source": "web"})
    assert label.path == files[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_as_spreadsheets_write_them(tmp_path: Path, delimiter: str) -> None:
    source = tmp_path / "labels.csv"
    text = f"\ufeffPath{delimiter}LABEL\r\na.mp4{delimiter}Real\r\n\r\nb.mp4{delimiter}Fake\r\n"
    source.write_bytes(text.encode())
    assert [row.manipulated for row in read_rows(source)] == [False, True]


def test_paths_relative_to_the_table_to_the_scanned_folder_and_plain_names(tmp_path: Path) -> None:
    files = _media(tmp_path / "media", "one/a.mp4", "two/b.mp4", "two/c.mp4")
    by_table = _csv(tmp_path, "path,label\nmedia/one/a.mp4,real\n")
    by_root = _csv(tmp_path / "elsewhere", "path,label\ntwo/b.mp4,real\n")
    by_name = _csv(tmp_path / "elsewhere", "path,label\nc.mp4,fake\n", "names.csv")
    by_windows = _csv(tmp_path / "elsewhere", "path,label\ntwo\\b.mp4,fake\n", "windows.csv")
    by_absolute = _csv(tmp_path / "elsewhere", f"path,label\n{files[0]},fake\n", "absolute.csv")
    root = [tmp_path / "media"]
    assert list(read_labels(by_table, files).labels) == [files[0]]
    assert list(read_labels(by_root, files, root).labels) == [files[1]]
    assert list(read_labels(by_name, files).labels) == [files[2]]
    assert list(read_labels(by_windows, files, root).labels) == [files[1]]
    assert list(read_labels(by_absolute, files).labels) == [files[0]]


def test_display_paths_may_be_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _media(tmp_path, "media/a.mp4")
    source = _csv(tmp_path / "media", "path,label\na.mp4,fake\n")
    monkeypatch.chdir(tmp_path)
    assert list(read_labels(source, ["media/a.mp4"], [Path("media")]).labels) == ["media/a.mp4"]


def test_a_name_that_fits_two_files_is_refused_with_its_row(tmp_path: Path) -> None:
    files = _media(tmp_path, "one/a.mp4", "two/a.mp4")
    with pytest.raises(SettingsError, match=r"line 2 \(a.mp4\) fits .*one/a.mp4 and .*two/a.mp4") as caught:
        read_labels(_csv(tmp_path, "path,label\na.mp4,fake\n"), files)
    assert "longer paths" in caught.value.hint


def test_a_longer_path_tells_two_files_of_one_name_apart(tmp_path: Path) -> None:
    files = _media(tmp_path / "media", "one/a.mp4", "two/a.mp4")
    source = _csv(tmp_path / "elsewhere", "path,label\ntwo/a.mp4,fake\n")
    assert list(read_labels(source, files).labels) == [files[1]]


def test_a_name_is_not_matched_by_its_ending(tmp_path: Path) -> None:
    files = _media(tmp_path, "xa.mp4", "a.mp4")
    assert list(read_labels(_csv(tmp_path, "path,label\na.mp4,fake\n"), files).labels) == [files[1]]


def test_two_labels_for_one_file_are_refused(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.mp4")
    with pytest.raises(SettingsError, match="line 2 and line 3"):
        read_labels(_csv(tmp_path, "path,label\na.mp4,fake\n./a.mp4,real\n"), files)


def test_rows_without_file_and_files_without_row_are_named(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.mp4", "b.mp4")
    said = _messages(read_labels(_csv(tmp_path, "path,label\na.mp4,fake\ngone.mp4,real\n"), files))
    assert "1 rows of labels.csv fit no file: line 3 (gone.mp4)" in said
    assert "1 files have no label and are not counted" in said
    assert "b.mp4" in said


def test_labels_that_fit_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no row for any of the 1 files") as caught:
        read_labels(_csv(tmp_path, "path,label\nz.mp4,fake\n"), _media(tmp_path, "a.mp4"))
    assert "--labels" in caught.value.hint


def test_missing_groups_are_said_so(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.mp4")
    assert "intervals may be too narrow" in _messages(
        read_labels(_csv(tmp_path, "path,label\na.mp4,1\n"), files)
    )


def test_dfdc_metadata_groups_a_manipulated_clip_with_its_original(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.mp4", "b.mp4")
    source = tmp_path / "metadata.json"
    entries = {
        "a.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"},
        "b.mp4": {"label": "REAL", "split": "train", "original": None},
    }
    source.write_text(json.dumps(entries), encoding="utf-8")
    labels = read_labels(source, files).labels
    assert [labels[path].group for path in files] == ["b.mp4", "b.mp4"]
    assert [labels[path].manipulated for path in files] == [True, False]


def test_a_split_is_chosen_and_the_others_are_left_out(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.jpg", "b.jpg")
    source = _csv(tmp_path, "name,label,group,split,here\na.jpg,fake,g,train,1\nb.jpg,real,g,test,1\n")
    assert list(read_labels(source, files, split="test").labels) == [files[1]]
    assert "Splits test, train are taken together" in _messages(read_labels(source, files))
    with pytest.raises(SettingsError, match="no rows of split 'val'; its splits are test, train"):
        read_labels(source, files, split="val")


def test_sealed_rows_are_always_refused(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.jpg", "b.jpg")
    source = _csv(tmp_path, "name,label,split\na.jpg,fake,Sealed\nb.jpg,real,test\n")
    for split in ("sealed", "SEALED "):
        with pytest.raises(SettingsError, match="never read"):
            read_labels(source, files, split=split)
    labels = read_labels(source, files)
    assert list(labels.labels) == [files[1]]
    assert "1 files belong to the sealed split" in _messages(labels)
    with pytest.raises(SettingsError, match="no row for any"):
        read_labels(source, files[:1])


def test_a_file_with_a_sealed_and_another_row_is_sealed(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.jpg", "b.jpg")
    source = _csv(tmp_path, "name,label,split\na.jpg,fake,sealed\na.jpg,fake,test\nb.jpg,real,test\n")
    assert list(read_labels(source, files, split="test").labels) == [files[1]]


def test_a_split_without_such_a_column_is_refused(tmp_path: Path) -> None:
    files = _media(tmp_path, "a.mp4")
    with pytest.raises(SettingsError, match="has no column split"):
        read_labels(_csv(tmp_path, "path,label\na.mp4,fake\n"), files, split="test")
    with pytest.raises(SettingsError, match="needs a labels file"):
        read_labels(None, files, split="test")


@pytest.mark.parametrize(
    ("folder", "manipulated"),
    [
        *(("fake", True), ("1_fake", True), ("manipulated_sequences/Deepfakes/c23", True), ("Spoof", True)),
        *(("real", False), ("0_real", False), ("original_sequences/youtube", False), ("bonafide", False)),
        *(("pristine", False), ("authentic", False)),
    ],
)
def test_folders_named_by_label(tmp_path: Path, folder: str, manipulated: bool) -> None:
    files = _media(tmp_path, f"{folder}/a.mp4")
    assert read_labels(None, files, [tmp_path]).labels[files[0]].manipulated is manipulated


def test_the_folder_below_the_label_names_the_method(tmp_path: Path) -> None:
    files = _media(tmp_path, "fake/FaceSwap/a.mp4")
    assert read_labels(None, files, [tmp_path]).labels[files[0]].method == "FaceSwap"


def test_folders_above_the_scanned_one_say_nothing(tmp_path: Path) -> None:
    files = _media(tmp_path / "fake" / "case", "real/a.mp4")
    assert not read_labels(None, files, [tmp_path / "fake" / "case"]).labels[files[0]].manipulated
    nothing = _media(tmp_path / "fake" / "other", "clips/b.mp4")
    with pytest.raises(SettingsError, match="No folder of these 1 files"):
        read_labels(None, nothing, [tmp_path / "fake" / "other"])


def test_a_folder_of_both_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="folders of both labels"):
        read_labels(None, _media(tmp_path, "real/fake/a.mp4"), [tmp_path])


def test_a_sealed_folder_is_left_out(tmp_path: Path) -> None:
    files = _media(tmp_path, "sealed/fake/a.mp4", "test/fake/b.mp4")
    assert list(read_labels(None, files, [tmp_path]).labels) == [files[1]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column path"),
        (b"\n\n", "has no column path"),
        (b"path,label\n", "holds no labels"),
        (b"label\nfake\n", "has no column path; it has label"),
        (b"path\na.mp4\n", "has no column label"),
        (b"path,label\na.mp4,maybe\n", "line 2 says 'maybe'"),
        (b"path,label\na.mp4\n", "line 2 says ''"),
        (b"path,label\n,fake\n", "line 2 names no file"),
        (b"path,label\n../..,fake\n", "line 2 names no file"),
        (b"path,label\na.mp4,fa\0ke\n", "is not UTF-8 text"),
        ("path,label\na.mp4,fake\n".encode("utf-16"), "is not UTF-8 text"),
        (b"path,label\n" + b"x" * 200_000 + b",fake\n", "is not a table: line"),
    ],
)
def test_hostile_tables_are_refused_in_words(tmp_path: Path, content: bytes, message: str) -> None:
    source = tmp_path / "labels.csv"
    source.write_bytes(content)
    with pytest.raises(SettingsError, match=message) as caught:
        read_rows(source)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "does not map"),
        ('{"a.mp4": "FAKE"}', "does not map"),
        ('{"a.mp4": {"label": null}}', "entry a.mp4 says ''"),
        ("{}", "holds no labels"),
    ],
)
def test_hostile_json_is_refused_in_words(tmp_path: Path, content: str, message: str) -> None:
    source = tmp_path / "metadata.json"
    source.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=message) as caught:
        read_rows(source)
    assert caught.value.hint


def test_a_table_that_is_a_folder_or_missing_is_refused(tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_rows(source)


def test_many_wrong_rows_are_counted_and_a_few_are_named(tmp_path: Path) -> None:
    text = "path,label\n" + "".join(f"{index}.mp4,perhaps\n" for index in range(40))
    with pytest.raises(SettingsError, match=r"has 40 rows that are no label.*and 35 more"):
        read_rows(_csv(tmp_path, text))


def test_names_that_are_not_utf_8_match_their_display_path(tmp_path: Path) -> None:
    source = tmp_path / "labels.csv"
    source.write_bytes(b"path,label\nclip_\xff.mp4,fake\n")
    display = f"{tmp_path}/clip_\\xff.mp4"
    assert list(read_labels(source, [display]).labels) == [display]


def test_a_path_that_leaves_the_folder_matches_only_what_was_scanned(tmp_path: Path) -> None:
    files = _media(tmp_path / "case", "a.mp4")
    source = _csv(tmp_path / "case", "path,label\n../../../etc/passwd,fake\na.mp4,real\n")
    assert list(read_labels(source, files).labels) == files


CELEB_DF = (
    "Celeb-real/id0_0000.mp4",
    "Celeb-synthesis/id0_id1_0000.mp4",
    "Celeb-synthesis/id2_id3_0001.mp4",
    "YouTube-real/00170.mp4",
)
FAKEAVCELEB = (
    "RealVideo-RealAudio/African/men/id00076/00109.mp4",
    "FakeVideo-RealAudio/African/men/id00076/00109_id00366_wavtolip.mp4",
    "RealVideo-FakeAudio/African/women/id00166/00010_fake.mp4",
    "FakeVideo-FakeAudio/African/women/id00166/00010_2_id00476_wavtolip.mp4",
)
FAKEAVCELEB_TABLE = """source,target1,target2,method,category,type,race,gender,path,
id00076,-,-,real,A,RealVideo-RealAudio,African,men,00109.mp4,FakeAVCeleb/RealVideo-RealAudio/African/men/id00076
id00076,id00366,-,wav2lip,C,FakeVideo-RealAudio,African,men,00109_id00366_wavtolip.mp4,FakeAVCeleb/FakeVideo-RealAudio/African/men/id00076
id00166,-,-,rtvc,B,RealVideo-FakeAudio,African,women,00010_fake.mp4,FakeAVCeleb/RealVideo-FakeAudio/African/women/id00166
id00166,id00476,2,wav2lip,D,FakeVideo-FakeAudio,African,women,00010_2_id00476_wavtolip.mp4,FakeAVCeleb/FakeVideo-FakeAudio/African/women/id00166
"""


def test_folders_of_celeb_df_are_understood(tmp_path: Path) -> None:
    files = _media(tmp_path, *CELEB_DF)
    labels = read_labels(None, files, [tmp_path]).labels
    assert [labels[file].manipulated for file in files] == [False, True, True, False]
    assert [labels[file].group for file in files] == ["id0", "id0", "id2", files[3]]
    assert labels[files[1]].method == "Celeb-synthesis"
    assert labels[files[3]].method == "YouTube-real"


def test_the_test_list_of_celeb_df_is_a_labels_file(tmp_path: Path) -> None:
    files = _media(tmp_path, *CELEB_DF)
    table = _csv(
        tmp_path,
        "0 Celeb-synthesis/id0_id1_0000.mp4\n1 YouTube-real/00170.mp4\n",
        "List_of_testing_videos.txt",
    )
    labels = read_labels(table, files, [tmp_path]).labels
    assert {path: label.manipulated for path, label in labels.items()} == {files[1]: True, files[3]: False}
    assert labels[files[1]].facts["split"] == "test"


def test_a_list_of_celeb_df_that_was_changed_is_refused(tmp_path: Path) -> None:
    table = _csv(tmp_path, "0 Celeb-real/id0_0000.mp4\n", "List_of_testing_videos.txt")
    with pytest.raises(SettingsError, match="1 is pristine in this list"):
        read_rows(table)


def test_folders_of_fakeavceleb_are_understood(tmp_path: Path) -> None:
    files = _media(tmp_path, *FAKEAVCELEB)
    labels = read_labels(None, files, [tmp_path]).labels
    assert [labels[file].manipulated for file in files] == [False, True, True, True]
    assert [labels[file].group for file in files] == ["id00076", "id00076", "id00166", "id00166"]
    assert labels[files[2]].method == "RealVideo-FakeAudio"


@pytest.mark.parametrize("header", [FAKEAVCELEB_TABLE, FAKEAVCELEB_TABLE.replace("path,\n", "path\n", 1)])
def test_the_table_of_fakeavceleb_is_understood(tmp_path: Path, header: str) -> None:
    folder = tmp_path / "FakeAVCeleb_v1.2"
    files = _media(folder, *FAKEAVCELEB)
    labels = read_labels(_csv(folder, header, "meta_data.csv"), files, [folder]).labels
    assert [labels[file].manipulated for file in files] == [False, True, True, True]
    assert [labels[file].method for file in files] == [None, "wav2lip", "rtvc", "wav2lip"]
    assert [labels[file].group for file in files] == ["id00076", "id00076", "id00166", "id00166"]
    assert labels[files[3]].facts == {
        "category": "D",
        "type": "FakeVideo-FakeAudio",
        "race": "African",
        "gender": "women",
    }


def test_an_unknown_type_in_the_table_of_fakeavceleb_is_refused(tmp_path: Path) -> None:
    text = FAKEAVCELEB_TABLE.replace("B,RealVideo-FakeAudio,", "B,NoSuchType,")
    with pytest.raises(SettingsError, match="line 4 says 'NoSuchType'"):
        read_rows(_csv(tmp_path, text, "meta_data.csv"))
