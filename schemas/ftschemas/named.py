"""The `NamedTuple` that records of the linter are made of, and `TYPE_CHECKING`, without `typing`.

To a type checker they are typing's own. When the program runs, importing `typing` and letting it
compile the annotation of every field would take a quarter of the time of `ftlint FILE`; a record
needs only the names of its fields.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    class _Record(type):
        """Turns the body of a class with annotated fields into a named tuple."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.pop("__annotations__")
            given = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=given, module=body.pop("__module__"))
            for key, value in body.items():
                setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Record):
        """Base of records."""


__all__ = ["TYPE_CHECKING", "NamedTuple"]
