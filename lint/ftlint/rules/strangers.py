"""A file with keys of another program: what is advised there is told, and no edit makes it.

A fork reads keys that no release has, and may read others in its own way: `ref_model` names the
teacher of a loss of its own there.
"""

from __future__ import annotations

from ftlint.diagnostics import REMOVED, Finding, Fix
from ftschemas.named import TYPE_CHECKING
from ftschemas.ruleformat import READING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.rulebook.registry import RuleBook


def beside_strangers(found: Iterable[Finding], rules: RuleBook) -> Iterator[Finding]:
    """Yield findings; with a key of no known meaning in the file fewer, and fixes for display."""
    found = tuple(found)
    stranger = next((one.key for one in found if _is_stranger(one, rules)), None)
    for one in found:
        if stranger is not None and rules[one.rule].read_by_forks:
            continue
        yield one if stranger is None else one._replace(fix=_told(one, stranger, rules))


def _is_stranger(finding: Finding, rules: RuleBook) -> bool:
    if rules.kind(finding.rule) != "unknown-key" or finding.meant is not None:
        return False
    return finding.fix is None or finding.fix.applicability != "safe"


def _told(finding: Finding, stranger: str, rules: RuleBook) -> Fix | None:
    """Return a fix for display; how a file is written is the same for every program, and policies
    speak for the team that reads it.
    """
    fix = finding.fix
    own = rules.is_own(finding.rule) and rules.kind(finding.rule) not in READING
    if fix is None or not fix.edits or not own:
        return fix
    what = fix.message.partition(REMOVED)[0]  # what is removed by hand is there to be seen
    why = f"not written: the file has unknown keys (`{stranger}`)"
    return Fix("display", f"{what}; {why}", (), fix.changes)
