"""Detectors of other packages: found by their entry point, run like the shipped ones, shown without them."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics import detectors
from forensics.casefile.case_file import CaseFile
from forensics.errors import SettingsError
from forensics.records.findings import Abstention, AbstentionReason
from forensics.records.subject import person
from forensics.records.verdict import VerdictLabel
from forensics.report import renderers
from forensics.report.view import build_view
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from tests import synthetic

_EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


def install(folder: Path, site: Path) -> None:
    """Makes a package of ``examples/`` visible as an installed one: its entry points, as its build says."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def installed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The example that the test names, as if pip had installed it."""
    site = tmp_path / "site"
    install(_EXAMPLES / request.param, site)
    monkeypatch.setattr(sys, "path", [str(site), str(_EXAMPLES / request.param), *sys.path])
    detectors.registered.cache_clear()
    renderers.registered.cache_clear()
    yield
    detectors.registered.cache_clear()
    renderers.registered.cache_clear()


def example(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("installed", [name], indirect=True)


@example("encoder_rule")
def test_a_rule_of_another_package_scans_without_a_model_and_without_decoding(
    installed: None, tmp_path: Path
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    synthetic.normal_clip(media)
    settings = ScanSettings(paths=(media,), detectors=("encoder-rule",))
    plan = plan_scan(settings, ["forensics", "scan"])
    assert plan.models == ()
    [use] = plan.manifest.detectors
    assert (use.name, use.role, use.provider) == ("encoder-rule", "supports", "forensics-encoder-rule 0.1")
    with CaseFile.create_or_resume(tmp_path / "scan.case") as case:
        run_scan(plan, case)
        [(_, result)] = case.results()
    [told] = [notice.message for notice in result.notices if notice.stage == "structure"]
    assert "The container was written by Lavf" in told
    assert "decode" not in result.timings_s
    assert result.verdict.label is VerdictLabel.NOT_EXAMINED


@example("encoder_rule")
def test_it_abstains_where_it_does_not_apply(installed: None, tmp_path: Path) -> None:
    from forensics.records.media import MediaFile, MediaKind

    spec = detectors.spec_of("encoder-rule")
    detector = detectors.load_detector(spec, [])
    picture = MediaFile("a.png", 1, "2026-01-01T00:00:00+00:00", kind=MediaKind.IMAGE)
    [said] = detector.begin(picture, tmp_path / "a.png").conclude()
    assert isinstance(said, Abstention)
    assert said.why is AbstentionReason.UNSUPPORTED


@example("encoder_rule")
def test_names_that_nobody_declares_are_refused_with_the_choices(installed: None) -> None:
    assert detectors.detector_names() == (*detectors.DETECTORS, "encoder-rule")
    with pytest.raises(SettingsError, match="names ears, which is not a detector") as caught:
        detectors.spec_of("ears")
    assert ",".join((*detectors.DETECTORS, "encoder-rule")) in caught.value.hint
    with pytest.raises(SettingsError, match="names none"):
        detectors.spec_of("")


@example("face_flicker")
def test_a_temporal_detector_of_another_package_gets_its_own_crops_beside_the_face_models(
    installed: None, tmp_path: Path
) -> None:
    clip = synthetic.normal_clip(tmp_path)
    both = ScanSettings(paths=(clip,), frames=6, detectors=("face", "face-flicker"))
    alone = ScanSettings(paths=(clip,), frames=6, detectors=("face",))
    told, scores = {}, {}
    for name, settings in (("both", both), ("alone", alone)):
        with CaseFile.create_or_resume(tmp_path / f"{name}.case") as case:
            run_scan(plan_scan(settings, ["forensics", "scan"]), case)
            [(_, result)] = case.results()
        told[name] = [one.message for one in result.notices if "changes most at" in one.message]
        scores[name] = result.scores
    assert len(told["both"]) == 1
    assert told["alone"] == []
    assert scores["both"] == scores["alone"], "another way of cutting moves no score"


@example("mouth_and_sound")
def test_a_detector_of_another_package_gets_mouths_and_sound_of_one_pass(
    installed: None, tmp_path: Path
) -> None:
    clip = synthetic.normal_clip(tmp_path)
    silent = synthetic.silent_clip(tmp_path)
    settings = ScanSettings(paths=(clip, silent), frames=6, detectors=("mouth-and-sound",))
    with CaseFile.create_or_resume(tmp_path / "scan.case") as case:
        plan = plan_scan(settings, ["forensics", "scan"])
        run_scan(plan, case)
        results = {Path(result.media.path).name: result for _, result in case.results()}
    assert [model.id for model in plan.manifest.models] == ["face-landmarks"]
    [told] = [one.message for one in results["normal.mp4"].notices if one.stage == "score"]
    assert "when it is loudest, the mouth is open by 0." in told
    assert not results["normal.mp4"].scores
    assert [one.detail for one in results["silent.mp4"].abstentions] == ["there is no sound"]


@example("plain_text_report")
def test_a_report_format_of_another_package_is_chosen_by_its_suffix(installed: None, tmp_path: Path) -> None:
    from tests.casefile.made import result

    view = build_view([], [(1, result("a\nb.mp4"))], lambda _: (), chain_head="ab12")
    out = tmp_path / "report.TXT"
    renderers.write_report(view, out)
    text = out.read_text("utf-8")
    assert "'a\\nb.mp4': " in text
    assert text.endswith("Head of the case file: ab12\n")
    with pytest.raises(SettingsError) as caught:
        renderers.renderer_for(tmp_path / "report.odt")
    assert all(suffix in caught.value.hint for suffix in (".html", ".json", ".csv", ".txt"))


def test_a_package_that_is_broken_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    info = site / "broken-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[forensics.detectors]\nbroken = nowhere_to_be_found:SPEC\nodd = json:dumps\nface = json:loads\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    detectors.registered.cache_clear()
    try:
        with pytest.raises(SettingsError, match="broken cannot be loaded from nowhere_to_be_found:SPEC"):
            detectors.spec_of("broken")
        with pytest.raises(SettingsError, match="not a DetectorSpec called odd"):
            detectors.spec_of("odd")
        assert detectors.spec_of("face") is detectors.DETECTORS["face"], "a shipped name cannot be taken"
    finally:
        detectors.registered.cache_clear()


def test_findings_of_a_detector_that_is_not_installed_can_still_be_described() -> None:
    spec = detectors.described("gone")
    assert (spec.title, spec.units, spec.who(person(1))) == ("Gone", "scores", "person 1")
