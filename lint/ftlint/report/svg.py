"""Plots as inline SVG: axes with round ticks, lines, points with bars, and horizontal bars."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 14, 40
COLOURS = ("#1f6feb", "#d1571b", "#2d8a4e", "#8250df", "#b3261e", "#0b7a75")


class Scale(NamedTuple):
    """From values to places: `low` lies at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value."""
        span = self.high - self.low or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values from at or below `low` to at or above `high`."""
    span = (high - low) or abs(high) or 1.0
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if rough <= power * factor)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, last + 1)]


def label(value: float) -> str:
    """Return a tick as short as it can be."""
    return f"{value:.6g}"


def across(low: float, high: float) -> Scale:
    """Return a horizontal scale with round ends."""
    marks = ticks(low, high)
    return Scale(marks[0], marks[-1], LEFT, WIDTH - RIGHT)


def upwards(low: float, high: float) -> Scale:
    """Return a vertical scale with round ends."""
    marks = ticks(low, high)
    return Scale(marks[0], marks[-1], HEIGHT - BOTTOM, TOP)


def figure(parts: Iterator[str] | Sequence[str], name: str, height: int = HEIGHT) -> str:
    """Return a whole image with a name for those who do not see it."""
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(name)}"'
        f' xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def axes(x: Scale, y: Scale, named_x: str, named_y: str) -> Iterator[str]:
    """Yield both axes with grid lines, ticks and names."""
    for value in ticks(y.low, y.high):
        place = y.at(value)
        ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place:.1f}" y2="{place:.1f}"'
        yield f'<line class="grid" {ends}/>'
        yield text(LEFT - 6, place + 4, label(value), "end")
    for value in ticks(x.low, x.high):
        place = x.at(value)
        yield (
            f'<line class="axis" x1="{place:.1f}" x2="{place:.1f}" y1="{HEIGHT - BOTTOM}"'
            f' y2="{HEIGHT - BOTTOM + 4}"/>'
        )
        yield text(place, HEIGHT - BOTTOM + 17, label(value), "middle")
    yield (
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}"'
        f' y2="{HEIGHT - BOTTOM}"/>'
    )
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, named_x, "middle")
    middle = (HEIGHT - BOTTOM + TOP) / 2
    yield (
        f'<text x="14" y="{middle:.0f}" text-anchor="middle"'
        f' transform="rotate(-90 14 {middle:.0f})">{escape(named_y)}</text>'
    )


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    """Return words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(points: Sequence[tuple[float, float]], colour: str) -> str:
    """Return a line through places."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>'


def dot(x: float, y: float, colour: str, title: str) -> str:
    """Return a point that names itself when pointed at."""
    return (
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}">'
        f"<title>{escape(title)}</title></circle>"
    )


def upright(x: float, low: float, high: float, colour: str) -> str:
    """Return an error bar."""
    return (
        f'<line class="bar" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"'
        f' stroke="{colour}" stroke-width="2"/>'
    )


def box(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}"'
        f' fill="{colour}" fill-opacity="{opacity}"/>'
    )
