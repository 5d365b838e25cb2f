"""What makes a run's times untrustworthy, as sentences."""

from __future__ import annotations

from statistics import mean, median
from typing import TYPE_CHECKING

from ftbench.analysis import interval
from ftbench.analysis.warmup import Warmup, relative

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.results import record

UNSTABLE, GROSS = 0.10, 0.25
DRIFT = 0.03
STALL = 0.05
HOST = 0.5
"""A run whose steps take more than this share whatever their tokens is bound by the host."""
SPREAD, WAKING = 32_768, 0.002
"""torch spreads an operation on more numbers than this over threads; seconds that are worth a word
(on 32 cores of a virtual machine: docs/benchmarks/raw/2026-11-25-h100-pair-2/threads.txt)."""
FEW = 4
"""Threads that wake at once there."""
SLOWED = {0x8: "hardware slowdown", 0x20: "heat", 0x40: "heat (hardware)", 0x80: "power brake"}
"""NVML's clock event reasons that slow a card; a power cap and idleness are normal."""


def tokens_of(step: record.Step) -> int:
    """Return the positions computed in a step, padding included."""
    return sum(batch[0] * batch[1] for batch in step["micro_batches"])


def find(result: record.Result, steady: Sequence[record.Step], warm: Warmup) -> list[str]:
    """Return what is to be said against a run's times."""
    return [
        *result["flags"],
        *_of_steps(steady, warm),
        *_of_memory(result["memory"]),
        *_of_device(result["device"]),
        *_of_threads(result["environment"], steady),
    ]


def _of_threads(
    environment: record.Environment | None, steady: Sequence[record.Step]
) -> Iterator[str]:
    """Yield that each batch waits for threads of the CPU, where batches are large enough."""
    if environment is None:
        return
    threads, waking = environment.get("threads", 1), environment.get("waking", 0.0)
    largest = max((one[0] * one[1] for step in steady for one in step["micro_batches"]), default=0)
    if threads > FEW and waking > WAKING and largest > SPREAD:
        yield (
            f"each copy of a batch of more than {SPREAD:,} tokens wakes {threads} threads of torch,"
            f" {1000 * waking:.0f} ms: set OMP_NUM_THREADS={FEW}"
        )


def _of_steps(steady: Sequence[record.Step], warm: Warmup) -> Iterator[str]:
    if not warm.settled:
        yield "still warming up when it ended: more steps are needed (--steps)"
    if len(steady) < 3:
        return
    seconds = [step["seconds"] for step in steady]
    work = [tokens_of(step) for step in steady]
    wide = interval.spread(relative(seconds, work))
    if wide > UNSTABLE:
        grade = "grossly unstable" if wide > GROSS else "unstable"
        yield f"{grade}: the middle half of like steps spreads over {wide:.0%} of their time"
    waited = [step["data"] for step in steady if step["data"] is not None]
    if waited and sum(waited) > STALL * sum(seconds):
        yield f"waits for data {sum(waited) / sum(seconds):.0%} of the time"
    if (fixed := fixed_share(steady)) is not None and fixed > HOST:
        yield (
            f"host-bound: {fixed:.0%} of a step's time does not depend on its tokens; larger"
            " batches cost little more"
        )


def fixed_share(steady: Sequence[record.Step]) -> float | None:
    """Return the share of time that does not grow with tokens; None where tokens hardly vary."""
    work = [tokens_of(step) for step in steady]
    if len(steady) < 8 or min(work) * 1.3 >= max(work):
        return None
    middle, height = mean(work), mean(step["seconds"] for step in steady)
    across = sum((size - middle) ** 2 for size in work)
    slope = sum((size - middle) * (step["seconds"] - height) for size, step in zip(work, steady))
    return min(1.0, max(0.0, 1 - slope / across * middle / height))


def _of_memory(memory: record.Memory | None) -> Iterator[str]:
    if memory is None:
        return
    if memory["allocator_retries"]:
        yield (
            f"the allocator ran dry {memory['allocator_retries']} times and began again: too little"
            " memory is left for times to hold"
        )
    if memory["out_of_memory"]:
        yield f"out of memory {memory['out_of_memory']} times on the way"


def _of_device(device: record.Device | None) -> Iterator[str]:
    if device is None:
        return
    if device["other_processes"]:
        yield f"{device['other_processes']} other processes used the GPU"
    reasons = {int(sample[4]) for sample in device["samples"] if len(sample) > 4}
    slowed = [text for bit, text in SLOWED.items() if any(one & bit for one in reasons)]
    if slowed:
        yield f"throttled: {', '.join(slowed)}"
    clocks = [sample[1] for sample in device["samples"] if sample[1]]
    third = len(clocks) // 3
    if third >= 3:
        first, last = median(clocks[:third]), median(clocks[-third:])
        if abs(last / first - 1) > DRIFT:
            yield f"clocks drifted by {last / first - 1:+.0%} from the first third to the last"
