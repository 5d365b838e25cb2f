"""The linter's `NamedTuple` is what typing's is, as far as records go."""

from __future__ import annotations

import pickle
import typing
from typing import Any

import pytest

from ftschemas import named


class Made(named.NamedTuple):
    """A record."""

    start: int
    text: str | None = None
    names: tuple[str, ...] = ()
    """What a field means."""

    @property
    def end(self) -> int:
        return self.start + len(self.text or "")

    @classmethod
    def of(cls, text: str) -> Made:
        return cls(0, text)


class Typed(typing.NamedTuple):
    start: int
    text: str | None = None
    names: tuple[str, ...] = ()


class Wide(named.NamedTuple):
    """A record of more fields than there are templates for."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int
    i: int
    j: int
    k: int
    start: int = 11


class WideTyped(typing.NamedTuple):
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int
    i: int
    j: int
    k: int
    start: int = 11


def test_a_record_is_the_named_tuple_that_typing_makes() -> None:
    assert Made._fields == Typed._fields
    assert Made._field_defaults == Typed._field_defaults
    assert tuple(Made(1, names=("a",))) == tuple(Typed(1, names=("a",))) == (1, None, ("a",))
    assert repr(Made(1)) == repr(Typed(1)).replace("Typed", "Made")
    assert Made(1)._replace(text="x")._asdict() == {"start": 1, "text": "x", "names": ()}
    assert (Made.of("abc").end, Made.__doc__, Made.__module__) == (3, "A record.", __name__)
    assert type(pickle.loads(pickle.dumps(Made(1)))) is Made
    assert hash(Made(1)) == hash(Made(1))


def test_a_record_refuses_what_typings_refuses() -> None:
    for kind in (Made, Typed):
        with pytest.raises(TypeError):
            kind()  # type: ignore[call-arg]
        with pytest.raises(TypeError):
            kind(1, wrong=2)  # type: ignore[call-arg]
        with pytest.raises(AttributeError):
            kind(1).start = 2  # type: ignore[misc]


def test_a_record_of_many_fields_is_made_as_typings_is() -> None:
    kinds: tuple[Any, ...] = (Wide, WideTyped)
    for kind in kinds:
        made = [kind(*range(11)), kind(*range(12)), kind(*range(10), k=10)]
        assert made == [tuple(range(12))] * 3
        assert kind(*range(10), start=0, k=1) == (*range(10), 1, 0)
        for values, given in (
            (range(13), {}), (range(10), {}), (range(11), {"a": 0}), (range(11), {"z": 0})
        ):  # fmt: skip
            with pytest.raises(TypeError):
                kind(*values, **given)
