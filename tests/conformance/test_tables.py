"""Every table of a seam: its entries are there and documented, and wrong names get an answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from forensics.addresses import load
from forensics.detectors import DETECTORS, spec_of
from forensics.errors import ForensicsError
from forensics.faces.finders import FINDERS, load_finder
from forensics.report.renderers import RENDERERS, renderer_for
from forensics.scan.executors import EXECUTORS, load_executor


@dataclass(frozen=True)
class Seam:
    """A table, how a name of it is asked for, and what its entries promise to have."""

    table: Mapping[str, str]
    ask: Callable[[str], object]
    promises: tuple[str, ...]


def _renderer(name: str) -> object:
    return renderer_for(Path(f"out{name if name.startswith('.') else '.' + name}"))


def _training(module: str, table: str, ask: str, promises: tuple[str, ...]) -> Callable[[], Seam]:
    def seam() -> Seam:
        pytest.importorskip("torch", reason="training's packages are not installed")
        loaded = importlib.import_module(f"forensics.training.{module}")
        return Seam(getattr(loaded, table), getattr(loaded, ask), promises)

    return seam


def _declared() -> dict[str, str]:
    return {name: spec.implementation for name, spec in DETECTORS.items()}


SEAMS: dict[str, Callable[[], Seam]] = {
    "finders": lambda: Seam(FINDERS, load_finder, ("find", "name")),
    "detectors": lambda: Seam(_declared(), spec_of, ("begin",)),
    "renderers": lambda: Seam(RENDERERS, _renderer, ("render", "suffix")),
    "executors": lambda: Seam(EXECUTORS, load_executor, ("run", "dismiss")),
    "readers": _training("data.readers", "READERS", "load_reader", ("recognises", "read")),
    "nets": _training("nets", "NETS", "build_net", ()),
    "recipes": _training("recipes", "RECIPES", "load_recipe", ()),
    "backends": _training("backends", "BACKENDS", "load_backend", ("prepare", "autocast", "describe")),
}


@pytest.fixture(params=list(SEAMS))
def seam(request: pytest.FixtureRequest) -> Seam:
    return SEAMS[request.param]()


def test_what_every_entry_names_is_there_and_documented(seam: Seam) -> None:
    assert seam.table
    for name, address in seam.table.items():
        found: Any = load(address)
        assert callable(found), name
        assert (found.__doc__ or "").strip(), f"{address} has no docstring"
        module = importlib.import_module(address.partition(":")[0])
        assert (module.__doc__ or "").strip(), f"{module.__name__} has no docstring"


def test_every_entry_has_what_the_seam_promises(seam: Seam) -> None:
    for name, address in seam.table.items():
        found = load(address)
        for promise in seam.promises:
            assert hasattr(found, promise) or promise in getattr(found, "__annotations__", {}), (
                f"{name} has no {promise}"
            )


def test_a_name_that_is_not_in_the_table_is_answered_with_those_that_are(seam: Seam) -> None:
    for wrong in ("no-such-entry", "", "a:b", "../x", "é"):
        with pytest.raises(ForensicsError) as caught:
            seam.ask(wrong)
        assert any(name in caught.value.hint for name in seam.table), caught.value.hint


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("", ValueError),
        ("json:no_such", AttributeError),
        ("no_such_module:x", ImportError),
        ("json", AttributeError),
    ],
)
def test_an_address_that_leads_nowhere(address: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        load(address)
