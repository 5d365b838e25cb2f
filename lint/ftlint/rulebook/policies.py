"""A team's own rules: data files in the format of ftlint's, found by `[tool.ftlint] policies`."""

from __future__ import annotations

import os
import re
from itertools import islice

from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.containment import OUTSIDE, project_of
from ftlint.support.disk import Disk
from ftlint.syntax import project_yaml
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING
from ftschemas.ruleformat import BadRule, about_of, parse, validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftschemas.rule import Rule

MAX_FILES = 500
MAX_BYTES = 1 << 18


class BadPolicy(ValueError):
    """A policy file cannot be used; the message names the file and what is wrong."""


def load(patterns: tuple[str, ...], root: str) -> tuple[Rule, ...]:
    """Return the rules in the files that `patterns`, relative to `root`, match.

    Files are JSON or YAML, one rule or a list of rules each, in the project that `root` is of.
    Raises `BadPolicy`.
    """
    disk = Disk(project_of(root, root))
    found: dict[str, tuple[str, Rule]] = {}
    for path in _files(patterns, root, disk):
        try:
            content = project_yaml.load(path, MAX_BYTES, disk)
        except project_yaml.BadFile as error:
            raise BadPolicy(str(error)) from None
        for data in content if isinstance(content, list) else [content]:
            rule = _rule(path, data)
            if rule.code in found:
                raise BadPolicy(f"{path}: {rule.code} is already used in {found[rule.code][0]}")
            found[rule.code] = path, rule
    return tuple(rule for _, rule in found.values())


def _files(patterns: tuple[str, ...], root: str, disk: Disk) -> Iterator[str]:
    """Yield the files that match; of others not even the names are told."""
    for pattern in patterns:
        certain = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        if not disk.holds(os.path.join(root, certain)) or ".." in pattern[len(certain) :]:
            raise BadPolicy(f"policies: {pattern!r}: {OUTSIDE}")
        paths = sorted(islice(disk.glob(os.path.join(root, pattern)), MAX_FILES + 1))
        if not paths:
            raise BadPolicy(f"policies: no file matches {pattern!r} below {root}")
        if len(paths) > MAX_FILES:
            raise BadPolicy(f"policies: more than {MAX_FILES} files match {pattern!r}")
        if not all(map(disk.holds, paths)):
            raise BadPolicy(f"policies: {pattern!r} matches a link to outside the project")
        yield from paths


def _rule(path: str, data: Any) -> Rule:
    try:
        validate(data)
        rule = parse(data)._replace(about=about_of(data, compiled.BASES))
    except BadRule as error:
        raise BadPolicy(f"{path}: {error}") from None
    if not rule.checks:
        raise BadPolicy(f"{path}: a policy needs `when`")
    if rule.code.startswith("FT") or rule.code in BUILT_IN.rules:
        raise BadPolicy(f"{path}: code {rule.code}: FT is reserved for ftlint; use other letters")
    conditions = [*(one.when for one in rule.checks), *(one.when for one in rule.fixes)]
    for when in [*conditions, *(one.when for one in rule.instead)]:
        for pattern in _patterns(when):
            _check_pattern(path, pattern)
    return rule


def _patterns(condition: Any) -> Iterator[str]:
    """Yield the regular expressions of a condition."""
    if isinstance(condition, list):
        for item in condition:
            yield from _patterns(item)
    elif isinstance(condition, dict):
        for key, value in condition.items():
            if key == "pattern" and isinstance(value, str):
                yield value
            yield from _patterns(value)


def _check_pattern(path: str, pattern: str) -> None:
    """Raise `BadPolicy` for a pattern that is none, before a config meets it."""
    import re

    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPolicy(f"{path}: pattern {pattern[:80]!r}: {error}") from None
