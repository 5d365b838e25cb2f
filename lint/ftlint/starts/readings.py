"""What is said of a config as its file reads alone, and as it is started: two verdicts made one.

Whoever starts a run may set keys over the file. A repair of the file holds only where it is due
both ways, and what is said of one way names it.
"""

from __future__ import annotations

from ftlint.diagnostics import Related, ScriptLine
from ftlint.facts.launch import UNSTATED
from ftlint.support.messages import first_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ftlint.diagnostics import Diagnostic, Finding, Fix
    from ftlint.facts.handed import Start
    from ftlint.launch.record import Launched
    from ftlint.loading import Config
    from ftlint.results import Result
    from ftlint.syntax.dotlist import Overrides

    _Said = Mapping[tuple[str, str | None], Diagnostic]

UNUSED = "FT901"
"""The rule on a comment that suppresses nothing: it may well do so where the file runs alone."""
OF_FILES = frozenset(["FT650", "FT651"])
"""Rules that hold two files against each other: what one launch sets is not set for the other."""
MOST = 3
"""Arguments that a message names."""


def overridden(result: Result, alone: Result, overrides: Overrides) -> Result:
    """Return what is said of a config with overrides: of the file only repairs that hold alone.

    What is said in the same words of the file alone is said of that; all else names what sets it.
    """
    theirs = {_same(one): one for one in alone.diagnostics}
    codes = {(one.code, one.key) for one in alone.diagnostics}
    from ftlint.target.secrets import masked

    shown = [one._replace(text=masked(one.text, 0, len(one.text))) for one in overrides.arguments]
    named = _listed([overrides.told(one) for one in shown])
    said = []
    for one in result.diagnostics:
        if one.code == UNUSED and _same(one) not in theirs:
            continue
        same = theirs.get(_same(one))
        if same is None and "`--set " not in one.message and (one.code, one.key) not in codes:
            one = one._replace(message=f"{one.message} (with {named})")
        said.append(one._replace(fix=held(one, same and (same,))))
    return result._replace(diagnostics=tuple(said), elsewhere=(alone.diagnostics,))


def started(alone: Result, ways: Sequence[tuple[Start, Result]]) -> Result:
    """Return what is said of a file, and what comes to it where scripts start it.

    A fix holds where each of them has it too, or sets the keys that it touches. What starts the
    file as one for another command tells nothing of it but that.
    """
    if any(one.code == UNSTATED for one in alone.diagnostics):  # so does a script that is silent
        ways = [(start, result) for start, result in ways if start.launch.environment]
    alike = [start.command == alone.command or alone.command == "v1" for start, _ in ways]
    theirs = [
        (start, {(one.code, one.key): one for one in reversed(result.diagnostics)})
        for start, result in ways
    ]
    own = {(one.code, one.key) for one in alone.diagnostics}
    meant = [way for way, is_meant in zip(theirs, alike) if is_meant]
    said = [
        _not_under(_if_due(one, meant), meant)
        for one in alone.diagnostics
        if one.code != UNUSED or all((one.code, one.key) in found for _, found in meant)
    ]
    added: dict[tuple[str, str | None, int, str], tuple[Diagnostic, list[str]]] = {}
    for start, found in theirs:
        for key, one in found.items():
            of_files = one.code in OF_FILES and "output_dir" not in start.keys
            if key in own or one.code == UNUSED or of_files:
                continue
            place = ScriptLine(start.path, start.line)
            message = one.message.removesuffix(f", {start.place})")
            known = added.setdefault(
                (one.code, one.key, one.start, message),
                (one._replace(fix=None, launch=place), []),
            )
            if start.place not in known[1]:
                known[1].append(start.place)
    for (*_, message), (one, places) in added.items():
        where = _listed(places)
        told = f"{message}, {where})" if message != one.message else f"{message} (under {where})"
        said.append(one._replace(message=told))
    said.sort(key=lambda one: (one.start, one.code, one.end))
    also = [result.diagnostics for (_, result), is_meant in zip(ways, alike) if is_meant]
    elsewhere = (*alone.elsewhere, *also)
    return alone._replace(diagnostics=tuple(said), elsewhere=elsewhere)


def _listed(places: Sequence[str]) -> str:
    return first_of(places, MOST)


def _not_under(one: Diagnostic, ways: Iterable[tuple[Start, _Said]]) -> Diagnostic:
    """Return a finding on the file with the launches noted under which it does not hold."""
    places = [start.place for start, found in ways if (one.code, one.key) not in found]
    if not places or one.severity == "info":
        return one
    note = Related(one.start, one.end, f"does not apply when started by {_listed(places)}")
    return one._replace(related=(*one.related, note))


def _if_due(one: Diagnostic, ways: Sequence[tuple[Start, _Said]]) -> Diagnostic:
    """Return a finding without its fix where that is not due each time, with a note why."""
    if one.fix is None or not one.fix.edits or _due(one, ways) is not None:
        return one
    places = [start.place for start, found in ways if _due(one, [(start, found)]) is None]
    note = Related(one.start, one.end, f"not fixed: not needed when started by {_listed(places)}")
    return one._replace(fix=None, related=(*one.related, note))


def _due(one: Diagnostic, ways: Iterable[tuple[Start, _Said]]) -> Fix | None:
    """Return the fix of a finding where it is due however the file is started."""
    fix = one.fix
    for start, found in ways:
        if fix is None or not fix.edits:
            return fix
        other = found.get((one.code, one.key))
        same = other is not None and other.fix is not None and other.fix.edits == fix.edits
        keys = {change.key for change in fix.changes} | {one.key}
        if not same and not keys <= start.keys:
            return None
    return fix


def held(one: Diagnostic, others: Iterable[Diagnostic] | None) -> Fix | None:
    """Return the fix of a finding if each of the others has it too, word for word."""
    fix = one.fix
    if fix is None or not others:
        return None
    same = all(other.fix is not None and other.fix.edits == fix.edits for other in others)
    return fix if same else None


def _same(one: Diagnostic) -> tuple[object, ...]:
    return one.code, one.key, one.start, one.end, one.message


def in_script(said: Iterable[Finding], config: Config, launched: Launched) -> Iterator[Finding]:
    """Yield what is said of what a script sets over a file, at its place in the script."""
    overrides = config.context.overrides
    if overrides is None:
        return
    at = {one.start: place for place, one in enumerate(overrides.arguments)}
    for one in said:
        argument = overrides.at(one.start)
        if argument is None or at[argument.start] >= len(launched.overrides):
            continue  # of the file itself, or of `--set` behind what the script sets
        word = launched.overrides[at[argument.start]]
        start, end = word.start, word.end
        if one.start == argument.start and one.end - one.start == len(word.key):
            end = start + len(word.key)
        yield one._replace(start=start, end=end, fix=None, related=())
