"""``doctor --tune``: every shipped model, in every precision that a scan runs it in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from forensics import cache
from forensics.engines.tuning import Timing, tune
from forensics.errors import SettingsError
from forensics.scan.worker_context import choose_detectors
from forensics.settings import Profile, ScanSettings


def kept_in() -> Path:
    """The folder that keeps what tuning finds.

    Raises:
        SettingsError: there is none.
    """
    folder = cache.cache_folder()
    if folder is None:
        raise SettingsError(
            "There is no cache folder to keep the finding in", f"Set {cache.VARIABLE} to a folder."
        )
    return folder


def tune_all(
    n_cores: int, on_model: Callable[[str, str], object], on_timing: Callable[[Timing], object]
) -> Iterator[tuple[Timing, ...]]:
    """Measures the models that ship; scans then run them as they were fastest.

    Args:
        n_cores: that a scan may use.
        on_model: takes id and precision of what is measured next.
        on_timing: takes each measurement as it is made.

    Yields:
        All measurements of one model in one precision.

    Raises:
        ModelError: a model is missing or damaged.
    """
    chosen = choose_detectors(ScanSettings(paths=(), profile=Profile.TRIAGE))
    for model in (model for detector in chosen for model in detector.models):
        for one, precision in model.runs:
            if one.folder is not None:
                on_model(one.card.id, precision)
                yield tune(one.card, one.folder, precision, n_cores, on_timing)
