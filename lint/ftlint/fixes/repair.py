"""One file through the fixes and, if it is asked for, back to the disk."""

from __future__ import annotations

from ftlint.edits import write
from ftlint.edits.diff import unified, without_secrets
from ftlint.fixes.apply import fix
from ftlint.results import Repair, SkippedFix
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.deadline import within
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.project.options import Options
    from ftlint.results import Result


def repair(
    before: Result, data: bytes, options: Options, *, unsafe: bool, keep: bool
) -> tuple[Result, Repair]:
    """Apply the fixes of a linted file; return what is left to say, and what was done.

    With `keep` the file stays as it is and only the difference is shown. A file out of reach, or
    one that has changed since `data` was read, is not written.
    """
    source = before.source
    with within(options.limits.seconds):
        fixed = fix(source, options, unsafe)
    new = fixed.source.text.encode("utf-8")
    withheld = fixed.withheld
    if not fixed.converged:
        rule = BUILT_IN.of_problem("fixes-in-circles")
        withheld = (
            *withheld,
            SkippedFix(rule.code, rule.name, None, "no fix was made", rule.message),
        )
    diff: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    if new != data:
        lines = tuple(unified(source.path, source.text, fixed.source.text))
        diff, hidden = without_secrets(lines, source.text, fixed.source.text)
    failure = None
    if new != data and not keep:
        failure = write.replace(source.path, data, new, options.given.reach)
    done = Repair(source.path, fixed.applied, withheld, diff, failure, fixed.source.text, hidden)
    return (before if keep or failure is not None else fixed.result), done
