"""A first look without media of one's own: clips that are made on the spot, and what to scan of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from forensics.errors import SettingsError
from forensics.languages import ENGLISH
from forensics.report.renderers import check_writable
from forensics.scan.worker_context import choose_detectors
from forensics.settings import ScanSettings
from forensics.workflows.demo_clips import FOLDERS, make_clips
from forensics.workflows.scanning import ReportOptions

CHOSEN: Final = (
    "These are demonstration clips. They show one face, their sound is a synthetic hum, and they were chosen "
    "so that every verdict occurs: figures on them say that the tool runs, not how well it works."
)
_N_FRAMES = 16


def demonstration(
    out: Path,
    reports: Sequence[Path],
    workers: int | None,
    language: str = ENGLISH,
    *,
    on_start: Callable[[], object] = lambda: None,
) -> tuple[ScanSettings, ReportOptions]:
    """Makes the clips, and gives the scan of them.

    Args:
        out: where the clips are made; they stay there.
        reports: to write.
        workers: processes; None for one per core.
        language: of pages.
        on_start: called when everything is checked, before the clips are made.

    Raises:
        ModelError: a model is missing; no clip was made then.
        ReportError: a report cannot be written; no clip was made then.
        SettingsError: the clips cannot be written there, or no report is of this form.
    """
    for report in reports:
        check_writable(report)
    # Its own folders alone: somebody may keep other things beside them.
    settings = ScanSettings(paths=tuple(out / name for name in FOLDERS), workers=workers, frames=_N_FRAMES)
    choose_detectors(settings)  # before the clips are made, which takes a while
    on_start()
    try:
        make_clips(out)
    except OSError as error:
        raise SettingsError(
            f"The clips cannot be written to {out} ({error.strerror or error})",
            "Give another folder: --out FOLDER.",
        ) from error
    return settings, ReportOptions(tuple(reports), remarks=(CHOSEN,), language=language)
