"""Arrows between the rooms of ftlint point one way, and each room says what it may import."""

from __future__ import annotations

import pytest

from tests.imports import ROOT
from tests.rooms import FLOORS, TOP, arrows, stated

PACKAGE = ROOT / "lint" / "ftlint"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def test_every_room_has_its_floor() -> None:
    assert {*ROOMS, *TOP} - {"__init__", "__main__"} == set(FLOORS)
    assert sorted(path.stem for path in PACKAGE.glob("*.py")) == sorted(TOP)


def test_the_page_on_the_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "contributing" / "architecture.md").read_text("utf-8")
    table = page.split("```")[1]
    assert {*FLOORS} - set(table.replace(",", " ").split()) == set()


def test_no_arrow_points_up() -> None:
    found = arrows()
    assert sum(map(len, found.values())) > 60
    for room in FLOORS:
        for target, imports in found[room].items():
            assert FLOORS.index(target) > FLOORS.index(room), sorted(imports)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_its_docstring_says(room: str) -> None:
    may = stated(room)
    assert may is None or set(arrows()[room]) - {"diagnostics", "results"} == may
