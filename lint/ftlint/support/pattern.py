"""Regular expressions that are built when they are first used: most files need few of them."""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, AnyStr

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what works as `re.compile` of the same, which is called at the first use."""
    return _Pattern(text, flags)  # type: ignore[return-value]


class _Pattern:
    """The methods of a compiled expression; they take their places here once there is one."""

    __slots__ = ("_asked", *_METHODS)

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._asked = text, flags

    def __getattr__(self, name: str) -> object:
        """Return a method of the expression: only for the first is there none yet."""
        if name not in _METHODS:
            raise AttributeError(name)
        built: re.Pattern[Any] = re.compile(*self._asked)
        for method in _METHODS:
            setattr(self, method, getattr(built, method))
        return getattr(built, name)
