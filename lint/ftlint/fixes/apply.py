"""Applying the fixes of one file until nothing is left to fix."""

from __future__ import annotations

from ftlint.edits import roundtrip
from ftlint.edits.infer import infer_changes
from ftlint.edits.page import NoEdit, Page, read_page
from ftlint.edits.plan import collide, ordered, splice
from ftlint.edits.spelling import read
from ftlint.engine import lint
from ftlint.fixes import oracle
from ftlint.fixes.regressions import regressions
from ftlint.results import Applied, SkippedFix
from ftlint.support.files import is_script
from ftlint.syntax.source import Source, of_text
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.rule import EFFECTLESS, READING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ftlint.diagnostics import Change, Diagnostic, Edit
    from ftlint.project.options import Options
    from ftlint.results import Result
    from ftlint.rulebook.registry import RuleBook
    from ftlint.support.disk import Disk

MAX_ROUNDS = 10
"""After as many rounds of fixing and linting again, two rules undo each other's work."""
ONLY_NOW = "other fixes of this run caused it: check them, then run --fix again"
"""Why a fix is withheld that the file as it was given did not ask for."""


_Identity = tuple[str, "str | None", str]
"""Code, key and message: what makes a fix the same one when offsets have moved."""


class Fixed(NamedTuple):
    """What came of a file. `source` is the given one when nothing was applied."""

    source: Source
    applied: tuple[Applied, ...]
    withheld: tuple[SkippedFix, ...]
    result: Result
    converged: bool = True
    """False: the fixes go round in circles, and the file is left as it was."""


def fix_one(
    source: Source, diagnostic: Diagnostic, options: Options, disk: Disk | None = None
) -> str | None:
    """Return the text with the fix of one finding made; None where that is withheld.

    It is held against a second reading like all others, and brings no error or warning. `disk` is
    what lies around the file, if that was looked at.
    """
    if is_script(source.path):
        from ftlint.fixes import scripts

        return scripts.fix_one(source, diagnostic, options, disk)
    fix = diagnostic.fix
    if fix is None or not fix.edits or fix.applicability == "display":
        return None
    before = lint(source, options, disk)
    own = _identity(diagnostic)
    offered = frozenset([own[:2]])
    asked = _FixRequest(options, fix.applicability == "unsafe", offered, only=own, disk=disk)
    fixed = _fixed(before, asked)
    return fixed.source.text if fixed.applied else None


def fix(source: Source, options: Options, unsafe: bool = False, disk: Disk | None = None) -> Fixed:
    """Apply the safe fixes of `source`, and with `unsafe` the unsafe ones; lint what comes out.

    A round applies the fixes that keep clear of each other; the oracle judges it, and the next
    round starts from a new lint. Keys and values that are misread come first: what a file says
    can be judged only when it is read as it is meant. Withheld is what the oracle objects to, and
    what would bring an error or a warning that was not there; and advice that the given file did
    not call for: `save_steps` is without effect once `save_strategy: No` says `"no"`, but whether
    it was meant to be is for its author to see. What is withheld at first may do no harm once the
    others are made, so a file that was fixed in part is begun with once more.
    """
    if is_script(source.path):
        from ftlint.fixes import scripts

        return Fixed(*scripts.fix(source, options, unsafe, disk))
    before = lint(source, options, disk)
    asked = _FixRequest(options, unsafe, disk=disk)
    offered = ((one.code, one.key) for one in before.diagnostics if asked.wants(one))
    asked = asked._replace(offered=frozenset(offered))
    fixed = _fixed(before, asked)
    for _ in range(MAX_ROUNDS):
        if not fixed.withheld or not fixed.applied:
            return fixed
        again = _fixed(fixed.result, asked._replace(names=_names_before(fixed.applied)))
        if not again.applied:
            return fixed
        fixed = again._replace(applied=fixed.applied + again.applied)
    return _left(before, fixed.withheld)


class _FixRequest(NamedTuple):
    """What holds all through the fixing of one file."""

    options: Options
    unsafe: bool
    offered: frozenset[tuple[str, str | None]] = frozenset()
    """Code and key of the fixes that the given file was offered."""
    names: Mapping[str, str] = {}
    """What keys were called in the given file, by the names that fixes gave them so far."""
    only: _Identity | None = None
    """The one fix that is to be made."""
    disk: Disk | None = None

    def wants(self, diagnostic: Diagnostic) -> bool:
        """Return whether a finding has a fix of the wanted kind."""
        fix = diagnostic.fix
        if fix is None or not fix.edits:
            return False
        if self.only is not None and _identity(diagnostic) != self.only:
            return False
        return fix.applicability == "safe" or (self.unsafe and fix.applicability == "unsafe")

    def is_late(self, diagnostic: Diagnostic, made: Iterable[_Candidate]) -> bool:
        """Return whether a fix is advice that only other fixes called for.

        How a file is read, and what the target refuses, is mended whatever showed it.
        """
        if diagnostic.severity == "error" or self.options.rules.kind(diagnostic.code) in READING:
            return False
        changes = (change for one in made for change in one.changes)
        names = {**self.names, **{one.text: one.key for one in changes if one.kind == "rename"}}
        key = diagnostic.key
        while key in names:
            key = names.pop(key)
        return (diagnostic.code, key) not in self.offered


def _names_before(applied: Iterable[Applied]) -> dict[str, str]:
    """Return what renamed keys were called, by their new names."""
    changes = (change for one in applied for change in one.changes)
    return {change.text: change.key for change in changes if change.kind == "rename"}


def _fixed(before: Result, asked: _FixRequest) -> Fixed:
    """Make the fixes that bring nothing that was not there before."""
    barred: dict[_Identity, SkippedFix] = {}
    while True:
        course = _rounds(before, asked, barred)
        harm = course.harm(before, asked.options.rules)
        if not harm:
            return course.fixed
        barred |= _culprits(before, asked, barred, course)


class _Candidate(NamedTuple):
    diagnostic: Diagnostic
    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]


class _Course(NamedTuple):
    """How the rounds went: `readable` is the file when its keys and values were mended.

    `mending` are the changes until then that gave a key another value.
    """

    fixed: Fixed
    readable: Result
    made: tuple[_Candidate, ...]
    mending: tuple[Change, ...]

    def harm(self, before: Result, rules: RuleBook) -> tuple[Diagnostic, ...]:
        """Return the errors and warnings that were brought.

        A key left without effect is none: it was of use to what the repair took away.
        """
        changes = (change for one in self.made for change in one.changes)
        after = self.fixed.result
        brought = regressions(before, self.readable, after, self.mending, changes, rules)
        late = {(one.code, one.key) for one in self.fixed.withheld if one.reason == ONLY_NOW}
        return tuple(
            one
            for one in brought
            if not (rules.kind(one.code) in EFFECTLESS and (one.code, one.key) in late)
        )


def _rounds(before: Result, asked: _FixRequest, barred: dict[_Identity, SkippedFix]) -> _Course:
    """Fix and lint again until nothing changes, leaving out the fixes that are barred."""
    result, readable = before, None
    applied: list[Applied] = []
    made: list[_Candidate] = []
    mending: list[Change] = []
    withheld = dict(barred)
    options = asked.options
    for _ in range(MAX_ROUNDS + 1):
        wanted = [
            one for one in result.diagnostics if asked.wants(one) and _identity(one) not in withheld
        ]
        late = [one for one in wanted if asked.is_late(one, made)]
        withheld.update((_identity(one), _withheld(one, ONLY_NOW)) for one in late)
        wanted = [one for one in wanted if one not in late]
        first = [one for one in wanted if options.rules.kind(one.code) in READING]
        if not first:
            readable = readable or result
        if not wanted:
            fixed = Fixed(result.source, tuple(applied), tuple(withheld.values()), result)
            return _Course(fixed, readable or result, tuple(made), tuple(mending))
        page = read_page(result.source, options.target.dialect_of(result.source.path))
        if isinstance(page, NoEdit):
            withheld.update((_identity(one), _withheld(one, page.reason)) for one in wanted)
            continue
        done, text, objections = _round(page, first or wanted)
        withheld.update((_identity(one), _withheld(one, why)) for one, why in objections)
        applied += [_applied(one, result.source) for one in done]
        made += done
        if readable is None:
            mending += [change for one in done for change in one.changes if _revalues(page, change)]
        if done:
            result = lint(of_text(result.source.path, text), options, asked.disk)
    return _Course(_left(before, tuple(withheld.values())), before, (), ())


def _left(before: Result, withheld: tuple[SkippedFix, ...]) -> Fixed:
    """Return a file as it was: its fixes go round in circles."""
    return Fixed(before.source, (), withheld, before, converged=False)


def _round(
    page: Page, wanted: list[Diagnostic]
) -> tuple[list[_Candidate], str, list[tuple[Diagnostic, str]]]:
    """Return the fixes made, the text with them, and those that are withheld with the reason."""
    objections: list[tuple[Diagnostic, str]] = []
    candidates: list[_Candidate] = []
    for one in wanted:
        assert one.fix is not None
        changes = infer_changes(page, one.fix)
        if isinstance(changes, NoEdit):
            objections.append((one, changes.reason))
        else:
            candidates.append(_Candidate(one, ordered(one.fix.edits), changes))
    witness = roundtrip.load(page.text)
    chosen = _apart(candidates)
    text, reason = _attempt(page, witness, chosen)
    if reason is None:
        return chosen, text, objections
    for candidate in chosen:  # one of them is at fault: make the first that is not
        text, reason = _attempt(page, witness, [candidate])
        if reason is None:
            return [candidate], text, objections
        objections.append((candidate.diagnostic, reason))
    return [], page.text, objections


def _attempt(page: Page, witness: object, chosen: list[_Candidate]) -> tuple[str, str | None]:
    """Return the text with these fixes, and what the oracle says against it."""
    different = list(dict.fromkeys((one.edits, one.changes) for one in chosen))
    edits = ordered(edit for one, _ in different for edit in one)
    changes = tuple(change for _, some in different for change in some)
    text = splice(page.text, edits)
    return text, oracle.objection(page, witness, edits, changes, text)


def _apart(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Return the fixes that concern different keys and places; safe ones go first.

    The same fix asked for by two rules is one fix.
    """
    chosen: list[_Candidate] = []
    for one in sorted(candidates, key=_rank):
        if all(
            one[1:] == other[1:]
            or not (
                _names(one) & _names(other)
                or any(collide(a, b) for a in one.edits for b in other.edits)
            )
            for other in chosen
        ):
            chosen.append(one)
    return chosen


def _rank(candidate: _Candidate) -> tuple[bool, int]:
    fix = candidate.diagnostic.fix
    assert fix is not None
    return fix.applicability != "safe", fix.edits[0].start


def _names(candidate: _Candidate) -> set[str]:
    """Return the keys that a fix touches, by their old names and new ones."""
    changes = candidate.changes
    return {one.key for one in changes} | {one.text for one in changes if one.kind == "rename"}


def _culprits(
    before: Result, asked: _FixRequest, barred: dict[_Identity, SkippedFix], course: _Course
) -> dict[_Identity, SkippedFix]:
    """Return the fix without which there is less harm; all of them when no single one is it."""
    harm = course.harm(before, asked.options.rules)
    reason = f"it would cause {harm[0].code}: {harm[0].message}"
    made = [one.diagnostic for one in course.made]
    blamed = {_identity(one): _withheld(one, reason) for one in made}
    for identity, why in reversed(blamed.items()):
        without = _rounds(before, asked, {**barred, identity: why})
        if len(without.harm(before, asked.options.rules)) < len(harm):
            return {identity: why}
    return blamed


def _revalues(page: Page, change: Change) -> bool:
    """Return whether a change gives a key another value, not the same in another spelling."""
    if change.kind not in ("replace", "insert"):
        return False
    entry = page.constructed.entries.get(change.key)
    return entry is None or not oracle.same(entry.value, read(page, change.text), set())


def _identity(diagnostic: Diagnostic) -> _Identity:
    assert diagnostic.fix is not None
    return diagnostic.code, diagnostic.key, diagnostic.fix.message


def _applied(candidate: _Candidate, source: Source) -> Applied:
    one, _, changes = candidate
    assert one.fix is not None
    line = source.position(one.start).line
    kind, message = one.fix.applicability, one.fix.message
    return Applied(one.code, one.name, one.key, line, kind, message, changes)


def _withheld(one: Diagnostic, reason: str) -> SkippedFix:
    assert one.fix is not None
    return SkippedFix(one.code, one.name, one.key, one.fix.message, reason)
