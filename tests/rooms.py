"""The rooms of ftlint and what they import of each other: `python -m tests.rooms` prints it.

A room is a folder of `lint/ftlint`, or a module at its top. The floors are the one order in which
every arrow points down.
"""

from __future__ import annotations

import re
from collections import defaultdict

from tests.imports import ROOT, graph, modules

FLOORS = (
    "cli", "agents", "authoring", "server", "api", "run", "report", "doctor", "fixes", "engine",
    "starts", "loading", "verdict", "rules", "results", "project", "edits", "facts", "launch",
    "rulebook", "tokens", "datasets", "steps", "memory", "target", "sources", "syntax",
    "diagnostics", "support",
)  # fmt: skip
"""From the top down: a room imports only rooms behind it in this list."""
TOP = (
    "__init__", "__main__", "api", "diagnostics", "engine", "loading", "results", "verdict",
)  # fmt: skip
"""The modules at the top of the package."""
_MAY = re.compile(r"May import: ([^.]*)\.")

Arrows = dict[str, dict[str, set[tuple[str, str]]]]
"""Room -> imported room -> the imports behind it, module by module."""


def arrows() -> Arrows:
    """Return what the rooms of ftlint import of each other."""
    found: Arrows = defaultdict(lambda: defaultdict(set))
    for module, targets in graph(modules()).items():
        for target in targets:
            ours, theirs = room_of(module), room_of(target)
            if ours and theirs and ours != theirs:
                found[ours][theirs].add((module, target))
    return found


def room_of(module: str) -> str | None:
    """Return the room of a module; None for the package itself and for other packages."""
    parts = module.split(".")
    return parts[1] if parts[0] == "ftlint" and len(parts) > 1 else None


def stated(room: str) -> set[str] | None:
    """Return the rooms that a room's docstring says it may import; None where it says all."""
    text = (ROOT / "lint" / "ftlint" / room / "__init__.py").read_text("utf-8")
    said = _MAY.search(text)
    assert said is not None, room
    words = " ".join(said[1].split())
    if words == "every other room":
        return None
    return set() if words == "no other room" else set(words.split(", "))


def main() -> None:
    """Print the rooms from the top down, and what each imports."""
    found = arrows()
    for room in FLOORS:
        told = ", ".join(
            f"{target} ({len(found[room][target])})" for target in FLOORS if target in found[room]
        )
        print(f"{room:12} -> {told or 'nothing'}")
    print(f"{sum(map(len, found.values()))} arrows between {len(FLOORS)} rooms")


if __name__ == "__main__":
    main()
