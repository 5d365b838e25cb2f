"""What is known of a key for one target: what it is for, its default and values, its releases."""

from __future__ import annotations

import json
import os
from functools import lru_cache

import ftschemas
from ftlint.support.disk import Disk
from ftlint.support.messages import show
from ftlint.target.keys import LLAMAFACTORY, TRANSFORMERS, is_known
from ftlint.target.releases import MAIN, parse_version
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from ftlint.target.keys import Catalogue, Key

KINDS = {
    "text": "string", "int": "integer", "float": "number", "bool": "bool", "list": "list",
    "map": "mapping", "null": "null",
}  # fmt: skip
"""What kinds of values are called."""
_COMMANDS = {"infer": ("export", "chat", "api")}


class KeyFacts(NamedTuple):
    """A key, or a name that was one: `key` is None where the target does not read it.

    `values` are those that it takes, none where any will do; `checked` tells what others meet.
    """

    name: str
    key: Key | None
    about: str
    package: str
    default: str
    values: tuple[str, ...]
    kinds: tuple[str, ...]
    releases: str
    successor: str | None
    commands: tuple[str, ...]
    """Commands that read it, where the target's own does not."""


def facts_of(name: str, catalogue: Catalogue) -> KeyFacts | None:
    """Return what is known of a name; None for one that no release ever had."""
    key = catalogue.get(name)
    if key is None and not is_known(name) and name not in compiled.ALIASES:
        return None
    newest = catalogue.target.release if key is not None else compiled.LLAMAFACTORY[-1]
    layer = _owner(name) if key is None else key.layer
    state = newest if layer == LLAMAFACTORY else catalogue.target.layer
    property_ = _properties(_FOLDERS[layer], state).get(name, {})
    others = () if key is not None else tuple(_words(catalogue.other_commands(name)))
    return KeyFacts(
        name,
        key,
        property_.get("description", ""),
        _PACKAGES[layer],
        "" if key is None else _default(key, property_),
        () if key is None else tuple(map(show, (one for one in key.choices or ()
                                                if one is not None))),
        () if key is None else tuple(KINDS[kind] for kind in key.kinds),
        _releases(name, catalogue, key),
        None if key is not None else _successor(name),
        others,
    )  # fmt: skip


_FOLDERS = ("llamafactory", "transformers")
_PACKAGES = ("LLaMA Factory", "transformers")


def _owner(name: str) -> int:
    variants = compiled.KEYS.get(name)
    if variants:
        return int(variants[-1][0])
    return int(compiled.REMOVED.get(name, (TRANSFORMERS,))[0])


@lru_cache(maxsize=8)
def _properties(folder: str, state: str) -> dict[str, dict[str, Any]]:
    """Return the schema of the keys of one package and release."""
    path = os.path.join(os.path.dirname(ftschemas.__file__), folder, f"{state}.json")
    with Disk().open(path) as file:
        found: dict[str, dict[str, Any]] = json.load(file)["properties"]
    return found


def _default(key: Key, property_: dict[str, Any]) -> str:
    if property_.get("x-required"):
        return "required"
    values = (key.default, *property_.get("x-default-otherwise", []))
    return " or ".join(f"`{show(value)}`" for value in values)


def _releases(name: str, catalogue: Catalogue, key: Key | None) -> str:
    """Return when a key came or went, in words; nothing of one that was always there."""
    span = catalogue.history(name)
    if span is None:
        return ""
    if key is not None:
        order = compiled.LLAMAFACTORY if key.layer == LLAMAFACTORY else compiled.TRANSFORMERS
        since = "" if span.first == order[0] else f"since {span.package} {span.first}"
        gone = "" if span.present else f"last in {span.package} {span.last}"
        return ", ".join(filter(None, (since, gone)))
    version = catalogue.target.versions[span.package != _PACKAGES[LLAMAFACTORY]]
    width = len(span.last.split("."))
    if span.last != MAIN and version[:width] > parse_version(span.last):
        return f"last in {span.package} {span.last}"
    return f"new in {span.package} {span.first}"


def _successor(name: str) -> str | None:
    """Return the key that stands for one that is gone, where one certainly does."""
    found = {one.get("to") for one in compiled.ALIASES.get(name, ())}
    return found.pop() if len(found) == 1 else None


def _words(parsers: list[str]) -> list[str]:
    return [word for one in parsers for word in _COMMANDS.get(one, (one,))]
