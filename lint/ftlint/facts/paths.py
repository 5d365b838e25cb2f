"""Files and folders that a config names, and where they may lie."""

from __future__ import annotations

import os

from ftlint.support.disk import ReadFailure
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.support.disk import Disk

MOST_JSON = 1 << 20
"""Characters of a JSON file; settings have a few hundred."""


def opened(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the paths, by key, that a run opens under the very name that the config has for them.

    A model or an adapter with one slash may be a hub's. Settings that are no mapping are JSON
    files. Source: run with 0.9.3 to 0.9.5 (tests/oracle/test_paths.py).
    """
    model, adapters = values.get("model_name_or_path"), values.get("adapter_name_or_path")
    listed = adapters.split(",") if isinstance(adapters, str) else []
    found = {
        "model_name_or_path": [part for part in _text(model) if is_local(part)],
        "adapter_name_or_path": [part.strip() for part in listed if is_local(part.strip())],
        "new_special_tokens_config": _text(values.get("new_special_tokens_config")),
    }
    if "do_train" in values:
        for key in ("accelerator_config", "deepspeed", "fsdp_config"):
            found[key] = [part for part in _text(values.get(key)) if _is_file(part)]
        if _defines_data(values):
            found["dataset_dir"] = _text(values.get("dataset_dir"))
        if values.get("do_train") and values.get("stage") in ("pt", "sft", "dpo", "kto"):
            found["resume_from_checkpoint"] = _text(values.get("resume_from_checkpoint"))
    return {
        key: parts
        for key, parts in found.items()
        if parts and not any("\0" in one or placeholder_in(one) is not None for one in parts)
    }


def missing(paths: Mapping[str, list[str]], path: str, disk: Disk) -> dict[str, str]:
    """Return, by key, the first path that is nowhere here for a config at `path`.

    A relative one is looked for in every folder that the run may be started in as far as that can
    be seen: this one, the config's, and all above them.
    """
    starts = dict.fromkeys([*_above(_here(disk)), *_above(_folder_of(path, disk))])
    found: dict[str, str] = {}
    for key, parts in paths.items():
        entry = "dataset_info.json" if key == "dataset_dir" else ""
        for part in parts:
            names = dict.fromkeys(os.path.join(start, part, entry) for start in starts)
            if not any(disk.exists(name.rstrip(os.sep)) for name in names):
                found.setdefault(key, part)
    return found


def _above(folder: str) -> Iterator[str]:
    """Yield a folder and all that it lies in."""
    yield folder
    while folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
        yield folder


def _text(value: object) -> list[str]:
    return [value] if isinstance(value, str) and value else []


def is_local(name: str) -> bool:
    """Return whether a model or an adapter certainly lies in a folder: a hub's has one slash."""
    return name[:1] in ("/", ".", "~") or name.rstrip("/").count("/") > 1


def _is_file(settings: str) -> bool:
    """Return whether text is a file of settings: no JSON itself, nor base64, which has no dots."""
    return "." in settings and not settings.lstrip().startswith("{")


def _defines_data(values: Mapping[str, Any]) -> bool:
    """Return whether dataset_info.json is opened for certain: rows may be tokenized already."""
    folder = values.get("dataset_dir")
    elsewhere = isinstance(folder, str) and (folder == "ONLINE" or folder.startswith("REMOTE:"))
    named = values.get("dataset") or values.get("eval_dataset")
    return bool(named) and not elsewhere and not values.get("tokenized_path")


class ParsedJson(NamedTuple):
    """What a JSON file holds, or why the target cannot read it; neither where it is not known."""

    content: object = None
    fault: str = ""
    text: str = ""
    unfetched: bool = False
    """Whether a Git LFS pointer is in its place."""


def json_file(name: str, path: str, disk: Disk, most: int = MOST_JSON) -> ParsedJson:
    """Read a JSON file that a config at `path` names, when it lies within reach.

    LLaMA Factory takes it relative to where it is started (`folders`). Nothing outside is ever
    opened, and no more than `most` is read.
    """
    if "\0" in name:
        return ParsedJson()
    for start in folders(path, disk):
        data = disk.read(os.path.join(start, name), most + 1)
        if isinstance(data, ReadFailure):
            continue
        if len(data) > most:
            return ParsedJson()
        from ftlint.support.lfs import is_pointer

        if is_pointer(data):
            return ParsedJson(unfetched=True)
        try:
            return _parsed(data.decode("utf-8"))
        except UnicodeDecodeError:
            return ParsedJson(fault="not UTF-8")
    return ParsedJson()


_DATASETS = ({"dataset_dict.json"}, {"dataset_info.json", "state.json"})
"""What `datasets.load_from_disk` tells a folder of splits or of one dataset by [2.16 to 4.0]."""


def tokenized(name: object, path: str, disk: Disk, *, here: bool) -> dict[str, object]:
    """Return what the folder holds that a config at `path` names as `tokenized_path`.

    `tokenized_held`: its name, where it holds a dataset. `tokenized_stray`: its `path`, and what it
    `holds` that is none. A relative one is looked for as `json_file` does. Outside of the project
    it counts on the machine that trains alone.
    """
    if not isinstance(name, str) or not name or "\0" in name or placeholder_in(name) is not None:
        return {}
    for start in folders(path, disk):
        full = os.path.join(start, name)
        try:
            if not disk.is_folder(full) or not (here or disk.holds(full)):
                continue
            names = {*disk.names(full)}
        except OSError:
            continue
        if any(one <= names for one in _DATASETS):
            return {"tokenized_held": name}
        if names:
            return {"tokenized_stray": {"path": name, "holds": min(names)}}
    return {}


def _parsed(text: str) -> ParsedJson:
    """Read JSON as Python does, which takes no byte order mark, comment or last comma."""
    import json

    try:
        return ParsedJson(json.loads(text), text=text)
    except json.JSONDecodeError as error:
        return ParsedJson(fault=f"{error.msg} in line {error.lineno}")
    except (ValueError, RecursionError):
        return ParsedJson()


def folders(path: str, disk: Disk) -> Iterator[str]:
    """Yield the folders that a config may be started in, the likeliest first.

    What lies in a checkout of LLaMA Factory is started at its top: its own examples name their data
    from there. Otherwise in this folder, or from the config's own upwards.
    """
    root = _here(disk)
    folder = _folder_of(path, disk)
    below = []
    while _lies_below(folder, root):
        below.append(folder)
        folder = os.path.dirname(folder)
    checkout = next((one for one in below if _is_checkout(one, disk)), root)
    yield checkout
    yield from (one for one in (root, *below) if one != checkout)


def _is_checkout(folder: str, disk: Disk) -> bool:
    """Return whether a folder is the top of a LLaMA Factory, which was llmtuner up to 0.7."""
    return any(disk.is_folder(os.path.join(folder, "src", one)) for one in _PACKAGES)


_PACKAGES = ("llamafactory", "llmtuner")


def _here(disk: Disk) -> str:
    here = os.getcwd()
    return disk.real(here) or here


def _folder_of(path: str, disk: Disk) -> str:
    folder = os.path.dirname(os.path.abspath(path))
    return disk.real(folder) or folder


def _lies_below(path: str, folder: str) -> bool:
    return path != folder and path.startswith(os.path.join(folder, ""))


def info_root(
    dataset_dir: object, path: str, disk: Disk, known: Mapping[str, object]
) -> str | None:
    """Return the folder in which `dataset_dir` has a dataset_info.json for a config at `path`.

    Of several, the one that defines most of the datasets that are `known` to be named: which of
    them a run reads cannot be seen, and a name that one defines is no mistake. A table in its place
    is there wherever the run starts. None when there is none on this machine, or when datasets are
    defined elsewhere.
    """
    if isinstance(dataset_dir, dict):
        return next(folders(path, disk))
    if not isinstance(dataset_dir, str) or placeholder_in(dataset_dir) is not None:
        return None
    tables: dict[str, str] = {}
    for folder in folders(path, disk):
        table = os.path.join(folder, dataset_dir, "dataset_info.json")
        if disk.is_file(table):
            tables.setdefault(disk.real(table) or table, folder)
    found = [*tables.values()]
    if len(found) > 1:
        return _defining(_datasets(known), dataset_dir, found, disk)
    return found[0] if found else None


def _datasets(known: Mapping[str, object]) -> set[str]:
    """Return the names of datasets in a config."""
    listed = (known.get(fact) for fact in ("dataset_names", "eval_dataset_names"))
    return {
        one for names in listed if isinstance(names, list) for one in names if isinstance(one, str)
    }


def _defining(names: set[str], dataset_dir: str, starts: list[str], disk: Disk) -> str:
    """Return the first folder whose table defines all of the datasets, or else most of them."""
    from ftlint.datasets import read_info

    best, most = starts[0], -1.0
    for start in starts:
        info = read_info(dataset_dir, start, disk)
        defined: float = len(names.intersection(info.table or ()))
        if info.unfetched:  # it may well define them all
            defined = len(names) - 0.5
        if defined > most:
            best, most = start, defined
        if defined == len(names):
            break
    return best
