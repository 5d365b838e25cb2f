"""The second witness: what ruamel's round-trip loader makes of a text before and after a fix.

It shares no code with the linter's own reading: another parser (ruamel's in Python), another
resolver (YAML 1.2), other containers.
"""

from __future__ import annotations

from ftlint.fixes.page import Refused
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any


def load(text: str) -> object | Refused:
    """Return the data of a text as plain Python objects."""
    import warnings

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="rt", pure=True)
    reader.allow_duplicate_keys = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Plain().of(reader.load(text))
    except YAMLError as error:
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        return Refused(f"ruamel.yaml cannot read it: {reason}")
    except (
        ValueError, TypeError, AttributeError, NotImplementedError, RecursionError
    ) as error:  # fmt: skip
        return Refused(f"ruamel.yaml cannot load it: {error}")


class _Plain:
    """Turns ruamel's containers and marked scalars into builtins; shared parts once."""

    def __init__(self) -> None:
        self.known: dict[int, object] = {}

    def of(self, value: Any) -> object:
        if isinstance(value, dict):
            return self._once(value, lambda: {self.key(k): self.of(v) for k, v in value.items()})
        if isinstance(value, list):
            return self._once(value, lambda: [self.of(item) for item in value])
        return self.key(value)

    def _once(self, value: object, make: Any) -> object:
        if id(value) not in self.known:
            self.known[id(value)] = make()
        return self.known[id(value)]

    def key(self, value: Any) -> Hashable:
        if type(value).__name__ == "ScalarBoolean":
            return bool(value)
        if type(value).__name__ == "TaggedScalar":
            return (str(value.tag), str(value.value))
        if isinstance(value, dict):
            return tuple((self.key(k), self.key(v)) for k, v in value.items())
        if isinstance(value, (tuple, list)):
            return tuple(map(self.key, value))
        if isinstance(value, (set, frozenset)):
            return frozenset(map(self.key, value))
        for kind in (bool, str, int, float):
            if isinstance(value, kind):
                return kind(value)
        return value  # type: ignore[no-any-return]
