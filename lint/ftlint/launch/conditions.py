"""Whether a test of a script holds: `[ ]`, `[[ ]]`, `(( ))`.

What the script does not set is taken to be empty, and that is said with the answer.
"""

from __future__ import annotations

from ftlint.launch.values import UNKNOWN, matches
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.launch.shell import Shell
    from ftlint.launch.values import Field

    Truth = tuple[bool | None, tuple[str, ...]]
    """Whether it holds, None where that is not known; what was assumed for that."""

_NUMBERS = {
    "-eq": lambda one, other: one == other,
    "-ne": lambda one, other: one != other,
    "-gt": lambda one, other: one > other,
    "-ge": lambda one, other: one >= other,
    "-lt": lambda one, other: one < other,
    "-le": lambda one, other: one <= other,
}
UNSURE: Truth = (None, ())


def of_test(words: Sequence[Field], operators: Sequence[str | None], *, extended: bool) -> Truth:
    """Return whether the words of a test hold; `operators` are those that are written plainly."""
    for joint in (("||", "-o"), ("&&", "-a")):
        for place, word in enumerate(operators):
            if word in joint and 0 < place < len(words) - 1:
                left = of_test(words[:place], operators[:place], extended=extended)
                right = of_test(words[place + 1 :], operators[place + 1 :], extended=extended)
                return _either(left, right) if joint[0] == "||" else _both(left, right)
    if operators and operators[0] == "!":
        holds, assumed = of_test(words[1:], operators[1:], extended=extended)
        return (None if holds is None else not holds), assumed
    if len(operators) > 2 and operators[0] == "(" and operators[-1] == ")":
        return of_test(words[1:-1], operators[1:-1], extended=extended)
    return _one(words, operators, extended=extended)


def _one(words: Sequence[Field], operators: Sequence[str | None], *, extended: bool) -> Truth:
    assumed = tuple(why for one in words for why in one.value.assumed)
    texts = [one.text for one in words]
    if len(words) == 1:
        return (None if texts[0] == UNKNOWN else bool(texts[0])), assumed
    if len(words) == 2 and operators[0] in ("-z", "-n"):
        solid = texts[1].strip(UNKNOWN)
        if UNKNOWN in texts[1] and not solid:
            return UNSURE
        return bool(texts[1]) == (operators[0] == "-n"), assumed
    if len(words) != 3:
        return UNSURE
    left, operator, right = texts[0], operators[1] or "", texts[2]
    if operator in ("=", "==", "!="):
        return _equal(left, right, operator, extended=extended), assumed
    if operator in _NUMBERS and UNKNOWN not in left + right:
        try:
            return _NUMBERS[operator](int(left), int(right)), assumed
        except ValueError:
            return UNSURE
    return UNSURE


def _equal(left: str, right: str, operator: str, *, extended: bool) -> bool | None:
    found: bool | None = left == right
    if extended:
        found = matches(left, right)
    elif UNKNOWN in left + right:
        return None
    return None if found is None else found == (operator != "!=")


def _both(one: Truth, other: Truth) -> Truth:
    for holds, assumed in (one, other):
        if holds is False:
            return False, assumed
    return (None if None in (one[0], other[0]) else True), (*one[1], *other[1])


def _either(one: Truth, other: Truth) -> Truth:
    for holds, assumed in (one, other):
        if holds is True:
            return True, assumed
    return (None if None in (one[0], other[0]) else False), (*one[1], *other[1])


def of_arithmetic(shell: Shell, text: str) -> Truth:
    """Return whether `(( ))` is not zero."""
    found = shell.calculated(text)
    return UNSURE if found is None else (bool(found[0]), found[1])
