"""What the server opens, as the kernel sees it: no socket to anywhere, and one to listen on, here alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (extra web)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra web)")
from tests import synthetic
from tests.web.running import Running

STRACE = shutil.which("strace")


def may_trace() -> bool:
    """Containers often forbid it."""
    return STRACE is not None and subprocess.run([STRACE, "-o/dev/null", "true"], check=False).returncode == 0


@pytest.mark.skipif(not may_trace(), reason="strace is missing or forbidden (Debian: apt-get install strace)")
def test_no_socket_but_the_local_one(tmp_path: Path) -> None:
    """From the start to a verdict, of the server and of all its processes."""
    log = tmp_path / "trace"
    calls = "trace=socket,bind,listen,connect,sendto,sendmsg,sendmmsg"
    tracer = (str(STRACE), "-f", "-qq", "-e", calls, "-e", "signal=none", "-o", str(log))
    with Running(tmp_path / "desk", under=tracer) as server:
        case_id = server.new_case()
        server.upload(case_id, "clip.mp4", synthetic.normal_clip(tmp_path).read_bytes())
        server.json("POST", f"api/cases/{case_id}/examine")
        assert server.examined(case_id)["state"] == "done"
    lines = log.read_text("utf-8", "replace").splitlines()
    network = [line for line in lines if "AF_INET" in line or "AF_NETLINK" in line or "AF_PACKET" in line]
    # Otherwise the trace has missed the server altogether.
    assert any(re.search(r"socket\(AF_INET, SOCK_STREAM", line) for line in network)
    assert [line for line in network if re.search(r"\b(connect|sendto|sendmsg|sendmmsg)\(", line)] == []
    bound = [line for line in network if "bind(" in line]
    assert len(bound) == 1, bound
    assert 'inet_addr("127.0.0.1")' in bound[0]
    listens = re.compile(r"\blisten\((\d+), \d+\)\s+= 0")
    [descriptor] = {found[1] for line in lines if (found := listens.search(line))}
    assert f"bind({descriptor}, " in bound[0]
    foreign = {address for line in lines for address in re.findall(r'inet_addr\("([^"]+)"\)', line)}
    assert foreign == {"127.0.0.1"}
