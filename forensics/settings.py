"""One frozen settings record per command, checked when it is made."""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from forensics.errors import SettingsError
from forensics.processor import usable_cores

DEFAULT_TIME_LIMIT_S = 600.0


class Profile(enum.StrEnum):
    """How a scan trades time for exactness."""

    EXAMINATION = "examination"
    TRIAGE = "triage"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise SettingsError(f"There is no profile {value}", f"There are {', '.join(cls)}.")

    @property
    def frames(self) -> int:
        """How many frames of a video are looked at unless the user says otherwise."""
        return 8 if self is Profile.TRIAGE else 32

    @property
    def frames_per_s(self) -> float:
        """How many a second at least, so that a long video is looked at as closely as a short one.

        At two a second any stretch of 1.5 s holds three frames, a window. 0 for no such rate: a triage
        keeps to its few frames, and its verdicts say what that may miss.
        """
        return 0.0 if self is Profile.TRIAGE else 2.0


@dataclass(frozen=True, slots=True)
class Shard:
    """A share of the files of a scan: always the same ones, whatever other files there are.

    Attributes:
        index: from 1 to ``count``.
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The shard that is written ``3/16``.

        Raises:
            SettingsError: it is written otherwise, or there is no such shard.
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise SettingsError(
                f"--shard is {text!r}", "Give a number and how many there are, from 1/16 to 16/16."
            )
        return cls(int(match[1]), int(match[2]))

    def takes(self, relative: bytes) -> bool:
        """Whether a file is of this shard.

        Args:
            relative: its path within the folder that was named.
        """
        digest = hashlib.sha256(relative).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Settings of ``forensics scan``.

    Attributes:
        paths: files and folders to scan.
        case: the case file; None means one that is removed after the reports are written.
        workers: processes; each examines one file at a time on one core. None for as many as the executor has
            room for.
        executor: what examines the files: ``local``, ``ray`` or ``ray://HEAD``.
        ship: files are sent to the machines that examine them; otherwise these find them at the same place.
        frames: frames sampled per video, spread evenly over the whole clip; None for as many as the profile
            looks at, more of a long clip than of a short one.
        detectors: names of the table of detectors; empty means those that ship.
        crops: stills are ready-made face crops and are scored whole.
        time_limit_s: wall seconds after which a file is given up; longer for a clip of more than five
            minutes, in proportion.
        models: model ids or folders; empty means those that ship, one per detector.
        fusion: id or folder of the fusion that concludes, or ``worst-subject`` for none; None for the one
            that the index of models names for the profile, where it fits the models.
        explain: occlusion maps of what the scores rest on are made for the report.
        sound_clips: of each voice the window that speaks most for manipulation can be heard in the report.
        trust_list: certificates (PEM) whose signatures make the signer of content credentials trusted.
        archives: archives and disk images among ``paths`` are looked through; otherwise they are listed.
        follow_links: links that lead out of ``paths`` are followed; otherwise they are listed.
        shard: the share of the files to examine; None for all of them.
    """

    paths: tuple[Path, ...]
    case: Path | None = None
    workers: int | None = 1
    frames: int | None = None
    profile: Profile = Profile.EXAMINATION
    detectors: tuple[str, ...] = ()
    crops: bool = False
    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    models: tuple[str, ...] = ()
    follow_links: bool = False
    explain: bool = False
    fusion: str | None = None
    archives: bool = True
    shard: Shard | None = None
    sound_clips: bool = False
    trust_list: Path | None = None
    executor: str = "local"
    ship: bool = False

    def __post_init__(self) -> None:
        if self.n_frames < 1:
            raise SettingsError(f"--frames is {self.frames}", "Give 1 or more, for example --frames 32.")
        if self.workers is not None and self.workers < 1:
            raise SettingsError(f"--workers is {self.workers}", "Give 1 or more, for example --workers 2.")
        if not self.time_limit_s > 0:  # nor is it "not a number"
            raise SettingsError(
                f"--time-limit is {self.time_limit_s:g} s",
                "Give seconds above 0, for example --time-limit 600.",
            )

    @property
    def n_threads(self) -> int:
        """Files that this machine reads at the same time."""
        return usable_cores() if self.workers is None else min(self.workers, usable_cores())

    @property
    def n_frames(self) -> int:
        """Frames sampled per video."""
        return self.profile.frames if self.frames is None else self.frames

    @property
    def frames_per_s(self) -> float:
        """Frames sampled per second at least; 0 where their number is fixed."""
        return self.profile.frames_per_s if self.frames is None else 0.0

    @property
    def cheapest_frames(self) -> bool:
        """Whether to take the frames that are decoded least for."""
        return self.profile is Profile.TRIAGE

    def as_text(self) -> dict[str, str]:
        """Every setting by name, as text, for the manifest."""
        written = {item.name: _text(getattr(self, item.name)) for item in fields(self)}
        return written | {"frames": str(self.n_frames), "frames_per_s": f"{self.frames_per_s:g}"}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)
