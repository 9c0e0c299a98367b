"""The table of data set readers."""

from __future__ import annotations

from pathlib import Path

from forensics.addresses import load
from forensics.errors import TrainingError
from forensics.training.data.readers.reader import Reader

_HERE = "forensics.training.data.readers"
# In the order in which a data set is tried: the particular before the general.
READERS: dict[str, str] = {
    "asvspoof2019-la": f"{_HERE}.asvspoof:AsvSpoof2019",
    "faceforensics": f"{_HERE}.faceforensics:FaceForensics",
    "celeb-df-v2": f"{_HERE}.celeb_df:CelebDf",
    "fakeavceleb": f"{_HERE}.fakeavceleb:FakeAvCeleb",
    "google-dfd": f"{_HERE}.google_dfd:GoogleDfd",
    "dfdc": f"{_HERE}.dfdc:Dfdc",
    "dfdc-crops": f"{_HERE}.ready_made:DfdcCrops",
    "wide-crops": f"{_HERE}.ready_made:WideCrops",
    "voice-clips": f"{_HERE}.ready_made:VoiceClips",
    "clip-list": f"{_HERE}.clip_list:ClipList",
    "manifest": f"{_HERE}.manifest:CsvManifest",
    "folders": f"{_HERE}.folders:LabelFolders",
}


def load_reader(kind: str) -> Reader:
    """The reader of this name.

    Raises:
        TrainingError: the name is not in the table.
    """
    if kind not in READERS:
        raise TrainingError(
            f"There is no reader for data sets of kind {kind}", f"Choose one of: {', '.join(READERS)}."
        )
    reader: Reader = load(READERS[kind])()
    return reader


def detect(dataset: Path) -> str:
    """The kind of data set that lies at ``dataset``.

    Raises:
        TrainingError: nothing there, or nothing that a reader knows.
    """
    if not dataset.exists():
        raise TrainingError(f"There is no data set at {dataset}", "Check the path.")
    for kind in READERS:
        if load_reader(kind).recognises(dataset):
            return kind
    raise TrainingError(
        f"{dataset} has no layout that is known",
        "Put the files into folders named real and fake, or give a CSV file with the columns path and "
        f"label; known kinds: {', '.join(READERS)}.",
    )
