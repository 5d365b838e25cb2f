"""The starts of LLaMA Factory in a script."""

from __future__ import annotations

from ftlint.launch import hosts, slurm
from ftlint.launch.programs import launched
from ftlint.launch.shell import MOST, Shell
from ftlint.launch.tree import Fault
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftlint.launch.record import Launched
    from ftlint.launch.state import Call, Written


class Reading(NamedTuple):
    """What was read of a script.

    `calls` are all programs that it calls, in order; `launches` those that are LLaMA Factory.
    """

    launches: tuple[Launched, ...]
    calls: tuple[Call, ...]
    written: tuple[Written, ...]
    fault: Fault | None
    unset: dict[str, int]
    """Variables that it uses and does not set, without a default; each with its first place."""
    asked: frozenset[str]
    """All that it uses or tests and does not set."""
    assigned: frozenset[str]
    steps: int
    """How many commands were followed; a script with more than `shell.MOST` was left there."""

    @property
    def is_cut(self) -> bool:
        """Return whether the script goes on behind what was followed."""
        return self.steps > MOST


def read(
    text: str, name: str, sources: Callable[[str], str | None] | None = None
) -> tuple[Launched, ...]:
    """Return every start of LLaMA Factory in a script, in its order. Never raises.

    `sources` returns the text of a file that the script names, such as that of `source FILE`, or
    None; one in the script's own folder begins with `HERE`.
    """
    return look(text, name, sources).launches


def look(text: str, name: str, sources: Callable[[str], str | None] | None = None) -> Reading:
    """Return what a script calls, and which of it is LLaMA Factory.

    One that is a job array is followed for each of its tasks.
    """
    header = slurm.header_of(text)
    shell = Shell(text, sources, slurm.set_by(header))
    stretches = hosts.stretches(text, name)
    tasks = (header.array if slurm.OF_ARRAY in text else ()) or (None,)
    try:
        if stretches is None:
            for task in tasks:
                shell.begin(slurm.set_by(header, task))
                shell.follow(text, range(len(text) + 1))
        for stretch in stretches or ():
            shell.begin(shell.outside)
            shell.follow(stretch.text, stretch.at)
    except RecursionError:  # `${A:-${A:-…}}`: what stands before it has been followed
        shell.faults.append(Fault(0, "it is nested too deeply"))
    found: dict[Launched, None] = {}
    for call in shell.calls:
        line = text.count("\n", 0, call.start) + 1
        one = launched(call, name, line, header, sources)
        if one is not None:
            found[one] = None
    fault = shell.faults[0] if shell.faults and stretches is None else None
    return Reading(
        tuple(found), tuple(shell.calls), tuple(shell.written), fault, shell.unset,
        frozenset(shell.asked), frozenset(shell.assigned), shell.steps,
    )  # fmt: skip
