"""One file through all stages: text, nodes, values, facts, rules, suppressions."""

from __future__ import annotations

from ftlint.diagnostics import READING, Diagnostic, Finding
from ftlint.facts.context import STEP_KEYS, Context, make_context
from ftlint.results import Result
from ftlint.rulebook import registry
from ftlint.rulebook.condition import holds
from ftlint.rules import reader
from ftlint.support.files import SUFFIXES
from ftlint.support.limits import reason
from ftlint.support.messages import fields, fill
from ftlint.syntax import directives as directive
from ftlint.syntax.construct import Problem, construct
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose, tabs
from ftlint.syntax.source import Source, Undecodable, decode, of_text
from ftlint.target.classify import Kind, command_of, names_in
from ftlint.target.keys import Catalogue
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ftlint.facts.given import Given
    from ftlint.project.options import Options
    from ftlint.syntax.construct import Constructed
    from ftlint.target.classify import Command
    from ftlint.target.releases import Target
    from ftschemas.ruleformat import Check, Rule


HEAD = 1 << 16
"""So many bytes tell whether a large file, or one of JSON, is a config at all."""


def lint_bytes(path: str, data: bytes, options: Options) -> Result:
    """Lint the content of a file."""
    if len(data) > options.limits.bytes:
        why = reason("bytes", "bytes", options.limits)
        return unread(path, data, options, Problem("too-large", 0, 0, {"reason": why}))
    source = decode(path, data)
    if isinstance(source, Undecodable):
        readable = of_text(path, data.decode("utf-8", errors="replace"))
        kind = _kind(names_in(_guessed(data)), path, _guessed(data), options)
        if kind.command is None:
            return _passed_over(readable, kind)
        start = readable.line_starts[min(source.line, len(readable.line_starts)) - 1]
        problem = Problem("undecodable", start, start, {"reason": source.reason})
        return _settle(readable, kind.command, reader.findings([problem], readable), (), options)
    return lint(source, options)


def look(path: str, data: bytes, options: Options) -> Kind:
    """Return what a file is, without judging it."""
    source = None if len(data) > options.limits.bytes else decode(path, data)
    if source is None or isinstance(source, Undecodable):
        text = _guessed(data[:HEAD] if source is None else data)
        return _kind(names_in(text), path, text, options)
    document = compose(source.text, options.limits)
    if isinstance(document, Broken):
        return _kind(names_in(source.text), path, source.text, options)
    made = construct(document.root, options.target.dialect_of(path), options.limits)
    return _kind_of_made(made, source, options)


def _guessed(data: bytes) -> str:
    """Return what can be read of bytes that are not what the target reads."""
    utf16 = b"\x00" in data[:4]
    return data.decode("utf-16" if utf16 else "utf-8", errors="replace")


def _kind(names: Collection[str], path: str, text: str, options: Options) -> Kind:
    if options.command is not None:
        return Kind(options.command)
    command = command_of(names)
    if not options.named or (command is not None and path.endswith(SUFFIXES)):
        return Kind(command)
    from ftlint.target.resemblance import kind_of

    return kind_of(names, path, text)


def _kind_of_made(made: Constructed, source: Source, options: Options) -> Kind:
    kind = _kind(made.entries, source.path, source.text, options)
    if kind.command is None and any(problem.kind in _HIDES_KEYS for problem in made.problems):
        return _kind(names_in(source.text), source.path, source.text, options)
    return kind


def _passed_over(source: Source, kind: Kind) -> Result:
    advice = "; --command judges it whatever it is" if kind.unsure else ""
    return Result(source, None, (), kind.why + advice if kind.unsure or kind.void else "")


def unread(path: str, data: bytes, options: Options, problem: Problem) -> Result:
    """Return the finding on a config that is not read to its end; its head tells that it is one."""
    head = of_text(path, data[:HEAD].decode("utf-8", errors="replace"))
    kind = _kind(names_in(head.text), path, head.text, options)
    if kind.command is None:
        return _passed_over(head, kind)
    return _settle(head, kind.command, reader.findings([problem], head), (), options)


def unshown(path: str, data: bytes, options: Options, problem: Problem) -> Result:
    """Return the finding on a config of which nothing may be shown: `unread` without its text."""
    found = unread(path, data, options, problem)
    return found._replace(source=of_text(path, ""))


def lint(source: Source, options: Options) -> Result:
    """Lint one text."""
    examined = examine(source, options)
    if isinstance(examined, Result):
        return examined
    return judge(*examined, options)


def judge(context: Context, asked: directive.Directives, options: Options) -> Result:
    """Return what the rules say of a text that was examined."""
    return _settle(context.source, context.command, findings(context), asked, options)


def findings(context: Context) -> Iterator[Finding]:
    """Yield all that is said of a text, whatever its comments and options leave out."""
    said = list(_findings(context))
    if any(one.fix is not None for one in said):
        from ftlint.rules.strangers import beside_strangers

        said = list(beside_strangers(said))
    yield from said
    if context.command == "train" and context.instance["effective"].get("do_train"):
        from ftlint.rules.refusals import findings_of_plan

        yield from findings_of_plan(context, said)


def worded(finding: Finding, context: Context) -> Diagnostic:
    """Return a finding as reports show it."""
    return _worded(context.source, finding, context.rules)


def examine(source: Source, options: Options) -> tuple[Context, directive.Directives] | Result:
    """Return what rules see of a text and what its comments ask for; a result where none can."""
    document = compose(source.text, options.limits)
    if isinstance(document, Broken):
        kind = _kind(names_in(source.text), source.path, source.text, options)
        if kind.command is None:
            return _passed_over(source, kind)
        return _settle(source, kind.command, _of_broken(source, document), (), options)
    dialect = options.target.dialect_of(source.path)
    made = construct(document.root, dialect, options.limits)
    kind = _kind_of_made(made, source, options)
    command = kind.command
    if command is None:
        return _passed_over(source, kind)
    asked = directive.read(source, document.comments)
    context = make_context(
        source, document, made, command, options.target,
        _catalogue(options.target, command),
        _given(options.given, asked), options.rules,
    )  # fmt: skip
    return context, asked


_UNBUILT = frozenset(["expansion", "too-many-nodes"])
"""Problems for which no value was built: rules would take the keys for absent."""

_HIDES_KEYS = _UNBUILT | {"unhashable-key", "unknown-tag"}
"""Problems for which a config may have come out without its keys."""


def _findings(context: Context) -> Iterator[Finding]:
    yield from reader.findings(_reader_problems(context), context.source)
    if any(problem.kind in _UNBUILT for problem in context.constructed.problems):
        return
    for name in context.rules.modules(context.target, context.command):
        if context.planned is None and name.startswith("plan."):
            continue
        found = list(_of_module(name, context))
        yield from found
        context = _doubting(context, found)
    for code, check, is_met in context.rules.asked(
        context.target, context.command, context.instance
    ):
        if is_met(context.instance):
            yield _of_condition(context.rules[code], check, context)


_TAKEN = frozenset(["FT015", "FT107"])
"""Warnings of a value that the program takes for what the file does not show."""


def _doubting(context: Context, found: list[Finding]) -> Context:
    """Return the context in which no rule rests on a key that is misspelt or has a wrong value.

    What such a file says of the key is not what its author means: one mistake, one finding. What is
    only warned of (text for a switch, 042 for 34) the program takes, and may refuse as it is meant.
    """
    misread = [one for one in found if one.rule.startswith(READING) and one.rule not in _TAKEN]
    if not misread:
        return context
    names = {one.key for one in misread} | {one.values.get("meant") for one in misread}
    unknown = context.instance["unknown"] | {name for name in names if name is not None}
    planned = context.planned
    if not STEP_KEYS.isdisjoint(names):
        unknown, planned = unknown | {"plan", "samples"}, None
    return context._replace(instance={**context.instance, "unknown": unknown}, planned=planned)


def _reader_problems(context: Context) -> Iterator[Problem]:
    yield from context.constructed.problems
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
    values: dict[str, object] = {"release": target.llamafactory}
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
        module = __import__(f"ftlint.rules.{name}", fromlist=["check"])  # importlib takes as long
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


def _of_condition(rule: Rule, check: Check, context: Context) -> Finding:
    start, end, key = _place(rule, check.key, context)
    template = rule.message.replace("$key", check.key or "$key")
    values = {name: context.named(name) for name in fields(template)}
    fix = None
    for recipe in rule.fixes:
        if recipe.when is None or holds(recipe.when, context.instance):
            from ftlint.edits.recipe import of_recipe

            fix = of_recipe(recipe, check.key, context)
            break
    message = fill(template, values)
    return Finding(rule.code, start, end, key, fix=fix, message=message)


def _place(rule: Rule, token: str | None, context: Context) -> tuple[int, int, str | None]:
    """Return the span and key at which a data rule is shown."""
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


def _of_broken(source: Source, broken: Broken) -> Iterator[Finding]:
    """Yield why a text has no tree; conflict markers explain it better than the parser does."""
    from ftlint.rules.conflict import markers

    conflict = list(markers(source.text))
    problem = Problem(broken.kind, broken.start, broken.end, {"reason": broken.reason})
    return reader.findings(conflict or [problem], source)


def _settle(
    source: Source,
    command: Command,
    findings: Iterable[Finding],
    asked: directive.Directives | tuple[()],
    options: Options,
) -> Result:
    """Turn findings into diagnostics: sorted, worded, suppressed, selected."""
    found = [_worded(source, finding, options.rules) for finding in findings]
    if asked:
        found, unused = directive.apply(asked, found, source)
        found.extend(_of_directives(source, asked, unused, options.rules))
    wanted = [one for one in found if _selected(one, options)]
    wanted.sort(key=lambda one: (one.start, one.code, one.end))
    return Result(source, command, tuple(dict.fromkeys(wanted)))


def _worded(
    source: Source,
    finding: Finding,
    book: registry.RuleBook = registry.BUILT_IN,
) -> Diagnostic:
    from ftlint.target.secrets import secrets_in, without

    rule, fix, key = book[finding.rule], finding.fix, finding.key
    message = finding.message or fill(rule.message, finding.values)
    if secrets_in(source.text):
        message = without(message, source.text, key)
        fix = fix and fix._replace(message=without(fix.message, source.text, key))
        key = key and without(key, source.text, None)
    return Diagnostic(
        source.path, rule.code, rule.name, rule.severity, message,  # type: ignore[arg-type]
        key, finding.start, finding.end, fix,
    )  # fmt: skip


def _of_directives(
    source: Source,
    asked: directive.Directives,
    unused: list[directive.Suppression],
    book: registry.RuleBook,
) -> Iterator[Diagnostic]:
    unknown = list(directive.unknown_codes(asked, book.named())) if asked.suppressions else []
    for one in unknown:
        yield _worded(source, Finding("FT902", one.start, one.end, None, {"code": one.reason}))
    misspelt = {one.start for one in unknown}
    for suppression in unused:
        if suppression.start not in misspelt:
            codes = ", ".join(suppression.codes)
            where = "in this file" if suppression.line is None else f"on line {suppression.line}"
            values = {"codes": codes, "where": where}
            yield _worded(
                source, Finding("FT901", suppression.start, suppression.end, None, values)
            )
    for bad in asked.bad:
        yield _worded(source, Finding("FT903", bad.start, bad.end, None, {"reason": bad.reason}))


def _selected(diagnostic: Diagnostic, options: Options) -> bool:
    """Say whether the rule is wanted: the closest selector decides, `ignore` when both are."""

    def weight(selectors: tuple[str, ...]) -> int:
        return max((_weight(selector, diagnostic) for selector in selectors), default=-1)

    select = weight(options.select) if options.select else 0
    return select >= 0 and select > weight(options.ignore)


def _weight(selector: str, diagnostic: Diagnostic) -> int:
    """Return how closely a selector names the rule: a name as closely as a whole code."""
    if selector == "ALL":
        return 0
    if selector.lower() == diagnostic.name:
        return len(diagnostic.code)
    return len(selector) if directive.matches(selector, diagnostic.code, diagnostic.name) else -1


def _given(given: Given, asked: directive.Directives) -> Given:
    """Add what comments in the file state; what the command line says wins."""
    facts = asked.facts
    if not facts:
        return given
    gpus = given.gpus if given.gpus is not None else _count(facts.get("gpus"))
    nodes = given.nodes if given.nodes is not None else _count(facts.get("nodes"))
    sizes = (*_sizes(facts.get("dataset-size", "")), *given.dataset_sizes)
    budget = (("budget", facts["budget"]),) if "budget" in facts else ()
    return given._replace(
        gpus=gpus, nodes=nodes, dataset_sizes=sizes, facts=(*budget, *given.facts)
    )


def _sizes(text: str) -> Iterator[tuple[str, int]]:
    """Yield the sizes in `5000`, which is the only dataset's, or in `faq:500+chat:4500`."""
    for part in text.split("+"):
        name, _, number = part.rpartition(":")
        rows = _count(number.replace("_", ""))
        if rows is not None:
            yield name, rows


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else None


_catalogues: dict[tuple[Target, str], Catalogue] = {}


def _catalogue(target: Target, command: str) -> Catalogue:
    """Return the catalogue of a target and command, made once a process."""
    key = (target, command)
    if key not in _catalogues:
        _catalogues[key] = Catalogue(target, command)
    return _catalogues[key]
