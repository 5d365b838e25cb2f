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
    """Yield the folder that each cache has of a model at the revision that is asked for."""
    revision = str(values.get("model_revision") or "main")
    stated = values.get("cache_dir")
    own = [stated] if isinstance(stated, str) and os.path.isabs(stated) else []
    for cache in (*own, *hub_caches()):
        folder = snapshot(model, revision, cache, disk)
        if folder is not None:
            yield folder


def snapshot(model: str, revision: str, cache: str, disk: Disk) -> str | None:
    """Return the folder that a cache of the hub has for a revision of a model, there or not."""
    parts = model.split("/")
    if len(parts) != 2 or any(part in ("", ".", "..", "~") for part in parts):
        return None
    if os.sep in revision or revision in (".", ".."):
        return None
    folder = os.path.join(cache, f"models--{parts[0]}--{parts[1]}")
    commit = disk.anywhere().read(os.path.join(folder, "refs", revision), 100)
    name = revision if isinstance(commit, ReadFailure) else commit.decode("ascii", "replace")
    return os.path.join(folder, "snapshots", name.strip()) if name.strip().isalnum() else None


def hub_caches() -> tuple[str, ...]:
    """Return the folders in which the hub's own programs keep what they download, theirs first."""
    environment = os.environ
    named = [environment.get(name) for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")]
    home = environment.get("HF_HOME") or os.path.join(
        environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
    )
    return (*filter(None, named), os.path.join(home, "hub"))
