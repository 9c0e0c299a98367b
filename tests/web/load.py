"""Twenty uploads at once, five of them hostile, and somebody who keeps looking at the page meanwhile."""

from __future__ import annotations

import hashlib
import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

from tests import synthetic
from tests.web.running import PATIENCE_S, Running

N_UPLOADS = 20
# An hour of uploads at a gigabit; the header says so and nothing of it ever comes.
HUGE_BYTES = 10**12


@dataclass(frozen=True)
class Upload:
    """One upload.

    Attributes:
        announced_bytes: what its Content-Length says; None for the truth.
        expected: verdict labels that are right for it; none where it has to be refused.
    """

    name: str
    content: bytes
    expected: frozenset[str]
    announced_bytes: int | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


_EXAMINED = frozenset({"SIGNS_OF_MANIPULATION", "INCONCLUSIVE", "NO_SIGNS_FOUND"})
_NOT_EXAMINED = frozenset({"NOT_EXAMINED"})


def uploads(folder: Path, n: int = N_UPLOADS) -> list[Upload]:
    """Clips of different contents, and among them five that mean no good."""
    clip = synthetic.normal_clip(folder).read_bytes()
    sound = synthetic.sound_clip(folder, "voice.flac").read_bytes()
    hostile = [
        Upload("truncated.mp4", synthetic.truncated_clip(folder).read_bytes(), _NOT_EXAMINED),
        Upload("holiday.jpg", clip + b"another end", _EXAMINED),
        Upload("huge.mp4", clip[:5_000], frozenset(), HUGE_BYTES),
        Upload("../../<img src=x onerror=alert(1)>\n\u202e4pm.mp4", clip + b"a hostile name", _EXAMINED),
        Upload("bomb.png", synthetic.pixel_bomb(folder).read_bytes(), _NOT_EXAMINED),
    ]
    plain = [
        Upload(f"clip-{number}.mp4", clip + f"end of clip {number}".encode(), _EXAMINED)
        if number % 5
        else Upload(f"voice-{number}.flac", sound + f"end of sound {number}".encode(), _EXAMINED)
        for number in range(n - len(hostile))
    ]
    step = max(1, len(plain) // len(hostile))
    for at, one in enumerate(hostile):
        plain.insert(at * (step + 1), one)
    return plain


def send_at_once(server: Running, case_ids: list[str], wanted: list[Upload]) -> list[int]:
    """Sends all at the same moment, spread over the cases; the status of each answer, 0 for a dead line."""
    start = threading.Barrier(len(wanted))

    def send(at: int) -> int:
        upload = wanted[at]
        start.wait()
        return put(server, case_ids[at % len(case_ids)], upload)

    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(send, range(len(wanted))))


def put(server: Running, case_id: str, upload: Upload) -> int:
    """One upload, in pieces; the status of the answer."""
    connection = server.connection()
    try:
        name = quote(upload.name, safe="")
        connection.putrequest("PUT", server.path(f"api/cases/{case_id}/files?name={name}"))
        connection.putheader("Content-Length", str(upload.announced_bytes or len(upload.content)))
        connection.endheaders()
        if upload.announced_bytes is None:
            for at in range(0, len(upload.content), 16_384):
                connection.send(upload.content[at : at + 16_384])
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


Answer = tuple[str, int, float]


@dataclass
class Watcher:
    """Asks for the page and for the desk again and again, in a thread; a context manager.

    Attributes:
        answers: (path, status, seconds) of each; the status is 0 where the connection broke.
    """

    address: str
    answers: list[Answer] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._thread = threading.Thread(
            target=look, args=(self.address, self._end.is_set, self.answers.append)
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def look(
    address: str, ended: Callable[[], bool], tell: Callable[[Answer], object], pause_s: float = 0.02
) -> None:
    """Asks until the end; each answer is told."""
    parts = urlsplit(address)
    while not ended():
        for path in ("", "api/desk"):
            connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S)
            began_s = time.perf_counter()
            try:
                connection.request("GET", parts.path + path)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except OSError:
                status = 0
            finally:
                connection.close()
            tell((path, status, time.perf_counter() - began_s))
        time.sleep(pause_s)
