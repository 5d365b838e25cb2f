"""The figures of one run for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.analysis.summary import NOT_CAPTURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.analysis.interval import Interval
    from ftbench.analysis.summary import Summary, Utilisation
    from ftbench.results.record import Result


def warm_up(steps: int) -> str:
    """Return how many of the first steps do not count."""
    if not steps:
        return "none is warm-up"
    return "the first is warm-up" if steps == 1 else f"the first {steps} are warm-up"


def lines(one: Summary) -> Iterator[str]:
    """Yield the summary, for a terminal."""
    gpus = f"{one.world_size} × " if one.world_size > 1 else ""
    yield f"{one.label} on {gpus}{one.device}"
    if one.step is None or one.rate is None:
        yield "no step was timed"
    else:
        yield (
            f"steps         {one.done} done, {warm_up(one.warm.steps)}"
            f" (first step {_seconds(one.first_step)})"
        )
        yield f"steps/s       {one.rate.value:.4g}{_bounds(one.rate, '.0%')}"
        yield f"median step   {one.step.value:.4g} s{_bounds(one.step, '.1%', ' s')}"
    if one.tokens is None:
        yield f"tokens/s      {NOT_CAPTURED}"
    else:
        yield (
            f"tokens/s      {one.tokens.all:,.0f} computed, {one.tokens.real:,.0f} without padding,"
            f" {one.tokens.loss:,.0f} with a loss; {one.tokens.padding:.1%} is padding"
        )
    parts = (f"{name.replace('_', '+')} {_percent(share)}" for name, share in one.parts.items())
    yield f"a step        {', '.join(parts)}"
    if one.peak_allocated is None and one.peak_reserved is None:
        yield f"peak memory   {NOT_CAPTURED}"
    else:
        found = f"{_memory(one.peak_allocated)} allocated, {_memory(one.peak_reserved)} reserved"
        said = "" if one.forecast is None else f", {_memory(one.forecast)} forecast"
        yield f"peak memory   {found}{said}"
    if one.no_utilisation:
        yield f"MFU           {one.no_utilisation}"
    for used in one.utilisation:
        yield from _of_utilisation(used, one)
    for flag in one.flags:
        yield f"! {flag}"


def without_steps(result: Result) -> Iterator[str]:
    """Yield what is known of a run whose steps were not measured."""
    trainer, phases, memory = result["trainer"], result["phases"], result["memory"]
    if trainer is None:
        return
    planned = (result["plan"] or {}).get("total_steps")
    yield f"steps         {trainer['global_step']} done, {planned} planned"
    after = None if phases is None else phases["after_first"]
    done = trainer["global_step"] or 0
    if after and done > 1:
        yield f"steps/s       {(done - 1) / after:.4g}, after the first"
    if phases is not None and phases["wall"] is not None:
        yield f"wall clock    {phases['wall']:.2f} s"
    if memory is not None and memory["peak_allocated"]:
        yield f"peak memory   {_memory(memory['peak_allocated'])} allocated"


def _bounds(found: Interval, level: str, unit: str = "") -> str:
    if not found.level:
        return ", of one step: no interval"
    return f", {found.level:{level}} interval {found.low:.4g} – {found.high:.4g}{unit}"


def _of_utilisation(used: Utilisation, one: Summary) -> Iterator[str]:
    head = f"MFU, {used.attention}".ljust(14)
    shares = [
        f"MFU {_percent(mfu)} and HFU {_percent(hfu)} of {peak:.0f} TFLOP/s {source}"
        for mfu, hfu, peak, source in (
            (used.mfu_measured, used.hfu_measured, one.measured, "measured"),
            (used.mfu_spec, used.hfu_spec, one.spec, "by the data sheet"),
        )
        if peak is not None
    ]
    told = "; ".join(shares) if shares else "no peak is known for this device"
    yield (
        f"{head}{used.model:.3g} TFLOP/s of the model, {used.hardware:.3g} of the hardware"
        f" a device ({used.attention} attention counted, padding too): {told}"
    )


def _percent(share: float | None) -> str:
    return NOT_CAPTURED if share is None else f"{share:.1%}"


def _seconds(value: float | None) -> str:
    return NOT_CAPTURED if value is None else f"{value:.3g} s"


def _memory(size: int | None) -> str:
    return NOT_CAPTURED if size is None else f"{size / 1e9:.2f} GB"
