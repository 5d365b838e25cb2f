"""What a key is: default, values, meaning, the commands that read it, the releases that have it."""

from __future__ import annotations

from ftlint.target.editor_schema import TYPES, editor_schema, layer
from ftlint.target.keys import LAYERS, PARSER, is_known
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.target.states import Target

PACKAGES = dict(zip(("llamafactory", "transformers"), LAYERS))
WORDS = {
    "string": "string", "boolean": "bool", "integer": "integer", "number": "number",
    "array": "list", "object": "mapping", "null": "null",
}  # fmt: skip
KINDS = {kind: WORDS[name] for kind, name in TYPES.items()}
CHECKED = {
    "parse": "rejects others", "later": "crashes later with others",
    "never": "takes others as something else",
}  # fmt: skip
COMMANDS = ("train", "export", "chat", "eval")


class KeyReference(NamedTuple):
    """What is told of a key. `present`: the target has it; else all is of the newest release that
    does.

    `package` is what its releases count: llamafactory or transformers. `since` and `until` are None
    where it was there before, or is there after, all releases that are known.
    """

    name: str
    meaning: str
    types: tuple[str, ...]
    default: object
    required: bool
    values: tuple[object, ...]
    checked: str | None
    commands: tuple[str, ...]
    package: str
    since: str | None
    until: str | None
    successor: str | None
    present: bool


def key_reference(name: str, target: Target) -> KeyReference | None:
    """Return what is told of a key for a target; None where no release has it."""
    if target.tree is None and not is_known(name):
        return None
    if target.tree is not None:
        found = _of_tree(name, target)
        if found is not None:
            return found
    newest = [("transformers", target.layer), ("llamafactory", target.release)]
    for package, release in newest:
        prop = layer(package, release)["properties"].get(name)
        if prop is not None:
            return _reference(name, prop, package, target, present=target.tree is None)
    for package, release in _others():
        prop = layer(package, release)["properties"].get(name)
        if prop is not None:
            removed = layer(*_newest(package))["x-removed"].get(name)
            if removed is not None:
                prop = {**prop, "x-until": removed["until"], "x-successor": removed["successor"]}
            return _reference(name, prop, package, target, present=False)
    for package in PACKAGES:
        removed = layer(*_newest(package))["x-removed"].get(name)
        if removed is not None:  # before the first release that is known in full
            return KeyReference(
                name, "", (), None, False, (), None, (), package, None, removed["until"],
                removed["successor"], present=False,
            )  # fmt: skip
    return None


def _others() -> Iterator[tuple[str, str]]:
    """Yield the releases that are known, newest first."""
    for package, names in zip(PACKAGES, (compiled.LLAMAFACTORY, compiled.TRANSFORMERS)):
        yield from ((package, name) for name in reversed(names))


def _newest(package: str) -> tuple[str, str]:
    return next(one for one in _others() if one[0] == package)


def _reference(
    name: str, prop: dict[str, Any], package: str, target: Target, *, present: bool
) -> KeyReference:
    kinds = prop["type"] if isinstance(prop["type"], list) else [prop["type"]]
    values = prop.get("enum") or prop.get("items", {}).get("enum") or ()
    groups = layer("llamafactory", target.release)["x-commands"]
    commands = tuple(
        command for command in COMMANDS
        if prop["x-group"] in groups.get(PARSER.get(command, command), ())
    )  # fmt: skip
    return KeyReference(
        name, prop.get("description", ""), tuple(WORDS[one] for one in kinds), prop.get("default"),
        bool(prop.get("x-required")), tuple(value for value in values if value is not None),
        prop.get("x-choices-checked"), commands, package, _since(name, prop, package),
        prop.get("x-until"), prop.get("x-successor"), present,
    )  # fmt: skip


def _since(name: str, prop: dict[str, Any], package: str) -> str | None:
    """Return the release that brought a key, None where none of those known did."""
    names = compiled.LLAMAFACTORY if package == "llamafactory" else compiled.TRANSFORMERS
    there = name in layer(package, names[0])["properties"]
    return None if there and package == "transformers" else prop.get("x-since")


def _of_tree(name: str, target: Target) -> KeyReference | None:
    """Return what a source that is no release makes of a key."""
    readers: list[str] = []
    prop: dict[str, Any] | None = None
    for command in COMMANDS:
        found = editor_schema(target, command)["properties"].get(name)
        if found is not None:
            prop, readers = found, [*readers, command]
    if prop is None:
        return None
    kinds = prop.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    values = tuple(prop.get("enum", prop.get("examples", ())))
    return KeyReference(
        name, prop.get("description", ""), tuple(WORDS[kind] for kind in kinds),
        prop.get("default"), False, values, None, tuple(readers), "llamafactory", None, None, None,
        present=True,
    )  # fmt: skip
