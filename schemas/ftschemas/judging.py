"""Rules sorted by what they judge, so that a run looks at none in vain.

Used ahead of time for ftlint's own rules (schemas/rulefiles.py) and at run time for a team's
policies.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import MISREADING, Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftschemas.rule import Range, Rule


def grouped(rules: Iterable[Rule], command: str, first: int = 0) -> list[Group]:
    """Return the rules that judge a command's files, of which the first has the number `first`."""
    groups: dict[tuple[Range, Range], Group] = {}
    for number, rule in enumerate(rules, first):
        if command not in rule.commands:
            continue
        ranges = rule.llamafactory, rule.transformers
        group = groups.setdefault(ranges, Group(*ranges, {}, {}, {}))
        misreads = rule.kind in MISREADING
        if rule.module is not None:
            begun, before = group.modules.get(rule.module, (number, False))
            group.modules[rule.module] = begun, before or misreads
        needing = group.misread if misreads else group.judged
        for place, check in enumerate(rule.checks):
            for name in check.needs or (None,):
                needing.setdefault(name, []).append((number, place))
    return list(groups.values())
