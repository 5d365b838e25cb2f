"""How much of a file is read before it counts as no config at all, and what lifts that."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Limits(NamedTuple):
    """Far beyond any real config, far below what stalls a hook. All but `files` are per file."""

    bytes: int = 1 << 20
    depth: int = 64
    """Collections inside one another, aliases followed; a config needs four."""
    nodes: int = 20_000
    """Keys and values, aliases followed; the largest real config has a few hundred."""
    keys: int = 5_000
    """Keys of one mapping."""
    scalar: int = 1 << 18
    """Characters of one key or value; 16,000 added tokens take 150,000 in a published config."""
    seconds: int = 10
    files: int = 100_000
    """Files of one run."""


DEFAULT = Limits()
HIGHEST = Limits(1 << 30, 200, 10_000_000, 10_000_000, 1 << 30, 86_400, 10_000_000)
"""What they can be lifted to: Python's own stack ends a deeper reading."""


class BadLimit(ValueError):
    """No such limit, or a number that it cannot be."""


def lifted(pairs: Iterable[tuple[str, int]], limits: Limits = DEFAULT) -> Limits:
    """Return `limits` with others in the place of those named. Raises `BadLimit`."""
    for name, number in pairs:
        if name not in Limits._fields:
            raise BadLimit(f"unknown limit {name!r}: use one of {', '.join(Limits._fields)}")
        highest = getattr(HIGHEST, name)
        if not 0 < number <= highest:
            raise BadLimit(f"limit {name} = {number} must be 1 to {highest}")
        limits = limits._replace(**{name: number})
    return limits


def lowered(
    pairs: Iterable[tuple[str, int]],
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int, int], ...]]:
    """Return what settings may ask for, and the limits they would lift with what these are.

    Settings come with pull requests, and a limit is what keeps one from stalling a hook.
    """
    kept = tuple((name, min(number, getattr(DEFAULT, name, number))) for name, number in pairs)
    above = ((name, number, getattr(DEFAULT, name, number)) for name, number in pairs)
    return kept, tuple(one for one in above if one[1] > one[2])


def reason(name: str, unit: str, limits: Limits) -> str:
    """Return which limit a file exceeds, and how to raise it."""
    return f"more than {getattr(limits, name)} {unit} (`--limit {name}=N` raises the limit)"
