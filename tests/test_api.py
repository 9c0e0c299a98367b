"""The public functions, as a program uses them; the examples import nothing else."""

from __future__ import annotations

import ast
import http.client
import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

import forensics
from tests import synthetic

_ROOT = Path(__file__).resolve().parent.parent
_UPLOAD = _ROOT / "examples" / "one_upload"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, json, forensics; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_ROOT)
    assert not {"numpy", "cv2", "av", "openvino", "jinja2", "forensics.api"} & set(json.loads(ran.stdout))


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(getattr(forensics, name) is not None for name in forensics.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'scan_folder'"):
        _ = forensics.scan_folder  # type: ignore[attr-defined]


def test_a_scanner_keeps_its_workers_and_scores_alike_each_time(tmp_path: Path) -> None:
    clip, tone = synthetic.normal_clip(tmp_path), tmp_path / "text.mp4"
    tone.write_text("no film at all")
    seen: list[str] = []
    with forensics.Scanner(frames=4, detectors=("face",)) as scanner:
        first = scanner.scan([clip], on_result=lambda result: seen.append(result.media.path))
        workers = {worker.process.pid for worker in scanner._executor.workers}
        again = scanner.scan([str(clip)])
        assert {worker.process.pid for worker in scanner._executor.workers} == workers
        assert len(workers) == 1
        with pytest.raises(forensics.ForensicsError):
            scanner.scan([tmp_path / "nowhere.mp4"])
    assert not scanner._executor.workers
    assert len(seen) == len(first) == 1
    assert first[0].scores
    assert [score.logit for score in first[0].scores] == [score.logit for score in again[0].scores]
    assert isinstance(first[0].verdict.label, forensics.VerdictLabel)
    out = tmp_path / "out.html"
    forensics.write_report(first, out)
    assert clip.name in out.read_text("utf-8")


def test_a_report_has_the_cards_of_all_models_that_ran(tmp_path: Path) -> None:
    with forensics.Scanner(frames=4, detectors=("face", "voice")) as scanner:
        results = scanner.scan([synthetic.normal_clip(tmp_path)])
    used = {use.id for use in results.manifest.models}
    assert {"voice-whisper", "speech-silero"} < used
    assert {card.id for card in results.cards} == used
    out = tmp_path / "out.html"
    forensics.write_report(results, out)
    assert "was not at hand" not in out.read_text("utf-8")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(forensics.ForensicsError, match="is a folder"):
        forensics.scan_file(tmp_path)


def test_a_copy_that_cannot_be_examined_says_so_of_itself(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.mp4").write_text("no media")
    with forensics.Scanner(detectors=("container",)) as scanner:
        reasons = {Path(one.media.path).stem: one.verdict.reason for one in scanner.scan([tmp_path])}
    for name in "ab":
        assert reasons[name].startswith(f"{tmp_path / name}.mp4 is text, not media"), reasons


def test_an_archive_of_one_file_is_a_file_and_one_of_several_is_not(tmp_path: Path) -> None:
    for name, n in (("one.zip", 1), ("two.zip", 2)):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for number in range(n):
                archive.writestr(f"{number}.mp4", f"text {number}")
    result = forensics.scan_file(tmp_path / "one.zip", detectors=("container",))
    assert result.media.path == str(tmp_path / "one.zip" / "0.mp4")
    with pytest.raises(forensics.ForensicsError, match=r"two.zip is an archive with 2 files"):
        forensics.scan_file(tmp_path / "two.zip", detectors=("container",))


def test_a_page_over_the_api_takes_one_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_UPLOAD))
    from one_upload import UploadServer

    clip = synthetic.normal_clip(tmp_path)
    with forensics.Scanner(frames=4, detectors=("face",)) as scanner, UploadServer(scanner) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            page = _ask(server.server_port, "GET", f"/{server.token}")
            report = _ask(server.server_port, "PUT", f"/{server.token}", clip.read_bytes())
            refused = _ask(server.server_port, "GET", "/")
            foreign = _ask(server.server_port, "GET", f"/{server.token}", host="elsewhere.example")
        finally:
            server.shutdown()
            thread.join()
    assert page[0] == 200
    assert b'type="file"' in page[1]
    assert report[0] == 200
    assert b"SHA-256" in report[1]
    assert refused[0] == foreign[0] == 404


def _ask(
    port: int, method: str, path: str, body: bytes | None = None, *, host: str | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request(method, path, body, {} if host is None else {"Host": host})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_the_page_is_short_and_uses_public_names_alone() -> None:
    text = (_UPLOAD / "one_upload.py").read_text("utf-8")
    assert len(text.splitlines()) < 100
    tree = ast.parse(text)
    imported = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [getattr(node, "module", None) or node.names[0].name for node in imported]
    assert [name for name in names if name.startswith("forensics")] == ["forensics"]
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "forensics"
    }
    assert used <= set(forensics.__all__)


def test_a_profile_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(forensics.ForensicsError, match="no profile fast") as caught:
        forensics.Scanner(profile="fast")
    assert "examination, triage" in caught.value.hint
