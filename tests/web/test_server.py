"""``forensics serve`` as a process: news, broken uploads, a restart in the middle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (extra web)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra web)")
import forensics
from tests import synthetic
from tests.web.running import Running, until


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with Running(tmp_path / "desk") as server:
        case_id = server.new_case()
        folder = tmp_path / "desk" / case_id / "files"
        connection = server.connection()
        connection.putrequest("PUT", server.path(f"api/cases/{case_id}/files?name=a"))
        connection.putheader("Content-Length", "10000000")
        connection.endheaders()
        connection.send(b"x" * 3_000_000)
        until(lambda: any(path.stat().st_size for path in folder.iterdir()), "the first bytes are there")
        connection.close()
        until(lambda: not list(folder.iterdir()), "the piece is gone")
        assert server.json("GET", f"api/cases/{case_id}")["files"] == []
        assert "Traceback" not in server.stop()


def test_progress_is_told_as_it_happens(tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path)
    with Running(tmp_path / "desk") as server:
        connection = server.connection()
        connection.request("GET", server.path("api/events"))
        stream = connection.getresponse()
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        case_id = server.new_case("told")
        server.upload(case_id, "clip.mp4", clip.read_bytes())
        server.json("POST", f"api/cases/{case_id}/examine")
        stages: list[str] = []
        states: list[str] = []
        while "done" not in states:
            line = stream.readline().decode()
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
                content = json.loads(stream.readline().decode().removeprefix("data: "))
                if kind == "progress":
                    stages.append(content["stage"])
                elif kind == "case":
                    states.append(content["state"])
        connection.close()
    assert states == ["receiving", "receiving", "waiting", "examining", "done"]
    assert [*dict.fromkeys(stages)] == ["Starting", "Loading the models", "Examining", "Writing the report"]


@pytest.mark.parametrize("killed", [False, True])
def test_the_queue_survives_a_restart_in_the_middle(tmp_path: Path, killed: bool) -> None:
    clip = synthetic.normal_clip(tmp_path).read_bytes()
    ids = []
    with Running(tmp_path / "desk") as server:
        for number in range(2):
            ids.append(server.new_case(f"case {number}"))
            # Bytes behind the end make other contents, which are examined each by itself.
            for name in ("a.mp4", "b.mp4"):
                server.upload(ids[-1], name, clip + f"{number} {name}".encode())
            server.json("POST", f"api/cases/{ids[-1]}/examine")
        until(
            lambda: (server.json("GET", "api/desk")["progress"] or {}).get("file"),
            "the first file is under way",
        )
        if killed:
            server.kill()
        else:
            assert "Traceback" not in server.stop()
    with Running(tmp_path / "desk") as server:
        for number, case_id in enumerate(ids):
            case = server.examined(case_id)
            assert case["state"] == "done", case["problem"]
            assert [file["verdict"] is not None for file in case["files"]] == [True, True]
            with forensics.CaseFile.open_read_only(tmp_path / "desk" / case_id / "evidence.case") as opened:
                assert opened.checked().sound
                results = [result for _, result in opened.results()]
            expected = {
                hashlib.sha256(clip + f"{number} {n}".encode()).hexdigest() for n in ("a.mp4", "b.mp4")
            }
            assert {result.media.sha256 for result in results} == expected


def test_a_case_that_is_being_examined_can_be_deleted(tmp_path: Path) -> None:
    clip = synthetic.normal_clip(tmp_path).read_bytes()
    with Running(tmp_path / "desk") as server:
        case_id = server.new_case()
        server.upload(case_id, "a.mp4", clip)
        server.json("POST", f"api/cases/{case_id}/examine")
        until(lambda: server.json("GET", "api/desk")["progress"], "it is under way")
        assert server.ask("DELETE", f"api/cases/{case_id}")[0] == 204
        until(lambda: not (tmp_path / "desk" / case_id).exists(), "it is gone")
        assert server.json("GET", "api/cases") == []
        after = server.new_case("after it")
        server.upload(after, "a.mp4", clip)
        server.json("POST", f"api/cases/{after}/examine")
        assert server.examined(after)["state"] == "done"


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    import subprocess
    import sys

    with Running(tmp_path / "desk") as server:
        port = server.host.rsplit(":", 1)[1]
        ran = subprocess.run(
            [sys.executable, "-m", "forensics", "serve", "--folder", str(tmp_path / "other"), "--port", port],
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 2
    assert f"port {port}" in ran.stderr
    assert "Traceback" not in ran.stderr
