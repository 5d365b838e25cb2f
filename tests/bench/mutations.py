"""Valid data, damaged at random: what a failing disk, a newer version or an attacker leaves."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

ODD: list[Any] = [
    None, True, 0, -1, 1e308, -1e-300, 1e-300, 10**400, "", "x\n::error::forged", "\x1b[31m", [],
    [[]], {}, {"": {}}, "\ud800", 1 << 63,
]  # fmt: skip
FORGED = "\n::error::forged\r\x1b[31m"


def places(data: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value within data."""
    if not isinstance(data, (dict, list)):
        return []
    found = []
    for name, value in data.items() if isinstance(data, dict) else enumerate(data):
        found.append((*way, name))
        found += places(value, (*way, name))
    return found


def mutated(data: Any, draw: random.Random) -> Any:
    """Return a copy in which one value is gone, another, or stands elsewhere."""
    made = copy.deepcopy(data)
    *way, last = draw.choice(places(made))
    holder = made
    for name in way:
        holder = holder[name]
    if draw.random() < 0.2:
        del holder[last]
    elif isinstance(holder[last], str) and draw.random() < 0.5:
        holder[last] += FORGED
    else:
        holder[last] = copy.deepcopy(draw.choice(ODD))
    return made
