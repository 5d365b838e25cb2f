"""Whether fixes for the newest release may do harm to a config that lies in another one.

Who says no `--target` gets the newest release. A config in a checkout or fork is run by that, in
which a name may be right that a later release has no more.
"""

from __future__ import annotations

import os

from ftlint.results import Repair, SkippedFix
from ftlint.sources.tree import find_above
from ftlint.target.releases import MAIN, NEWEST, TREE, UnknownTarget, resolve_target
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.results import Result
    from ftlint.support.containment import Reach
    from ftlint.support.disk import Disk

BEFORE = os.path.join("src", "llmtuner")
"""Where the package lay before 0.9."""


def own_release(path: str, disk: Disk, reach: Reach | None) -> str | None:
    """Return the LLaMA Factory that a config lies in, where rules are those of another release."""
    from ftlint.target.elsewhere import ConfigFolder

    folder = os.path.dirname(os.path.abspath(path))
    top = None if reach is None else reach.roots[0]
    if find_above(folder, disk, top) is None:
        old = find_above(folder, disk, top, BEFORE)
        return None if old is None else "an old LLaMA Factory (src/llmtuner)"
    try:
        found = resolve_target(TREE, None, ConfigFolder(folder, reach))
    except UnknownTarget:
        return None
    return None if found.release in (NEWEST, MAIN) else f"LLaMA Factory {found.label}"


def not_repaired(result: Result, own: str, *, unsafe: bool) -> Repair:
    """Return that no fix was made of those that were asked for."""
    reason = f"it lies in {own}, judged by {NEWEST}: add `--target {TREE}` or `--target {NEWEST}`"
    asked = ("safe", "unsafe") if unsafe else ("safe",)
    withheld = tuple(
        SkippedFix(one.code, one.name, one.key, one.fix.message, reason)
        for one in result.diagnostics
        if one.fix is not None and one.fix.applicability in asked
    )
    return Repair(result.source.path, (), withheld, (), None, result.source.text)
