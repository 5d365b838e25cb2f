"""A team's own rules: data files in the format of ftlint's, found by `[tool.ftlint] policies`."""

from __future__ import annotations

import os
from glob import iglob
from itertools import islice
from typing import TYPE_CHECKING, Any

from ftlint.rules.registry import RULES
from ftschemas.ruleformat import Malformed, Rule, parse, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILES = 500
MAX_BYTES = 1 << 18


class BadPolicy(ValueError):
    """A policy file cannot be used; the message names the file and what is wrong."""


def load(patterns: tuple[str, ...], root: str) -> tuple[Rule, ...]:
    """Return the rules in the files that `patterns`, relative to `root`, match.

    Files are JSON or YAML, one rule or a list of rules each. Raises `BadPolicy`.
    """
    found: dict[str, tuple[str, Rule]] = {}
    for path in _files(patterns, root):
        content = _read(path)
        for data in content if isinstance(content, list) else [content]:
            rule = _rule(path, data)
            if rule.code in found:
                raise BadPolicy(f"{path}: {rule.code} is taken by {found[rule.code][0]}")
            found[rule.code] = path, rule
    return tuple(rule for _, rule in found.values())


def _files(patterns: tuple[str, ...], root: str) -> Iterator[str]:
    for pattern in patterns:
        paths = sorted(islice(iglob(os.path.join(root, pattern), recursive=True), MAX_FILES + 1))
        if not paths:
            raise BadPolicy(f"policies: no file matches {pattern!r} below {root}")
        if len(paths) > MAX_FILES:
            raise BadPolicy(f"policies: more than {MAX_FILES} files match {pattern!r}")
        yield from paths


def _read(path: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise BadPolicy(f"{path}: larger than a rule can be")
        return YAML(typ="safe", pure=True).load(text)  # JSON is YAML, too
    except OSError as error:
        raise BadPolicy(f"{path}: {error.strerror}") from None
    except (YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BadPolicy(f"{path}: not readable: {str(error).splitlines()[0]}") from None


def _rule(path: str, data: Any) -> Rule:
    try:
        validate(data)
    except Malformed as error:
        raise BadPolicy(f"{path}: {error}") from None
    if "when" not in data:
        raise BadPolicy(f"{path}: a policy is data: it needs `when`")
    if data["code"].startswith("FT") or data["code"] in RULES:
        raise BadPolicy(f"{path}: code {data['code']}: FT is ftlint's own; take other letters")
    return parse(data)
