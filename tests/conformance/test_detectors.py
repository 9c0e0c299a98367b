"""Every detector of the table is declared whole; those without a model bear any file."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.detectors import DETECTORS, load_detector
from forensics.errors import ForensicsError
from forensics.media.discovery import Found, discover
from forensics.media.probe import probe
from forensics.records.detector_spec import DetectorSpec, ModelCount
from forensics.records.findings import Abstention, Exhibit, Notice, Score
from forensics.records.media import MediaFile
from tests import synthetic

WITHOUT_MODEL = [name for name, spec in DETECTORS.items() if spec.models is ModelCount.NONE]
FILES = {
    "clip": synthetic.normal_clip,
    "still": synthetic.still,
    "sound": synthetic.sound_clip,
    "empty": synthetic.empty_file,
    "text": synthetic.text_file,
    "cut off": synthetic.truncated_clip,
}


@pytest.fixture(params=list(DETECTORS))
def spec(request: pytest.FixtureRequest) -> DetectorSpec:
    return DETECTORS[request.param]


def test_the_declaration_is_whole(spec: DetectorSpec) -> None:
    assert DETECTORS[spec.name] is spec
    assert spec.title
    assert spec.name == spec.name.lower()
    assert "," not in spec.name, "names are separated by commas on the command line"
    assert not spec.inputs or spec.subject_phrase


@pytest.fixture(scope="module", params=list(FILES))
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[MediaFile, Path]:
    path = FILES[request.param](tmp_path_factory.mktemp("made"))
    [found] = [one for one in discover([path]) if isinstance(one, Found)]
    try:
        return probe(path), path
    except ForensicsError:  # a scan goes on with what is known of the file
        return MediaFile(found.display, found.size_bytes, found.modified_utc, None), path


@pytest.mark.parametrize("name", WITHOUT_MODEL)
def test_a_detector_without_a_model_bears_any_file(name: str, file: tuple[MediaFile, Path]) -> None:
    detector = load_detector(DETECTORS[name], ())
    assert detector.spec is DETECTORS[name]
    assert not detector.cards
    media, path = file
    before = path.read_bytes()
    for _ in range(2):  # it lives longer than a file, and keeps nothing of one
        said = list(detector.begin(media, path).conclude())
        assert all(isinstance(one, (Abstention, Exhibit, Notice, Score)) for one in said)
        assert all(one.detector == name for one in said if isinstance(one, (Abstention, Score)))
    assert path.read_bytes() == before
