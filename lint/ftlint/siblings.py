"""The other configs of a folder, as far as a later stage must fit them: what they write, how fast.

Of them only three keys are read, as most people write them: a line of its own, at the margin.
"""

from __future__ import annotations

import os
import re

from ftlint.discovery import placeholder_in
from ftlint.files import Unreadable, read
from ftlint.outside import note
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

MOST, MAX_BYTES = 100, 1 << 16
"""Files that are looked into, and how far."""
ALIKE = 0.8
"""How alike two folders' names are of which one is a slip of the other, as difflib has it."""
_KEY = re.compile(
    r"^(output_dir|learning_rate|stage)[ \t]*:[ \t]*(['\"]?)([^'\"#\r\n]+?)\2[ \t]*(?:#.*)?$", re.M
)


class Sibling(NamedTuple):
    """A config beside another one."""

    name: str
    output_dir: str
    stage: str
    learning_rate: float | None


def facts(config: Mapping[str, Any], path: str) -> dict[str, object]:
    """Return what a run that goes on from another one can be held against.

    `earlier_config`, `earlier_rate`: of the config in the same folder that writes what this run of
    the same stage goes on from, and the rate it names. `near_config`, `near_output`: where none
    does and nothing lies there, the one that writes to a folder of nearly that name.
    """
    begun = config.get("adapter_name_or_path") or config.get("model_name_or_path")
    if not isinstance(begun, str) or not _is_folder(begun) or not os.path.isfile(path):
        return {}
    begun = os.path.normpath(begun)
    others = list(_others(path))
    for one in others:
        if begun == one.output_dir or begun.startswith(f"{one.output_dir}{os.sep}checkpoint-"):
            if one.learning_rate is None or one.stage != config.get("stage", "sft"):
                return {}
            return {"earlier_config": one.name, "earlier_rate": one.learning_rate}
    near = _near(begun, others) if config.get("adapter_name_or_path") else None
    return {} if near is None else {"near_config": near.name, "near_output": near.output_dir}


def _is_folder(name: str) -> bool:
    """Say whether a name, which has slashes, is meant as one folder of this project."""
    return not (
        "," in name or "\0" in name or os.path.isabs(name) or placeholder_in(name) is not None
    )


def _near(begun: str, others: list[Sibling]) -> Sibling | None:
    """Return the config that writes nearly there, where nothing lies there."""
    note(begun)
    if os.path.exists(begun):
        return None
    from difflib import SequenceMatcher

    def alike(one: Sibling) -> float:
        return SequenceMatcher(None, one.output_dir, begun).ratio()

    close = [one for one in others if os.path.dirname(one.output_dir) == os.path.dirname(begun)]
    best = max(close, key=alike, default=None)
    return best if best is not None and alike(best) >= ALIKE else None


def _others(path: str) -> Iterator[Sibling]:
    folder, own = os.path.split(path)
    note(folder or ".")
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return
    for name in [one for one in names if one.endswith((".yaml", ".yml")) and one != own][:MOST]:
        other = os.path.join(folder, name)
        note(other)
        data = read(other, MAX_BYTES)
        if isinstance(data, Unreadable):
            continue
        found = {match[1]: match[3] for match in _KEY.finditer(data.decode("utf-8", "replace"))}
        if "output_dir" in found and placeholder_in(found["output_dir"]) is None:
            yield Sibling(
                name, os.path.normpath(found["output_dir"]), found.get("stage", "sft"),
                _number(found.get("learning_rate")),
            )  # fmt: skip


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
