"""Case data put into a case that was scanned before."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.casefile.case_info_file import read_case_info


def record_case_info(case: Path, source: Path, *, expected_heads: Collection[str] = ()) -> None:
    """Adds case data to a case, unless they are what was recorded last.

    Args:
        case: the case file, which has to be there.
        source: TOML.
        expected_heads: head hashes that were noted earlier; each must be found in the case.

    Raises:
        CaseFileError: there is no case, it cannot be trusted or written, or an earlier version began it.
        SettingsError: the case data cannot be read.
    """
    given = read_case_info(source)
    # Opened for writing, a case that is not there would be made.
    CaseFile.open_read_only(case).close()
    with CaseFile.create_or_resume(case, expected_heads=expected_heads) as opened:
        opened.add_case_info(given.info, given.sha256)
