"""Does every damaged file get its row, whatever the damage, and does the batch live through all of them?

Makes small files of every kind (video, sound, stills, animations), damages copies of them, scans them all in
one go and counts; then damages copies of the case file and checks that no change of its content passes as
intact. Leaves with 1 if a file has no row, the scan crashes, a row says nothing, or a change goes unnoticed.
Files that took their worker down have a row that says so; they are counted and named.

    python benchmarks/fuzz_scan.py --files 1700 --cases 300
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from forensics.casefile.case_file import CaseFile
from forensics.errors import ForensicsError
from forensics.media.discovery import display_path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' files are made here too
from tests.mutations import copied, mutated, seeds


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1700)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--keep", type=Path, help="folder for the files, which then stay")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary:
        root = arguments.keep or Path(temporary)
        paths = list(mutated(seeds(root / "seeds"), root / "media", arguments.files, arguments.seed))
        case = root / "fuzz.case"
        good = _scan(root / "media", case, paths, arguments)
        good &= _cases(case, root / "cases", arguments)
    print("good" if good else "NOT GOOD")
    return 0 if good else 1


def _scan(folder: Path, case: Path, paths: list[Path], arguments: argparse.Namespace) -> bool:
    report = case.with_suffix(".json")
    command = [sys.executable, "-m", "forensics", "scan", str(folder), "--case", str(case)]
    command += ["--report", str(report), "--frames", "4", "--workers", str(arguments.workers)]
    command += ["--time-limit", str(arguments.time_limit)]
    began_s = time.monotonic()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"scan of {len(paths)} files: exit code {ran.returncode}, {time.monotonic() - began_s:.0f} s")
    if ran.returncode != 0 or "Traceback" in ran.stderr:
        print(ran.stderr[-3000:])
        return False
    rows = {row["media"]["path"]: row for row in json.loads(report.read_text())["files"]}
    missing = [path for path in paths if display_path(path) not in rows]
    print(f"rows: {len(rows)}; files without one: {len(missing)}")
    ends = Counter(_end(row) for row in rows.values())
    for end, n in ends.most_common():
        print(f"{n:6d}  {end}")
    for path, row in sorted(rows.items()):
        if _end(row) in _TO_BE_NAMED:
            print(f"        {_end(row)}: {Path(path).name}: {row['verdict']['reason'][:160]}")
    again = sum("examined again in a new process" in json.dumps(row["notices"]) for row in rows.values())
    print(f"{again:6d}  examined again because a worker died after other files")
    return not missing and not ends[_SILENT]


_SILENT = "a row that says nothing"
_DIED = "its worker died"
_HUNG = "out of time"
_DEFECT = "a defect of this program"
_TO_BE_NAMED = frozenset({_SILENT, _DIED, _HUNG, _DEFECT})


def _end(row: dict[str, Any]) -> str:
    reason, label = row["verdict"]["reason"], row["verdict"]["label"]
    if not reason.strip() or (label != "NOT_EXAMINED" and not row["verdict"]["basis"]):
        return _SILENT
    if label != "NOT_EXAMINED":
        return f"{label}, {'with notices' if row['notices'] else 'without a notice'}"
    for words, end in (
        ("worker process", _DIED),
        ("gave no answer within", _HUNG),
        ("Examining it failed", _DEFECT),
        ("detector failed", _DEFECT),
    ):
        if words in reason:
            return end
    return "NOT_EXAMINED, with the reason"


def _cases(case: Path, folder: Path, arguments: argparse.Namespace) -> bool:
    original = _content(case)
    ends: Counter[str] = Counter()
    for path in copied(case, folder, arguments.cases, arguments.seed):
        end = case_end(path, original)
        ends[end] += 1
        if end in {UNNOTICED, CRASHED}:
            print(f"        {end}: {path.name}")
        path.unlink()
    print(f"{arguments.cases} damaged case files:")
    for end, n in ends.most_common():
        print(f"{n:6d}  {end}")
    return not ends[UNNOTICED] and not ends[CRASHED]


UNNOTICED = "changed, and verified as intact"
CRASHED = "crashed the check"


def case_end(path: Path, original: list[str]) -> str:
    """How the check of a damaged case file ends.

    Args:
        original: what ``_content`` gives for the undamaged one.
    """
    try:
        with CaseFile.open_read_only(path) as opened:
            sound = opened.verify().sound
        if not sound:
            return "found to be broken"
        return "damaged in bytes that hold nothing" if _content(path) == original else UNNOTICED
    except ForensicsError:
        return "refused"
    except Exception as error:  # noqa: BLE001 that is what is being counted
        print(f"        {type(error).__name__}: {error}")
        return CRASHED


def _content(path: Path) -> list[str]:
    with CaseFile.open_read_only(path) as case:
        results = [(row, repr(result), repr(case.exhibits(row))) for row, result in case.results()]
        return [repr(case.manifests()), repr(case.rejections()), repr(case.ends()), *map(repr, results)]


if __name__ == "__main__":
    sys.exit(main())
