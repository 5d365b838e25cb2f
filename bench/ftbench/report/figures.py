"""Figures of a run as short text for a page; what was not captured is a dash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.facts.budget import format_duration

if TYPE_CHECKING:
    from ftbench.analysis.interval import Interval
    from ftbench.analysis.summary import Summary

NONE = "–"


def seconds(value: float | None) -> str:
    """Return a time; that of a run from a minute on in minutes."""
    if value is None:
        return NONE
    return f"{value:.3g} s" if value < 100 else format_duration(value)


def gigabytes(value: float | None) -> str:
    """Return a size in bytes as GB."""
    return NONE if value is None else f"{value / 1e9:.1f} GB"


def bounds(found: Interval, form: str = ".4g") -> str:
    """Return an interval as its bounds and what they cover."""
    if not found.level:
        return "one step: no interval"
    return f"{found.low:{form}} – {found.high:{form}} ({found.level:.0%})"


def utilisation(one: Summary) -> tuple[float, str] | None:
    """Return MFU and of which peak it is: the measured one where there is one."""
    used = next((used for used in one.utilisation if used.attention == "causal"), None)
    if used is None:
        return None
    if used.mfu_measured is not None and one.measured is not None:
        return used.mfu_measured, f"of {one.measured:.0f} TFLOP/s measured"
    if used.mfu_spec is not None and one.spec is not None:
        return used.mfu_spec, f"of {one.spec:.0f} TFLOP/s by the data sheet"
    return None
