"""What the linter asks of a schema of LLaMA Factory or transformers, as constants."""

from __future__ import annotations

from ftschemas.compiled import folded
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_KINDS = {
    "null": "null",
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "string": "text",
    "array": "list",
    "object": "map",
}


def key_facts(prop: dict[str, Any]) -> tuple[Any, ...]:
    """Return what the linter asks of a key: its group, kinds, choices and so on."""
    types = prop.get("type", [])
    kinds = {_KINDS[name] for name in ([types] if isinstance(types, str) else types)}
    if "float" in kinds:
        kinds.add("int")
    choices = prop.get("enum", prop.get("items", {}).get("enum"))
    return (
        prop["x-group"],
        tuple(sorted(kinds)),
        None if choices is None else tuple(choices),
        prop.get("x-choices-checked"),
        prop.get("x-separator"),
        prop.get("default"),
    )


def requirement(pin: dict[str, Any]) -> str:
    """Return the bounds of a package as pip writes them.

    >>> requirement({"min": "4.55", "max": "5.6", "excluded": ["4.57.0"]})
    '>=4.55,<=5.6,!=4.57.0'
    """
    bounds = [(">=", pin["min"]), ("<=", pin["max"]), *(("!=", one) for one in pin["excluded"])]
    return ",".join(f"{sign}{bound}" for sign, bound in bounds if bound is not None)


def models_by_name(listed: dict[str, Any]) -> dict[str, tuple[tuple[str, ...], bool, bool]]:
    """Return name -> (templates, chat, media) of the models of a schema, as `folded` spells it."""
    found: dict[str, tuple[tuple[str, ...], bool, bool]] = {}
    for path, one in listed.items():
        known, chat, media = found.get(folded(path), ((), True, False))
        more = tuple(name for name in one["templates"] if name not in known)
        found[folded(path)] = known + more, chat and one["chat"], media or one["media"]
    return found
