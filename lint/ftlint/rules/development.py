"""A version without its source: what holds for the state before it and the one after."""

from __future__ import annotations

from ftlint.diagnostics import Finding
from ftlint.rulebook.registry import BUILT_IN
from ftlint.rules.refusals import APART, stops
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ftlint.target.releases import Target

UNKNOWN = "FT130"
_UNKNOWN_TO_STATE = "FT101"


def agreed(
    found: Sequence[Finding], other: Sequence[Finding], target: Target,
    words: Callable[[Finding], str],
) -> Iterator[Finding]:  # fmt: skip
    """Yield what is said of both states, with a fix where both have the same.

    A key that neither reads may be one that only the build has. Where both find fault with a key,
    or both end the run, and not for one reason, that is one finding with the reasons of both.
    """
    said = {_place(one): one for one in other}
    ours = {_place(one) for one in found}
    for one in found:
        theirs = said.get(_place(one))
        if theirs is not None:
            yield _of_both(one, theirs, target)
    left = [one for one in found if _place(one) not in said and _is_fault(one)]
    others = [one for one in other if _place(one) not in ours and _is_fault(one)]
    told = list(_pairs(left, others))
    if not told and not any(stops(one) for one in found if _place(one) in said):
        ends = [next(filter(stops, some), None) for some in (left, others)]
        told = [(ends[0], ends[1])] if ends[0] and ends[1] else []
    for one, theirs in told:
        yield _apart(one, theirs, target, words)


def _of_both(one: Finding, theirs: Finding, target: Target) -> Finding:
    if one.rule == _UNKNOWN_TO_STATE:
        return _unknown(one, theirs, target)
    same = one.fix is not None and theirs.fix is not None and one.fix.edits == theirs.fix.edits
    return one if same else one._replace(fix=None)


def _unknown(one: Finding, theirs: Finding, target: Target) -> Finding:
    meant = one.meant if one.meant == theirs.meant else None
    values = {
        "name": one.key, "release": target.label, "states": target.origin.judged_by,
        "slip": f" (misspelt `{meant}`?)" if meant is not None else "",
    }  # fmt: skip
    return one._replace(rule=UNKNOWN, values=values, fix=None, message=None, related=())


def _pairs(ours: list[Finding], theirs: list[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Yield the first findings on each key with which both states find fault."""
    by_key = {one.key: one for one in reversed(theirs) if one.key is not None}
    seen: set[str | None] = set()
    for one in ours:
        if one.key in by_key and one.key not in seen:
            seen.add(one.key)
            yield one, by_key[one.key]


def _apart(
    one: Finding, theirs: Finding, target: Target, words: Callable[[Finding], str]
) -> Finding:
    """Return the one finding on what each state finds fault with in its own way."""
    assert target.besides is not None
    values = {
        "before": target.besides.release, "after": target.release, "one": words(theirs),
        "other": words(one),
    }  # fmt: skip
    place = one if one.key is not None else theirs
    return Finding(APART, place.start, place.end, place.key, values)


def _is_fault(finding: Finding) -> bool:
    return finding.rule in BUILT_IN and BUILT_IN[finding.rule].severity != "info"


def _place(one: Finding) -> tuple[str, str | None, int]:
    return one.rule, one.key, one.start
