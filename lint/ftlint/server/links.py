"""What a config names that lies in the project: DeepSpeed's file, data, adapters, models."""

from __future__ import annotations

import os

from ftlint.facts.data import data_of
from ftlint.facts.paths import folders
from ftlint.loading import Config
from ftlint.server import uris
from ftlint.server.completion import DATASETS
from ftlint.server.judging import config_of
from ftlint.support.files import is_script
from ftlint.syntax.nodes import Scalar, Sequence, deref
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.server.judging import Judged
    from ftlint.server.protocol import Client
    from ftlint.syntax.nodes import Node

    Json = dict[str, Any]

_IN_FOLDER = {
    "dataset_dir": "dataset_info.json",
    "adapter_name_or_path": "adapter_config.json",
    "model_name_or_path": "config.json",
}
"""The file that is opened of a folder."""
_FILES = ("deepspeed", "fsdp_config", "accelerator_config", "new_special_tokens_config")
_LISTED = ("adapter_name_or_path", *DATASETS)
"""Keys with several values, with commas between."""


def links(judged: Judged, client: Client) -> Iterator[Json]:
    """Yield the links of a config to files that are there and within reach."""
    if is_script(judged.scope.name) or judged.result.command is None:
        return
    config = config_of(judged)
    if not isinstance(config, Config):
        return
    document = judged.document
    for name, entry in config.context.entries.items():
        for start, end, text in _parts(name, entry.node, document.text):
            path = _named(name, text, config)
            if path is None:
                continue
            found: Json = {"range": document.range(start, end), "target": uris.to_uri(path)}
            if client.tooltips:
                found["tooltip"] = os.path.relpath(path)
            yield found


def _parts(name: str, node: Node, text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the names in a value with their places."""
    node = deref(node)
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _parts("", item, text)
    elif isinstance(node, Scalar) and node.style in ("plain", "single", "double"):
        quote = int(node.style != "plain")
        start, end = node.start + quote, node.end - quote
        if text[start:end] != node.text:
            return
        for part in node.text.split(",") if name in _LISTED else [node.text]:
            bare = part.strip()
            at = start + len(part) - len(part.lstrip())
            if bare:
                yield at, at + len(bare), bare
            start += len(part) + 1


def _named(name: str, text: str, config: Config) -> str | None:
    """Return the file that a value names, if it is there and within reach."""
    if "\0" in text:
        return None
    disk = config.context.disk
    if name in DATASETS:
        path = _data(text, config)
        return path if path is not None and disk.holds(path) and disk.is_file(path) else None
    if name not in _FILES and name not in _IN_FOLDER:
        return None
    for start in folders(config.path, disk):
        path = os.path.join(start, text, _IN_FOLDER.get(name, ""))
        path = path.rstrip(os.sep)
        if disk.holds(path) and disk.is_file(path):
            return path
    return None


def _data(dataset: str, config: Config) -> str | None:
    """Return the file of a dataset, as dataset_info.json names it."""
    place = data_of(config.context)
    if place is None or not isinstance(place.dataset_dir, str):
        return None
    definition = place.shown.get(dataset)
    name = definition.get("file_name") if isinstance(definition, dict) else None
    if not isinstance(name, str) or "\0" in name:
        return None
    return os.path.join(place.folder, name)
