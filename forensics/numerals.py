"""Amounts as people read them, written one way on the terminal, in reasons and in reports.

A score has two decimals; figures of merit and thresholds have three, since they are compared with one
another. An interval stands in brackets behind its value, ``0.912 (0.871 to 0.944)``, or alone in a column.
Separators and words are those of the language that is written (``forensics.languages``); the docstrings show
English.
"""

from __future__ import annotations

from forensics.languages import gettext as _
from forensics.languages import ngettext, number

_SIZE_UNITS = ("kB", "MB", "GB")


def score_text(value: float | None) -> str:
    """``0.87``, but never a rounded 0 or 1, since no score is certain; empty where there is none."""
    if value is None:
        return ""
    if value >= 0.995:
        return number("> 0.99")
    if value < 0.005:
        return number("< 0.01")
    return number(f"{value:.2f}")


def interval_text(lower: float | None, upper: float | None) -> str:
    """``0.88 to 0.96``, one number where both ends are written alike; empty where an end is unknown."""
    if lower is None or upper is None:
        return ""
    ends = dict.fromkeys((score_text(lower), score_text(upper)))
    return _between(*ends) if len(ends) > 1 else next(iter(ends))


def figure_text(value: float, lower: float | None = None, upper: float | None = None) -> str:
    """A figure of merit with its interval, where it has one: ``0.912 (0.871 to 0.944)``."""
    if lower is None or upper is None:
        return fixed(value, 3)
    return f"{fixed(value, 3)} ({figure_interval_text(lower, upper)})"


def figure_interval_text(lower: float | None, upper: float | None) -> str:
    """A figure's interval in a column of its own: ``0.871 to 0.944``."""
    return _("not stated") if lower is None or upper is None else _between(fixed(lower, 3), fixed(upper, 3))


def fixed(value: float, n_decimals: int) -> str:
    """A number with so many decimals: ``0.912``."""
    return number(f"{value:.{n_decimals}f}")


def amount(n: int) -> str:
    """``5,000``."""
    return number(f"{n:,}")


def _between(lower: str, upper: str) -> str:
    return _("{lower} to {upper}").format(lower=lower, upper=upper)


def moment_text(seconds: float) -> str:
    """A point in time: ``7.4 s``, and from a minute on as a player shows it: ``1:02.4``, ``1:02:09.0``."""
    return f"{fixed(round(seconds, 1), 1)} s" if round(seconds, 1) < 60 else _clock(seconds)


def span_text(start_s: float, end_s: float) -> str:
    """A stretch of time: ``10.0 to 11.5 s``, ``0:58.0 to 1:03.2``; one moment where it has no length."""
    if round(start_s, 1) == round(end_s, 1):
        return moment_text(start_s)
    if round(end_s, 1) < 60:
        return f"{_between(fixed(start_s, 1), fixed(end_s, 1))} s"
    return _between(_clock(start_s), _clock(end_s))


def _clock(seconds: float) -> str:
    tenths = round(seconds * 10)
    hours, minutes, rest = tenths // 36000, tenths // 600 % 60, tenths % 600
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return number(f"{head}:{rest // 10:02d}.{rest % 10}")


def duration_text(seconds: float | None) -> str:
    """``0.4 s``, ``12.3 s``, ``3:05 min``, ``1:02:09 h``; empty if unknown."""
    if seconds is None:
        return ""
    if round(seconds, 1) < 60:
        return f"{fixed(seconds, 1)} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d} h" if hours else f"{minutes}:{rest:02d} min"


def size_text(n_bytes: int) -> str:
    """``812 bytes``, ``4.2 MB``."""
    if n_bytes < 1000:
        return ngettext("{n} byte", "{n} bytes", n_bytes).format(n=n_bytes)
    power = min(3, (len(str(n_bytes)) - 1) // 3)
    return f"{fixed(n_bytes / 1000**power, 1)} {_SIZE_UNITS[power - 1]}"


def count_text(n: int, one: str, many: str) -> str:
    """``1 file``, ``5,000 files``; both words stand in the catalogues."""
    return f"{amount(n)} {ngettext(one, many, n)}"


def share_text(part: int, whole: int) -> str:
    """``37%``; empty where there is no whole."""
    return f"{100 * part / whole:.0f}%" if whole else ""
