"""The house: imports point one way, between packages and between modules, lazy ones too."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.imports import graph, modules
from tests.shared import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BELOW = {"ftbench": {"ftlint", "ftschemas"}, "ftlint": {"ftschemas"}, "ftschemas": set[str]()}

ASKS_ABOVE = {"ftlint.facts.timing", "ftlint.cli.commands"}
"""Reads what the benchmark measured; passes `ftlint bench` on. Both only when they are asked to."""


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """Return a circle of imports, if there is one."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other() -> None:
    arrows = graph(modules())
    assert len(arrows) > 150
    assert sum(map(len, arrows.values())) > 500
    assert circle(arrows) == []


def test_packages_import_only_what_is_below_them() -> None:
    for name, targets in graph(modules()).items():
        package = name.partition(".")[0]
        others = {one.partition(".")[0] for one in targets} - {package}
        assert (others <= BELOW[package]) != (name in ASKS_ABOVE), name


@pytest.mark.parametrize(
    ("back", "found"),
    [
        ("import a", True),
        ("def f():\n    from a import x", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import x", False),
        ("", False),
    ],
)
def test_a_circle_is_seen(tmp_path: Path, back: str, found: bool) -> None:
    files = {name: tmp_path / f"{name}.py" for name in "abc"}
    for path, text in zip(files.values(), ["import b", "from c import y", back], strict=True):
        path.write_text(text, "utf-8")
    assert bool(circle(graph(files))) == found


def test_what_answers_yes_or_no_says_so_in_one_form() -> None:
    """Docstrings of functions: `Return whether …`."""
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                text = ast.get_docstring(node) or ""
                other = re.match("(Whether|Say whether|Tell whether|True if)", text)
                assert other is None, (name, node.name)


def test_names_are_guessed_at_in_one_place() -> None:
    """`difflib` finds what looks alike; what is meant alike is for ftlint.target.slips to say.

    Of the keys of settings and policies, which are ftlint's own, any that looks alike may be named.
    """
    alike = ("get_close_matches", "SequenceMatcher")
    found = {
        name
        for name, path in modules().items()
        if any(word in path.read_text("utf-8") for word in alike)
    }
    assert found == {"ftschemas.form"}


def test_what_searches_is_marked_for_the_longer_search() -> None:
    """`make slow` runs what is marked: each test that takes a count from tests.searches."""
    marked = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        if "tests.searches" in {getattr(one, "module", None) for one in tree.body}:
            for test in tree.body:
                names = {getattr(one, "id", None) for one in ast.walk(test)}
                decorators = map(ast.unparse, getattr(test, "decorator_list", ()))
                searches = not names.isdisjoint({"tries", "stride"})
                assert searches == ("pytest.mark.search" in decorators), (path, test)
                marked |= {(path, test)} if searches else set()
    assert len(marked) > 20
