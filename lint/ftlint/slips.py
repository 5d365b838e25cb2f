"""Whether one name is another one with a slip of the fingers in it."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_slip(name: str, near: str) -> bool:
    """Say whether the two differ by case, dashes or one letter: changed, added, lost or swapped."""
    folded = name.lower().replace("-", "_")
    return folded == near or _one_apart(folded, near)


def slips_of(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that `name` is a slip of.

    NAMES_IN_CAPITALS are environment variables, which nobody writes for a key.
    """
    if name.isupper():
        return []
    return [one for one in known if abs(len(one) - len(name)) <= 1 and is_slip(name, one)]


def _one_apart(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    for ours, theirs in zip(one, other):
        if ours != theirs:
            break
        start += 1
    ours, theirs = one[start:], other[start:]
    if ours[1:] == theirs[1:] or ours[1:] == theirs or ours == theirs[1:]:
        return True
    return ours[:2] == theirs[1::-1] and ours[2:] == theirs[2:]
