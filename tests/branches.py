"""How many branches each function has: `python -m tests.branches [N]` lists the N largest.

A branch is an if, a loop, a handler, a case, a conditional expression, an operand of `and` and `or`
after the first, or a condition of a comprehension. Functions within a function count apart.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("bench", "docs", "lint", "schemas", "tests")
MOST = 20
"""Branches of a function: with more, nobody holds all the ways through it in mind."""
BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.IfExp,
)  # fmt: skip
APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Function(NamedTuple):
    branches: int
    path: str
    line: int
    name: str


def functions() -> list[Function]:
    """Return every function of the repository, the one with most branches first."""
    paths = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    found = [one for path in paths for one in in_file(path)]
    return sorted(found, key=lambda one: (-one.branches, one.path, one.line))


def in_file(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            branches, place = sum(map(weight, own(node))), path.relative_to(ROOT).as_posix()
            yield Function(branches, place, node.lineno, node.name)


def own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function but not in one within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, APART):
            yield child
            yield from own(child)


def weight(node: ast.AST) -> int:
    """Return how many branches a node is."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return len(node.ifs)
    return isinstance(node, BRANCHES)


if __name__ == "__main__":
    for one in functions()[: int(sys.argv[1]) if len(sys.argv) > 1 else 10]:
        print(f"{one.branches:3}  {one.path}:{one.line}  {one.name}")
