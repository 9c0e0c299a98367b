"""Seams: places where a stream's time stamps jump, as in recordings that were joined end to end."""

from __future__ import annotations

from fractions import Fraction

# FFmpeg's formats whose stamps may jump (AVFMT_TS_DISCONT); elsewhere a leap forward is a pause.
_MAY_JUMP = frozenset({"mpegts", "mpegtsraw", "mpeg", "vob", "svcd", "dvd", "vcd"})
# FFmpeg's own bound (-dts_delta_threshold).
_FORWARD_S = 10.0
# Stamps of decoding never run back, in no format; rounding and repairs stay far below this.
_BACK_S = 1.0


class Seams:
    """Follows the stamps of one stream in coded order and tells by how much they have to be moved."""

    def __init__(self, container_format: str, time_base: Fraction) -> None:
        self.shift = 0
        self.n_seams = 0
        may_jump = container_format in _MAY_JUMP
        self._forward = int(_FORWARD_S / time_base) if may_jump else None
        self._back = int(_BACK_S / time_base)
        self._stamp: int | None = None
        self._due = 0

    def pass_by(self, stamp: int | None, duration: int) -> bool:
        """Takes the next stamp, in units of the time base, and how long what it marks lasts.

        Returns:
            Whether the stamps jump here: from here on ``shift`` must be added to them, which makes what
            follows begin where the stretch before it ended.
        """
        if stamp is None:
            return False
        jumps = self._stamp is not None and (
            stamp < self._stamp - self._back
            or (self._forward is not None and stamp > self._due + self._forward)
        )
        if jumps:
            self.shift += self._due - stamp
            self.n_seams += 1
        # Without a duration the last step is the best guess.
        step = stamp - self._stamp if self._stamp is not None and not jumps else 0
        self._due = stamp + (duration or max(step, 0))
        self._stamp = stamp
        return jumps
