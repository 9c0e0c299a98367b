"""``forensics models`` and ``forensics doctor``."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics import catalog
from tests.cli.running import Runner
from tests.made_models import face_model, voice_aids, voice_model


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "models"
    face_model(root)
    voice_model(root)
    voice_aids(root)
    monkeypatch.setattr(catalog, "models_folder", lambda: root)
    return root


def _damage(folder: Path) -> None:
    (folder / "model.xml").write_bytes(b"<net/>")


def test_list_has_one_line_for_each_model(run: Runner, shipped: Path) -> None:
    ran = run("models", "list")
    assert ran.code == 0
    face, speaker, speech, voice = ran.out.splitlines()
    assert face.split()[:3] == ["face-made", "face", "f16"]
    assert speaker.split()[:3] == ["speaker-ge2e", "speakers", "f16"]
    assert speech.split()[:3] == ["speech-silero", "speech", "f16"]
    assert voice.split()[:3] == ["voice-made", "voice", "f16"]
    assert len({line.index("  f16  ") for line in ran.out.splitlines()}) == 1, "columns"


def test_list_stays_in_columns_whatever_a_task_is_called(run: Runner) -> None:
    ran = run("models", "list")  # of those that ship: one is called face-descriptor, its task descriptor
    assert len({line.index("  f16") for line in ran.out.splitlines()}) == 1, ran.out


def test_show_prints_what_a_defence_would_ask_for(run: Runner, shipped: Path) -> None:
    ran = run("models", "show", "face-made")
    assert ran.code == 0
    card = catalog.read_card(shipped / "face-made")
    for expected in (
        "32 x 32 px, cut 1.04 times",
        "Knows nothing about manipulation.",
        "signs from 0.600, no signs up to 0.300",
        card.variants[0].xml_sha256,
    ):
        assert expected in ran.out


def test_show_of_an_unknown_model_names_the_known(run: Runner, shipped: Path) -> None:
    ran = run("models", "show", "nonesuch")
    assert ran.code == 3
    assert (
        "There is no model nonesuch; the shipped ones are: face-made, speaker-ge2e, speech-silero, voice-made"
        in ran.err
    )


def test_verify_passes_sound_models(run: Runner, shipped: Path) -> None:
    ran = run("models", "verify")
    assert ran.code == 0
    names = [line.split(":")[0] for line in ran.out.splitlines()]
    assert names == ["face-made", "speaker-ge2e", "speech-silero", "voice-made"]
    assert run("models", "verify", shipped / "voice-made").out.startswith("voice-made: sound, 1 variants")


def test_verify_fails_on_a_damaged_model(run: Runner, shipped: Path) -> None:
    _damage(shipped / "voice-made")
    assert run("models", "verify", "face-made").code == 0
    ran = run("models", "verify")
    assert ran.code == 3
    assert "model.xml is not the file that the card of voice-made describes" in ran.err


def test_doctor_says_what_is_there(run: Runner, shipped: Path) -> None:
    ran = run("doctor")
    assert ran.code == 0
    assert "face is examined with face-made" in ran.out
    assert "voice is examined with voice-made" in ran.out
    assert "openvino 20" in ran.out
    assert ran.out.endswith("Nothing is missing.\n")


def test_doctor_says_what_is_wrong_and_what_to_do(run: Runner, shipped: Path) -> None:
    _damage(shipped / "voice-made")
    (shipped / "face-made" / "card.toml").unlink()
    ran = run("doctor")
    assert ran.code == 3
    assert "No face model is installed" in ran.out
    assert "model.xml is not the file" in ran.out
    assert "install or export the model again" in ran.out


def test_doctor_tunes_and_a_scan_can_tell(
    run: Runner, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("forensics.engines.tuning.ROUND_S", 0.0)
    ran = run("doctor", "--tune")
    assert ran.code == 0
    assert "face-made in f32, inputs per second:" in ran.out
    assert "one core a worker: batches of" in ran.out
    assert "tuned" in run("doctor").out
    assert list((tmp_path / "cache").glob("pace-*.json"))


def test_doctor_says_where_a_finding_cannot_be_kept(
    run: Runner, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_CACHE", "off")
    ran = run("doctor", "--tune")
    assert ran.code == 2
    assert "Set FORENSICS_CACHE to a folder" in ran.err


def test_combine_writes_an_ensemble_that_is_listed_shown_and_verified(run: Runner, shipped: Path) -> None:
    face_model(shipped, "face-other", grey=0.2)
    ran = run("models", "combine", "face-made", "face-other", "--weights", "3,1", "--out", shipped / "both")
    assert ran.code == 0
    assert "both: Weighted sum of the logits of face-made 1 (0.75), face-other 1 (0.25)" in ran.out
    assert run("models", "list").out.splitlines()[0].split()[:3] == ["both", "face", "ensemble"]
    assert "face-other, weight 0.25" in run("models", "show", "both").out
    assert run("models", "verify", "both").out.startswith("both: sound, 2 members")
    face_model(shipped.parent, "face-other", grey=0.9)
    for name in ("model.xml", "model.bin", "card.toml"):
        (shipped / "face-other" / name).write_bytes((shipped.parent / "face-other" / name).read_bytes())
    ran = run("models", "verify", "both")
    assert ran.code == 3
    assert "is not the member that the card of both describes" in ran.err
    wrong = run("models", "combine", "face-made", "face-other", "--weights", "1", "--out", shipped / "c")
    assert (wrong.code, "there are 2 models" in wrong.err) == (2, True)
