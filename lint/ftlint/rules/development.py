"""A development build without its source: what holds for the state before it and the one after."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Finding
    from ftlint.target.releases import Target

UNKNOWN = "FT130"
_UNKNOWN_TO_STATE = "FT101"


def agreed(found: Iterable[Finding], other: Iterable[Finding], target: Target) -> Iterator[Finding]:
    """Yield what is said of both states, with a fix where both have the same.

    A key that neither reads may be one that only the build has.
    """
    said = {_place(one): one for one in other}
    for one in found:
        theirs = said.get(_place(one))
        if theirs is None:
            continue
        if one.rule == _UNKNOWN_TO_STATE:
            meant = one.meant if one.meant == theirs.meant else None
            values = {
                "name": one.key, "release": target.label, "states": target.origin.judged_by,
                "slip": f" (misspelt `{meant}`?)" if meant is not None else "",
            }  # fmt: skip
            yield one._replace(rule=UNKNOWN, values=values, fix=None, message=None, related=())
        else:
            same = one.fix is not None and theirs.fix is not None
            same = same and one.fix.edits == theirs.fix.edits  # type: ignore[union-attr]
            yield one if same else one._replace(fix=None)


def _place(one: Finding) -> tuple[str, str | None, int]:
    return one.rule, one.key, one.start
