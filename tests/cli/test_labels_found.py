"""Labels that lie among the scanned files are found without being named."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.workflows.drawing import labels_for

TABLE = """source,target1,target2,method,category,type,race,gender,path,
id1,-,-,real,A,RealVideo-RealAudio,Asian,men,1.mp4,FakeAVCeleb/RealVideo-RealAudio/Asian/men/id1
id1,-,-,rtvc,B,RealVideo-FakeAudio,Asian,men,1_fake.mp4,FakeAVCeleb/RealVideo-FakeAudio/Asian/men/id1
"""


@pytest.mark.parametrize(
    ("pristine", "manipulated", "tables"),
    [
        ("Celeb-real/id0_0000.mp4", "Celeb-synthesis/id0_id1_0000.mp4", {}),
        ("a.mp4", "b.mp4", {"metadata.json": '{"a.mp4": {"label": "REAL"}, "b.mp4": {"label": "FAKE"}}'}),
        (
            "RealVideo-RealAudio/Asian/men/id1/1.mp4",
            "RealVideo-FakeAudio/Asian/men/id1/1_fake.mp4",
            {"meta_data.csv": TABLE},
        ),
    ],
    ids=["Celeb-DF", "DFDC", "FakeAVCeleb"],
)
def test_data_sets_bring_their_labels(
    tmp_path: Path, pristine: str, manipulated: str, tables: dict[str, str]
) -> None:
    for name, text in tables.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [str(tmp_path / pristine), str(tmp_path / manipulated)]
    known = labels_for([(file, file) for file in files], None, [tmp_path]).labels
    assert [known[file].manipulated for file in files] == [False, True]
