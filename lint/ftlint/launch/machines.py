"""Files that say on what a start runs: configs of `accelerate`, hostfiles of DeepSpeed.

Sources: accelerate commands/launch.py `_validate_launch_command`, utils/launch.py, 1.11;
deepspeed/launcher/runner.py `_parse_hostfile`, 0.10 to 0.19.
"""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Files = Callable[[str], "str | None"]
    """Returns the text of a file that a script names, or None."""

_SEVERAL = frozenset(
    "MULTI_GPU MULTI_NPU MULTI_MLU MULTI_XPU MULTI_HPU DEEPSPEED FSDP MEGATRON_LM".split()
)
"""Types of a run for which accelerate starts more than one process."""
_ENTRY = re.compile(r"""^["']?(\w+)["']?[ \t]*:[ \t]*["']?([^\s"'#,]+)""", re.M)


class Machines(NamedTuple):
    """Processes of a whole run, and nodes; None where the file does not say."""

    processes: int | None = None
    nodes: int | None = None
    alone: bool = False
    """Whether one process is started, whatever is said of their number."""


def of_accelerate(text: str) -> Machines | None:
    """Return what a config of accelerate says; None of one that another program is to start."""
    said = dict(_ENTRY.findall(re.sub(r"(?m)^[ \t]+(?=\")", "", text) if "{" in text[:2] else text))
    if said.get("compute_environment", "LOCAL_MACHINE") != "LOCAL_MACHINE":
        return None
    kind = said.get("distributed_type", "")
    if kind == "NO":
        return Machines(1, 1, alone=True)
    if kind not in _SEVERAL:
        return None
    return Machines(_count(said.get("num_processes")), _count(said.get("num_machines", "1")))


def of_hostfile(text: str) -> Machines | None:
    """Return the processes and hosts of a hostfile; None where hosts differ, or it is none."""
    lines = [line.strip() for line in text.splitlines()]
    hosts = [re.match(r"(\S+)\s+slots=(\d+)", one) for one in lines if one and one[0] != "#"]
    slots = {one and one[2] for one in hosts}
    count = _count(slots.pop()) if len(slots) == 1 else None
    return None if count is None else Machines(count * len(hosts), len(hosts))


def _count(said: str | None) -> int | None:
    return int(said) if said is not None and said.isdecimal() and int(said) else None
