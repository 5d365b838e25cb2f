"""What is not asked about a file, because it lacks a key or a fact, would have found nothing."""

from __future__ import annotations

import marshal
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from ftlint import loading
from ftlint.loading import Config
from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN, JUDGED, RuleBook
from ftlint.rules import phases
from ftlint.syntax.source import of_text
from ftlint.target.keys import LLAMAFACTORY
from ftlint.target.releases import KNOWN, Target, resolve_target
from ftlint.target.tree import Facts, Tree
from ftschemas import compiled
from ftschemas.rule import Rule
from tests.rules.examples import load, spans
from tests.rules.instances import context_of
from tests.searches import stride
from tests.shared import CORPUS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.rulebook.condition import Predicate
    from ftschemas.rule import Check


def texts() -> list[str]:
    examples = [
        spans(getattr(load(code).about, kind))[0]
        for code in BUILT_IN.rules
        for kind in ("bad", "good")
    ]
    return examples + [path.read_bytes().decode("utf-8", "replace") for path in published()]


def published() -> list[Path]:
    return sorted(CORPUS.rglob("*.yaml"))


@cache
def contexts() -> list[Context]:
    """Every example of a rule, of the guide and of the README, and every published config."""
    named = [ROOT / "examples", *published()]
    files = [file for path in named for file in (path.rglob("*.yaml") if path.is_dir() else [path])]
    found: list[object] = [loading.load(str(file), Options(resolve_target(None))) for file in files]
    found += [
        loading.load_text(of_text(one.about.file, text), one.options)
        for one in map(load, BUILT_IN.rules)
        for text in (spans(one.about.bad)[0], one.about.good)
    ]
    return [one.context for one in found if isinstance(one, Config)]


# Conditions


@pytest.mark.search
@pytest.mark.parametrize("version", KNOWN)
def test_what_is_not_asked_does_not_hold(version: str) -> None:
    target = resolve_target(version)
    asked_of_all = left_out = 0
    for text in texts()[:: stride(5)]:
        context = context_of(text, version)
        if context is None:
            continue
        present = context.present
        for command in ("train", "export", "chat", "eval"):
            asked = BUILT_IN.asked(target, command, JUDGED, present)
            kept = {id(check) for _, check, _ in asked}
            assert asked == [pair for pair in every(target, command) if id(pair[1]) in kept]
            asked_of_all += len(asked)
            for code, check, holds in every(target, command):
                if id(check) not in kept:
                    left_out += 1
                    assert not holds(context.instance), (code, check.needs)
    assert left_out > 2 * asked_of_all > 0


def every(target: Target, command: str) -> list[tuple[str, Check, Predicate]]:
    return BUILT_IN.conditions(target, command)


def test_a_source_that_is_no_release_may_have_other_defaults() -> None:
    context = next(one for one in contexts() if "stage" not in one.instance.config)
    tree: Any = object()
    other = context._replace(target=context.target._replace(tree=tree))
    assert "stage: sft" in other.present
    assert "stage: sft" not in context.present


@pytest.mark.parametrize("default", [False, True])
def test_a_key_need_not_be_written_where_its_default_is_of_no_release(default: bool) -> None:
    """What a config must have for a condition to hold is told by the defaults of releases."""
    (row,) = (row for row in compiled.KEYS["use_dora"] if row[0] == LLAMAFACTORY)
    keys = {"use_dora": (*row[3:-1], default)}
    tree = Tree(Facts("0.9.5", keys, {}, None, None, {}, {}, {}, ("0.9.5",), ()))
    target = resolve_target("0.9.5")._replace(tree=tree)
    asked = {code for code, _, _ in BUILT_IN.asked(target, "train", JUDGED, {None})}
    assert "FT122" in {code for code, _, _ in every(target, "train")}
    assert ("FT122" in asked) is default


# Modules


def check(module: str, context: Context) -> list[Finding]:
    return list(import_module(f"ftlint.rules.{module}").check(context))


def without(context: Context, names: tuple[str, ...]) -> Context:
    """Return the context of the same file without any of these keys and facts.

    A file without `planned` states no max_steps either.
    """
    names = (*names, "max_steps") if "planned" in names else names
    kept = {name: entry for name, entry in context.entries.items() if name not in names}
    config, effective, facts, unknown = context.instance
    defaults = context.catalogue.defaults()
    instance = context.instance._replace(
        config={name: value for name, value in config.items() if name not in names},
        effective={**effective, **{name: defaults.get(name) for name in names if name in config}},
        facts={name: value for name, value in facts.items() if name not in names},
        unknown=unknown - set(names),
    )
    return context._replace(
        constructed=context.constructed._replace(entries=kept), instance=instance,
        planned=None if {"plan", "planned"} & set(names) else context.planned,
    )  # fmt: skip


@pytest.mark.parametrize("module", compiled.CHECKS)
def test_a_module_finds_nothing_without_what_it_needs(module: str) -> None:
    needs = compiled.CHECKS[module]
    spoke = 0
    for context in contexts():
        if check(module, context):
            spoke += 1
            assert context.present & set(needs)
            assert check(module, without(context, needs)) == []
    assert spoke or module in UNSHOWN


UNSHOWN = ("deepspeed.misspelt", "plan.recorded", "plan.tokens")
"""Modules that speak of files which no example has: test_deepspeed.py and tests/facts."""


def test_asking_everything_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """All conditions and modules over all files, with nothing left out."""
    indexed = [list(phases.findings(one)) for one in contexts()]
    monkeypatch.setattr(compiled, "CHECKS", {})
    at = Rule._fields.index("checks")
    packed: dict[str, bytes] = {}
    for code, row in ((code, marshal.loads(row)) for code, row in compiled.RULES.items()):
        checks = tuple((key, (), when) for key, _, when in row[at])
        packed[code] = marshal.dumps((*row[:at], checks, *row[at + 1 :]), 2)
    asking = RuleBook(packed)
    target, nothing = resolve_target(None), {None}
    assert len(asking.asked(target, "train", JUDGED, nothing)) > 100
    assert set(asking.modules(target, "train", JUDGED, nothing)) > set(
        BUILT_IN.modules(target, "train", JUDGED, nothing)
    )
    assert indexed == [list(phases.findings(one._replace(rules=asking))) for one in contexts()]
