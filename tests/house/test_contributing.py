"""CONTRIBUTING's recipes: what they name is there, and what they show is executed as it is printed."""

from __future__ import annotations

import re
import shlex
import sys
import threading
import tomllib
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command

from forensics.cli.main import app
from forensics.faces.finders import finder_for, load_finder
from forensics.scan.executors import load_executor
from forensics.scan.executors.executor import Failed, Finished, Work
from tests import synthetic
from tests.cli.running import Runner
from tests.conformance import executed

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
# A recipe is a paragraph that begins with its name in bold, with its example.
RECIPES = dict(re.findall(r"^\*\*([^*]+?)\.\*\*(.*?)(?=^\*\*|^## )", TEXT, re.MULTILINE | re.DOTALL))
# Recipe to the suite over its whole table.
SUITES = {
    "A face finder": "test_finders.py",
    "A detector": "test_detectors.py",
    "A net": "test_tables.py",
    "A recipe": "test_recipes.py",
    "A training backend": "test_backends.py",
    "A reader of a data set": "test_readers.py",
    "A report format": "test_renderers.py",
    "An executor": "test_executors.py",
}
# Recipe to the test that installs its example as a package of its own.
INSTALLED = {
    "A detector": ROOT / "tests" / "detectors" / "test_registered.py",
    "A report format": ROOT / "tests" / "detectors" / "test_registered.py",
}


@dataclass(frozen=True)
class Example:
    """A file of a recipe, and the line that registers it."""

    path: str
    line: str
    code: str

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")


def example_of(recipe: str) -> Example:
    [block] = re.findall(
        r"^```python\n# (\S+\.py)\n# (.+?)\n(.*?)^```", RECIPES[recipe], re.MULTILINE | re.DOTALL
    )
    return Example(*block)


def written(example: Example, patch: pytest.MonkeyPatch) -> Any:
    """The module as if its file lay where the recipe puts it."""
    assert not (ROOT / example.path).exists(), "the example would hide a module"
    module = types.ModuleType(example.module)
    patch.setitem(sys.modules, example.module, module)
    exec(
        compile("from __future__ import annotations\n" + example.code, example.path, "exec"), module.__dict__
    )
    return module


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a recipe's file, adds its line to the table, and gives the name under which it now stands."""

    def add(recipe: str) -> str:
        example = example_of(recipe)
        match = re.fullmatch(r'(\w+)\["([\w-]+)"\] = "([\w.:]+)"', example.line)
        assert match, example.line
        table, name, address = match.groups()
        entries = getattr(import_module(example.module.rpartition(".")[0]), table)
        assert name not in entries
        monkeypatch.setitem(entries, name, address)
        written(example, monkeypatch)
        return name

    return add


def paths_in(text: str) -> list[str]:
    return [word for word in re.findall(r"`([\w./<>-]+)`", text) if "/" in word]


def found(word: str) -> bool:
    """Whether it is there, from the root, from the package, or from where a recipe's own file would lie."""
    if "<name>" in word:
        word = str(Path(word).parent)
    return any((base / word).exists() for base in (ROOT, ROOT / "forensics", ROOT / "forensics" / "training"))


def test_the_recipes_are_those_of_the_seams() -> None:
    assert set(SUITES) <= set(RECIPES)


@pytest.mark.parametrize("name", list(RECIPES))
def test_what_a_recipe_names_is_there(name: str) -> None:
    missing = [word for word in paths_in(RECIPES[name]) if not found(word)]
    assert not missing, missing


@pytest.mark.parametrize("name", list(SUITES))
def test_every_seam_has_its_suite(name: str) -> None:
    assert (ROOT / "tests" / "conformance" / SUITES[name]).is_file()


@pytest.mark.parametrize("name", list(INSTALLED))
def test_an_example_that_is_a_package_declares_its_entry_point_and_is_installed_by_a_test(name: str) -> None:
    [example] = {word for word in paths_in(RECIPES[name]) if word.startswith("examples/")}
    declared = (ROOT / example / "pyproject.toml").read_text("utf-8")
    assert re.search(r'entry-points\."?forensics\.(detectors|renderers)', declared), example
    assert Path(example).name in INSTALLED[name].read_text("utf-8")


def test_a_face_finder(added: Callable[[str], str]) -> None:
    finder = load_finder(added("A face finder"))
    [box] = finder.find(np.zeros((40, 60, 3), np.uint8))
    assert (box.left_px, box.top_px, box.width_px, box.height_px) == (0, 0, 60, 40)
    assert finder.name == "whole-picture"
    assert finder_for([]) != finder.name, "a card has to name it"


def test_an_executor(added: Callable[[str], str]) -> None:
    executor = load_executor(added("An executor"))
    work: Work[Any, Any, Any] = Work(executed.make_context, executed.perform, executed.identify)
    outcomes = executor.run(
        work, ["a-1", "unreadable", "b-2"], n_workers=1, time_limit_s=9, interrupted=threading.Event()
    )
    ends = {one.task: one for one in outcomes if isinstance(one, Finished | Failed)}
    assert isinstance(ends["a-1"], Finished)
    assert ends["b-2"].value[0] == "2-b"
    assert ends["unreadable"].failure.hint == "Ask for another copy."
    executor.dismiss()


def test_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    example = example_of("A command")
    monkeypatch.setattr(app, "registered_commands", list(app.registered_commands))
    module = written(example, monkeypatch)
    exec(example.line, {"app": app, Path(example.path).stem: module})
    synthetic.still(tmp_path)
    ran = Runner(monkeypatch, capsys)("count", tmp_path)
    assert (ran.code, ran.out) == (0, "1\n")


def test_a_net_and_a_recipe(added: Callable[[str], str], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="training's packages are not installed")
    from forensics.training.conversion import parity, to_openvino
    from forensics.training.nets import build_net
    from forensics.training.recipes import load_recipe
    from forensics.training.training_run import TrainSettings

    net = build_net(added("A net"))
    recipe = load_recipe(added("A recipe"))
    contract = recipe.contract(TrainSettings(net="grey-level", data=(tmp_path,), out=tmp_path, size_px=32))
    assert recipe.example(contract, 2).shape == (2, 32, 32, 3)
    torch.manual_seed(0)
    batch = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    assert parity(net.eval(), to_openvino(net, contract), [batch]) < 1e-3


def test_a_training_backend(added: Callable[[str], str]) -> None:
    torch = pytest.importorskip("torch", reason="training's packages are not installed")
    from forensics.training.backends import load_backend
    from forensics.training.backends.backend import logits_by
    from forensics.training.nets import build_net

    backend = load_backend(added("A training backend"))
    [layout] = backend.layouts("auto")
    net = build_net("cnn")
    model, optimizer = backend.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1), layout)
    before = net.head.weight.detach().clone()
    logits_by(backend, layout, model, torch.rand(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, net.head.weight)
    assert backend.describe()["backend"] == "plain"


def test_a_reader_of_a_data_set(added: Callable[[str], str], tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training's packages are not installed")
    from forensics.training.data.readers import detect, load_reader
    from forensics.training.data.readers.reader import ReadOptions

    kind = added("A reader of a data set")
    for name in ("r-anna.mp4", "f-anna.mp4", "r-bert.mp4"):
        (tmp_path / name).write_bytes(b"")
    assert detect(tmp_path) == kind
    reading = load_reader(kind).read(tmp_path, ReadOptions())
    assert {one.path.name: (one.manipulated, one.groups) for one in reading.sources} == {
        "r-anna.mp4": (False, ("anna",)),
        "f-anna.mp4": (True, ("anna",)),
        "r-bert.mp4": (False, ("bert",)),
    }


def test_the_index_that_is_shown_is_one() -> None:
    lines = re.findall(r"^    (.+)$", RECIPES["A model of a known family"], re.MULTILINE)
    assert tomllib.loads("\n".join(lines)) == {"default": {"face": "face-autoatt-b4"}}


@pytest.mark.parametrize("line", re.findall(r"`forensics ([^`]+)`", TEXT))
def test_every_command_that_is_named_takes_what_it_is_given(line: str) -> None:
    words = shlex.split(line)
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
