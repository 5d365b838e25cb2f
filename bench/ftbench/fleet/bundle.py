"""What a node needs of a config: its file, and the files that it names. Nothing else is sent."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.runners import configs
from ftlint.datasets import Trouble, define, read_info
from ftlint.datasets.entries import FILE, INFO
from ftlint.datasets.files import around, find
from ftlint.facts.effective import words
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG = "config.yaml"
DATA = "data"


class Sent(NamedTuple):
    """A file that is sent: its place in the run's folder, its bytes' digest, and where it is here.

    `content` holds the bytes of what is no file here.
    """

    place: str
    source: str
    size: int
    digest: str
    content: bytes | None = None

    def read(self) -> bytes:
        """Return the bytes. Raises `OSError`."""
        return Path(self.source).read_bytes() if self.content is None else self.content


class Bundle(NamedTuple):
    """A config with its files. `changed` are keys that have other values on the node."""

    path: str
    sha256: str
    steps: int | None
    """Of the whole run, where that can be planned here."""
    files: tuple[Sent, ...]
    changed: tuple[tuple[str, Any], ...]
    elsewhere: tuple[str, ...]
    """What the config needs and each node has to have itself, or to download."""
    errors: tuple[str, ...]


class TooLarge(Exception):
    """More than may be sent. The text says how much, and of what."""


def of_config(path: str, gpus: int) -> Bundle:
    """Return what a config needs.

    Raises:
        ftbench.runners.configs.BadConfig: it cannot be trained.
        OSError: a file of it cannot be read.
    """
    loaded = configs.load(path, {}, gpus)
    values = loaded.values
    planned = configs.as_data(loaded, configs.plan(loaded, values)).get("total_steps")
    files = [_file(Path(path), CONFIG)]
    changed: dict[str, Any] = {}
    elsewhere = list(_elsewhere(values))
    for key in ("deepspeed", "fsdp_config"):
        named = values.get(key)
        if isinstance(named, str) and Path(named).is_file():
            files.append(_file(Path(named), f"{key}.json"))
            changed[key] = f"{key}.json"
    data, notes = _data(values)
    if data:
        changed["dataset_dir"] = DATA
    return Bundle(
        path,
        loaded.sha256,
        planned if isinstance(planned, int) else None,
        (*files, *data),
        tuple(changed.items()),
        (*elsewhere, *notes),
        loaded.errors,
    )


def within(bundles: list[Bundle], limit: int) -> int:
    """Return the bytes that are sent in all: a file that several configs name is sent once.

    Raises:
        TooLarge: that is more than the limit.
    """
    sizes = {one.digest: one for bundle in bundles for one in bundle.files}
    total = sum(one.size for one in sizes.values())
    if total > limit:
        largest = max(sizes.values(), key=lambda one: one.size)
        raise TooLarge(
            f"{total / 1e6:.0f} MB would be sent, {largest.size / 1e6:.0f} of it {largest.source};"
            f" --send-limit is {limit / 1e6:.0f} MB: raise it, or put the data where all nodes see"
            " it and pass --data-on-nodes"
        )
    return total


def _elsewhere(values: Mapping[str, Any]) -> Iterator[str]:
    model = values.get("model_name_or_path")
    if isinstance(model, str) and Path(model).is_dir():
        yield f"the model in {model} is not sent: each node reads that path, or set --model SHAPE"
    for key in ("adapter_name_or_path", "tokenized_path", "media_dir"):
        if values.get(key):
            yield f"{key} {values[key]} is not sent"


def _data(values: Mapping[str, Any]) -> tuple[list[Sent], list[str]]:
    """Return the files of a config's datasets, and what of them is not sent."""
    folder, here = values.get("dataset_dir", DATA), str(Path.cwd())
    named = [one for key in ("dataset", "eval_dataset") for one in words(values.get(key))]
    names = [one for one in named if isinstance(one, str)]
    if not names or not isinstance(folder, str):
        return [], []
    info = read_info(folder, here, Disk())
    files: list[Sent] = []
    notes: list[str] = []
    table: dict[str, object] = {}
    for name in dict.fromkeys(names):
        entry = define(name, info)
        if isinstance(entry, str):
            notes.append(entry)
            continue
        table[name] = info.table[name] if info.table is not None else {}
        if entry.load_from != FILE:
            notes.append(f"dataset {name}: each node reads {entry.location} itself")
            continue
        found = find(entry.location, folder, here, around(folder, here, Disk()))
        if isinstance(found, Trouble):
            notes.append(f"dataset {name}: {found.text}")
            continue
        for path in found.paths:
            place = PurePosixPath(os.path.relpath(path, Path(here, folder)))
            if ".." in place.parts:
                notes.append(f"dataset {name}: {path} is outside `dataset_dir` and is not sent")
                continue
            files.append(_file(Path(path), f"{DATA}/{place}"))
    if not files:
        return [], notes
    content = json.dumps(table, indent=1).encode()
    digest = hashlib.sha256(content).hexdigest()
    where = f"{Path(folder, INFO)}, of it {len(table)}"
    return [Sent(f"{DATA}/{INFO}", where, len(content), digest, content), *files], notes


def _file(path: Path, place: str) -> Sent:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return Sent(place, str(path), path.stat().st_size, digest.hexdigest())


def without_data(bundle: Bundle) -> Bundle:
    """Return a bundle without its data: nodes find that where the config says."""
    kept = tuple(one for one in bundle.files if not one.place.startswith(f"{DATA}/"))
    changed = tuple(one for one in bundle.changed if one[0] != "dataset_dir")
    return bundle._replace(files=kept, changed=changed)
