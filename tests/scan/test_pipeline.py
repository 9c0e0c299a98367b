"""The pipeline, whole: made clips in, one result out, whatever the clip is like."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from forensics import cache
from forensics.engines import tuning
from forensics.engines.net import InferenceConfig
from forensics.engines.tuning import Timing
from forensics.media.discovery import Found, discover
from forensics.media.probe import probe
from forensics.records.detector_spec import DetectorSpec, Input, ModelCount
from forensics.records.findings import Abstention, AbstentionReason, ExhibitKind
from forensics.records.media import MediaFile, MediaKind, StreamKind
from forensics.records.scan_result import ScanResult
from forensics.records.stream import Item
from forensics.records.subject import VOICE_OF_FILE, person
from forensics.records.verdict import Verdict, VerdictLabel
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import WorkerContext, assemble, choose_detectors, manifest_of
from forensics.settings import Profile, ScanSettings
from forensics.verdicts.policy import conclude
from tests import synthetic
from tests.made_models import face_model, voice_model


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> WorkerContext:
    """A context of made models: what they say is known, what the pipeline does with it is under test."""
    root = tmp_path_factory.mktemp("models")
    models = str(face_model(root)), str(voice_model(root))
    settings = ScanSettings(paths=(root,), frames=6, models=models)
    return assemble(settings, choose_detectors(settings))


def found(path: Path) -> Found:
    [file] = [item for item in discover([path]) if isinstance(item, Found)]
    return file


def scan(path: Path, context: WorkerContext) -> ScanResult:
    return examine(found(path), context)


def test_a_clip_with_a_face_and_sound_is_scored_by_both(context: WorkerContext, tmp_path: Path) -> None:
    result = scan(synthetic.normal_clip(tmp_path), context)
    assert result.media.kind is MediaKind.VIDEO
    assert result.media.sha256 is not None
    assert len(result.media.sha256) == 64
    assert {basis.subject for basis in result.verdict.basis} == {person(1), VOICE_OF_FILE}
    assert result.verdict.manipulation_score is not None
    assert [track.n_faces for track in result.tracks] == [6]
    assert {exhibit.kind for exhibit in result.exhibits} == {
        ExhibitKind.FRAME,
        ExhibitKind.CROP,
        ExhibitKind.ATTENTION,
        ExhibitKind.SPECTROGRAM,
        ExhibitKind.FILMSTRIP,
        ExhibitKind.TABLE,
    }
    video = result.media.stream(StreamKind.VIDEO)
    assert video is not None
    assert video.n_frames_from_content == video.n_frames_from_header
    assert set(result.timings_s) >= {"hash", "probe", "decode", "faces", "score", "conclude"}


def test_the_same_file_gives_the_same_scores(context: WorkerContext, tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path)
    first, second = scan(clip, context), scan(clip, context)
    assert first.scores == second.scores
    assert first.verdict == second.verdict
    assert first.exhibits == second.exhibits


def test_two_people_are_scored_apart(context: WorkerContext, tmp_path: Path) -> None:
    result = scan(synthetic.two_people_clip(tmp_path), context)
    people = {basis.subject for basis in result.verdict.basis if basis.detector == "face"}
    assert people == {person(1), person(2)}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (synthetic.no_face_clip, {AbstentionReason.NO_FACE}),
        (synthetic.tiny_face_clip, {AbstentionReason.NO_FACE, AbstentionReason.TOO_SMALL}),
    ],
)
def test_a_clip_without_a_usable_face_abstains(
    context: WorkerContext, tmp_path: Path, make: Callable[[Path], Path], why: set[AbstentionReason]
) -> None:
    result = scan(make(tmp_path), context)
    reasons = {abstention.why for abstention in result.abstentions if abstention.detector == "face"}
    assert reasons
    assert reasons <= why
    assert not [score for score in result.scores if score.detector == "face"]
    assert result.verdict.label is not VerdictLabel.NO_SIGNS_FOUND


def test_every_page_of_a_still_is_judged_by_itself(context: WorkerContext, tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    first, second = (Image.fromarray(image) for image in synthetic.portrait_frames(2))
    first.save(path, save_all=True, append_images=[second])
    result = scan(path, context)
    assert [
        (basis.subject, basis.n_scores) for basis in result.verdict.basis if basis.detector == "face"
    ] == [
        (person(1), 1),
        (person(2), 1),
    ]
    said = "\n".join(notice.message for notice in result.notices)
    assert "Person 2 is in picture or part 2 of the file" in said
    assert "2 of the file's 2 pictures were examined" in said


def test_what_is_missing_of_a_still_is_a_limit_of_its_verdict(context: WorkerContext, tmp_path: Path) -> None:
    whole = synthetic.still(tmp_path).read_bytes()
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole[: len(whole) * 8 // 10])  # the face is above what is missing
    limits = scan(path, context).verdict.limits
    assert any("is cut short: rows" in limit for limit in limits), limits
    path.write_bytes(whole[: len(whole) * 2 // 10])  # the face is in what is missing
    verdict = scan(path, context).verdict
    assert verdict.label is VerdictLabel.NOT_EXAMINED
    assert "is cut short: rows" in verdict.reason


def test_a_clip_without_sound_is_judged_by_its_faces_and_says_so(
    context: WorkerContext, tmp_path: Path
) -> None:
    result = scan(synthetic.silent_clip(tmp_path), context)
    assert result.verdict.manipulation_score is not None
    assert any(abstention.why is AbstentionReason.NO_AUDIO for abstention in result.abstentions)
    assert any("no sound" in limit for limit in result.verdict.limits)


def test_sound_alone_is_judged_by_the_voice(context: WorkerContext, tmp_path: Path) -> None:
    result = scan(synthetic.sound_clip(tmp_path), context)
    assert result.media.kind is MediaKind.AUDIO
    assert [basis.detector for basis in result.verdict.basis] == ["voice"]
    assert not [abstention for abstention in result.abstentions if abstention.detector == "face"]


@pytest.mark.parametrize(
    "make",
    [
        synthetic.rotated_clip,
        synthetic.ten_bit_clip,
        synthetic.odd_size_clip,
        synthetic.wrong_suffix_clip,
    ],
)
def test_odd_but_sound_clips_are_examined(
    context: WorkerContext, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    assert scan(make(tmp_path), context).verdict.label is not VerdictLabel.NOT_EXAMINED


@pytest.mark.parametrize("make", [synthetic.empty_file, synthetic.text_file, synthetic.pixel_bomb])
def test_what_is_no_media_is_not_examined_with_a_reason_and_a_way_on(
    context: WorkerContext, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    result = scan(make(tmp_path), context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert result.verdict.manipulation_score is None
    assert len(result.verdict.reason) > 20
    assert result.media.sha256 is not None


def test_what_is_said_of_a_file_names_it_as_it_is_shown(context: WorkerContext, tmp_path: Path) -> None:
    """Not by the folder in which it was opened, which is that of a server's desk, or was typed otherwise."""
    for path in (synthetic.empty_file(tmp_path), synthetic.text_file(tmp_path), tmp_path / "gone.mp4"):
        file = Found(path, "desk/exhibit 7.mp4", 0, "2026-11-20T10:00:00+00:00")
        reason = examine(file, context).verdict.reason
        assert reason.startswith("desk/exhibit 7.mp4 is "), reason
        assert str(tmp_path) not in reason


def test_a_truncated_clip_gives_what_it_holds_and_a_notice(context: WorkerContext, tmp_path: Path) -> None:
    result = scan(synthetic.truncated_clip(tmp_path), context)
    assert result.notices or result.verdict.label is VerdictLabel.NOT_EXAMINED


def test_a_file_that_disappears_is_not_examined(context: WorkerContext, tmp_path: Path) -> None:
    clip = synthetic.silent_clip(tmp_path)
    file = found(clip)
    clip.unlink()
    result = examine(file, context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert result.media.path == file.display


def _appended(clip: Path) -> None:
    with clip.open("ab") as out:
        out.write(b"more")


def _rewritten(clip: Path) -> None:
    """Another content of the same size, with the time of the old one."""
    before = clip.stat()
    content = bytearray(clip.read_bytes())
    content[-1] ^= 1
    clip.write_bytes(content)
    os.utime(clip, ns=(before.st_atime_ns, before.st_mtime_ns))


def _swapped(clip: Path) -> None:
    """Other content while it was decoded, the old one put back before it is hashed again."""
    copy = clip.with_name("copy")
    copy.write_bytes(clip.read_bytes())
    copy.replace(clip)


def _restored(clip: Path) -> None:
    clip.write_bytes(clip.read_bytes())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_appended, "its content is another one: SHA-256"),
        (_rewritten, "its content is another one: SHA-256"),
        (_swapped, "another file took its place"),
        (_restored, "it was written to"),
        (Path.unlink, "is gone"),
    ],
)
def test_a_file_that_changes_while_it_is_examined_is_not_examined(
    context: WorkerContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    words: str,
) -> None:
    clip = synthetic.normal_clip(tmp_path)
    file = found(clip)

    def changed_meanwhile(*given: object) -> Verdict:
        change(clip)
        return conclude(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("forensics.scan.pipeline.conclude", changed_meanwhile)
    result = examine(file, context)
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED
    assert words in result.verdict.reason
    assert result.media.sha256 is None
    assert (result.scores, result.exhibits, result.verdict.manipulation_score) == ((), (), None)
    assert [abstention.why for abstention in result.abstentions] == [AbstentionReason.CHANGED]


def test_a_file_that_breaks_while_it_is_decoded_is_said_to_have_changed(
    context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = synthetic.normal_clip(tmp_path)
    file = found(clip)

    def cut_before(path: Path) -> MediaFile:
        clip.write_bytes(b"nothing")
        return probe(path)

    monkeypatch.setattr("forensics.scan.pipeline.probe", cut_before)
    assert [abstention.why for abstention in examine(file, context).abstentions] == [AbstentionReason.CHANGED]


def test_rights_that_change_meanwhile_are_a_notice(
    context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = synthetic.silent_clip(tmp_path)
    file = found(clip)

    def changed_meanwhile(*given: object) -> Verdict:
        clip.chmod(0o600)
        return conclude(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("forensics.scan.pipeline.conclude", changed_meanwhile)
    result = examine(file, context)
    assert result.verdict.manipulation_score is not None
    assert any("its content is the same" in notice.message for notice in result.notices)


def test_a_file_that_changed_before_it_was_hashed_is_examined_as_it_is(
    context: WorkerContext, tmp_path: Path
) -> None:
    clip = synthetic.silent_clip(tmp_path)
    file = found(clip)
    _appended(clip)
    result = examine(file, context)
    assert result.verdict.manipulation_score is not None
    assert result.media.size_bytes == file.size_bytes + 4
    assert result.media.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert any("after the scan had found it" in notice.message for notice in result.notices)


def test_ready_made_crops_are_scored_whole(context: WorkerContext, tmp_path: Path) -> None:
    crops = replace(context, settings=replace(context.settings, crops=True))
    result = scan(synthetic.still(tmp_path), crops)
    assert [basis.subject for basis in result.verdict.basis] == [person(1)]
    assert result.verdict.basis[0].n_scores == 1


class _Breaking:
    """A detector that gives one score's worth of work and then fails."""

    spec = DetectorSpec("breaking", "Breaking", "", inputs=(Input.SOUND,), models=ModelCount.NONE)
    cards = ()
    crop = None

    def begin(self, media: MediaFile, path: Path) -> _Breaking:
        return self

    def observe(self, item: Item) -> Iterator[Item]:
        raise ZeroDivisionError("made to fail")
        yield item

    def conclude(self) -> Iterator[Item]:
        yield from ()


def test_a_failing_detector_costs_its_own_scores_only(
    context: WorkerContext, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(context, detectors=(*context.detectors, _Breaking()))
    clip = synthetic.normal_clip(tmp_path)
    result = scan(clip, broken)
    assert result.scores == scan(clip, context).scores
    [failed] = [a for a in result.abstentions if a.why is AbstentionReason.FAILED]
    assert failed == Abstention("breaking", AbstentionReason.FAILED, failed.detail)
    assert "ZeroDivisionError: made to fail" in failed.detail
    assert "breaking failed" in caplog.text


def test_the_manifest_names_models_versions_cpu_and_every_setting(context: WorkerContext) -> None:
    models = choose_detectors(context.settings)
    manifest = manifest_of(context.settings, models, ["forensics", "scan", "x"])
    assert [(use.task, use.precision) for use in manifest.models] == [
        ("face", "f32"),
        ("voice", "f32"),
        ("speech", "f32"),
        ("speakers", "f32"),
    ]
    assert all(len(use.sha256) == 64 for use in manifest.models)
    assert manifest.settings["frames"] == "6"
    assert manifest.settings["detectors"] == "face, voice, container, stills, provenance, duplicates"
    assert [(use.name, use.role, use.provider) for use in manifest.detectors] == [
        ("face", "decides", "forensics"),
        ("voice", "decides", "forensics"),
        ("container", "supports", "forensics"),
        ("stills", "supports", "forensics"),
        ("provenance", "supports", "forensics"),
        ("duplicates", "supports", "forensics"),
    ]
    assert manifest.versions["openvino"]
    assert manifest.cpu
    assert manifest.policy == "worst-subject/2"


def _on_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor that computes in bf16; others run the same net in emulation."""
    monkeypatch.setattr("forensics.scan.worker_context.cpu_isa", lambda: "avx512f avx512_bf16")


def test_triage_looks_first_in_what_the_cpu_computes_fast(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    _on_bf16(monkeypatch)
    triage = replace(context.settings, profile=Profile.TRIAGE)
    manifest = manifest_of(triage, choose_detectors(triage), ["forensics"])
    assert [use.precisions for use in manifest.models] == ["bf16, then f32", "bf16, then f32", "f32", "f32"]
    assert all(use.first_look and use.first_look.sha256 == use.sha256 for use in manifest.models[:2])
    monkeypatch.setattr("forensics.scan.worker_context.cpu_isa", lambda: "avx2")
    assert [use.precisions for use in manifest_of(triage, choose_detectors(triage), []).models] == ["f32"] * 4


@pytest.mark.parametrize(
    ("isa", "first"),
    [("avx512f avx512_bf16", "bf16"), ("amx_bf16 amx_int8", "bf16"), ("avx512_vnni", "int8")],
)
def test_a_model_with_an_int8_form_is_looked_at_in_it_where_there_is_no_bf16(
    isa: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.scan.worker_context.cpu_isa", lambda: isa)
    (chosen,) = choose_detectors(ScanSettings(paths=(), profile=Profile.TRIAGE, detectors=("face",)))
    (face,) = chosen.models
    assert face.card.variant("int8") is not None, "the shipped face model passed the gate"
    assert face.first_look == first


def test_what_a_triage_does_not_clear_scores_as_in_an_examination(
    context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _on_bf16(monkeypatch)
    # A triage chooses other pictures, unless every one is asked for.
    every = replace(context.settings, frames=1000)
    triage = replace(every, profile=Profile.TRIAGE)
    clip = synthetic.normal_clip(tmp_path)
    exact, result = (scan(clip, assemble(one, choose_detectors(one))) for one in (every, triage))
    in_doubt = {score.subject for score in result.scores if score.precision == "f32"}
    cleared = {score.subject for score in result.scores if score.precision == "bf16"}
    assert in_doubt == {person(1)}
    assert cleared == {VOICE_OF_FILE}
    assert [one for one in result.scores if one.precision == "f32"] == [
        one for one in exact.scores if one.subject in in_doubt
    ]
    assert result.verdict.label is exact.verdict.label
    assert "person 1 scored in f32" in " ".join(notice.message for notice in result.notices)


def test_a_measured_pace_is_used_and_recorded_and_moves_no_score(
    context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    clip = synthetic.normal_clip(tmp_path)
    plain = scan(clip, context)
    for model in (model for chosen in choose_detectors(context.settings) for model in chosen.models):
        timings = Timing(InferenceConfig(6, 2, 2), 9.0, 0.0), Timing(InferenceConfig(3), 5.0, 0.0)
        cache.keep(tuning._name(model.card, "f32"), msgspec.json.encode(timings))
    monkeypatch.setattr("forensics.scan.worker_context.usable_cores", lambda: 2)
    models = choose_detectors(context.settings)
    assert set(manifest_of(context.settings, models, []).paces.values()) == {
        "batches of 6, 2 threads, 2 streams, measured"
    }
    assert scan(clip, assemble(context.settings, models)).scores == plain.scores
    crowded = replace(context.settings, workers=2)
    assert set(manifest_of(crowded, choose_detectors(crowded), []).paces.values()) == {
        "batches of 3, 1 thread, 1 stream, measured"
    }
