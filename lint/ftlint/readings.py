"""What is said of a config as its file reads alone, and as it is started: two verdicts made one.

Whoever starts a run may set keys over the file. A repair of the file holds only where it is due
both ways, and what is said of one way names it.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.diagnostics import Diagnostic, Fix
    from ftlint.results import Result
    from ftlint.syntax.dotlist import Overrides

UNUSED = "FT901"
"""The rule on a comment that suppresses nothing: it may well do so where the file runs alone."""
MOST = 3
"""Arguments that a message names."""


def overridden(result: Result, alone: Result, overrides: Overrides) -> Result:
    """Return what is said of a config with overrides: of the file only repairs that hold alone.

    What is said in the same words of the file alone is said of that; all else names what sets it.
    """
    theirs = {_same(one): one for one in alone.diagnostics}
    codes = {(one.code, one.key) for one in alone.diagnostics}
    named = ", ".join(map(overrides.told, overrides.arguments[:MOST]))
    more = ", …" if len(overrides.arguments) > MOST else ""
    said = []
    for one in result.diagnostics:
        if one.code == UNUSED and _same(one) not in theirs:
            continue
        same = theirs.get(_same(one))
        if same is None and "`--set " not in one.message and (one.code, one.key) not in codes:
            one = one._replace(message=f"{one.message} (with {named}{more})")
        said.append(one._replace(fix=held(one, same and (same,))))
    return result._replace(diagnostics=tuple(said), elsewhere=(alone.diagnostics,))


def held(one: Diagnostic, others: Iterable[Diagnostic] | None) -> Fix | None:
    """Return the fix of a finding if each of the others has it too, word for word."""
    fix = one.fix
    if fix is None or not others:
        return None
    same = all(other.fix is not None and other.fix.edits == fix.edits for other in others)
    return fix if same else None


def _same(one: Diagnostic) -> tuple[object, ...]:
    return one.code, one.key, one.start, one.end, one.message
