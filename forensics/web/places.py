"""Places: where the files of a case lie, for the server and for the process that examines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

REPORT_SUFFIXES: Final = (".html", ".json", ".csv")


class Places:
    """The folder of all cases, and what lies where in it.

    Attributes:
        folder: absolute, without links.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.realpath(folder))

    def place(self, case_id: str) -> Path:
        """The folder of a case."""
        return self.folder / case_id

    def upload_path(self, case_id: str, file_id: str) -> Path:
        """Where an upload lies."""
        return self.place(case_id) / "files" / file_id

    def case_file(self, case_id: str) -> Path:
        """The case file, as ``forensics scan --case`` writes it."""
        return self.place(case_id) / "evidence.case"

    def report(self, case_id: str, suffix: str) -> Path:
        """A report of a case; there once the case is done."""
        return self.place(case_id) / f"report{suffix}"
