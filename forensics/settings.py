"""One frozen settings record per command, checked when it is made."""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from pathlib import Path

from forensics.errors import SettingsError

DETECTOR_NAMES = ("face", "voice")
DEFAULT_FRAMES = 32
DEFAULT_TIME_LIMIT_S = 600.0


class Profile(enum.StrEnum):
    """How a scan trades time for exactness."""

    EXAMINATION = "examination"
    TRIAGE = "triage"


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Settings of ``forensics scan``.

    Attributes:
        paths: files and folders to scan.
        case: the case file; None means one that is removed after the reports are written.
        workers: processes; each examines one file at a time on one core.
        frames: frames sampled per video, spread evenly over the whole clip.
        detectors: subset of ``face`` and ``voice``.
        crops: stills are ready-made face crops and are scored whole.
        time_limit_s: wall seconds after which a file is given up.
        models: model ids or folders; empty means those that ship, one per detector.
    """

    paths: tuple[Path, ...]
    case: Path | None = None
    workers: int = 1
    frames: int = DEFAULT_FRAMES
    profile: Profile = Profile.EXAMINATION
    detectors: tuple[str, ...] = DETECTOR_NAMES
    crops: bool = False
    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    models: tuple[str, ...] = ()
    finder: str = "dlib-hog"

    def __post_init__(self) -> None:
        if self.frames < 1:
            raise SettingsError(f"--frames is {self.frames}", "Give 1 or more, for example --frames 32.")
        if self.workers < 1:
            raise SettingsError(f"--workers is {self.workers}", "Give 1 or more, for example --workers 2.")
        if self.time_limit_s <= 0:
            raise SettingsError(
                f"--time-limit is {self.time_limit_s:g} s",
                "Give seconds above 0, for example --time-limit 600.",
            )
        unknown = [name for name in self.detectors if name not in DETECTOR_NAMES]
        if unknown or not self.detectors:
            named = ", ".join(unknown) or "none"
            raise SettingsError(
                f"--detectors names {named}, which is not a detector",
                f"Choose from {','.join(DETECTOR_NAMES)}, for example --detectors face.",
            )

    def as_text(self) -> dict[str, str]:
        """Every setting by name, as text, for the manifest."""
        return {item.name: _text(getattr(self, item.name)) for item in fields(self)}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)
