"""The linter's `NamedTuple` is what typing's is, as far as records go."""

from __future__ import annotations

import pickle
import typing

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
