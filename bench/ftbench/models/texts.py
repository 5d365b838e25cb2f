"""Text of a config's own datasets, to train a tokenizer on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 2_000_000
"""Characters in all: a vocabulary of 32,000 changes little with more."""

SHORTEST = 2_000
"""Below so many characters there is nothing to learn from."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def texts(config: Mapping[str, Any], folder: str) -> str:
    """Return text of the local files that a config's datasets are in, empty if there are none."""
    parts: list[str] = []
    room = LIMIT
    for path in _files(config, folder):
        if room <= 0:
            break
        text = _read(path, room)
        parts.append(text)
        room -= len(text)
    found = "\n".join(parts)
    return found if len(found) >= SHORTEST else ""


def _files(config: Mapping[str, Any], folder: str) -> Iterator[Path]:
    named = config.get("dataset")
    names = named.split(",") if isinstance(named, str) else named
    where = config.get("dataset_dir", "data")
    if not isinstance(names, list) or not isinstance(where, str):
        return
    root = Path(folder, where)
    try:
        info = json.loads((root / "dataset_info.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name in names:
        entry = info.get(str(name).strip()) if isinstance(info, dict) else None
        file = entry.get("file_name") if isinstance(entry, dict) else None
        if isinstance(file, str):
            path = root / file
            yield from sorted(path.iterdir()) if path.is_dir() else [path]


def _read(path: Path, room: int) -> str:
    """Return the texts of a file, of its head if it is large. A JSON key is text like any other."""
    kind = path.suffix.lower()
    if kind not in (".json", ".jsonl", ".csv", ".txt"):
        return ""
    try:
        with path.open("rb") as file:
            text = file.read(room).decode("utf-8", errors="ignore")
    except OSError:
        return ""
    if kind in (".csv", ".txt"):
        return text
    return "\n".join(_values(text))


def _values(text: str) -> Iterator[str]:
    for found in _STRING.finditer(text):
        if text[found.end() : found.end() + 8].lstrip().startswith(":"):
            continue  # a key
        try:
            yield str(json.loads(found.group()))
        except ValueError:
            continue
