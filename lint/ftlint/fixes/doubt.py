"""Which fixes have to wait, because they rest on a key that the file does not say as it means it.

`evaluation_strategy: steps` is read by nobody where the key is called eval_strategy; to delete
`eval_steps` as a key without effect would then take what the file plainly wants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.records import Diagnostic
    from ftlint.rules.registry import RuleBook

READING = ("FT0", "FT1")
"""Families about how a file is read: their fixes come before all others."""

_MISREAD = ("FT003", "FT006", "FT007", "FT008", "FT105", "FT106", "FT107")
"""A value that is there, and is not what is meant."""

_DERIVED = {
    "do_eval": ("eval_strategy",),
    "eval_steps": ("eval_strategy", "logging_steps"),
    "packing": ("neat_packing", "stage"),
}
"""Effective values that follow from other keys (facts.effective)."""

_PLAIN_FACTS = frozenset(["llamafactory", "transformers"])


def doubts(diagnostics: Iterable[Diagnostic]) -> dict[str, Diagnostic]:
    """Return the keys whose value is not known for sure, each with the finding that says why."""
    found: dict[str, Diagnostic] = {}
    for one in diagnostics:
        if one.code in _MISREAD and one.key is not None:
            found.setdefault(one.key, one)
        elif one.code[:3] in READING and one.fix is not None:
            for change in one.fix.changes:
                if change.kind != "delete":
                    found.setdefault(change.text if change.kind == "rename" else change.key, one)
    return found


def waits_for(
    one: Diagnostic, doubtful: dict[str, Diagnostic], rules: RuleBook
) -> Diagnostic | None:
    """Return the finding that has to be settled before the fix of `one` can be trusted."""
    if one.code[:3] in READING or not doubtful:
        return None
    read = keys_read(one, rules)
    return next((why for key, why in doubtful.items() if read is None or key in read), None)


def keys_read(one: Diagnostic, rules: RuleBook) -> set[str] | None:
    """Return the keys that a finding rests on; None when it may be any."""
    rule = rules.rules.get(one.code)
    if rule is None or not rule.checks:
        return None
    found = set(rule.at)
    for check in rule.checks:
        if check.key in (None, one.key):
            parts = list(_parts(check.when))
            if any(not _PLAIN_FACTS.issuperset(part.get("facts", ())) for part in parts):
                return None
            for part in parts:
                found.update(part.get("config", ()), part.get("effective", ()))
    for key, sources in _DERIVED.items():
        if key in found:
            found.update(sources)
    return found


def _parts(when: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a condition and those inside it."""
    yield when
    inner = [*when.get("anyOf", ()), *when.get("allOf", ())]
    for part in [*inner, *([when["not"]] if "not" in when else [])]:
        yield from _parts(part)
