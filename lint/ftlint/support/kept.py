"""What comes back from the user's cache, held against the form in which it was kept.

A checksum tells what a failing disk did. It does not tell what another program, or a hand, wrote
with a checksum of its own: each list is held against the types of its items before it is read into
a record, and what does not fit is as if it had not been kept.
"""

from __future__ import annotations

from itertools import product

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    Form = frozenset[tuple[type, ...]]

NONE = type(None)


class Unfit(ValueError):
    """What was kept has another form than what is kept."""


def form(*items: type | tuple[type, ...]) -> Form:
    """Return the form of a list: the type of each item, or the types that it may have.

    All combinations are spelled out: holding a list against them is one look-up.
    """
    return frozenset(product(*(one if isinstance(one, tuple) else (one,) for one in items)))


def of_form(form: Form, value: object) -> list[Any]:
    """Return a list of that form. Raises Unfit."""
    if type(value) is not list or tuple(map(type, value)) not in form:
        raise Unfit
    return value


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts. Raises Unfit."""
    if type(value) is not list or not {*map(type, value)} <= {str}:
        raise Unfit
    return tuple(value)
