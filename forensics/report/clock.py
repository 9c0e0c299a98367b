"""Moments in time as a report shows them: always with their zone."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from forensics.errors import SettingsError

EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"


def now_utc() -> str:
    """ISO 8601, UTC: that of ``SOURCE_DATE_EPOCH``, by which a report can be drawn again to the byte, or now.

    Raises:
        SettingsError: the variable holds no number of seconds.
    """
    fixed = os.environ.get(EPOCH_VARIABLE, "")
    if not fixed:
        return datetime.now(UTC).isoformat(timespec="seconds")
    try:
        return datetime.fromtimestamp(int(fixed), UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError) as error:
        raise SettingsError(
            f"{EPOCH_VARIABLE} is {fixed!r}, which is no number of seconds since 1970",
            f"Unset it, or set it as in: {EPOCH_VARIABLE}=$(date +%s)",
        ) from error


def clock_text(utc: str, time_zone: str = "") -> str:
    """``2026-11-21, 10:41:07 CET (UTC+01:00)``, or ``2026-11-21, 09:41:07 UTC``.

    Args:
        utc: ISO 8601. What is no time comes back as it is.
        time_zone: IANA name; empty, or unknown to this machine, for UTC.
    """
    try:
        moment = datetime.fromisoformat(utc)
    except ValueError:
        return utc
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    try:
        zone = ZoneInfo(time_zone) if time_zone else None
    except (KeyError, ValueError, OSError):
        zone = None
    if zone is None:
        return f"{moment:%Y-%m-%d, %H:%M:%S} UTC"
    here = moment.astimezone(zone)
    offset = f"{here:%z}"
    return f"{here:%Y-%m-%d, %H:%M:%S} {here:%Z} (UTC{offset[:3]}:{offset[3:5]})"
