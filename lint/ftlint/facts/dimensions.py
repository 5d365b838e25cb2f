"""Where the dimensions of a config's model are known from.

A folder with a config.json, what was recorded of the model, the hub's own cache, or a bundled
shape that its name stands for: the first that is there.
"""

from __future__ import annotations

import os

from ftlint.facts.model_files import hub_caches, snapshot
from ftlint.facts.paths import folders, is_local
from ftlint.memory.shape import Shape, Unknown, read_shape
from ftlint.support.disk import ReadFailure
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.layers import Stated
    from ftlint.support.disk import Disk

MAX_BYTES = 1 << 20
BUNDLED = "the published dimensions of"


class Dimensions(NamedTuple):
    """What a model's config.json says, and where that was found."""

    config: Mapping[str, Any]
    shape: Shape
    source: str


def dimensions(name: object, path: str, stated: Stated, disk: Disk) -> Dimensions | Unknown:
    """Return the dimensions of the model that a config at `path` names."""
    if not isinstance(name, str) or not name or placeholder_in(name) is not None:
        return Unknown("`model_name_or_path` names no model")
    for folder in folders(path, disk):
        local = os.path.join(folder, os.path.expanduser(name), "config.json")
        if disk.is_file(local) and disk.holds(local):
            return _read(local, disk, "config.json of the model")
    recorded = {} if stated.records is None else stated.records.models
    if name in recorded:
        return _made(recorded[name], "ftlint-facts.json")
    cached = None if is_local(name) else _cached(name, disk)
    if cached is not None:
        return _read(cached, disk.anywhere(), "the hub's cache")
    from ftschemas import shapes

    known = shapes.find(name)
    if known is None:
        return Unknown(f"unknown dimensions of `{name}`: run `ftlint record` where the model is")
    return _made(shapes.load(known).config, f"{BUNDLED} {known}")


def _cached(name: str, disk: Disk) -> str | None:
    """Return the config.json of the hub's main branch, where it was downloaded."""
    folder = snapshot(name, "main", hub_caches()[0], disk)
    file = None if folder is None else os.path.join(folder, "config.json")
    return file if file is not None and disk.is_file(file) else None


def _read(file: str, disk: Disk, source: str) -> Dimensions | Unknown:
    import json

    text = disk.read(file, MAX_BYTES)
    if isinstance(text, ReadFailure):
        return Unknown(f"config.json: {text.reason}")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Unknown("config.json of the model is not JSON")
    if not isinstance(found, dict):
        return Unknown("config.json of the model is not a JSON object")
    return _made(found, source)


def _made(config: Mapping[str, Any], source: str) -> Dimensions | Unknown:
    shape = read_shape(config)
    return shape if isinstance(shape, Unknown) else Dimensions(config, shape, source)
