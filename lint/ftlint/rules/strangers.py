"""A file with keys of another program: what is advised there is told, and no edit makes it.

A fork reads keys that no release has, and may read others in its own way: `ref_model` under
`stage: sft` is without effect in LLaMA Factory and the teacher in a fork that distils.
"""

from __future__ import annotations

from ftlint.diagnostics import READING, REMOVED, Finding, Fix
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_OF_STRANGERS = ("FT101", "FT124")
"""Rules on keys that no release of LLaMA Factory has."""


def beside_strangers(found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, their fixes for display only where a key of the file has no known meaning."""
    found = tuple(found)
    stranger = next((one.key for one in found if _is_stranger(one)), None)
    for one in found:
        yield one if stranger is None else one._replace(fix=_told(one, stranger))


def _is_stranger(finding: Finding) -> bool:
    if finding.rule not in _OF_STRANGERS or finding.values.get("meant") is not None:
        return False
    return finding.fix is None or finding.fix.applicability != "safe"


def _told(finding: Finding, stranger: str) -> Fix | None:
    """Return a fix for display; how a file is written is the same for every program, and policies
    speak for the team that reads it.
    """
    fix = finding.fix
    own = finding.rule.startswith("FT") and not finding.rule.startswith(READING)
    if fix is None or not fix.edits or not own:
        return fix
    what = fix.message.partition(REMOVED)[0]  # what is removed by hand is there to be seen
    why = f"not written: the file has unknown keys (`{stranger}`)"
    return Fix("display", f"{what}; {why}", (), fix.changes)
