"""What a script says to Slurm: the `#SBATCH` lines at its head, and `srun` before a program."""

from __future__ import annotations

import re

from ftlint.launch.record import Fact
from ftlint.launch.values import ShellString
from ftlint.launch.wrappers import base
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.launch.values import Field

MOST_TASKS = 64
"""Tasks of a job array that are told apart."""
OF_ARRAY = "SLURM_ARRAY_TASK_"
"""What the names of the variables begin with that Slurm sets for a task of a job array."""


class Header(NamedTuple):
    """What `#SBATCH` lines ask for; None where they do not say."""

    gpus: Fact | None = None
    nodes: Fact | None = None
    tasks: Fact | None = None
    array: tuple[int, ...] = ()
    """The numbers of the tasks of a job array: the script runs once for each of them."""


_SBATCH = re.compile(r"^#SBATCH[ \t]+(-{1,2}[\w-]+)(?:[= \t]+(\S+))?", re.M)
_OF_SBATCH = {
    "--gpus-per-node": "gpus", "--gres": "gpus", "--nodes": "nodes", "-N": "nodes",
    "--ntasks": "tasks", "-n": "tasks", "--ntasks-per-node": "tasks",
}  # fmt: skip


def header_of(text: str) -> Header:
    """Return what the lines for Slurm at the head of a script ask for."""
    if "#SBATCH" not in text:
        return Header()
    found: dict[str, Fact] = {}
    for match in _SBATCH.finditer(text):
        name, value = match[1], match[2] or ""
        fact = _OF_SBATCH.get(name)
        if fact is None:
            continue
        if fact == "gpus" and "gpu" not in value and name == "--gres":
            continue
        number = re.fullmatch(r"(?:[\w-]+:)*(\d+)", value)
        if number is not None and int(number[1]):
            start, end = match.start(1), match.end()
            said = f"#SBATCH {name}={value}"
            found[fact] = Fact(fact, int(number[1]), start, end, said)  # type: ignore[arg-type]
    return Header(found.get("gpus"), found.get("nodes"), found.get("tasks"), _array(text))


_ARRAY = re.compile(r"^#SBATCH[ \t]+(?:--array|-a)[= \t]*([\d,:-]+)(?:%\d+)?[ \t]*(?:#.*)?$", re.M)


def _array(text: str) -> tuple[int, ...]:
    """Return the tasks of a job array, `0-7`, `1,3` or `0-9:3`; none of one with too many."""
    asked = _ARRAY.findall(text)
    if not asked:
        return ()
    tasks: dict[int, None] = {}
    for stretch in asked[-1].split(","):
        span = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6})(?::(\d{1,4}))?)?", stretch)
        if span is None:
            return ()
        first, last, step = int(span[1]), int(span[2] or span[1]), int(span[3] or 1)
        last = min(last, first + MOST_TASKS * step)
        tasks.update(dict.fromkeys(range(first, last + 1, step or 1)))
    return tuple(tasks) if len(tasks) <= MOST_TASKS else ()


def set_by(header: Header, task: int | None = None) -> dict[str, ShellString]:
    """Return the variables that Slurm sets from what the head of a script asks for.

    `task` is that of a job array.
    """
    asked = {
        "SLURM_NNODES": header.nodes, "SLURM_JOB_NUM_NODES": header.nodes,
        "SLURM_GPUS_ON_NODE": header.gpus,
    }  # fmt: skip
    found = {
        name: ShellString(
            number := str(fact.value),
            [fact.end - 1] * len(number),
            (f"the run gets what {fact.said} asks for",),
        )
        for name, fact in asked.items()
        if fact is not None
    }
    if task is not None:
        told = {"ID": task, "COUNT": len(header.array), "MIN": min(header.array),
                "MAX": max(header.array)}  # fmt: skip
        for name, value in told.items():
            found[f"{OF_ARRAY}{name}"] = ShellString(str(value), [0] * len(str(value)))
    return found


def tasks_of(words: Sequence[Field]) -> Fact | None:
    """Return how many times `srun` or `mpirun` start the program, where they say so."""
    name = base(words[0].text)
    if name not in ("srun", "mpirun", "mpiexec"):
        return None
    for place, word in enumerate(words[1:], 1):
        option, equals, value = word.text.partition("=")
        if option in ("-n", "--ntasks", "-np", "--ntasks-per-node"):
            behind = words[place + 1].text if place + 1 < len(words) else ""
            number = value if equals else behind
            if number.isdecimal():
                said = f"{name} {option} {number}"
                return Fact("tasks", int(number), word.start, word.end, said)
            return None
        attached = re.fullmatch(r"-n(\d+)", word.text)
        if attached is not None:
            said = f"{name} {word.text}"
            return Fact("tasks", int(attached[1]), word.start, word.end, said)
    return None
