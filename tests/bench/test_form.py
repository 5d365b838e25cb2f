"""Records are read back as they were written, and what has another form is told by its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import pytest

from ftbench.calibration import store
from ftbench.calibration.record import VERSION, as_json
from ftbench.results.form import BadForm, parse, plain

RAW = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "raw"


class Card(TypedDict):
    name: str
    watts: float | None


@dataclass(frozen=True)
class Part:
    seconds: tuple[float, ...]
    shape: tuple[int, int]


@dataclass(frozen=True)
class Whole:
    card: Card
    parts: tuple[Part, ...]
    cost: float = field(metadata={"json_name": "price"})
    by_name: dict[str, int] = field(default_factory=dict)
    note: str | None = None


DATA: dict[str, Any] = {
    "card": {"name": "L4", "watts": None, "later": 1},
    "parts": [{"seconds": [0.5, 1], "shape": [2, 64]}],
    "price": 3,
    "by_name": {"a": 1},
    "note": "x",
}


def test_what_was_written_is_read_back() -> None:
    found = parse(DATA, Whole)
    assert found.parts == (Part((0.5, 1), (2, 64)),)
    assert (found.cost, found.card["name"], found.by_name) == (3, "L4", {"a": 1})
    assert plain(found) == DATA
    assert json.loads(json.dumps(plain(found))) == DATA


def test_a_field_with_a_default_may_be_absent() -> None:
    found = parse({**DATA, "card": {"name": "L4"}} | {"note": None}, Whole)
    assert found.note is None
    assert dict(found.card) == {"name": "L4"}
    without = {name: value for name, value in DATA.items() if name not in ("note", "by_name")}
    assert parse(without, Whole) == parse({**without, "by_name": {}, "note": None}, Whole)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"price": True}, "price"),
        ({"price": 1e19}, "price"),
        ({"card": {"name": 1}}, "card.name"),
        ({"card": {"watts": "700"}}, "card.watts"),
        ({"card": []}, "card"),
        ({"parts": {}}, "parts"),
        ({"parts": [{"seconds": [1, "2"], "shape": [1, 1]}]}, "parts[0].seconds[1]"),
        ({"parts": [{"seconds": [1], "shape": [1]}]}, "parts[0].shape"),
        ({"parts": [{"seconds": [1]}]}, "parts[0].shape"),
        ({"by_name": {"a": None}}, "by_name.a"),
        ({"note": 3}, "note"),
    ],
)
def test_what_has_another_form_is_told_by_its_place(changed: dict[str, Any], place: str) -> None:
    with pytest.raises(BadForm) as told:
        parse({**DATA, **changed}, Whole)
    assert told.value.place == place


def test_the_calibrations_that_are_published_are_read_and_written_alike() -> None:
    whole = 0
    for path in sorted(RAW.glob("*/*/calibration.jsonl")):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        if all(line["version"] == VERSION for line in lines):
            assert [plain(as_json(one)) for one in store.read(path)] == lines
            whole += len(lines)
    assert whole >= 4
