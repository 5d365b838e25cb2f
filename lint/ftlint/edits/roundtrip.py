"""The second witness: what ruamel's round-trip loader makes of a text before and after a fix.

It shares no code with the linter's own reading: another parser (ruamel's in Python), another
resolver (YAML 1.2), other containers.
"""

from __future__ import annotations

from bisect import bisect_right

from ftlint.edits.page import NoEdit
from ftlint.support.limits import HIGHEST
from ftlint.syntax.nodes import Document, Scalar, walk
from ftlint.syntax.parse import compose, tabs
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any


def load(text: str) -> object | NoEdit:
    """Return the data of a text as plain Python objects."""
    import warnings

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="rt", pure=True)
    reader.allow_duplicate_keys = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Plain().of(reader.load(_without_tabs(text)))
    except YAMLError as error:
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        return NoEdit(f"ruamel.yaml cannot read it: {reason}")
    except (
        ValueError, TypeError, AttributeError, NotImplementedError, RecursionError, LookupError
    ) as error:  # fmt: skip
        return NoEdit(f"ruamel.yaml cannot load it: {error}")


def _without_tabs(text: str) -> str:
    """Return a text with spaces for the tabs that part tokens, as YAML lets them.

    ruamel's scanner takes none before a comment; libyaml's does, in OmegaConf from 2.4 on too. The
    tabs in values and in comments stay.
    """
    if "\t" not in text:
        return text
    document = compose(text, HIGHEST)
    if not isinstance(document, Document) or document.root is None:
        return text
    inside = sorted((one.start, one.end) for one in walk(document.root) if isinstance(one, Scalar))
    starts = [start for start, _ in inside]
    letters = list(text)
    for start, end in tabs(text, document):
        for place in range(start, end):
            at = bisect_right(starts, place) - 1
            if at < 0 or place >= inside[at][1]:
                letters[place] = " "
    return "".join(letters)


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
