"""A file with keys of another program: what is advised there is told, and no edit makes it.

A fork reads keys that no release has, and may read others in its own way: `ref_model` names the
teacher of a loss of its own there.
"""

from __future__ import annotations

from ftlint.diagnostics import REMOVED, Finding, Fix
from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import EFFECTLESS, READING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.facts.context import Context
    from ftlint.rulebook.registry import RuleBook


def beside_strangers(found: Iterable[Finding], context: Context) -> Iterator[Finding]:
    """Yield findings; with a key of no known meaning in the file fewer, and fixes for display.

    With keys that settings teach, the file is a fork's as well: what no release reads, it may read.
    """
    found, rules = tuple(found), context.rules
    stranger = next((one.key for one in found if _is_stranger(one, rules)), None)
    taught = next((key for key in context.catalogue.extra.keys if key in context.entries), None)
    for one in found:
        if (stranger or taught) and rules[one.rule].read_by_forks:
            continue
        if stranger is not None:
            yield one._replace(fix=_told(one, f"the file has unknown keys (`{stranger}`)", rules))
        elif taught is not None and rules.kind(one.rule) in EFFECTLESS:
            yield one._replace(fix=_told(one, f"the fork with `{taught}` may read it", rules))
        else:
            yield one


def _is_stranger(finding: Finding, rules: RuleBook) -> bool:
    if rules.kind(finding.rule) != "unknown-key" or finding.meant is not None:
        return False
    return finding.fix is None or finding.fix.applicability != "safe"


def _told(finding: Finding, why: str, rules: RuleBook) -> Fix | None:
    """Return a fix for display; how a file is written is the same for every program, and policies
    speak for the team that reads it.
    """
    fix = finding.fix
    own = rules.is_own(finding.rule) and rules.kind(finding.rule) not in READING
    if fix is None or not fix.edits or not own:
        return fix
    what = fix.message.partition(REMOVED)[0]  # what is removed by hand is there to be seen
    return Fix("display", f"{what}; not written: {why}", (), fix.changes)
