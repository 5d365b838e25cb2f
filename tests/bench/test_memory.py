"""Peaks of the caching allocator, step by step and by phase, on a real GPU."""

from __future__ import annotations

from typing import Any

import pytest

from ftbench.measure.memory import EVALUATION, TRAINING, Memory

MIB = 1 << 20


@pytest.mark.gpu
def test_each_step_has_a_peak_of_its_own() -> None:
    import torch

    def use(size: int) -> Any:
        return torch.empty(size * MIB, dtype=torch.uint8, device="cuda")

    weights = use(64)
    memory = Memory()
    memory.reset()
    held = []
    for size in (100, 300, 100):
        use(size)  # and gone again
        held.append(memory.step_end())
        memory.turn(EVALUATION)
        use(size + 100)
        memory.turn(TRAINING)
    memory.read()
    kept = len(weights)
    assert [one["allocated"] for one in held] == [kept + size * MIB for size in (100, 300, 100)]
    assert all(kept <= one["reserved"] for one in held)
    assert memory.found["between_steps"] == kept
    assert memory.found["peak_allocated"] == kept + 400 * MIB
    assert memory.found["phases"]["training"]["peak_allocated"] == kept + 300 * MIB
    assert memory.found["phases"]["evaluation"]["peak_allocated"] == kept + 400 * MIB
