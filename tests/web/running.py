"""A server in a process of its own, as a user starts it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from forensics.resources import resource_folder

_ROOT = resource_folder("reports/web").parent.parent
PATIENCE_S = 300.0


class Running:
    """``forensics serve`` on a free port; a context manager.

    Args:
        under: a program that starts it, with its own arguments, and ends when it ends.
    """

    def __init__(self, folder: Path, *arguments: str, under: tuple[str, ...] = ()) -> None:
        self._under = under
        self._folder = folder
        self._arguments = arguments
        self.address = ""

    def __enter__(self) -> Self:
        command = [
            *self._under,
            sys.executable,
            "-m",
            "forensics",
            "serve",
            "--workers",
            "1",
            "--folder",
            str(self._folder),
        ]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [*command, *self._arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.said()
        self.host = urlsplit(self.address).netloc
        until(self.answers, "the server answers")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.stop()

    def answers(self) -> bool:
        try:
            return self.ask("GET", "")[0] == 200
        except OSError:
            return False

    def said(self) -> str:
        assert self._process.stderr is not None
        self._process.kill()
        return self._process.stderr.read()

    def stop(self) -> str:
        """Ends it in order; what it said on stderr."""
        os.kill(self._server_id(), signal.SIGINT)
        return self._process.communicate(timeout=PATIENCE_S)[1]

    def _server_id(self) -> int:
        """A tracer keeps signals to itself; its only child is the server."""
        own = self._process.pid
        return int(Path(f"/proc/{own}/task/{own}/children").read_text().split()[0]) if self._under else own

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=PATIENCE_S)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, timeout=PATIENCE_S)

    def path(self, inner: str) -> str:
        return urlsplit(self.address).path + inner

    def ask(
        self, method: str, inner: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = self.connection()
        try:
            connection.request(method, self.path(inner), body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, method: str, inner: str, body: bytes | None = None) -> Any:
        status, content = self.ask(method, inner, body)
        assert status < 300, content
        return json.loads(content) if content else None

    def upload(self, case_id: str, name: str, content: bytes) -> Any:
        return self.json("PUT", f"api/cases/{case_id}/files?name={quote(name, safe='')}", content)

    def new_case(self, title: str = "a case", profile: str = "triage") -> str:
        body = json.dumps({"title": title, "profile": profile}).encode()
        return str(self.json("POST", "api/cases", body)["id"])

    def examine_all(self, case_ids: Sequence[str], patience_s: float) -> None:
        """Has the cases examined, and waits until all are done or failed."""
        for case_id in case_ids:
            self.json("POST", f"api/cases/{case_id}/examine")
        self.until_examined(case_ids, patience_s)

    def until_examined(self, case_ids: Sequence[str], patience_s: float) -> None:
        """Waits until all of them are done or failed."""
        until(
            lambda: (
                {case["state"] for case in self.json("GET", "api/cases") if case["id"] in case_ids}
                <= {"done", "failed"}
            ),
            "all cases are examined",
            patience_s,
        )

    def examined(self, case_id: str) -> Any:
        """The case once it is done or failed."""
        until(
            lambda: self.json("GET", f"api/cases/{case_id}")["state"] in ("done", "failed"),
            "the case is examined",
        )
        return self.json("GET", f"api/cases/{case_id}")


def until(true: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Waits for something that has to come."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)
