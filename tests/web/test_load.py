"""Twenty uploads at once, five of them hostile: nothing is lost, and the page answers all the while.

How fast it answers is measured by ``benchmarks/serve_load.py``: no test asserts the clock.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (extra web)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra web)")
import forensics
from tests.web import load
from tests.web.running import Running

_PATIENCE_S = 600.0


def test_nothing_is_lost_of_twenty_uploads_of_which_five_are_hostile(tmp_path: Path) -> None:
    wanted = load.uploads(tmp_path)
    assert len(wanted) == 20
    with Running(tmp_path / "desk") as server, load.Watcher(server.address) as watcher:
        ids = [server.new_case(f"case {number}") for number in range(4)]
        statuses = load.send_at_once(server, ids, wanted)
        assert statuses == [201 if one.expected else 413 for one in wanted]
        server.examine_all(ids, _PATIENCE_S)
        cases = [server.json("GET", f"api/cases/{case_id}") for case_id in ids]
    assert [case["state"] for case in cases] == ["done"] * 4, [case["problem"] for case in cases]
    received = {file["sha256"]: file for case in cases for file in case["files"]}
    assert received.keys() == {one.sha256 for one in wanted if one.expected}
    for one in wanted:
        if one.expected:
            file = received[one.sha256]
            assert file["verdict"] in one.expected, (one.name, file["verdict"], file["reason"])
            assert file["name"] == one.name
            assert file["size_bytes"] == len(one.content)
    for case_id in ids:
        with forensics.CaseFile.open_read_only(tmp_path / "desk" / case_id / "evidence.case") as opened:
            assert opened.checked().sound
    assert len(watcher.answers) > 100
    assert {status for _, status, _ in watcher.answers} == {200}
