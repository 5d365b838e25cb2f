"""The modules of the three packages and what each imports."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(__file__).resolve().parents[1]


FOLDERS = {"ftbench": "bench", "ftlint": "lint", "ftschemas": "schemas"}


def modules() -> dict[str, Path]:
    """Return the file of every module of the three packages."""
    return {
        ".".join(path.relative_to(ROOT / folder).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder / package).rglob("*.py")
    }


def imported(node: ast.AST) -> Iterator[str]:
    """Yield what a file imports when it runs, also within functions: not what only types need."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (one.name for one in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "relative imports are not followed here"
            yield from (f"{child.module}.{one.name}" for one in child.names)
        else:
            yield from imported(child)


@cache
def _imports(text: str) -> tuple[str, ...]:
    return tuple(imported(ast.parse(text)))


def graph(files: dict[str, Path]) -> dict[str, set[str]]:
    """Return the modules that each module imports."""
    arrows: dict[str, set[str]] = {}
    for name, path in files.items():
        found = _imports(path.read_text("utf-8"))
        owners = (one if one in files else one.rpartition(".")[0] for one in found)
        arrows[name] = {one for one in owners if one in files and one != name}
    return arrows
