"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics import errors
from forensics.errors import ForensicsError

_ROOT = Path(__file__).resolve().parent.parent.parent
_PACKAGE = _ROOT / "forensics"
_SOURCES = sorted(_PACKAGE.rglob("*.py"))
_TESTS = sorted((_ROOT / "tests").rglob("*.py"))
_BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager", "handler"}
_MOST_LINES = {_PACKAGE: 450, _ROOT / "tests": 600}
_EXCEPT_EXCEPTION = {"cli/main.py", "scan/pipeline.py", "scan/worker.py"}


def _all_errors(top: type[ForensicsError] = ForensicsError) -> Iterator[type[ForensicsError]]:
    for one in top.__subclasses__():
        yield one
        yield from _all_errors(one)


_ERRORS = sorted({one.__name__ for one in _all_errors() if one.__module__ == errors.__name__})


def _name(path: Path) -> str:
    return path.relative_to(_PACKAGE).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    return {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in _SOURCES}


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = [path for path in (*_SOURCES, *_TESTS) if _BANNED_NAMES & set(path.stem.split("_"))]
    folders = [path for path in _PACKAGE.rglob("*") if path.is_dir() and path.name in _BANNED_NAMES]
    assert not named + folders


@pytest.mark.parametrize(("folder", "most"), _MOST_LINES.items(), ids=["package", "tests"])
def test_no_file_is_too_long(folder: Path, most: int) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}
    assert not {str(path): n for path, n in lengths.items() if n > most}


def test_every_error_is_raised_with_a_hint(trees: dict[str, ast.Module]) -> None:
    bare = []
    n_raised = 0
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in _ERRORS:
                continue
            n_raised += 1
            n_given = len(node.args) + len(node.keywords)
            starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            hints = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "hint")]
            empty = any(isinstance(hint, ast.Constant) and not str(hint.value).strip() for hint in hints)
            if (n_given != 2 and not starred) or empty:
                bare.append(f"{name}:{node.lineno}")
    assert n_raised > 50
    assert not bare


@pytest.mark.parametrize("error", _ERRORS)
def test_every_error_class_has_a_test_that_reads_its_message(error: str) -> None:
    reads = re.compile(rf"raises\(\s*(\w+\.)?{error},\s*match=|except {error}|{error}\(")
    assert any(reads.search(path.read_text(encoding="utf-8")) for path in _TESTS), error


def test_blind_excepts_are_in_three_places_only(trees: dict[str, ast.Module]) -> None:
    found = {
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    }
    assert found == _EXCEPT_EXCEPTION


def test_nothing_below_the_command_line_prints_or_exits(trees: dict[str, ast.Module]) -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if not name.startswith("cli/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.exit", "exit", "quit")
    ]
    assert not found


def test_nothing_committed_knows_a_machine() -> None:
    # Spelled apart, so that this file does not find itself.
    local = re.compile("/(?:" + "|".join(("work" + "/", "root" + "/", "home" + "/\\w+/")) + ")")
    texts = [*_SOURCES, *_TESTS, *_ROOT.glob("*.md"), *_ROOT.glob("*.toml"), _ROOT / "noxfile.py"]
    texts += [*(_ROOT / "models").rglob("*.toml"), *(_ROOT / "benchmarks").rglob("*")]
    texts += (_ROOT / "reports").rglob("*.*")
    known = (".py", ".md", ".toml", ".jinja", ".css", ".js", ".csv", ".json")
    found = [
        path
        for path in texts
        if path.suffix in known and local.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found


def test_errors_keep_their_words_across_processes() -> None:
    import pickle

    for error in _all_errors():
        if error.__module__ != errors.__name__:
            continue
        again = pickle.loads(pickle.dumps(error("what happened", "what to do")))
        assert (type(again), again.message, again.hint) == (error, "what happened", "what to do")
