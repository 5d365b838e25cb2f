"""Two results side by side for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.analysis.comparison import Comparison
    from ftbench.analysis.summary import Summary


def lines(found: Comparison) -> Iterator[str]:
    """Yield the comparison, for a terminal."""
    before, after = found.before, found.after
    yield f"{'':16}{'before':>14}{'after':>14}{'change':>10}"
    for name, one, other, form in figures(before, after):
        change = f"{other / one - 1:+.1%}" if one and other is not None else ""
        yield f"{name:16}{number(one, form):>14}{number(other, form):>14}{change:>10}"
    if found.slower is not None:
        yield difference(found)
    for note in found.notes:
        yield f"* {note}"
    for label, summary in (("before", before), ("after", after)):
        for flag in summary.flags:
            yield f"! {label}: {flag}"


def difference(found: Comparison) -> str:
    """Return by how much a step differs, with its interval, or that this cannot be told."""
    if found.change is None:
        return "there are too few steps to tell whether they differ"
    one = found.change
    bounds = f"{one.level:.0%} interval {one.low:+.1%} to {one.high:+.1%}"
    what = "a step on the same batch" if found.paired else "a median step"
    told = f"{what} takes {one.value:+.1%} ({bounds})"
    return told if found.settled else f"{told}: the difference may be chance"


def figures(
    before: Summary, after: Summary
) -> Iterator[tuple[str, float | None, float | None, str]]:
    """Yield what is compared: its name, both values, and how they are written."""
    pairs = (before, after)
    rows: list[tuple[str, list[float | None], str]] = [
        ("median step, s", [one.step.value if one.step else None for one in pairs], ".4g"),
        ("steps/s", [one.rate.value if one.rate else None for one in pairs], ".4g"),
        ("tokens/s", [one.tokens.all if one.tokens else None for one in pairs], ",.0f"),
        ("first step, s", [one.first_step for one in pairs], ".3g"),
        ("allocated, GB", [_gigabytes(one.peak_allocated) for one in pairs], ".2f"),
        ("reserved, GB", [_gigabytes(one.peak_reserved) for one in pairs], ".2f"),
    ]
    for name, (one, other), form in rows:
        yield name, one, other, form


def _gigabytes(size: int | None) -> float | None:
    return None if size is None else size / 1e9


def number(value: float | None, form: str) -> str:
    """Return a value as it is written."""
    return "–" if value is None else format(value, form)
