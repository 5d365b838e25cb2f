"""What is stated of a run, in one call, for tests: as options of the command line state it."""

from __future__ import annotations

from typing import Any

from ftlint.facts.launch import Launch
from ftlint.facts.layers import COMMAND_LINE, Facts, Given, Layer


def stating(
    gpus: int | None = None,
    nodes: int | None = None,
    dataset_sizes: tuple[tuple[str, int], ...] = (),
    dataset_dir: str | None = None,
    facts: Facts = (),
    here: bool = False,
    **more: Any,
) -> Given:
    """Return what these state; `more` are fields of `Given`."""
    layer = Layer(COMMAND_LINE, Launch(gpus, nodes), dataset_dir, dataset_sizes, here=here)
    return Given((layer.with_facts(facts),), **more)
