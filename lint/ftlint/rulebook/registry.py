"""The rules there are: ftlint's own, as the compiled data hold them, and a team's policies."""

from __future__ import annotations

import marshal

from ftlint.rulebook.condition import holds, mentioned, predicate
from ftlint.target.releases import in_range
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import OF_RUN, About, Check, FixRecipe, Group, Rule, Wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Set
    from typing import Any

    from ftlint.rulebook.condition import Instance, Predicate
    from ftlint.target.releases import Target
    from ftschemas.rule import Place, Range

    Conditions = list[tuple[str, Check, Predicate]]
    """Codes of rules, each with a condition of it and the function that says if it holds."""

MISREAD, JUDGED = "misread", "judged"
"""The phases: first what is not what its author means, then all that rests on what is."""

_CHECKS, _FIXES, _KIND, _YIELDS = map(Rule._fields.index, ("checks", "fixes", "kind", "yields_to"))


class RuleBook:
    """A set of rules, and what of it judges a given target and command.

    Rules are unpacked when they are asked for: most files meet few of them. Those of ftlint's own
    that are unpacked are shared with the books that policies are added to.
    """

    def __init__(
        self,
        own: Mapping[str, bytes],
        policies: Iterable[Rule] = (),
        unpacked: dict[str, Rule] | None = None,
    ) -> None:
        self._own = own
        self.policies = {rule.code: rule for rule in policies}
        self._codes = [*own, *self.policies]
        self._unpacked = {} if unpacked is None else unpacked
        self._rows: dict[str, tuple[Any, ...]] = {}
        self._made: dict[Place, tuple[str, Check, Predicate]] = {}
        self._judging: dict[tuple[Target, str], dict[str, _Judging]] = {}
        self._every: dict[tuple[Target, str, str | None], Conditions] = {}
        self._rejecting: dict[tuple[Target, str], tuple[dict[str, list[int]], list[Predicate]]] = {}

    def __contains__(self, code: str) -> bool:
        """Return whether there is a rule with this code."""
        return code in self._own or code in self.policies

    def __getitem__(self, code: str) -> Rule:
        """Return the rule with this code; raises `KeyError`."""
        if code in self.policies:
            return self.policies[code]
        if code not in self._unpacked:
            self._unpacked[code] = _unpacked(self._row(code))
        return self._unpacked[code]

    def _row(self, code: str) -> tuple[Any, ...]:
        """Return the fields of a rule, those of ftlint's own with conditions and fixes packed."""
        if code in self.policies:
            return self.policies[code]
        if code not in self._rows:
            self._rows[code] = marshal.loads(self._own[code])
        return self._rows[code]

    def is_own(self, code: str) -> bool:
        """Return whether a rule is ftlint's own, and none of a team's policies."""
        return code in self._own

    def kind(self, code: str) -> str:
        """Return what a rule is about: `kind` of its file; raises `KeyError`."""
        return str(self._row(code)[_KIND])

    def yields_to(self, code: str) -> tuple[str, ...]:
        """Return the rules beside which this one says nothing of the same key."""
        found: tuple[str, ...] = self._row(code)[_YIELDS]
        return found

    def unjudged_without_rows(self) -> dict[str, str]:
        """Return the rules that need to know how many rows the data have, with what they judge."""
        found = {code: what for code, what in compiled.UNJUDGED.items() if code in self._own}
        for rule in self.policies.values():
            if rule.unjudged_without_rows is not None:
                found[rule.code] = rule.unjudged_without_rows
        return found

    def of_run(self) -> frozenset[str]:
        """Return the codes of the rules that are about versions or the whole run."""
        theirs = (rule.code for rule in self.policies.values() if rule.show == OF_RUN)
        return frozenset(filter(self._own.__contains__, compiled.OF_RUN)).union(theirs)

    def about(self, code: str) -> About:
        """Return what a rule's file says to its readers; raises `KeyError`."""
        if code in self._own:
            return About(*compiled.ABOUT[code])
        about = self.policies[code].about
        if about is None:
            raise KeyError(code)
        return about

    @property
    def rules(self) -> dict[str, Rule]:
        """Every rule by its code."""
        return {code: self[code] for code in self._codes}

    def named(self) -> list[tuple[str, str]]:
        """Return code and name of every rule."""
        found = [(code, compiled.NAMES[code]) for code in self._own]
        return found + [(rule.code, rule.name) for rule in self.policies.values()]

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
                yield selector, compiled.NAMES[code]

    def of_problem(self, kind: str) -> Rule:
        """Return the rule that speaks of a problem of reading; raises `KeyError`."""
        return self[compiled.PROBLEMS[kind]]

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

    def conditions(self, target: Target, command: str, kind: str | None = None) -> Conditions:
        """Return every condition for such files, or of rules of one kind, in their order."""
        asked = target, command, kind
        if asked not in self._every:
            phases = self._for(target, command).values()
            places = {place for one in phases for some in one.needing.values() for place in some}
            self._every[asked] = [
                self._made.get(place) or self._check(place)
                for place in sorted(places)
                if kind is None or self.kind(self._codes[place[0]]) == kind
            ]
        return self._every[asked]

    def rejections(self, target: Target, command: str, changed: Set[str]) -> list[Predicate]:
        """Return the conditions of rules on refusals that rest on one of these keys or facts."""
        asked = target, command
        if asked not in self._rejecting:
            resting: dict[str, list[int]] = {}
            made = self.conditions(target, command, "rejection")
            for number, (_, check, _) in enumerate(made):
                for name in mentioned(check.when):
                    resting.setdefault(name, []).append(number)
            self._rejecting[asked] = resting, [holds for _, _, holds in made]
        resting, holding = self._rejecting[asked]
        numbers = {number for name in changed for number in resting.get(name, ())}
        return [holding[number] for number in sorted(numbers)]

    def asked(
        self, target: Target, command: str, phase: str, present: Set[str | None]
    ) -> Conditions:
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
        if more.keys().isdisjoint(self._own):
            return RuleBook(self._own, more.values(), self._unpacked)
        own = {code: packed for code, packed in self._own.items() if code not in more}
        return RuleBook(own, more.values(), self._unpacked)

    def _for(self, target: Target, command: str) -> dict[str, _Judging]:
        key = target, command
        if key not in self._judging:
            self._judging[key] = self._judging_of(target, command)
        return self._judging[key]

    def _judging_of(self, target: Target, command: str) -> dict[str, _Judging]:
        modules: dict[str, tuple[int, bool]] = {}
        judging = {phase: _Judging({}, {}) for phase in (MISREAD, JUDGED)}
        for group in self._groups(command):
            if not _in_ranges(target, group.llamafactory, group.transformers):
                continue
            for name, (number, misreads) in group.modules.items():
                begun, before = modules.get(name, (number, False))
                modules[name] = min(begun, number), before or misreads
            for phase, needing in ((MISREAD, group.misread), (JUDGED, group.judged)):
                mine = judging[phase].needing
                for need, places in needing.items():
                    mine[need] = [*mine[need], *places] if need in mine else places
        for name in sorted(modules, key=modules.__getitem__):
            phase = MISREAD if modules[name][1] else JUDGED
            judging[phase].modules[name] = compiled.CHECKS.get(name)
        if target.tree is not None:
            from ftlint.target.keys import defaults_of_no_release

            _ask_more(judging.values(), defaults_of_no_release(target.tree))
        return judging

    def _groups(self, command: str) -> list[Group]:
        """Return the rules that judge a command's files, by the releases that they are for."""
        ahead = self._own is compiled.RULES
        packed = compiled.JUDGING.get(command) if ahead else None
        found = [] if packed is None else [Group(*one) for one in marshal.loads(packed)]
        if ahead and not self.policies:
            return found
        from ftschemas.judging import grouped

        if not ahead:
            found = grouped(map(self.__getitem__, self._own), command)
        return found + grouped(self.policies.values(), command, first=len(self._own))

    def _check(self, place: Place) -> tuple[str, Check, Predicate]:
        number, index = place
        code = self._codes[number]
        check = self._row(code)[_CHECKS][index]
        if code in self._own:
            check = _check(check)
        made = self._made[place] = code, check, predicate(check.when)
        return made


class _Judging:
    """What judges one command's files under one target, in one phase.

    `modules`: each with the keys and facts of which a file must have one for it to find anything,
    None for a module that is asked about all. `needing`: places of conditions by what a file must
    have for them to hold; those of several names are under each.
    """

    def __init__(
        self,
        modules: dict[str, tuple[str, ...] | None],
        needing: dict[str | None, list[Place]],
    ) -> None:
        self.modules = modules
        self.needing = needing


def _ask_more(phases: Iterable[_Judging], unusual: frozenset[str]) -> None:
    """Ask of every file what rests on a key with a default that it had in no release.

    What must be written for a condition to hold was told by the defaults of releases.
    """
    for phase in phases:
        for name, needs in phase.modules.items():
            if needs is not None and not unusual.isdisjoint(needs):
                phase.modules[name] = None
        for need in [one for one in phase.needing if one and one.partition(": ")[0] in unusual]:
            phase.needing[None] = [*phase.needing.get(None, ()), *phase.needing[need]]


def applies(rule: Rule, target: Target, command: str) -> bool:
    """Return whether the rule judges files of `command` under `target`."""
    return command in rule.commands and _in_ranges(target, rule.llamafactory, rule.transformers)


def _in_ranges(target: Target, llamafactory: Range, transformers: Range) -> bool:
    versions = target.versions
    return in_range(versions[0], llamafactory) and in_range(versions[1], transformers)


def worded(rule: Rule, token: str | None, instance: Instance) -> str:
    """Return a rule's message for a key: the first of its wordings that fits, or the general one.

    `token` is what `$key` stands for.
    """
    for one in rule.instead:
        if one.of and token not in one.of:
            continue
        if one.when is None or holds(one.when, instance):
            return one.message.replace("$key", token or "$key")
    return rule.message.replace("$key", token or "$key")


def _unpacked(row: tuple[Any, ...]) -> Rule:
    checks = tuple(map(_check, row[_CHECKS]))
    fixes = tuple(FixRecipe(*fix) for fix in marshal.loads(row[_FIXES]))
    rule = Rule(*row)
    instead = tuple(Wording(*one) for one in rule.instead)
    return rule._replace(checks=checks, fixes=fixes, instead=instead)


def _check(packed: tuple[str | None, tuple[str, ...], bytes]) -> Check:
    key, needs, when = packed
    return Check(key, marshal.loads(when), needs)


BUILT_IN = RuleBook(compiled.RULES)
