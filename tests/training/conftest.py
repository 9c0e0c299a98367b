"""Training needs torch, which the scan's environment has not: there these tests are skipped, and say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.training.made import made_faces, shared_faces

_HERE = Path(__file__).parent
# Of torch, timm and IPEX, on import and at use; none of them is ours to mend.
_THEIR_WARNINGS = (
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::UserWarning:torch.*",
    # Constants of a net are constants of its graph: that is what tracing is to do.
    "ignore::torch.jit.TracerWarning",
    "ignore::UserWarning:intel_extension_for_pytorch.*",
)


class _WithoutTorch(pytest.Module):
    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip("torch is absent: pip install '.[train]'", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if find_spec("torch") is not None or _HERE not in module_path.parents:
        return None
    return _WithoutTorch.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            for warning in _THEIR_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small prepared data set: real crops where there are some, otherwise made ones."""
    folder = tmp_path_factory.mktemp("prepared")
    return shared_faces(folder) or made_faces(folder)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Nets this small gain nothing from threads, and on a busy machine they wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def _one_layout() -> Iterator[None]:
    from tests.training.small import one_layout

    with one_layout():
        yield
