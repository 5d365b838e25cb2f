"""Where the files of a model lie on this machine: in the folder that a config names, or in the
cache of Hugging Face's hub. They are read wherever they lie, to be counted by, and never shown.

Source: huggingface_hub `constants.py`, `file_download.py` (0.34 to 1.0).
"""

from __future__ import annotations

import os

from ftlint.facts.paths import folders
from ftlint.support.disk import ReadFailure
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.support.disk import Disk


def folder_with(file: str, values: Mapping[str, Any], path: str, disk: Disk) -> str | None:
    """Return the folder of the model of a config at `path` that has this file, None for none."""
    model = values.get("model_name_or_path")
    if not isinstance(model, str) or not model or "\0" in model or placeholder_in(model):
        return None
    places = [os.path.join(start, os.path.expanduser(model)) for start in folders(path, disk)]
    for folder in (*places, *_snapshots(model, values, disk)):
        if disk.is_file(os.path.join(folder, file)):
            return folder
    return None


def _snapshots(model: str, values: Mapping[str, Any], disk: Disk) -> Iterator[str]:
    """Yield the folder that the hub's cache has of a model at the revision that is asked for."""
    parts = model.split("/")
    if len(parts) != 2 or any(part in ("", ".", "..", "~") for part in parts):
        return
    revision = str(values.get("model_revision") or "main")
    if os.sep in revision or revision in (".", ".."):
        return
    for cache in _caches(values):
        folder = os.path.join(cache, f"models--{parts[0]}--{parts[1]}")
        commit = disk.anywhere().read(os.path.join(folder, "refs", revision), 100)
        name = revision if isinstance(commit, ReadFailure) else commit.decode("ascii", "replace")
        if name.strip().isalnum():
            yield os.path.join(folder, "snapshots", name.strip())


def _caches(values: Mapping[str, Any]) -> Iterator[str]:
    stated, environment = values.get("cache_dir"), os.environ
    if isinstance(stated, str) and os.path.isabs(stated):
        yield stated
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environment.get(name):
            yield environment[name]
    home = environment.get("HF_HOME") or os.path.join(
        environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
    )
    yield os.path.join(home, "hub")
