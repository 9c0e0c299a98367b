"""What ``nox -s wheel`` runs with the installed wheel: nothing of the checkout may be needed.

Arguments: the checkout, which must not be what is imported.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path


def _run(*arguments: str) -> str:
    program = Path(sysconfig.get_path("scripts")) / "forensics"
    ran = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        sys.exit(f"forensics {' '.join(arguments)} left with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def main() -> None:
    """Scans synthetic clips with what the wheel brought along."""
    checkout = Path(sys.argv[1]).resolve()
    sys.path[:] = [
        entry for entry in sys.path if Path(entry or ".").resolve() != checkout / "tests" / "house"
    ]
    import forensics
    from forensics.resources import resource_folder

    package = Path(forensics.__file__).resolve().parent
    assert checkout / "forensics" != package, f"the checkout is imported, not the wheel: {package}"
    assert version("forensics") == forensics.__version__
    for relative in ("models", "reports/templates"):
        assert resource_folder(relative) == package / "_data" / relative
    assert find_spec("torch") is None, "torch came along"
    assert "sound" in _run("models", "verify")
    _run("doctor")
    _run("demo", "--report", "out.html", "--report", "out.json", "--language", "de")
    report = json.loads(Path("out.json").read_bytes())
    assert len(report["files"]) == 10, len(report["files"])
    scored = [one for one in report["files"] if one["verdict"]["manipulation_score"] is not None]
    assert len(scored) == 8, f"{len(scored)} clips were scored"
    page = Path("out.html").read_text(encoding="utf-8")
    assert page.startswith('<!doctype html>\n<html lang="de">'), page[:40]
    assert "Anzeichen für Manipulation" in page, "the catalogue of German is not in the wheel"
    sys.stdout.write(f"The wheel of forensics {forensics.__version__} scans; torch is not needed.\n")


if __name__ == "__main__":
    main()
