"""The other configs of a folder, as far as a later stage must fit them: what they write, how fast.

Of them a few keys are read, as most people write them: a line of its own, at the margin.
"""

from __future__ import annotations

import os
import re

from ftlint.support.disk import Unreadable
from ftlint.support.files import SUFFIXES
from ftlint.target.classify import placeholder_in
from ftlint.target.slips import guess
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.support.disk import Disk

MOST, MAX_BYTES = 100, 1 << 16
"""Files that are looked into, and how far."""
_KEY = re.compile(
    r"^[\"']?(output_dir|learning_rate|stage|finetuning_type)[\"']?[ \t]*:([^\r\n]*)", re.M
)


class Sibling(NamedTuple):
    """A config beside another one. `kind`: its stage and method."""

    name: str
    text: str
    output_dir: str | None
    kind: tuple[str, str]
    learning_rate: float | None


def facts(config: Mapping[str, Any], path: str, disk: Disk) -> dict[str, object]:
    """Return what a run that goes on from another one can be held against.

    `earlier_config`, `earlier_rate`: of the config in the same folder that writes what this run of
    the same stage and method goes on from, and the rate it names; of several the fastest.
    `near_config`, `near_output`: where no file there speaks of it and nothing lies there, the
    config that writes to a folder of nearly that name.
    """
    begun = config.get("adapter_name_or_path") or config.get("model_name_or_path")
    if not isinstance(begun, str) or not _is_folder(begun) or not disk.is_file(path):
        return {}
    begun = os.path.normpath(begun)
    others = list(_others(path, disk))
    readable = [one for one in others if isinstance(one, Sibling)]
    writers = [one for one in readable if one.output_dir and _lies_in(begun, one.output_dir)]
    if writers:
        kind = str(config.get("stage", "sft")), str(config.get("finetuning_type", "lora"))
        rates = [(one.learning_rate, one.name) for one in writers if one.kind == kind]
        if len(rates) < len(writers) or any(rate is None for rate, _ in rates):
            return {}
        rate, name = max((rate or 0.0, name) for rate, name in rates)
        return {"earlier_config": name, "earlier_rate": rate}
    told = len(readable) < len(others) or any(begun in one.text for one in readable)
    near = None if told or not config.get("adapter_name_or_path") else _near(begun, readable, disk)
    return {} if near is None else {"near_config": near.name, "near_output": near.output_dir}


def _is_folder(name: str) -> bool:
    """Return whether a name, which has slashes, is meant as one folder of this project."""
    return not (
        "," in name or "\0" in name or os.path.isabs(name) or placeholder_in(name) is not None
    )


def _lies_in(begun: str, output_dir: str) -> bool:
    return begun == output_dir or begun.startswith(f"{output_dir}{os.sep}checkpoint-")


def _near(begun: str, others: list[Sibling], disk: Disk) -> Sibling | None:
    """Return the config that writes to a folder of nearly that name, where nothing lies there."""
    if disk.exists(begun):
        return None
    folder, name = os.path.split(begun)
    leaves = {
        os.path.basename(one.output_dir): one
        for one in others
        if one.output_dir is not None and os.path.dirname(one.output_dir) == folder
    }
    near = guess(name, leaves)
    return None if near is None else leaves[near.name]


def _others(path: str, disk: Disk) -> Iterator[Sibling | None]:
    """Yield the other configs of the folder; None for what is not, or not wholly, looked at."""
    folder, own = os.path.split(path)
    try:
        names = sorted(disk.names(folder or "."))
    except OSError:
        return
    names = [one for one in names if one.lower().endswith(SUFFIXES) and one != own]
    for name in names[:MOST]:
        data = disk.read(os.path.join(folder, name), MAX_BYTES + 1)
        if isinstance(data, Unreadable) or b"\0" in data:
            yield None
            continue
        text = data.decode("utf-8", "replace")
        found = {match[1]: _value(match[2]) for match in _KEY.finditer(text)}
        output = found.get("output_dir")
        if len(data) > MAX_BYTES or (output is not None and placeholder_in(output) is not None):
            yield None
            continue
        yield Sibling(
            name, text, os.path.normpath(output) if output else None,
            (found.get("stage") or "sft", found.get("finetuning_type") or "lora"),
            _number(found.get("learning_rate")),
        )  # fmt: skip
    if len(names) > MOST:
        yield None


def _value(written: str) -> str | None:
    """Return a plain or quoted scalar that stands on one line; None for anything else."""
    text = written.strip()
    if text[:1] in ("'", '"'):
        return text[1:].partition(text[0])[0] or None
    if not text or text[0] in "#&*!|>{[%@`":
        return None
    return re.split(r"[ \t]#", text, maxsplit=1)[0].strip()


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
