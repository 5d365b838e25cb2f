"""Rules sorted by what they judge, so that a run looks at none in vain.

Used ahead of time for ftlint's own rules (schemas/rulefiles.py) and at run time for a team's
policies.
"""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.rule import MISREADING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftschemas.rule import Range, Rule

    Place = tuple[int, int]
    """The number of a rule, and that of a condition among its own."""
    Needing = dict[str | None, list[Place]]

OF_RUN = "file"
"""How a rule is shown that is about versions or the whole run: at no key of the file."""


class Group(NamedTuple):
    """Rules that judge one command's files for the same releases.

    `modules`: those that check, each with the number of the first rule of the group that has it,
    and whether one of its rules is on what is misread. `misread`, `judged`: the conditions of the
    phases by what a file must have for them to hold; those of several names are under each, those
    that any file may meet under None.
    """

    llamafactory: Range
    transformers: Range
    modules: dict[str, tuple[int, bool]]
    misread: Needing
    judged: Needing


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
