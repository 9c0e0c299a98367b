"""What processor this is: it decides which kernels run, and how fast."""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from pathlib import Path

# Instruction sets that decide which kernels OpenVINO and oneDNN choose.
_ISA = (
    "sse4_2",
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
)


@lru_cache(maxsize=1)
def _cpuinfo() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    first = text.split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def cpu_name() -> str:
    """The processor's model name."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def cpu_isa() -> str:
    """Instruction set extensions that matter here, in a fixed order; empty where they cannot be read."""
    flags = set(_cpuinfo().get("flags", "").split())
    return " ".join(name for name in _ISA if name in flags)


def has_bf16(isa: str) -> bool:
    """Whether a processor computes in bf16.

    Args:
        isa: as ``cpu_isa`` gives it.
    """
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(isa.split())


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
