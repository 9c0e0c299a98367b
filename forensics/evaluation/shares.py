"""Shares with the exact interval that belongs to them."""

from __future__ import annotations

from scipy.special import betaincinv

from forensics.records.model_card import LeftOut


def share_interval(n_found: int, n_all: int) -> tuple[float, float]:
    """95 % interval of Clopper and Pearson (1934) of a share."""
    lower = float(betaincinv(n_found, n_all - n_found + 1, 0.025)) if n_found else 0.0
    return lower, float(betaincinv(n_found + 1, n_all - n_found, 0.975)) if n_found < n_all else 1.0


def share_text(n_found: int, n_all: int) -> str:
    """A share with its 95 % interval: ``3 of 40 (7.5%, 1.6% to 20.4%)``; of none, no share."""
    if not n_all:
        return "0 of 0"
    lower, upper = share_interval(n_found, n_all)
    return f"{n_found} of {n_all} ({n_found / n_all:.1%}, {lower:.1%} to {upper:.1%})"


def left_out_text(one: LeftOut) -> str:
    """One line for people on an origin that set no threshold."""
    alarms = share_text(one.n_alarms, one.n_pristine)
    if not one.n_manipulated:
        return (
            f"without {one.origin}, signs from {one.signs:.3f}: {alarms} of its pristine rows raise an alarm"
        )
    return (
        f"without {one.origin}, signs from {one.signs:.3f}: {alarms} of its pristine rows raise an alarm, "
        f"{one.n_found} of {one.n_manipulated} manipulated ones are found"
    )
