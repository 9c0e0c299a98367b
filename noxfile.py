"""Every chore of this project is a session here; ``nox -l`` is the manual.

``nox`` runs what has to pass before a change is accepted. Sessions that train, measure, or need media of
your own are asked for by name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True

ROOT = Path(__file__).resolve().parent
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_NO_TORCH = (
    "import importlib.util, sys; sys.exit('torch is installed' if importlib.util.find_spec('torch') else 0)"
)


def _requirement(name: str) -> str:
    """The project's requirement, or that of its extras ``dev``, ``web`` and ``ray``, on this package."""
    extras = _PROJECT["optional-dependencies"]
    lines = [*_PROJECT["dependencies"], *extras["dev"], *extras["web"], *extras["ray"]]
    return next(line for line in lines if re.split(r"[\[<>=~!]", line)[0] == name)


def _install_scan(session: nox.Session, *tools: str) -> None:
    """The package as a user installs it with its extras for scans, and tools beside it; never torch."""
    session.install("-e", ".[web,watch,sign,pdf,disk]", *map(_requirement, tools))
    session.run("python", "-c", _NO_TORCH, silent=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: style, likely bugs, docstrings, and the form of the code."""
    session.install(_requirement("ruff"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def layers(session: nox.Session) -> None:
    """The layers: which package may import which."""
    session.install(_requirement("import-linter"))
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": str(ROOT)})


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, on the whole package; what torch gives counts as Any here."""
    _install_scan(session, "mypy")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, in an environment without torch. Arguments go to pytest."""
    # What signs is for the tests of content credentials.
    signing = ("c2pa-python", "cryptography")
    pages = ("selenium", "httpx2", "axe-core-python")
    exports = ("case-utils", "jsonschema")
    _install_scan(session, "pytest", "hypothesis", "librosa", "babel", *pages, *exports, *signing)
    session.run("pytest", *session.posargs)


@nox.session
def languages(session: nox.Session) -> None:
    """The catalogues hold every message, and are compiled; ``nox -s languages -- --write`` renews them."""
    session.install(_requirement("babel"), _requirement("jinja2"))
    session.run("python", "-m", "tests.house.catalogues", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """docs/reference/commands.md holds what the commands print; ``nox -s docs -- --write`` renews it."""
    # Nothing else is installed: help must not reach for the heavy packages.
    session.install(_requirement("typer"), _requirement("msgspec"))
    session.run("python", "-m", "tests.house.help_blocks", *session.posargs)


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """Builds the documentation into build/site; nothing on its pages comes from elsewhere."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "build", "--strict", env={"PYTHONPATH": str(ROOT)})


@nox.session
def wheel(session: nox.Session) -> None:
    """Builds the wheel and scans with it in an empty environment, away from the checkout."""
    out = Path(session.create_tmp())
    for old in out.glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), ".")
    (built,) = out.glob("*.whl")
    session.install("--force-reinstall", "--no-deps", str(built))
    session.install(str(built))
    session.run("python", "-c", _NO_TORCH, silent=True)
    session.chdir(out)
    session.run("python", str(ROOT / "tests" / "house" / "wheel_check.py"), str(ROOT))


@nox.session(default=False)
def tests_training(session: nox.Session) -> None:
    """The tests of training, and mypy with torch's own types. Downloads several GB with torch and IPEX."""
    # transformers: the nets whose weights a user brings along are compared with it.
    tools = map(_requirement, ("pytest", "mypy", "transformers"))
    session.install("-e", ".[train,ipex,web,watch,sign,pdf]", *tools)
    session.run("mypy")
    seams = (f"tests/conformance/test_{name}.py" for name in ("backends", "readers", "recipes"))
    session.run("pytest", "tests/training", *seams, "tests/house/test_contributing.py", *session.posargs)


@nox.session(default=False)
def tests_ray(session: nox.Session) -> None:
    """The tests of the Ray executor, on clusters of this machine. Downloads 79 MB, which take 240 MB."""
    _install_scan(session, "pytest")
    # Where there is no wheel for this Python, the tests say so and are skipped.
    session.install("--only-binary", ":all:", _requirement("ray"), success_codes=[0, 1])
    session.run("pytest", "tests/conformance/test_executors.py", "tests/scan/test_ray.py", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Runs one benchmark: ``nox -s bench -- scan_speed ARGUMENTS``; without arguments, lists them."""
    _install_scan(session)
    scripts = {path.stem: path for path in sorted((ROOT / "benchmarks").glob("*.py"))}
    if not session.posargs:
        session.log("benchmarks: %s", ", ".join(scripts))
        return
    name, *arguments = session.posargs
    if name not in scripts:
        session.error(f"there is no benchmark {name}; there are {', '.join(scripts)}")
    session.run("python", str(scripts[name]), *arguments)


@nox.session(default=False, venv_backend="none")
def image(session: nox.Session) -> None:
    """Builds the container image and scans in it without a network; says so where nothing here can build one.

    ``nox -s image -- --build-arg BASE=IMAGE`` takes another base image.
    """
    builder = next((one for one in ("docker", "podman", "buildah") if _answers(one)), None)
    if builder is None:
        session.skip("nothing was built: neither docker (with its daemon) nor podman nor buildah is here")
    name = "localhost/forensics"
    session.run(builder, "build", "--tag", name, *session.posargs, ".", external=True)
    demo = ("demo", "--out", "/tmp/demo", "--report", "/out/demo.html")
    if builder == "buildah":
        made = session.run("buildah", "from", name, external=True, silent=True).strip()
        try:
            in_it = ("buildah", "run", "--network", "none", made, "--", "forensics", *demo)
            session.run(*in_it, external=True)
        finally:
            session.run("buildah", "rm", made, external=True, silent=True)
    else:
        session.run(builder, "run", "--rm", "--network", "none", name, *demo, external=True)


def _answers(builder: str) -> bool:
    """Whether a builder of images is there and can work: docker is nothing without its daemon."""
    if shutil.which(builder) is None:
        return False
    return subprocess.run([builder, "info"], capture_output=True, check=False).returncode == 0


@nox.session(default=False)
def goldens(session: nox.Session) -> None:
    """Renews the stored report page. Look at the difference before it is committed."""
    _install_scan(session, "pytest", "hypothesis", "selenium")
    session.run("pytest", "tests/report", env={"FORENSICS_UPDATE_GOLDENS": "1"})


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Fails if figures fall below the cards': ``nox -s audit -- LABELLED_DIR --data-set NAME``."""
    if not session.posargs:
        session.error(
            "give labelled media and what the cards call them: nox -s audit -- LABELLED_DIR --data-set NAME "
            "[--labels labels.csv]"
        )
    _install_scan(session)
    session.run("forensics", "evaluate", "--audit", *session.posargs)
