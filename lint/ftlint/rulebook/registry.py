"""The rules there are: ftlint's own, as the compiled data hold them, and a team's policies."""

from __future__ import annotations

import marshal

from ftlint.rulebook.condition import predicate
from ftlint.target.releases import in_range
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING
from ftschemas.ruleformat import MISREADING, About, Check, FixRecipe, Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Set
    from typing import Any

    from ftlint.rulebook.condition import Predicate
    from ftlint.target.releases import Target
    from ftschemas.ruleformat import Range

    Asked = list[tuple[str, Check, Predicate]]
    """Codes of rules, each with a condition of it and the function that says if it holds."""

MISREAD, JUDGED = "misread", "judged"
"""The phases: first what is not what its author means, then all that rests on what is."""

_CODE, _NAME, _COMMANDS, _SHOW, _CHECKS, _PROBLEMS, _MODULE, _FIXES, _KIND, _YIELDS, _UNJUDGED = (
    map(
        Rule._fields.index,
        (
            *("code", "name", "commands", "show", "checks", "problems", "module", "fixes", "kind"),
            *("yields_to", "unjudged_without_rows"),
        ),
    )
)
OF_RUN = "file"
"""How a rule is shown that is about versions or the whole run: at no key of the file."""


class RuleBook:
    """A set of rules, and what of it judges a given target and command.

    Rules are unpacked when they are asked for: most files meet few of them.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]], policies: Iterable[Rule] = ()) -> None:
        self._rows = {row[_CODE]: row for row in rows}
        self.policies = {rule.code: rule for rule in policies}
        self._unpacked = dict(self.policies)
        self._checks = [(code, check) for code, row in self._all() for check in row[_CHECKS]]
        self._made: dict[int, tuple[str, Check, Predicate]] = {}
        self._judging: dict[tuple[Target, str], dict[str, _Judging]] = {}

    def _all(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        yield from self._rows.items()
        yield from self.policies.items()

    def __contains__(self, code: str) -> bool:
        """Return whether there is a rule with this code."""
        return code in self._rows or code in self.policies

    def __getitem__(self, code: str) -> Rule:
        """Return the rule with this code; raises `KeyError`."""
        if code not in self._unpacked:
            self._unpacked[code] = _unpacked(self._rows[code])
        return self._unpacked[code]

    def is_own(self, code: str) -> bool:
        """Return whether a rule is ftlint's own, and none of a team's policies."""
        return code in self._rows

    def kind(self, code: str) -> str:
        """Return what a rule is about: `kind` of its file; raises `KeyError`."""
        return str((self._rows.get(code) or self.policies[code])[_KIND])

    def yields_to(self, code: str) -> tuple[str, ...]:
        """Return the rules beside which this one says nothing of the same key."""
        found: tuple[str, ...] = (self._rows.get(code) or self.policies[code])[_YIELDS]
        return found

    def unjudged_without_rows(self) -> dict[str, str]:
        """Return the rules that need to know how many rows the data have, with what they judge."""
        return {code: row[_UNJUDGED] for code, row in self._all() if row[_UNJUDGED] is not None}

    def of_run(self) -> frozenset[str]:
        """Return the codes of the rules that are about versions or the whole run."""
        return frozenset(code for code, row in self._all() if row[_SHOW] == OF_RUN)

    def about(self, code: str) -> About:
        """Return what a rule's file says to its readers; raises `KeyError`."""
        if code in self._rows:
            return About(*compiled.ABOUT[code])
        about = self.policies[code].about
        if about is None:
            raise KeyError(code)
        return about

    @property
    def rules(self) -> dict[str, Rule]:
        """Every rule by its code."""
        return {code: self[code] for code, _ in self._all()}

    def named(self) -> list[tuple[str, str]]:
        """Return code and name of every rule."""
        return [(code, row[_NAME]) for code, row in self._all()]

    def find(self, word: str) -> Rule | None:
        """Return the rule with this code or name, however it is capitalised."""
        codes = {text: code for code, name in self.named() for text in (code, name)}
        code = (
            codes.get(word.upper()) or codes.get(word.lower()) or compiled.RENAMED.get(word.lower())
        )
        return None if code is None else self[code]

    def renamed(self, selectors: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the selectors that are names of before, each with the rule's name of today."""
        for selector in selectors:
            code = compiled.RENAMED.get(selector.lower())
            if code is not None:
                yield selector, self._rows[code][_NAME]

    def of_problem(self, kind: str) -> Rule:
        """Return the rule that speaks of a problem of reading; raises `KeyError`."""
        for code, row in self._rows.items():
            if kind in row[_PROBLEMS]:
                return self[code]
        raise KeyError(kind)

    def modules(
        self, target: Target, command: str, phase: str, present: Collection[str | None]
    ) -> list[str]:
        """Return the modules of a phase that may find something in a file.

        Those that need a key or a fact which is not `present` are left out. A module with a rule
        on what is misread belongs to that phase.
        """
        modules = self._for(target, command)[phase].modules
        return [
            name for name, needs in modules.items()
            if needs is None or any(map(present.__contains__, needs))
        ]  # fmt: skip

    def conditions(self, target: Target, command: str) -> Asked:
        """Return every condition for such files, in the order of the rules."""
        phases = self._for(target, command).values()
        places = {place for one in phases for some in one.needing.values() for place in some}
        return [self._made.get(place) or self._check(place) for place in sorted(places)]

    def asked(self, target: Target, command: str, phase: str, present: Set[str | None]) -> Asked:
        """Return the conditions of a phase that may hold for a file, in the order of the rules.

        Those that need a key or a fact which is not `present` are left out; None always is.
        """
        needing = self._for(target, command)[phase].needing
        places = {place for name in needing.keys() & present for place in needing[name]}
        made, make = self._made, self._check
        return [made.get(place) or make(place) for place in sorted(places)]

    def with_policies(self, policies: Iterable[Rule]) -> RuleBook:
        """Return a book of these rules and a team's own, which go before those here."""
        more = {rule.code: rule for rule in (*self.policies.values(), *policies)}
        return RuleBook(
            [row for code, row in self._rows.items() if code not in more], more.values()
        )

    def _for(self, target: Target, command: str) -> dict[str, _Judging]:
        key = target, command
        if key not in self._judging:
            self._judging[key] = self._judging_of(target, command)
        return self._judging[key]

    def _judging_of(self, target: Target, command: str) -> dict[str, _Judging]:
        held: dict[tuple[Range, Range], bool] = {}
        phases: dict[str, str] = {}
        modules: dict[str, str] = {}
        for code, row in self._all():
            commands, llamafactory, transformers = row[_COMMANDS : _COMMANDS + 3]
            if command not in commands:
                continue
            ranges = llamafactory, transformers
            if ranges not in held:
                held[ranges] = _in_ranges(target, *ranges)
            if not held[ranges]:
                continue
            phases[code] = phase = MISREAD if row[_KIND] in MISREADING else JUDGED
            module = row[_MODULE]
            if module is not None and modules.get(module) != MISREAD:
                modules[module] = phase
        # What must be written for a condition to hold was told by the defaults of releases.
        unusual: frozenset[str] = frozenset()
        if target.tree is not None:
            from ftlint.target.keys import defaults_of_no_release

            unusual = defaults_of_no_release(target.tree)
        judging = {phase: _Judging({}, {}) for phase in (MISREAD, JUDGED)}
        for module, phase in modules.items():
            names = compiled.CHECKS.get(module)
            rests = names is not None and not unusual.isdisjoint(names)
            judging[phase].modules[module] = None if rests else names
        for place, (code, check) in enumerate(self._checks):
            if code in phases:
                needs = check.needs if isinstance(check, Check) else check[1]
                if any(name.partition(": ")[0] in unusual for name in needs):
                    needs = ()
                for name in needs or (None,):
                    judging[phases[code]].needing.setdefault(name, []).append(place)
        return judging

    def _check(self, place: int) -> tuple[str, Check, Predicate]:
        code, check = self._checks[place]
        if not isinstance(check, Check):
            check = _check(check)
        made = self._made[place] = code, check, predicate(check.when)
        return made


class _Judging:
    """What judges one command's files under one target, in one phase.

    `modules`: each with the keys and facts of which a file must have one for it to find anything,
    None for a module that is asked about all. `needing`: numbers of conditions by what a file must
    have for them to hold; those of several names are under each.
    """

    def __init__(
        self,
        modules: dict[str, tuple[str, ...] | None],
        needing: dict[str | None, list[int]],
    ) -> None:
        self.modules = modules
        self.needing = needing


def applies(rule: Rule, target: Target, command: str) -> bool:
    """Return whether the rule judges files of `command` under `target`."""
    return command in rule.commands and _in_ranges(target, rule.llamafactory, rule.transformers)


def _in_ranges(target: Target, llamafactory: Range, transformers: Range) -> bool:
    versions = target.versions
    return in_range(versions[0], llamafactory) and in_range(versions[1], transformers)


def _unpacked(row: tuple[Any, ...]) -> Rule:
    checks = tuple(map(_check, row[_CHECKS]))
    fixes = tuple(FixRecipe(*fix) for fix in marshal.loads(row[_FIXES]))
    return Rule(*row)._replace(checks=checks, fixes=fixes)


def _check(packed: tuple[str | None, tuple[str, ...], bytes]) -> Check:
    key, needs, when = packed
    return Check(key, marshal.loads(when), needs)


BUILT_IN = RuleBook(compiled.RULES)
