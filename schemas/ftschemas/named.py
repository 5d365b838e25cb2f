"""The `NamedTuple` that records of the linter are made of, and `TYPE_CHECKING`, without `typing`.

To a type checker they are typing's own. When the program runs, `typing` and the code that
`collections.namedtuple` compiles for each record would take a third of the time of `ftlint FILE`;
a record needs only the names of its fields.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from types import FunctionType

    try:
        from _collections import _tuplegetter
    except ImportError:  # not CPython
        from operator import itemgetter

        def _tuplegetter(place, doc):
            return property(itemgetter(place), doc=doc)

    _new = tuple.__new__

    _MAKERS = (
        lambda _cls: _new(_cls, ()),
        lambda _cls, a: _new(_cls, (a,)),
        lambda _cls, a, b: _new(_cls, (a, b)),
        lambda _cls, a, b, c: _new(_cls, (a, b, c)),
        lambda _cls, a, b, c, d: _new(_cls, (a, b, c, d)),
        lambda _cls, a, b, c, d, e: _new(_cls, (a, b, c, d, e)),
        lambda _cls, a, b, c, d, e, f: _new(_cls, (a, b, c, d, e, f)),
        lambda _cls, a, b, c, d, e, f, g: _new(_cls, (a, b, c, d, e, f, g)),
        lambda _cls, a, b, c, d, e, f, g, h: _new(_cls, (a, b, c, d, e, f, g, h)),
        lambda _cls, a, b, c, d, e, f, g, h, i: _new(_cls, (a, b, c, d, e, f, g, h, i)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j: _new(_cls, (a, b, c, d, e, f, g, h, i, j)),
    )
    """How a record of so many fields is made; the names of its arguments are put in place."""

    def _maker(fields, defaults):
        if len(fields) >= len(_MAKERS):
            return _maker_of_many(fields, defaults)
        code = _MAKERS[len(fields)].__code__
        code = code.replace(co_name="__new__", co_varnames=("_cls", *fields))
        values = tuple(defaults.values())
        return FunctionType(code, {"_new": _new, "__builtins__": {}}, "__new__", values)

    def _maker_of_many(fields, defaults):
        """Return what makes a record of more fields; to compile its like would take longer."""

        def make(_cls, *values, **given):
            rest = fields[len(values) :]
            try:
                values += tuple(given.pop(one) if one in given else defaults[one] for one in rest)
            except KeyError as error:
                raise TypeError(f"{_cls.__name__} lacks {error}") from None
            if given or len(values) > len(fields):
                raise TypeError(f"{_cls.__name__} has no {[*given] or 'field for each value'}")
            return _new(_cls, values)

        return make

    class _Fields(tuple):
        """What every record has besides its fields: the methods of `collections.namedtuple`."""

        __slots__ = ()
        _fields = ()

        @classmethod
        def _make(cls, values):
            made = _new(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **changed):
            made = self._make(map(changed.pop, self._fields, self))
            if changed:
                raise ValueError(f"Got unexpected field names: {list(changed)!r}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self))

        def __repr__(self):
            pairs = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
            return f"{type(self).__name__}({pairs})"

        def __getnewargs__(self):
            return tuple(self)

    class _Record(type):
        """Turns the body of a class with annotated fields into a named tuple."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.pop("__annotations__"))
            defaults = {field: body.pop(field) for field in fields if field in body}
            for place, field in enumerate(fields):
                body[field] = _tuplegetter(place, "")
            body.update(
                __slots__=(),
                _fields=fields,
                _field_defaults=defaults,
                __match_args__=fields,
                __new__=_maker(fields, defaults),
            )
            return type(name, (_Fields,), body)

    class NamedTuple(metaclass=_Record):
        """Base of records."""


__all__ = ["TYPE_CHECKING", "NamedTuple"]
