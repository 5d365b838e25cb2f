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
    for name, one, other, form in _figures(before, after):
        change = f"{other / one - 1:+.1%}" if one and other is not None else ""
        yield f"{name:16}{_number(one, form):>14}{_number(other, form):>14}{change:>10}"
    if found.slower is not None:
        apart = "lie apart" if found.settled else "overlap: the difference may be chance"
        few = "there are too few steps to tell whether they differ"
        yield f"the intervals of the medians {apart}" if found.told else few
    for note in found.notes:
        yield f"* {note}"
    for label, summary in (("before", before), ("after", after)):
        for flag in summary.flags:
            yield f"! {label}: {flag}"


def _figures(
    before: Summary, after: Summary
) -> Iterator[tuple[str, float | None, float | None, str]]:
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


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
