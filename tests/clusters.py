"""A small Ray cluster on this machine, in a process of its own that ends it.

Run as a script: ``python clusters.py CPUS CPUS...`` starts a machine for each number, prints the address, and
obeys lines: ``lose N`` ends the Nth machine as if its power failed. It ends with its input.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import pytest

STORE_BYTES = 100 * 2**20
_TOKEN = secrets.token_hex(32)  # Ray reads it once in a process


@dataclass
class RunningCluster:
    """A cluster, and how to lose one of its machines."""

    address: str
    environment: dict[str, str]
    process: subprocess.Popen[str]

    def lose(self, number: int) -> None:
        self._say(f"lose {number}")

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "done"


@contextlib.contextmanager
def cluster(*cpus: int) -> Iterator[RunningCluster]:
    """Starts a cluster and makes it the one that ``ray`` means."""
    if find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": _TOKEN,
        "RAY_USAGE_STATS_ENABLED": "0",
        # On a machine that is busy, the niceness of 15 that Ray gives them leaves workers next to nothing.
        "RAY_worker_niceness": "0",
    }
    before = {name: os.environ.get(name) for name in (*environment, "RAY_ADDRESS")}
    os.environ.update(environment)
    try:
        with _started(cpus) as (address, process):
            os.environ["RAY_ADDRESS"] = address
            yield RunningCluster(address, {**environment, "RAY_ADDRESS": address}, process)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _started(cpus: tuple[int, ...]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a new cluster and its process."""
    command = [sys.executable, "-u", __file__, *map(str, cpus)]
    # Ray gives a machine 30 s to start and no more, which a busy one can exceed.
    for _ in range(3):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            address = next((line.split()[1] for line in process.stdout if line.startswith("address ")), "")
            try:
                if address:
                    yield address, process
                    return
            finally:
                process.stdin.close()
                process.wait(60)
    pytest.fail("the cluster did not start")


def _serve(cpus: list[int]) -> None:
    from ray.cluster_utils import Cluster

    size = {"object_store_memory": STORE_BYTES, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus[0], **size})
    nodes = [made.head_node, *(made.add_node(num_cpus=one, **size) for one in cpus[1:])]
    sys.stdout.write(f"address {made.address}\n")
    for line in sys.stdin:
        _, number = line.split()
        made.remove_node(nodes[int(number)], allow_graceful=False)
        sys.stdout.write("done\n")
    made.shutdown()


if __name__ == "__main__":
    _serve([int(one) for one in sys.argv[1:]])
