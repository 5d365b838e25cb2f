"""Applying the fixes of a script: each is proven by reading the script again."""

from __future__ import annotations

from ftlint.edits.plan import collide, ordered, splice
from ftlint.engine import lint
from ftlint.launch.scripts import read
from ftlint.results import Applied, SkippedFix
from ftlint.syntax.source import of_text
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ftlint.diagnostics import Change, Diagnostic, Edit
    from ftlint.launch.record import Argument, Launched
    from ftlint.project.options import Options
    from ftlint.results import Result
    from ftlint.support.disk import Disk
    from ftlint.syntax.source import Source

MAX_ROUNDS = 10
_Identity = tuple[str, "str | None", int, str]


def fix(
    source: Source, options: Options, unsafe: bool, disk: Disk | None = None
) -> tuple[Source, tuple[Applied, ...], tuple[SkippedFix, ...], Result]:
    """Make the fixes of a script; return it, what was done, what was not, and what is left to say.

    Held to be right is what starts as many runs as before, each with the arguments that it had but
    for those that a fix names, and no error that was not there.
    """
    before = result = lint(source, options, disk)
    applied: list[Applied] = []
    barred: dict[_Identity, SkippedFix] = {}
    for _ in range(MAX_ROUNDS):
        chosen = _apart(one for one in result.diagnostics if _wants(one, unsafe, barred))
        done = _attempt(result, chosen, options, before, disk)
        if done is None:  # one of them is at fault: make the first that is not
            for one in chosen:
                done = _attempt(result, [one], options, before, disk)
                if done is not None:
                    chosen = [one]
                    break
                assert one.fix is not None
                why = "the script would start something else"
                barred[_identity(one)] = SkippedFix(
                    one.code, one.name, one.key, one.fix.message, why
                )
        if done is None or not chosen:
            break
        applied += [_applied(one, result.source) for one in chosen]
        result = done
    return result.source, tuple(applied), tuple(barred.values()), result


def fix_one(
    source: Source, diagnostic: Diagnostic, options: Options, disk: Disk | None = None
) -> str | None:
    """Return a script with the fix of one finding made; None where that is withheld."""
    fix, before = diagnostic.fix, lint(source, options, disk)
    if fix is None or not _wants(diagnostic, fix.applicability == "unsafe", {}):
        return None
    done = _attempt(before, [diagnostic], options, before, disk)
    return None if done is None else done.source.text


def _wants(one: Diagnostic, unsafe: bool, barred: dict[_Identity, SkippedFix]) -> bool:
    fix = one.fix
    if fix is None or not fix.edits or _identity(one) in barred:
        return False
    return fix.applicability == "safe" or (unsafe and fix.applicability == "unsafe")


def _identity(one: Diagnostic) -> _Identity:
    assert one.fix is not None
    return one.code, one.key, one.start, one.fix.message


def _apart(wanted: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings whose fixes keep clear of each other; the same fix counts once."""
    chosen: list[Diagnostic] = []
    for one in wanted:
        assert one.fix is not None
        if all(
            other.fix is not None
            and not any(collide(a, b) for a in one.fix.edits for b in other.fix.edits)
            for other in chosen
        ):
            chosen.append(one)
    return chosen


def _attempt(
    result: Result,
    chosen: Sequence[Diagnostic],
    options: Options,
    before: Result,
    disk: Disk | None,
) -> Result | None:
    """Return what is said of the script with these fixes; None where it is not what they say."""
    source = result.source
    edits = ordered(edit for one in chosen if one.fix for edit in one.fix.edits)
    changes = [change for one in chosen if one.fix for change in one.fix.changes]
    text = splice(source.text, edits)
    started, starts = read(source.text, source.path), read(text, source.path)
    if not chosen or len(started) != len(starts):
        return None
    if not all(_is_planned(one, other, edits, changes) for one, other in zip(started, starts)):
        return None
    after = lint(of_text(source.path, text), options, disk)
    known = {(one.code, one.key) for one in before.diagnostics}
    brought = [one for one in after.diagnostics if one.severity == "error"]
    return None if any((one.code, one.key) not in known for one in brought) else after


def _is_planned(
    one: Launched, other: Launched, edits: Sequence[Edit], changes: Sequence[Change]
) -> bool:
    """Return whether a start is what it was but for the flags that were edited."""
    if _rest(one) != _rest(other):
        return False
    kept = [_shown(flag) for flag in one.flags if not _is_edited(flag, edits)]
    new = [_shown(flag) for flag in other.flags]
    for flag in kept:
        if flag not in new:
            return False
        new.remove(flag)
    names = {change.text if change.kind == "rename" else change.key for change in changes}
    return all(flag[0] in names for flag in new)


def _rest(one: Launched) -> tuple[object, ...]:
    environment = tuple((name, word.pattern) for name, word in one.environment)
    config = one.config and one.config.pattern
    overrides = tuple(map(_shown, one.overrides))
    return (
        one.program,
        one.command,
        config,
        overrides,
        environment,
        one.gpus,
        one.nodes,
        one.unknown,
    )


def _shown(argument: Argument) -> tuple[str, tuple[str, ...]]:
    return argument.key, tuple(word.pattern for word in argument.words)


def _is_edited(flag: Argument, edits: Sequence[Edit]) -> bool:
    start, end = flag.start - 2, max(flag.end, flag.start + len(flag.key))
    return any(
        (edit.start < end and edit.end > start)
        or edit.start == edit.end == flag.start + len(flag.key)
        for edit in edits
    )


def _applied(one: Diagnostic, source: Source) -> Applied:
    assert one.fix is not None
    line = source.position(one.start).line
    fix = one.fix
    return Applied(one.code, one.name, one.key, line, fix.applicability, fix.message, fix.changes)
