"""What the rules find in a config: first what is misread, then all that rests on what is not."""

from __future__ import annotations

import sys

from ftlint.diagnostics import Finding, set_at
from ftlint.facts.launch import OF_THE_LAUNCH, STEP_KEYS, UNSTATED
from ftlint.rulebook import registry
from ftlint.rulebook.condition import holds
from ftlint.support.messages import fields, fill, listed
from ftlint.syntax.construct import UNBUILT, Problem
from ftlint.syntax.parse import tabs
from ftlint.target.releases import MAIN
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import MISREADING, OF_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Related
    from ftlint.facts.context import Context
    from ftlint.syntax.source import Source
    from ftschemas.rule import Check, Rule


OF_V1 = "keys and plugins of v1"
"""What is not read of a source (rules/v1.py)."""


def findings(context: Context, doubted: list[str] | None = None) -> Iterator[Finding]:
    """Yield all that is said of a text, whatever its comments and options leave out.

    `doubted` takes the keys and files for which a rule is not claimed of this target.
    """
    left: list[str] = [] if doubted is None else doubted
    if context.command == V1 and context.target.tree is not None:
        left.append(OF_V1)
    said = list(_findings(context, left))
    if any(one.fix is not None for one in said):
        from ftlint.rules.strangers import beside_strangers

        said = list(beside_strangers(said, context))
    said = _without_yielding(said, context.rules)
    trains = context.command == "train" and context.instance.effective.get("do_train")
    whole = context.launched is None or context.launched.whole
    whole &= context.overrides is None or STEP_KEYS.isdisjoint(context.instance.unknown)
    if whole and (trains or context.command == V1):
        from ftlint.rules.refusals import findings_of_plan

        if not left:  # else what stands in the way of a plan may be what is not claimed
            said = _without_yielding([*said, *findings_of_plan(context, said)], context.rules)
    yield from said


def _without_yielding(said: list[Finding], rules: registry.RuleBook) -> list[Finding]:
    """Return findings without those whose rule leaves the key to another one that speaks of it."""
    told = {(one.rule, one.key) for one in said}
    return [
        one
        for one in said
        if not any((code, one.key) in told for code in rules.yields_to(one.rule))
    ]


def _findings(context: Context, doubted: list[str]) -> Iterator[Finding]:
    problems = list(_reader_problems(context))
    if problems:
        from ftlint.rules import reader

        yield from reader.findings(problems, context.source)
    if any(problem.kind in UNBUILT for problem in context.constructed.problems):
        return
    misread = list(_phase(registry.MISREAD, context, doubted))
    yield from misread
    if context.launched is not None and not context.launched.whole:
        return  # other flags may be there: nothing rests on those that are not
    yield from _phase(registry.JUDGED, _without_misread(context, misread), doubted)


def _phase(phase: str, context: Context, doubted: list[str]) -> Iterator[Finding]:
    """Yield what modules and then conditions of one phase find.

    For a source that is no release, rules on keys that it treats otherwise are passed over.
    """
    rules, target, command = context.rules, context.target, context.command
    present = context.present
    is_release = target.tree is None and target.release != MAIN
    doubts = None if is_release or command == V1 else _doubts  # v1 is told by the nearest state
    for name in rules.modules(target, command, phase, present):
        for finding in _of_module(name, context):
            unlike = doubts and doubts(finding.rule, finding.key, None, context)
            if unlike:
                doubted += unlike
            else:
                yield finding
    together: dict[str, list[str]] = {}
    for code, check, is_met in rules.asked(target, command, phase, present):
        if not is_met(context.instance):
            continue
        unlike = doubts and doubts(code, _place(rules[code], check.key, context)[2], check, context)
        if unlike:
            doubted += unlike
            continue
        if rules[code].together and check.key:
            together.setdefault(code, []).append(check.key)
        else:
            yield _of_condition(rules[code], check.key, context)
    for code, keys in together.items():
        yield _of_keys(rules[code], keys, context)


def _doubts(code: str, key: str | None, check: Check | None, context: Context) -> list[str]:
    from ftlint.rulebook.claims import doubts

    when = None if check is None else check.when
    return doubts(code, key, when, context.target, context.rules)


def _without_misread(context: Context, found: list[Finding]) -> Context:
    """Return the context in which no rule rests on a key that is misspelt or has a wrong value.

    What such a file says of the key is not what its author means: one mistake, one finding. What
    the program takes for another value than it shows, it may refuse as it is meant.
    """
    misread = [one for one in found if context.rules.kind(one.rule) in MISREADING]
    if not misread and context.overrides is None:
        return context
    names = {name for one in misread for name in (one.key, one.meant) if name is not None}
    names |= context.instance.unknown  # placeholders, of which only the first is told
    unknown, planned, facts = names, context.planned, context.instance.facts
    if any(one.rule == UNSTATED for one in misread):
        unknown, planned = unknown | OF_THE_LAUNCH, None
        facts = {name: fact for name, fact in facts.items() if name not in OF_THE_LAUNCH}
    elif not STEP_KEYS.isdisjoint(names):
        unknown, planned = unknown | {"plan", "samples"}, None
    instance = context.instance._replace(unknown=unknown, facts=facts)
    return context._replace(instance=instance, planned=planned)


def _reader_problems(context: Context) -> Iterator[Problem]:
    yield from context.constructed.problems
    if context.launched is not None:
        return
    if not context.target.dialect_of(context.source.path).tabs:
        for start, end in tabs(context.source.text, context.document):
            yield Problem("tab", start, end, {})
    yield from _file_problems(context)


def _file_problems(context: Context) -> Iterator[Problem]:
    """Yield what the target makes of the file's name."""
    target, path = context.target, context.source.path
    first = next(iter(context.entries.values()), None)
    if path in ("", "-", "<stdin>") or first is None:
        return
    values: dict[str, object] = {"release": target.label}
    if not path.endswith(target.suffixes):
        name = path.replace("\\", "/").rpartition("/")[2]
        values.update(suffixes=target.suffixes, file=name)
        yield Problem("suffix", first.key.start, first.key.end, values)
    elif path.endswith(".json") and not target.dialect.unique_keys:
        yield from _json_problems(context.source)
    elif path.endswith(".json") and not target.json_configs:
        start = len(context.source.text) - len(context.source.text.lstrip("\ufeff \t\r\n"))
        yield Problem("json-not-loadable", start, start + 1, values)


def _json_problems(source: Source) -> Iterator[Problem]:
    """Yield what Python's JSON reader refuses and YAML does not: comments, a trailing comma."""
    import json

    try:
        json.loads(source.text)
    except json.JSONDecodeError as error:
        end = source.line_end(error.pos)
        yield Problem(
            "syntax", error.pos, max(end, error.pos), {"reason": f"not JSON: {error.msg}"}
        )
    except ValueError:  # Python reads no number of more than 4300 digits
        yield Problem("syntax", 0, 0, {"reason": "a number has more digits than Python reads"})


def _of_module(name: str, context: Context) -> Iterator[Finding]:
    """Run one of ftlint's own modules; a defect in it costs its findings, not the run."""
    try:
        module = sys.modules.get(f"ftlint.rules.{name}")  # `importlib` is slow to load
        if module is None:
            module = __import__(f"ftlint.rules.{name}", fromlist=["check"])
        found = [
            finding
            for finding in module.check(context)
            if registry.applies(context.rules[finding.rule], context.target, context.command)
        ]
    except ImportError:
        raise
    except Exception as error:
        values = {"rule": name, "error": f"{type(error).__name__}: {error}"}
        yield Finding("FT904", 0, 0, None, values)
        return
    yield from found


def _of_keys(rule: Rule, keys: list[str], context: Context) -> Finding:
    """Return the one finding on keys that have one cause: as on the first, with all of them."""
    entries = {key: context.effective_entry(key) for key in keys}
    keys.sort(key=lambda key: one.start if (one := entries[key]) else 0)
    told = f"`{keys[0]}: {{{keys[0]}}}`" if len(keys) == 1 else listed(keys)
    named = rule._replace(
        message=rule.message.replace("$keys", told),
        instead=tuple(
            one._replace(message=one.message.replace("$keys", told)) for one in rule.instead
        ),
        fixes=tuple(
            recipe._replace(
                message=recipe.message.replace("$keys", listed(keys)),
                delete=tuple(keys) if recipe.delete == ("$key",) else recipe.delete,
            )
            for recipe in rule.fixes
        ),
        related=tuple(keys),
    )
    return _of_condition(named, keys[0], context)


def _of_condition(rule: Rule, token: str | None, context: Context) -> Finding:
    start, end, key = _place(rule, token, context)
    template = registry.worded(rule, token, context.instance)
    values = {name: context.named(name) for name in fields(template)}
    fix = None
    for recipe in rule.fixes:
        if recipe.when is None or holds(recipe.when, context.instance):
            from ftlint.edits.recipe import of_recipe

            fix = of_recipe(recipe, token, context)
            break
    message = fill(template, values)
    related = tuple(_related(rule, token, key, context)) if rule.related else ()
    return Finding(rule.code, start, end, key, fix=fix, message=message, related=related)


def _related(
    rule: Rule, token: str | None, shown: str | None, context: Context
) -> Iterator[Related]:
    """Yield the places of the other keys that a data rule is about."""
    for name in rule.related:
        entry = context.effective_entry(name.replace("$key", token or ""))
        if entry is not None and entry.name != shown:
            yield set_at(entry)


def _place(rule: Rule, token: str | None, context: Context) -> tuple[int, int, str | None]:
    """Return the span and key at which a data rule is shown: none of the file for the whole run."""
    if rule.show == OF_RUN:
        return 0, 0, None
    names = [
        str(context.named(name[1:-1])) if name[:1] == "{" else name.replace("$key", token or "")
        for name in rule.at
    ]
    for name in [*names, *([token] if token else [])]:
        entry = context.effective_entry(name)
        if entry is None:
            continue
        if rule.show == "value":
            return *entry.value_span, entry.name
        if rule.show == "pair":
            return entry.start, entry.end, entry.name
        return entry.key.start, entry.key.end, entry.name
    first = next(iter(context.entries.values()), None)
    return (first.key.start, first.key.end, None) if first else (0, 0, None)
