"""The application over ASGI: who is let in, what is taken, what is refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (extra web)")
pytest.importorskip("httpx2", reason="httpx2 is not installed (extra dev)")
from starlette.testclient import TestClient

import forensics
from forensics.errors import SettingsError
from forensics.settings import Profile
from forensics.web import uploads
from forensics.web.desk import CaseState, Desk
from forensics.web.guard import report_key
from forensics.web.server import ServerSettings, create_app
from tests import synthetic
from tests.web.running import until

TOKEN = "a-token-of-the-tests"
HOST = "127.0.0.1:8000"
LIMIT_BYTES = 300_000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    app = create_app(desk, TOKEN, [HOST], limit_bytes=LIMIT_BYTES, workers=1)
    with TestClient(app, base_url=f"http://{HOST}/{TOKEN}/", raise_server_exceptions=False) as client:
        yield client


def new_case(client: TestClient) -> str:
    answer = client.post("api/cases", json={"title": "exhibit 7", "profile": "triage"})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def on_disk(desk: Desk, case_id: str) -> list[Path]:
    return sorted((desk.place(case_id) / "files").iterdir())


def test_the_page_allows_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("")
    assert page.status_code == 200
    assert 'type="file"' in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in page.headers
    assert TOKEN not in page.text
    for name in ("desk.js", "desk.css"):
        assert client.get(name).status_code == 200
    assert client.get("desk.html.jinja").status_code == 404
    assert client.get("..%2f..%2fpyproject.toml").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/api/desk", "/wrong-token/api/desk", f"/{TOKEN[:-1]}/", "/reports/x/y"]
)
def test_without_the_token_there_is_nothing(client: TestClient, path: str) -> None:
    answer = client.get(f"http://{HOST}{path}")
    assert answer.status_code == 404
    assert "exhibit" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:8001", ""])
def test_names_that_are_not_ours_are_refused(client: TestClient, host: str) -> None:
    assert client.get("api/desk", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_other_pages_can_change_nothing(client: TestClient, desk: Desk, headers: dict[str, str]) -> None:
    case_id = new_case(client)
    assert client.delete(f"api/cases/{case_id}", headers=headers).status_code == 403
    assert client.post("api/cases", json={}, headers=headers).status_code == 403
    assert [case.id for case in desk.cases()] == [case_id]
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert client.delete(f"api/cases/{case_id}", headers=own).status_code == 204
    assert not desk.place(case_id).exists()


@pytest.mark.parametrize(
    "name", ["../../escape.mp4", "<script>alert(1)</script>.mp4", "two\nlines", "a\0b", "", "x" * 999]
)
def test_an_upload_lies_under_a_name_of_ours(client: TestClient, desk: Desk, name: str) -> None:
    case_id, content = new_case(client), os.urandom(200_000)
    answer = client.put(f"api/cases/{case_id}/files", params={"name": name}, content=content)
    assert answer.status_code == 201
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    shown = answer.json()["name"]
    assert shown == (name.replace("\0", "")[:255] or "unnamed")
    (path,) = on_disk(desk, case_id)
    assert path.name == answer.json()["id"]
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(
        stat.S_IMODE(one.stat().st_mode) == 0o700 for one in (desk.folder, path.parent, path.parent.parent)
    )


def test_files_of_one_name_stay_apart(client: TestClient) -> None:
    case_id = new_case(client)
    names = [
        client.put(f"api/cases/{case_id}/files", params={"name": "a.mp4"}, content=b"x").json()["name"]
        for _ in range(3)
    ]
    assert names == ["a.mp4", "a.mp4 (2)", "a.mp4 (3)"]


@pytest.mark.parametrize("announced", [True, False])
def test_the_limit_is_kept_and_said(client: TestClient, desk: Desk, announced: bool) -> None:
    case_id, content = new_case(client), b"x" * (LIMIT_BYTES + 1)
    body: Any = content if announced else (content[at : at + 1000] for at in range(0, len(content), 1000))
    answer = client.put(f"api/cases/{case_id}/files", params={"name": "a"}, content=body)
    assert answer.status_code == 413
    assert "limit" in answer.json()["error"]["message"]
    assert "--limit" in answer.json()["error"]["hint"]
    assert not on_disk(desk, case_id)


def test_a_disk_without_room_is_said(client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = new_case(client)
    monkeypatch.setattr(uploads, "RESERVE_BYTES", 10**18)
    answer = client.put(f"api/cases/{case_id}/files", params={"name": "a"}, content=b"x")
    assert answer.status_code == 507
    assert "no room" in answer.json()["error"]["message"]
    monkeypatch.undo()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "_write", full)
    answer = client.put(f"api/cases/{case_id}/files", params={"name": "a"}, content=b"x")
    assert answer.status_code == 507
    assert not on_disk(desk, case_id)


def test_requests_that_make_no_sense_are_answered(client: TestClient) -> None:
    case_id = new_case(client)
    assert client.post(f"api/cases/{case_id}/examine").status_code == 409  # it has no file
    assert client.post("api/cases", content=b"{not json").status_code == 400
    assert client.post("api/cases", json={"profile": "hasty"}).status_code == 400
    assert client.post("api/cases", content=b" " * 100_000).status_code == 413
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/examine"),
        ("PUT", "/files"),
        ("GET", "/report.html"),
    ):
        assert client.request(method, f"api/cases/{'0' * 16}{path}").status_code == 404
    assert client.get(f"api/cases/{case_id}/report.html").status_code == 404  # not done
    assert client.get(f"api/cases/{case_id}/desk.json").status_code == 404
    for method, path, status in (("GET", "api/nowhere", 404), ("PATCH", "api/cases", 405)):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "hint"}


def test_a_clip_comes_to_the_verdict_that_a_scan_gives(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    clip = synthetic.normal_clip(tmp_path)
    case_id = new_case(client)
    client.put(f"api/cases/{case_id}/files", params={"name": "<b>clip</b>.mp4"}, content=clip.read_bytes())
    assert client.post(f"api/cases/{case_id}/examine").status_code == 202
    assert client.put(f"api/cases/{case_id}/files", params={"name": "late"}, content=b"x").status_code == 409
    until(lambda: client.get(f"api/cases/{case_id}").json()["state"] == "done", "the verdict")
    case = client.get(f"api/cases/{case_id}").json()
    expected = forensics.scan_file(clip, profile="triage")
    assert case["files"][0]["verdict"] == expected.verdict.label.value
    assert case["files"][0]["manipulation_score"] == expected.verdict.manipulation_score

    with forensics.CaseFile.open_read_only(desk.case_file(case_id)) as opened:
        assert opened.checked().sound
        ((_, result),) = opened.results()
    assert result.media.path == "<b>clip</b>.mp4"
    assert result.media.sha256 == case["files"][0]["sha256"]

    report = client.get(case["report"])
    assert report.status_code == 200
    assert "&lt;b&gt;clip" in report.text
    assert "sandbox allow-scripts" in report.headers["content-security-policy"]
    assert TOKEN not in case["report"]
    kept = client.get(f"api/cases/{case_id}/evidence.case")
    assert kept.content.startswith(b"SQLite format 3")
    assert kept.headers["content-disposition"].startswith("attachment")


def test_only_installed_models_can_be_chosen(client: TestClient, desk: Desk) -> None:
    models = client.get("api/desk").json()["models"]
    assert {"face", "voice"} <= {model["task"] for model in models}
    for name in ("../../etc/passwd", "/srv/models/face", "no-such-model", ""):
        answer = client.post("api/cases", json={"models": [name]})
        assert answer.status_code == 400
        assert "no model" in answer.json()["error"]["message"]
    answer = client.post("api/cases", json={"models": [models[0]["id"]]})
    assert answer.status_code == 201
    assert answer.json()["models"] == [models[0]["id"]]
    [case] = desk.cases()
    assert case.models == (models[0]["id"],)


def test_labels_are_kept_and_refused_in_words(client: TestClient, desk: Desk) -> None:
    case_id = new_case(client)
    file_id = client.put(f"api/cases/{case_id}/files", params={"name": "a"}, content=b"x").json()["id"]
    answer = client.put(f"api/cases/{case_id}/labels", json={file_id: "manipulated"})
    assert answer.status_code == 200
    assert answer.json()["files"][0]["label"] == "manipulated"
    for body in ({file_id: "fake"}, {"0" * 32: "pristine"}, ["pristine"]):
        assert client.put(f"api/cases/{case_id}/labels", json=body).status_code == 400
    assert client.put(f"api/cases/{'0' * 16}/labels", json={}).status_code == 404
    record = json.loads((desk.place(case_id) / "desk.json").read_text())
    assert record["files"][0]["label"] == "manipulated"


def test_a_zip_gets_a_verdict_for_each_member_under_its_name(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(synthetic.normal_clip(tmp_path), "in/clip.mp4")
        archive.writestr("cut.mp4", b"no film")
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("notes.txt", "no media")
    case_id = new_case(client)
    nested = tmp_path / "nested.zip"
    with zipfile.ZipFile(nested, "w") as archive:
        archive.write(empty, "inner.zip")
    # One is called as another one begins.
    uploads = (
        (packed, "exhibits.zip"),
        (empty, "nothing"),
        (nested, "nothing.zip"),
        (tmp_path / "0", "0.mp4"),
    )
    (tmp_path / "0").touch()
    for path, name in uploads:
        answer = client.put(f"api/cases/{case_id}/files", params={"name": name}, content=path.read_bytes())
        assert answer.status_code == 201
    client.put(
        f"api/cases/{case_id}/labels",
        json={file["id"]: "pristine" for file in client.get(f"api/cases/{case_id}").json()["files"]},
    )
    client.post(f"api/cases/{case_id}/examine")
    until(lambda: client.get(f"api/cases/{case_id}").json()["state"] == "done", "the verdicts")
    packed_file, empty_file, nested_file, no_bytes = client.get(f"api/cases/{case_id}").json()["files"]
    assert {one["name"] for one in packed_file["members"]} == {"in/clip.mp4", "cut.mp4"}
    assert packed_file["verdict"] is None
    assert sum(packed_file["member_verdicts"].values()) == 2
    assert packed_file["member_verdicts"]["NOT_EXAMINED"] == 1
    assert packed_file["members"][-1]["name"] == "cut.mp4"  # least worth a look
    assert empty_file["verdict"] == "NOT_EXAMINED"
    assert empty_file["reason"].startswith("nothing holds 1 file passed over, media neither by content")
    assert nested_file["reason"].startswith("nothing.zip/inner.zip is an archive or a disk image within an")
    assert ".zip" not in empty_file["reason"]
    assert no_bytes["reason"].startswith("0.mp4 is empty (0 bytes).")
    with forensics.CaseFile.open_read_only(desk.case_file(case_id)) as opened:
        paths = {result.media.path for _, result in opened.results()}
        rejected = {one.path for one in opened.rejections()}
    assert paths == {"exhibits.zip/in/clip.mp4", "exhibits.zip/cut.mp4", "0.mp4"}
    assert not any(packed_file["id"] in path or empty_file["id"] in path for path in rejected)
    report = desk.report(case_id, ".json").read_text()
    assert '"label":"pristine"' in report.replace(" ", "")


def test_a_case_without_media_is_named_as_its_owner_named_it(client: TestClient, tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("notes.txt", "no media")
    case_id = new_case(client)
    client.put(f"api/cases/{case_id}/files", params={"name": "nothing.zip"}, content=empty.read_bytes())
    client.post(f"api/cases/{case_id}/examine")
    until(lambda: client.get(f"api/cases/{case_id}").json()["state"] == "failed", "the refusal")
    case = client.get(f"api/cases/{case_id}").json()
    assert "nothing.zip" in case["problem"]
    assert case["files"][0]["id"] not in case["problem"]


def test_a_report_that_cannot_be_written_is_said_with_the_case(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    case_id = new_case(client)
    still = synthetic.still(tmp_path).read_bytes()
    client.put(f"api/cases/{case_id}/files", params={"name": "a.jpg"}, content=still)
    in_the_way = desk.report(case_id, ".html") / "folder"
    in_the_way.mkdir(parents=True)
    client.post(f"api/cases/{case_id}/examine")
    until(lambda: client.get(f"api/cases/{case_id}").json()["state"] == "failed", "the refusal")
    assert "report" in client.get(f"api/cases/{case_id}").json()["problem"]
    in_the_way.rmdir()
    in_the_way.parent.rmdir()
    client.post(f"api/cases/{case_id}/examine")
    until(lambda: client.get(f"api/cases/{case_id}").json()["state"] == "done", "the second try")


def test_a_disk_without_room_for_the_state_costs_no_verdict(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    case_id = new_case(client)
    monkeypatch.setattr(Desk, "_keep", full)
    changed = desk.change(case_id, lambda case: replace(case, title="changed"))
    assert changed is not None
    assert client.get(f"api/cases/{case_id}").json()["title"] == "changed"
    answer = client.post("api/cases", json={})
    assert answer.status_code == 507
    assert "Free some space" in answer.json()["error"]["hint"]


def test_the_key_of_a_report_opens_that_report_alone() -> None:
    assert report_key(TOKEN, "a") != report_key(TOKEN, "b") != report_key("other", "b")


def test_what_an_earlier_server_left_waits_again(tmp_path: Path) -> None:
    with Desk(tmp_path / "desk") as desk:
        case = desk.create("left", Profile.TRIAGE)
        (desk.place(case.id) / "files" / "piece").write_bytes(b"half an upload")
        other = desk.create("under way", Profile.TRIAGE)
        desk.change(other.id, lambda case: replace(case, state=CaseState.EXAMINING, queued_utc="2026-01-01"))
        with pytest.raises(SettingsError, match="Another forensics serve"):
            Desk(tmp_path / "desk")
    with Desk(tmp_path / "desk") as desk:
        assert not on_disk(desk, case.id)
        assert {one.title: one.state for one in desk.cases()} == {
            "left": CaseState.RECEIVING,
            "under way": CaseState.WAITING,
        }


def test_only_an_explicit_word_lets_others_in(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lets others on the network"):
        ServerSettings(tmp_path, host="192.0.2.7")
    with pytest.raises(SettingsError, match="cannot know its own name"):
        ServerSettings(tmp_path, host="0.0.0.0", reachable=True)
    with pytest.raises(SettingsError, match="is not an address"):
        ServerSettings(tmp_path, host="lab.example", reachable=True)
    ServerSettings(tmp_path, host="192.0.2.7", reachable=True)
    ServerSettings(tmp_path, host="::1")
