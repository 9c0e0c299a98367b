"""Every error that this package raises on purpose.

    ForensicsError                 message, hint, exit_code
    ├── SettingsError          2   what the user asked for cannot be done as asked
    ├── PathError              6   what was named for examination is not there or cannot be read
    ├── ModelError             3   a model or its card is missing, damaged or of the wrong kind
    │   └── EngineError        3   the runtime refuses or fails to run a model
    ├── CaseFileError          4   the case file cannot be opened, written, resumed or trusted
    ├── ReportError            4   a report cannot be written or drawn
    ├── TrainingError          5   data, net or run folder unfit for training
    │   └── BackendUnavailable 5   a training backend is not usable on this machine
    └── MediaError             -   belongs to one file: it becomes a NOT_EXAMINED result

The message says what happened to what; the hint says what to type or do next.
"""

from __future__ import annotations

from typing import ClassVar


class ForensicsError(Exception):
    """An error with a remedy.

    Args:
        message: what happened to what.
        hint: what to type or do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[ForensicsError], tuple[str, str]]:
        # Errors cross process borders in a batch; the default pickling of an
        # exception would call the constructor with the message alone.
        return type(self), (self.message, self.hint)


class SettingsError(ForensicsError):
    """A setting or a combination of settings cannot work."""

    exit_code = 2


class PathError(ForensicsError):
    """A path that was named for examination does not exist or cannot be read.

    Its code is also that of a scan that examined the rest.
    """

    exit_code = 6


class ModelError(ForensicsError):
    """A model or its card is missing, damaged or of the wrong kind."""

    exit_code = 3


class EngineError(ModelError):
    """The inference runtime refuses or fails to run a model."""


class CaseFileError(ForensicsError):
    """The case file cannot be opened, written, resumed or trusted."""

    exit_code = 4


class ReportError(ForensicsError):
    """A report cannot be written or drawn."""

    exit_code = 4


class TrainingError(ForensicsError):
    """Data, net or run folder are unfit for training or export."""

    exit_code = 5


class BackendUnavailable(TrainingError):
    """A training backend cannot be used here; the hint is the command that mends it."""


class MediaError(ForensicsError):
    """One file cannot be examined. Never stops a batch: it becomes a NOT_EXAMINED result."""
