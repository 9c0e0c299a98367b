"""The table of training backends."""

from __future__ import annotations

from forensics.addresses import load
from forensics.errors import BackendUnavailable, TrainingError
from forensics.processor import usable_cores
from forensics.training.backends.backend import Backend

BACKENDS: dict[str, str] = {
    "cuda": "forensics.training.backends.cuda:CudaBackend",
    "ipex": "forensics.training.backends.ipex:IpexBackend",
    "onednn": "forensics.training.backends.onednn:OneDnnBackend",
}
# ``auto`` takes the first that works. IPEX comes after oneDNN: its development has ended, and on the
# CPUs measured in benchmarks/README.md it is not faster than what went from it into torch.
_AUTO = ("cuda", "onednn", "ipex")


def load_backend(name: str) -> Backend:
    """The backend of this name, or the first usable one for ``auto``.

    Raises:
        TrainingError: the name is not in the table.
        BackendUnavailable: it cannot be used on this machine.
    """
    if name == "auto":
        for candidate in _AUTO:
            try:
                return load_backend(candidate)
            except BackendUnavailable:
                continue
    if name not in BACKENDS:
        raise TrainingError(
            f"There is no training backend named {name}", f"Choose one of: auto, {', '.join(BACKENDS)}."
        )
    backend: Backend = load(BACKENDS[name])()
    return backend


def usual_loaders(name: str) -> int:
    """How many processes load and augment for a backend unless the user says otherwise.

    On a CPU they share the cores with the step, of which they take about a quarter; beside a GPU all cores
    are theirs.

    Raises:
        TrainingError, BackendUnavailable: as for ``load_backend``.
    """
    n_cores = usable_cores()
    if load_backend(name).device.type != "cpu":
        return n_cores
    return min(n_cores, max(2, n_cores // 4))
