"""One file through all stages: what is loaded is judged by the rules, and the verdict worded."""

from __future__ import annotations

import sys

from ftlint import loading
from ftlint.diagnostics import Finding, set_at
from ftlint.facts.launch import OF_THE_LAUNCH, STEP_KEYS, UNSTATED
from ftlint.loading import UNBUILT, Unreadable
from ftlint.results import Result
from ftlint.rulebook import registry
from ftlint.rulebook.condition import holds
from ftlint.support.files import is_script
from ftlint.support.messages import fields, fill, listed
from ftlint.syntax.construct import Problem
from ftlint.syntax.parse import tabs
from ftlint.syntax.source import of_text
from ftlint.target.releases import MAIN
from ftlint.verdict import in_file, is_selected, settle, worded
from ftschemas.judging import OF_RUN
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import MISREADING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ftlint.diagnostics import Place, Related
    from ftlint.facts.context import Context
    from ftlint.facts.handed import Start
    from ftlint.loading import Config
    from ftlint.project.options import Options
    from ftlint.starts.scripts import OfFile, Script
    from ftlint.support.disk import Disk
    from ftlint.syntax.source import Source
    from ftschemas.rule import Check, Rule


def lint_bytes(path: str, data: bytes, options: Options, disk: Disk | None = None) -> Result:
    """Return what is said of the content of a file; `disk` knows afterwards what it rests on."""
    if is_script(path):
        from ftlint.launch.signs import may_launch
        from ftlint.starts import scripts

        if not options.scripts or not may_launch(data):
            return Result(of_text(path, ""), None, ())
        return judge_script(scripts.load_bytes(path, data, options, disk), options)
    return judge(loading.load_bytes(path, data, options, disk))


def lint(source: Source, options: Options, disk: Disk | None = None) -> Result:
    """Return what is said of a text; `disk` is what lies around it, if that was looked at."""
    if is_script(source.path):
        from ftlint.starts import scripts

        return judge_script(scripts.load(source, options, disk), options)
    return judge(loading.load_text(source, options, disk))


def judge(config: Config | Unreadable) -> Result:
    """Return what is said of a file whose text was read."""
    if isinstance(config, Unreadable):
        assert config.result is not None
        return config.result
    result = _judged(config)
    options, context = config.options, config.context
    if options.overrides is not None:
        from ftlint.starts.readings import overridden

        bare = options._replace(overrides=None)
        alone = loading.load_text(context.source, bare, context.disk)
        if isinstance(alone, loading.Config):
            result = overridden(result, _judged(alone), options.overrides)
    starts = loading.starts_of(config)
    if not starts:
        return result
    from ftlint.starts.readings import started

    ways = [(start, loading.started(config, start)) for start in starts]
    return started(
        result, [(start, _judged_as(start, one, config)) for start, one in ways if one is not None]
    )


UNREAD_STARTS = "every config that it starts is missing, or known only when the script runs"


def judge_script(script: Script | Unreadable, options: Options) -> Result:
    """Return what is said of a script: of each config that it starts, and of how it does.

    Of a config that is a file, here only that is said which does not hold of the file alone.
    """
    if isinstance(script, Unreadable):
        return Result(of_text(script.path, ""), None, (), script.reason)
    from ftlint.rules import reader
    from ftlint.starts.readings import in_script

    doubted: list[str] = []
    said = list(reader.findings(script.problems, script.source))
    for config in script.configs:
        said += findings(config.context, doubted)
    for one in script.of_files:
        said += in_script(findings(one.config.context, doubted), one.config, one.launched)
    under = list(_under(script.of_files, {(one.rule, one.key) for one in said}))
    said += (one for one, _ in under)
    result = settle(
        script.source, script.command or "train", said, script.directives, options, script.whole
    )
    if script.command is None:
        return Result(script.source, None, ())
    if not (said or script.configs or script.of_files or script.held):
        return Result(script.source, None, (), UNREAD_STARTS if options.named else "")
    places = {(one.rule, one.key, one.start): place for one, place in under}
    together = [
        one._replace(launch=places.get((one.code, one.key, one.start)))
        for one in result.diagnostics
    ]
    for held in script.held:
        together += held.placed(_judged(held.config).diagnostics)
    together.sort(key=lambda one: (one.start, one.code, one.end))
    shown = tuple(dict.fromkeys(together))
    return result._replace(diagnostics=shown, doubted=tuple(dict.fromkeys(doubted)))


def _under(
    of_files: Sequence[OfFile], said: Container[tuple[str, str | None]]
) -> Iterator[tuple[Finding, Place]]:
    """Yield what comes to files as a script starts them, at the word that names the file."""
    from ftlint.facts.starts import MOST_STARTS
    from ftlint.starts.readings import started

    files: dict[str, dict[object, OfFile]] = {}
    for one in of_files:
        ways = files.setdefault(one.alone.path, {})
        if len(ways) < MOST_STARTS:
            ways.setdefault(one.start.way, one)
    for path, ways in files.items():
        alone = next(iter(ways.values())).alone
        judged = [
            (one.start, _judged_as(one.start, one.config, alone))
            for one in ways.values()
            if not one.launched.flags
        ]
        for told in started(_judged(alone), judged).diagnostics:
            place = told.launch
            if place is None or (told.code, told.key) in said:
                continue
            word = next(one.launched.config for one in of_files if one.start.line == place.line)
            line = alone.context.source.position(told.start).line
            message = f"{path}:{line}: {told.message}"
            if word is not None:
                yield Finding(told.code, word.start, word.end, told.key, message=message), place


def _judged_as(start: Start, started: Config, config: Config) -> Result:
    """Return what is said of a config that a script starts; of one for another command only that.

    All that the other command rejects has one cause.
    """
    from ftlint.rules.unknown import OTHER_COMMAND

    result = _judged(started)
    keys = [one for one in result.diagnostics if one.code == OTHER_COMMAND]
    if start.command == config.command or not keys:
        return result
    rule = config.options.rules.of_problem("other-command").code
    named = listed([str(one.key) for one in keys])
    values = {"started": start.command, "command": config.command, "keys": named}
    first = Finding(rule, keys[0].start, keys[0].end, keys[0].key, values)
    said = settle(config.context.source, config.command, [first], config.directives, config.options)
    return said._replace(diagnostics=tuple(one for one in said.diagnostics if one.code == rule))


def _judged(config: Config) -> Result:
    """Return what is said of a config the way that its options say it is started."""
    context, asked, options = config.context, config.directives, config.options
    doubted: list[str] = []
    said = findings_of(config, doubted)
    result = settle(context.source, context.command, said, asked, options)
    result = result._replace(doubted=tuple(dict.fromkeys(doubted)))
    if not context.instance.effective.get("do_train") or "samples" in context.instance.facts:
        return result
    narrowed = in_file(options, context.source.path)
    if (narrowed.select or narrowed.ignore) and not any(
        is_selected(code, options.rules[code].name, narrowed)
        for code in options.rules.unjudged_without_rows()
    ):
        return result  # none was asked for whose silence is to be explained
    from ftlint.rules.unjudged import unjudged

    codes = {one.code for one in result.diagnostics}
    return result._replace(unjudged=unjudged(context, codes))


def findings_of(config: Config, doubted: list[str] | None = None) -> Iterator[Finding]:
    """Yield all that is said of a config; of a version between two states what holds for both."""
    context = config.context
    said, besides = findings(context, doubted), context.target.besides
    if besides is None:
        return said
    from ftlint.rules.development import agreed

    other = loading.load_text(context.source, config.options._replace(target=besides))
    theirs = findings(other.context) if isinstance(other, loading.Config) else ()
    return agreed(
        list(said), list(theirs), context.target,
        lambda one: worded(context.source, one, context.rules).message,
    )  # fmt: skip


def findings(context: Context, doubted: list[str] | None = None) -> Iterator[Finding]:
    """Yield all that is said of a text, whatever its comments and options leave out.

    `doubted` takes the keys and files for which a rule is not claimed of this target.
    """
    left: list[str] = [] if doubted is None else doubted
    said = list(_findings(context, left))
    if any(one.fix is not None for one in said):
        from ftlint.rules.strangers import beside_strangers

        said = list(beside_strangers(said, context))
    said = _without_yielding(said, context.rules)
    yield from said
    trains = context.command == "train" and context.instance.effective.get("do_train")
    whole = context.launched is None or context.launched.whole
    whole &= context.overrides is None or STEP_KEYS.isdisjoint(context.instance.unknown)
    if whole and (trains or context.command == V1):
        from ftlint.rules.refusals import findings_of_plan

        if not left:  # else what stands in the way of a plan may be what is not claimed
            yield from findings_of_plan(context, said)


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

    Of a source that is no release, rules are passed over whose keys that treats otherwise.
    """
    rules, target, command = context.rules, context.target, context.command
    present = context.present
    doubted_of = command != V1 and (target.tree is not None or target.release == MAIN)
    doubts = _doubts if doubted_of else None  # of v1 the nearest state tells, and it alone
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
    template = rule.message.replace("$key", token or "$key")
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
    names = [name.replace("$key", token or "") for name in rule.at]
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
