"""What may be claimed of a source that is no release: rules whose keys it treats as one does.

Not asked of what that source itself tells: which keys and words it takes, how it reads a file.
"""

from __future__ import annotations

from ftlint.target.handling import differences
from ftlint.target.releases import KNOWN, in_range, parse_version
from ftschemas.compiled import MAIN
from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import EFFECTLESS, READING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.rulebook.registry import RuleBook
    from ftlint.target.releases import Target

DATA, TOOL = "data", "tool"
"""Kinds of rules on rows and their definitions, and on ftlint itself."""


def doubts(code: str, subject: str | None, when: Any, target: Target, book: RuleBook) -> list[str]:
    """Return the keys, or the files, for which a rule is not claimed of a target.

    `subject`: the key it is shown at; of one that is missing, and of what an ignored key rests on
    beside it, `when` tells.
    """
    handling = differences(target)
    kind = book.kind(code)
    if handling is None or kind in READING or kind == TOOL or not book.is_own(code):
        return []
    if target.tree is None and not any(
        in_range(parse_version(one), book[code].llamafactory) for one in KNOWN
    ):
        return []  # a rule on the development state alone, made from its source
    if kind == DATA:
        about = book.about(code)
        return handling.reads_otherwise(about.source, verified=MAIN in about.verified)
    named = sorted(set(keys_in(when)))
    subjects = named if subject is None else [subject]
    guards = named if kind in EFFECTLESS else []

    def unlike(*, verified: bool) -> list[str]:
        return [
            *handling.unlike(subjects, kind, verified=verified),
            *handling.unlike(guards, "", verified=verified),
        ]

    found = unlike(verified=False)
    if found and MAIN in book.about(code).verified:  # asked last: few rules need to be unpacked
        return unlike(verified=True)
    return found


def keys_in(when: Any) -> Iterator[str]:
    """Yield the keys that a condition is about."""
    if isinstance(when, dict):
        for name, part in when.items():
            if name in ("config", "effective") and isinstance(part, dict):
                yield from part
            yield from keys_in(part)
    elif isinstance(when, list):
        for part in when:
            yield from keys_in(part)
