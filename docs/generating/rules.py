"""The pages of the rules, from the rule files."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docs.generating.markdown import code, codes, fence, sentence, table

import ftschemas
from ftlint.authoring.examples import Example, example_of, judge
from ftlint.edits.diff import unified
from ftlint.edits.plan import splice
from ftlint.report import reporter
from ftlint.results import Run
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.addresses import REPOSITORY
from ftschemas.examples import spans
from ftschemas.facts import HOW_KNOWN
from ftschemas.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result
    from ftschemas.rule import About, Condition

SOURCE = f"{REPOSITORY}/blob/main"
DATA = Path(ftschemas.__file__).parent
PACKAGES = {"llamafactory": "LLaMA Factory", "transformers": "transformers"}


def pages() -> dict[str, str]:
    """Return a page a rule and their index, by path below docs."""
    examples = {name: _example(name) for name in BUILT_IN.rules}
    return {
        "rules/index.md": _index(examples),
        **{f"rules/{name}.md": _page(example) for name, example in examples.items()},
    }


def file_of(name: str) -> Path:
    """Return the file that defines a rule."""
    return DATA / "rules" / f"{name}-{BUILT_IN[name].name}.yaml"


def _example(name: str) -> Example:
    return example_of(BUILT_IN[name], BUILT_IN.about(name))


@cache
def _judged(name: str) -> Result:
    """Return what ftlint says of a rule's bad example."""
    example = _example(name)
    return judge(example, spans(example.about.bad)[0])


def _index(examples: dict[str, Example]) -> str:
    """Return the table of all rules, family by family, and of those that rest on facts."""
    parts = ["# Rules", "", _INDEX_HEAD.format(count=len(BUILT_IN.rules))]
    head = ("code", "name", "severity", "releases", "fix", "what is wrong")
    for family, title in FAMILIES.items():
        rows = [_row(examples[name]) for name in BUILT_IN.rules if name.startswith(family)]
        if rows:
            parts += [f"## {family}xx: {title}", "", table(head, rows)]
    told = [
        (_link(name), codes(facts), ", or ".join(dict.fromkeys(HOW_KNOWN[fact] for fact in facts)))
        for name in BUILT_IN.rules
        if (facts := [fact for fact in facts_of(name) if fact in HOW_KNOWN])
    ]
    parts += [_TOLD_HEAD, table(("code", "facts", "how they become known"), told)]
    return "\n".join(parts)


_INDEX_HEAD = """{count} rules; a code is never used twice. `ftlint rule CODE` prints the content of
these pages. A safe fix keeps the run unchanged, or turns it into what was plainly meant;
an unsafe one changes it; a display one is only shown.
"""
_TOLD_HEAD = """## Rules that need facts

These rules depend on facts that are not in the file, and report nothing until they are known.
[Facts](writing.md#facts) defines them. `--here` means that the configs run on this machine, in the
Python that runs ftlint; `--fact` and the [setting](../settings.md) `facts` take precedence.
"""


def _row(example: Example) -> tuple[str, ...]:
    rule, fix = example.rule, _fix(example)
    about = (_link(rule.code), rule.name, rule.severity, _held(example.about))
    return (*about, fix[0] if fix else "", example.about.summary)


def _link(name: str) -> str:
    return f"[{name}]({name}.md)"


def _held(about: About) -> str:
    """Return in words the releases for which a rule holds."""
    return ", ".join(
        f"{PACKAGES[package]} {code(bounds.replace(',', ', '))}"
        for package, bounds in about.targets
    )


def _fix(example: Example) -> tuple[str, str] | None:
    """Return applicability and wording of a rule's fix: its recipe's, or its example's."""
    if example.rule.fixes:
        recipes = example.rule.fixes
        words = dict.fromkeys(one.applicability for one in recipes)
        return " or ".join(words), "; or ".join(one.message for one in recipes)
    fixes = [one.fix for one in _found(example) if one.fix]
    return (fixes[0].applicability, fixes[0].message) if fixes else None


def facts_of(name: str) -> list[str]:
    """Return the facts that a rule's condition asks for; where that is code, its example's."""
    rule = BUILT_IN[name]
    if rule.module is not None:
        return sorted(BUILT_IN.about(name).facts)
    return sorted({fact for check in rule.checks for fact in _facts(check.when)})


def _facts(when: Condition) -> Iterator[str]:
    yield from when.get("facts", {})
    negated = [when["not"]] if "not" in when else []
    for part in (*when.get("anyOf", []), *when.get("allOf", []), *negated):
        yield from _facts(part)


def _page(example: Example) -> str:
    """Return what a rule checks, why, what it reports about its example, and how to fix that."""
    rule, about = example.rule, example.about
    bad, _ = spans(about.bad)
    language = "json" if about.file.endswith(".json") else "yaml"
    parts = [f"# {rule.code}: {rule.name}", "", sentence(about.summary), "", _card(example)]
    parts += ["## Why", "", about.why]
    if bad:
        parts += ["## Bad", "", fence(language, bad), *_given(about), _report(example)]
        parts += _fixed(example, bad)
    if about.good:
        parts += ["## Good", "", fence(language, about.good)]
    return "\n".join([*parts, *_silence(example, bad)])


def _fixed(example: Example, bad: str) -> list[str]:
    """Return what the rule's own fix makes of the bad example, if it has edits."""
    fixes = [one.fix for one in _found(example) if one.fix and one.fix.edits]
    if not fixes:
        return []
    option = "--unsafe-fixes" if fixes[0].applicability == "unsafe" else "--fix"
    diff = unified(example.about.file, bad, splice(bad, fixes[0].edits))
    return ["## Fix", "", f"With `{option}`:", "", fence("diff", "".join(diff))]


def _silence(example: Example, bad: str) -> list[str]:
    """Return how a finding of the rule is silenced where it is meant: what works on its example."""
    code = example.rule.code
    ways = []
    found = _found(example) if bad else []
    if found and not _own(example, _commented(bad, found[0].start, f"ftlint: ignore[{code}]")):
        ways.append(f"`# ftlint: ignore[{code}] why` on the line or the line above it")
    elif found and not _own(example, _commented(bad, 0, f"ftlint: ignore-file[{code}]")):
        ways.append(f"`# ftlint: ignore-file[{code}] why` in the head of the file")
    ignoring = example._replace(options=example.options._replace(ignore=(code,)))
    if not found or not _own(ignoring, bad):
        ways.append(f'`ignore = ["{code}"]` in the [settings](../settings.md), for all files')
    return ["## Silence it", "", f"{'; or '.join(ways)}.", ""] if ways else []


def _commented(text: str, place: int, comment: str) -> str:
    """Return a config with a comment above the line of a place, as deep as that line is."""
    begin = text.rfind("\n", 0, place) + 1
    depth = len(text[begin:]) - len(text[begin:].lstrip(" "))
    return f"{text[:begin]}{' ' * depth}# {comment} why\n{text[begin:]}"


def _own(example: Example, text: str) -> list[Diagnostic]:
    """Return the findings of an example's own rule in a text."""
    return _of_rule(judge(example, text), example.rule.code)


def _found(example: Example) -> list[Diagnostic]:
    """Return the findings of a rule in its bad example."""
    return _of_rule(_judged(example.rule.code), example.rule.code)


def _of_rule(result: Result, code: str) -> list[Diagnostic]:
    return [one for one in result.diagnostics if one.code == code]


def _card(example: Example) -> str:
    rule, about, fix = example.rule, example.about, _fix(example)
    facts = facts_of(rule.code)
    module = Path(f"lint/ftlint/rules/{(rule.module or 'reader').replace('.', '/')}")
    module = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    root = DATA.parents[1]
    places = [file_of(rule.code).relative_to(root), *([] if rule.checks else [module])]
    rows = [
        ("severity", rule.severity),
        ("checks files for", codes(rule.commands)),
        ("releases", _held(about) or "all"),
        ("fix", f"{fix[0]}: {fix[1]}" if fix else "none"),
        *([("needs", f"{codes(facts)} ([facts](writing.md#facts))")] if facts else []),
        *([("run with", f"LLaMA Factory {', '.join(about.verified)}")] if about.verified else []),
        *([("source", about.source)] if about.source else []),
        ("defined in", ", ".join(f"[{path.name}]({SOURCE}/{path})" for path in places)),
    ]
    return table(("", ""), rows)


def _given(about: About) -> list[str]:
    if not about.facts:
        return []
    return [f"Given {codes(f'{name}: {json.dumps(v)}' for name, v in about.facts.items())}:", ""]


def _report(example: Example) -> str:
    """Return what ftlint prints about the bad example, this rule's findings alone."""
    own = tuple(_found(example))
    run = Run(
        example.options.target, (_judged(example.rule.code)._replace(diagnostics=own),)
    )  # fmt: skip
    return fence("text", "\n".join(reporter("text")(run, False)))
