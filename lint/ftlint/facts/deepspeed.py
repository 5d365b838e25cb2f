"""The DeepSpeed config of a run: a mapping in the file, or a JSON file that it names."""

from __future__ import annotations

import os

from ftlint.facts.paths import folders, json_file
from ftlint.syntax.nodes import Mapping, Scalar
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.support.disk import Disk
    from ftlint.syntax.nodes import Node


def facts(value: object, path: str, disk: Disk) -> dict[str, object]:
    """Return `deepspeed` and `zero_stage` from a mapping, or from a file within the project."""
    content = value
    if isinstance(value, str):
        content = None if placeholder_in(value) is not None else _read(value, path, disk)[0]
    if not isinstance(content, dict):
        return {}
    optimization = content.get("zero_optimization")
    stage = optimization.get("stage", 0) if isinstance(optimization, dict) else 0
    enabled = {
        f"{name}.enabled": part["enabled"]
        for name, part in content.items()
        if isinstance(part, dict) and isinstance(part.get("enabled"), bool)
    }
    return {"deepspeed": {**content, **enabled}, "zero_stage": stage}


def _read(text: str, path: str, disk: Disk) -> tuple[object, str]:
    """Return what JSON holds that is written in the config or in a file named there, and its text.

    Source: transformers and accelerate take a text that is no file's name for JSON itself.
    """
    if not text.lstrip().startswith("{"):
        file = json_file(text, path, disk)
        return file.content, file.text
    import json

    try:
        return json.loads(text), text
    except (ValueError, RecursionError):
        return None, ""


class Lines(NamedTuple):
    """Where the keys of a JSON file are written, by their path; and keys that are there twice."""

    of: dict[str, int]
    repeated: list[str]


def lines(value: object, path: str, disk: Disk) -> Lines:
    """Return where the keys of the file that `deepspeed` names are written."""
    found = Lines({}, [])
    if not isinstance(value, str):
        return found
    text = _read(value, path, disk)[1]
    if not text:
        return found
    from ftlint.support.limits import DEFAULT
    from ftlint.syntax.nodes import Broken
    from ftlint.syntax.parse import compose

    document = compose(text, DEFAULT)
    if isinstance(document, Broken):
        return found
    for name, start, again in _keys(document.root, ""):
        if again:
            found.repeated.append(name)
        found.of[name] = text.count("\n", 0, start) + 1
    return found


def _keys(node: Node | None, above: str) -> Iterator[tuple[str, int, bool]]:
    """Yield the paths of a mapping's keys in the order of the text.

    With each is where it begins, and whether the same mapping has had it before.
    """
    seen: set[str] = set()
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        name = f"{above}{key.text if isinstance(key, Scalar) else ''}"
        yield name, key.start, name in seen
        seen.add(name)
        yield from _keys(value, f"{name}.")


def neighbours(name: str, path: str, disk: Disk) -> list[str]:
    """Return the JSON files in the folder of a file that is not there, where that folder is."""
    inside, _, _ = name.rpartition("/")
    found: dict[str, None] = {}
    for start in folders(path, disk):
        if disk.is_there(os.path.join(start, name)):
            return []
        folder = os.path.join(start, inside)
        if disk.is_folder(folder) and disk.holds(folder):
            _, files = disk.listing(folder)
            found |= dict.fromkeys(each for each in files if each.endswith(".json"))
    return sorted(found)
