"""What a run comes to: figures that a stated law fixes beforehand, and the doubts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.bench.made import H100, LORA, MODEL_8B, noisy, result, step

from ftbench.analysis.summary import summarise
from ftbench.report import summary


def steady(count: int = 30, seconds: float = 1.2) -> list[Any]:
    """A cold step, then steps of 4 x 2,048 tokens twice."""
    noise = noisy(1, 0.005)
    times = [6.0, *(noise(seconds) for _ in range(count))]
    return [step(time, [(4, 2048), (4, 2048)]) for time in times]


def test_rates() -> None:
    found = summarise(result(steady()))
    assert found.warm.steps >= 1
    assert found.rate is not None
    assert found.rate.low <= 1 / 1.2 * 1.003
    assert found.rate.value == pytest.approx(1 / 1.2, rel=0.01)
    assert found.step is not None
    assert found.step.value == pytest.approx(1.2, rel=0.01)
    assert found.tokens is not None
    assert found.tokens.all == pytest.approx(4 * 2048 * 2 / 1.2, rel=0.01)
    assert found.tokens.padding == 0
    assert found.parts["forward_backward"] == pytest.approx(0.9, rel=1e-6)
    assert not found.flags


def test_three_kinds_of_tokens() -> None:
    steps = steady()
    for one in steps:
        one["micro_batches"] = [[4, 1000, 3000, 1500, 4_000_000]]
    tokens = summarise(result(steps)).tokens
    assert tokens is not None
    assert tokens.padding == 0.25
    assert tokens.real == pytest.approx(tokens.all * 0.75)
    assert tokens.loss == pytest.approx(tokens.all * 0.375)


def test_mfu_of_a_published_run() -> None:
    """8B LoRA without checkpointing at 12,473 tokens/s of length 4,096: 41.9 % of 989 TFLOP/s."""
    steps = [step(2 * 4096 / 12473, [(2, 4096)]) for _ in range(30)]
    plain = {**LORA, "gradient_checkpointing": False}
    found = summarise(result(steps, method=plain), measured=798.0)
    causal = next(one for one in found.utilisation if one.attention == "causal")
    assert causal.mfu_spec == pytest.approx(0.419, abs=0.003)
    assert causal.mfu_measured == pytest.approx(0.519, abs=0.004)
    assert causal.hfu_spec == causal.mfu_spec


def test_more_than_the_card_can_do_is_refused() -> None:
    steps = [step(0.2, [(4, 2048)]) for _ in range(20)]
    found = summarise(result(steps), measured=798.0)
    assert not found.utilisation
    assert any("more than the 798" in flag for flag in found.flags)
    assert not any("MFU 1" in line for line in summary.lines(found))


def test_unlisted_card_and_unknown_model() -> None:
    environment = {**result([])["environment"], "gpu": {**H100, "name": "NVIDIA H100"}}  # type: ignore[dict-item]
    found = summarise(result(steady(), environment=environment))
    assert any("no peak is known" in line for line in summary.lines(found))
    found = summarise(result(steady(), model={**MODEL_8B, "experts": 8}))
    assert any("mixture of experts" in line for line in summary.lines(found))


def test_not_captured_is_said_and_is_never_zero() -> None:
    bare = [step(1.0, [], data=None, forward_backward=None, optimizer=None, other=None)] * 9
    found = summarise(result(bare, memory=None, device=None, phases=None, model=None))
    lines = list(summary.lines(found))
    assert found.parts == dict.fromkeys(found.parts)
    assert sum(line.count("not captured") for line in lines) == 8
    assert not any("0.00 GB" in line or " 0.0%" in line for line in lines)


def test_a_run_without_steps_still_renders() -> None:
    assert "no step was timed" in list(summary.lines(summarise(result([]))))


def samples(clocks: list[float], reason: int = 0) -> dict[str, Any]:
    return {
        "samples": [[float(at), clock, 600.0, 60.0, reason] for at, clock in enumerate(clocks)],
        "other_processes": 0,
    }


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"device": samples([1900.0] * 30, 0x20)}, "throttled: heat"),
        ({"device": samples([1900.0] * 15 + [1700.0] * 15)}, "clocks drifted by -11%"),
        ({"device": {"samples": [], "other_processes": 2}}, "2 other processes"),
        ({"memory": {**result([])["memory"], "allocator_retries": 3}}, "ran dry 3 times"),  # type: ignore[dict-item]
        ({"flags": ["something the runner saw"]}, "something the runner saw"),
    ],
)
def test_doubts(changed: dict[str, Any], told: str) -> None:
    assert any(told in flag for flag in summarise(result(steady(), **changed)).flags)


def test_a_power_cap_is_normal() -> None:
    assert not summarise(result(steady(), device=samples([1900.0] * 30, 0x4))).flags


def test_unstable_stalling_and_host_bound_runs() -> None:
    noise = noisy(3, 0.25)
    wild = [step(noise(1.0), [(4, 2048)]) for _ in range(40)]
    assert any("unstable" in flag for flag in summarise(result(wild)).flags)
    stalls = [step(1.0, [(4, 2048)], data=0.2) for _ in range(20)]
    assert any("waits for data 20%" in flag for flag in summarise(result(stalls)).flags)


@pytest.mark.parametrize(
    ("rows", "waking", "said"), [(40, 0.007, True), (32, 0.007, False), (40, 0.0001, False)]
)
def test_threads_that_wake_slowly_are_told(rows: int, waking: float, said: bool) -> None:
    steps = [step(1.0, [(rows, 1024)]) for _ in range(20)]
    host = {**result([])["environment"], "threads": 32, "waking": waking}  # type: ignore[dict-item]
    flags = summarise(result(steps, environment=host)).flags
    few = summarise(result(steps, environment={**host, "threads": 4})).flags  # type: ignore[typeddict-item]
    assert not any("threads of torch" in flag for flag in few)
    told = "each copy of a batch of more than 32,768 tokens wakes 32 threads of torch, 7 ms"
    assert any(flag.startswith(told) for flag in flags) == said
    flat = [step(noisy(at, 0.01)(0.3), [(8, 64 + 8 * (at % 9))]) for at in range(60)]
    assert any("host-bound" in flag for flag in summarise(result(flat)).flags)
    growing = [step((8 * (64 + 8 * (at % 9))) / 900, [(8, 64 + 8 * (at % 9))]) for at in range(60)]
    assert not any("host-bound" in flag for flag in summarise(result(growing)).flags)
