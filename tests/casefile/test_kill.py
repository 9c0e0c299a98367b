"""kill -9 in the middle of writing, and then the same command again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from tests.casefile.made import manifest, result

REPOSITORY = Path(__file__).parents[2]

WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from forensics.casefile.case_file import CaseFile
from forensics.records.exhibit_content import Picture
from tests.casefile.made import exhibit, manifest, result

case = CaseFile.create_or_resume(Path(sys.argv[1]))
case.begin_run(manifest())
picture = replace(exhibit(), content=Picture(bytes(200_000)))
for number in range(100_000):
    case.add(result(f"clips/{number}.mp4", exhibits=(picture,)))
    print(number, flush=True)
"""


def killed_after(path: Path, n_rows: int) -> int:
    """Starts a writer, kills it once it has said that so many results are recorded, and gives the last."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as writer:
        assert writer.stdout is not None
        last = -1
        for line in writer.stdout:
            last = int(line)
            if last + 1 >= n_rows:
                break
        time.sleep(0.003)  # so that it dies somewhere inside the next one
        writer.send_signal(signal.SIGKILL)
        for line in writer.stdout:
            last = int(line)
    return last


def test_everything_recorded_before_a_kill_is_there_and_the_case_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "case.forensics"
    for n_rows in (1, 5, 12):
        last = killed_after(path, n_rows)
        with CaseFile.open_read_only(path) as case:
            paths = [one.media.path for _, one in case.results()]
            assert len(paths) >= last + 1
            assert case.verify().sound
        with CaseFile.create_or_resume(path) as case:
            case.begin_run(manifest())
            case.add(result(f"clips/after-{n_rows}.mp4"))
            assert case.verify().sound
            n_ends = len(case.ends())
        assert n_ends == 0
