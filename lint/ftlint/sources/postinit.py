"""What a dataclass's `__post_init__` says about its keys beyond their annotations."""

from __future__ import annotations

import ast

from ftlint.sources.classes import lineage
from ftlint.sources.modules import SourceError, constant
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.sources.modules import Module, Release


class Checks:
    """Facts by key.

    `asserted`: the list that its value is asserted to be in. `compared`: the words that its value
    is compared with, of which some are missing in the annotation. `split`: keys passed to
    `split_arg`, which cuts a string at commas and leaves a list as it is.
    """

    def __init__(self) -> None:
        self.asserted: dict[str, list[Any]] = {}
        self.compared: dict[str, list[str]] = {}
        self.split: set[str] = set()


def read(release: Release, module: Module, name: str) -> Checks:
    """Return what the `__post_init__` of a class and of its bases inside the package says."""
    checks = Checks()
    for node in _nodes(release, module, name):
        if isinstance(node, ast.Assert):
            try:
                found = _membership(node.test)
            except SourceError as problem:
                release.pass_over(problem)
                continue
            if found:
                checks.asserted[found[0]] = found[1]
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute):
            words = checks.compared.setdefault(node.left.attr, [])
            for right in node.comparators:
                constants = (
                    each.value for each in ast.walk(right) if isinstance(each, ast.Constant)
                )
                words += [value for value in constants if isinstance(value, str)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "split_arg":
            checks.split |= {each.attr for each in node.args if isinstance(each, ast.Attribute)}
    return checks


def _nodes(release: Release, module: Module, name: str) -> Iterator[ast.AST]:
    for _, node in lineage(release, module, name):
        for each in node.body:
            if isinstance(each, ast.FunctionDef) and each.name == "__post_init__":
                yield from ast.walk(each)


def _membership(test: ast.expr) -> tuple[str, list[Any]] | None:
    """Return key and list of `self.key in [...]`."""
    if (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.In)
        and isinstance(test.left, ast.Attribute)
    ):
        return test.left.attr, list(constant(test.comparators[0]))
    return None
