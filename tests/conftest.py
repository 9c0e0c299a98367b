"""What holds for every test: seeded, no network, a logged ERROR fails, real media only where they are."""

from __future__ import annotations

import logging
import os
import random
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np
import pytest

_ROOT = Path(__file__).resolve().parent.parent
_SEED = 20261121

_HAS_TORCH = find_spec("torch") is not None
collect_ignore = [] if _HAS_TORCH else ["training"]


def pytest_report_header() -> list[str]:
    """Says aloud which tests cannot run here."""
    return [] if _HAS_TORCH else ["tests/training left out: torch is not installed (nox -s tests_training)"]


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled nets are kept among the tests' files, not in the home of whoever runs them."""
    patch = pytest.MonkeyPatch()
    patch.setenv("FORENSICS_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(_SEED)
    np.random.seed(_SEED)


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    host = str(address[0])
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Only this machine can be reached: the browser test talks to its driver over loopback."""
    patch = pytest.MonkeyPatch()

    def guarded(name: str) -> None:
        allowed = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_local(address):
                raise AssertionError(f"a test reached for the network: {address!r}")
            return allowed(self, address)

        patch.setattr(socket.socket, name, connect)

    guarded("connect")
    guarded("connect_ex")
    yield
    patch.undo()


class _ErrorTrap(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _no_logged_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """A logged ERROR is a failure, unless the test is marked ``logs_errors``."""
    trap = _ErrorTrap()
    logging.getLogger().addHandler(trap)
    yield
    logging.getLogger().removeHandler(trap)
    if trap.messages and request.node.get_closest_marker("logs_errors") is None:
        pytest.fail("logged as an error: " + "; ".join(trap.messages))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real media: FORENSICS_SHARED_DATA, or ``../shared/data`` beside the checkout."""
    named = os.environ.get("FORENSICS_SHARED_DATA")
    folder = Path(named) if named else _ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real media are absent: set FORENSICS_SHARED_DATA to a folder that holds them")
    return folder
