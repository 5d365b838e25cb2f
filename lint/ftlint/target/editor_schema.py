"""The two layers of key schemas as one JSON Schema that an editor can use."""

from __future__ import annotations

import json
import os
from functools import lru_cache

import ftschemas
from ftlint.support.disk import Disk
from ftlint.target.keys import LAYERS, PARSER, nearest
from ftlint.target.releases import UnknownTarget
from ftschemas import compiled
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.target.states import Target
    from ftlint.target.tree import Tree


def editor_schema(target: Target, command: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a config for `command`, with descriptions.

    Unknown keys are refused, as the target refuses them; not of a development build whose source is
    not here. Enumerations that nothing checks are kept
    as examples, so that an editor offers them without calling other values wrong.
    """
    own = layer("llamafactory", target.release)
    if command == V1:
        return _of_v1(own, target)
    parser = PARSER.get(command, command)
    groups = own["x-commands"][parser]
    layers = [layer("transformers", target.layer)] if "training" in groups else []
    if target.besides is not None:  # a build between two states may have the keys of either
        layers.append(layer("llamafactory", target.besides.release))
    if target.tree is None:
        layers.append(own)
    properties = {
        name: _for_editor(name, prop, target.release)
        for one in layers
        for name, prop in one["properties"].items()
        if prop["x-group"] in groups
    }
    if target.tree is not None:
        properties |= _of_tree(target.tree, parser, own["properties"])
    for one in layers:
        for name, gone in one["x-removed"].items():
            properties.setdefault(name, _removed(name, gone))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ftlint:config:{target.llamafactory}:{target.layer}:{command}",
        "title": f"LLaMA Factory {target.label} config for {command}"
        f" (transformers {target.transformers})",
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "required": ["model_name_or_path"],
        "additionalProperties": target.besides is not None,
    }


TYPES = {
    "text": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array",
    "map": "object", "null": "null",
}  # fmt: skip
"""The kinds of values, as JSON Schema calls them."""


def _of_v1(own: dict[str, Any], target: Target) -> dict[str, Any]:
    """Return the JSON Schema of a config for LLaMA Factory v1, with the names of its plugins."""
    if "x-v1" not in own:
        raise UnknownTarget(f"LLaMA Factory {target.llamafactory} has no v1")
    plugins = own["x-v1"]["plugins"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ftlint:config:{target.llamafactory}:v1",
        "title": f"LLaMA Factory v1 of {target.llamafactory}: config",
        "type": "object",
        "properties": {
            name: _v1_key(key, plugins.get(name))
            for name, key in sorted(own["x-v1"]["properties"].items())
        },
        "additionalProperties": False,
    }


def _of_tree(tree: Tree, parser: str, nearest: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a source; what they are for is told where the nearest state has them."""
    found = {}
    for name, (group, kinds, choices, checked, separator, default) in tree.keys.items():
        if group not in tree.commands[parser]:
            continue
        prop: dict[str, Any] = {"type": [TYPES[kind] for kind in kinds]} if kinds else {}
        if choices is not None and separator is None:
            prop["examples" if checked == "never" else "enum"] = list(choices)
        elif choices is not None:
            prop["examples"] = list(choices)
        about = nearest.get(name, {}).get("description")
        found[name] = {**prop, "default": default} | ({"description": about} if about else {})
    return found


def _v1_key(key: dict[str, Any], plugins: dict[str, list[str] | None] | None) -> dict[str, Any]:
    out: dict[str, Any] = {"type": [TYPES[kind] for kind in key["kinds"]]}
    if "choices" in key:
        out["enum"] = key["choices"]
    if plugins is not None:
        out |= {"required": ["name"], "properties": {"name": {"examples": sorted(plugins)}}}
    return {**out, "default": key["default"]}


def _for_editor(name: str, prop: dict[str, Any], release: str) -> dict[str, Any]:
    kept = {key: value for key, value in prop.items() if key != "enum" and not key.startswith("x-")}
    types = prop["type"] if isinstance(prop["type"], list) else [prop["type"]]
    also = [
        kind for kind in ("null", "boolean") if kind not in types and _passes(name, kind, release)
    ]
    if also:
        kept["type"] = [*types, *also]
    if "enum" in prop:
        unchecked = prop.get("x-choices-checked") == "never" or name in EXTENDED
        more = [value for value in (None,) if "null" in also]
        kept["examples" if unchecked else "enum"] = [*prop["enum"], *more]
    if "items" in prop and "x-separator" in prop:
        kept.pop("items")  # a text of several words cannot be told apart by an editor
        kept["examples"] = prop["items"].get("enum", [])
    if {"null", "boolean"} == set(types):  # `None` is text in YAML, and true to Python
        kept = {"anyOf": [{"type": kept.pop("type")}, {"enum": ["None", "none"]}], **kept}
    return _described(kept, prop)


EXTENDED = frozenset(["template"])
"""Keys whose values forks and plugins add to: the list is offered, and others are not wrong."""
_DETAILS = {"null": ("null",), "boolean": ("true", "false")}


def _passes(name: str, kind: str, release: str) -> bool:
    """Return whether a run took values of this kind, or ended on them only beside other keys.

    What the declared type says is narrower than what works, and an editor is to call nothing wrong
    that trains.
    """
    failures = dict(nearest(compiled.TYPES, release, name))
    if not failures:  # nothing was seen to fail, or nothing was tried: `null` leaves a key out
        return kind == "null"
    met = [failures.get(detail) for detail in _DETAILS[kind]]
    conditional = bool(nearest(compiled.LIVE_WHERE, release, name))
    return all(one is None or (conditional and one != "refused") for one in met)


def _described(kept: dict[str, Any], prop: dict[str, Any]) -> dict[str, Any]:
    """Return a key with what a hover shows: its meaning, default and releases."""
    told = []
    if not prop.get("x-required"):
        told.append(f"Default: `{json.dumps(prop.get('default'), ensure_ascii=False)}`.")
    if "x-since" in prop:
        told.append(f"Since {LAYERS[prop['x-group'] == 'training']} {prop['x-since']}.")
    meaning = kept.get("description", "")
    text = f"{meaning}. {' '.join(told)}" if meaning else " ".join(told)
    return {
        **kept,
        "description": text.replace("`", "").strip(),
        "markdownDescription": text.strip(),
    }


def _removed(name: str, gone: dict[str, Any]) -> dict[str, Any]:
    """Return a key that the target rejects, and by which one is to be written instead."""
    successor = gone.get("successor")
    now = f"write `{successor}`" if successor else "remove it"
    text = f"`{name}` was last in {gone['until']}: {now}."
    return {
        "not": {}, "deprecated": True, "deprecationMessage": text.replace("`", ""),
        "description": text.replace("`", ""), "markdownDescription": text, "doNotSuggest": True,
    }  # fmt: skip


@lru_cache(maxsize=4)
def layer(package: str, release: str) -> dict[str, Any]:
    """Return the schema of a release of LLaMA Factory or of transformers, as it is shipped."""
    path = os.path.join(os.path.dirname(ftschemas.__file__), package, f"{release}.json")
    with Disk().open(path) as file:
        return json.load(file)  # type: ignore[no-any-return]
