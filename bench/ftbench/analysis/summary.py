"""One run in figures: rates with intervals, shares, peaks of memory, MFU and HFU, doubts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftbench.analysis import data_sheets, flags, flops, interval, warmup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftbench.analysis.interval import Interval
    from ftbench.analysis.warmup import Warmup
    from ftbench.results import record

PARTS = ("data", "forward_backward", "optimizer", "other")
NOT_CAPTURED = "not captured"


@dataclass(frozen=True)
class Utilisation:
    """FLOP/s of one GPU by one convention: of the model, and with what is recomputed.

    Shares are of the data sheet's peak and of the measured one; None where that is not known, or
    where the share is refused because no card does more than its own matmul.
    """

    attention: flops.Attention
    model: float
    hardware: float
    mfu_spec: float | None
    hfu_spec: float | None
    mfu_measured: float | None
    hfu_measured: float | None


@dataclass(frozen=True)
class Rates:
    """Tokens a second on all GPUs: positions computed, without padding, with a loss."""

    all: float
    real: float
    loss: float
    padding: float
    """Share of the positions computed that are padding."""


@dataclass(frozen=True)
class Summary:
    """What a result says. None is what was not captured."""

    label: str
    device: str
    world_size: int
    done: int
    warm: Warmup
    step: Interval | None
    """Median seconds of a step."""
    rate: Interval | None
    """Steps a second: steps over seconds, after warm-up."""
    tokens: Rates | None
    parts: dict[str, float | None]
    first_step: float | None
    peak_allocated: int | None
    peak_reserved: int | None
    forecast: int | None
    """What was forecast of `peak_allocated`: of a run without evaluations, that of training."""
    utilisation: tuple[Utilisation, ...]
    no_utilisation: str | None
    spec: float | None
    measured: float | None
    flags: tuple[str, ...]


def summarise(result: record.Result, measured: float | None = None) -> Summary:
    """Return the summary of a result; `measured` is the card's matmul peak in TFLOP/s."""
    steps = result["steps"]
    warm = find_warmup(result)
    steady = steps[warm.steps :]
    seconds = [step["seconds"] for step in steady]
    environment, memory, phases = result["environment"], result["memory"], result["phases"]
    gpu = None if environment is None else environment["gpu"]
    device = gpu["name"] if gpu else "CPU" if environment else NOT_CAPTURED
    method = result["method"]
    spec = data_sheets.tflops(gpu["name"], method["dtype"]) if gpu and method else None
    doubts = flags.find(result, steady, warm) if steps else list(result["flags"])
    used, why = _utilisation(result, steady, spec, measured)
    if why and "more than" in why:
        doubts.append(why)
    return Summary(
        label=result["config"]["path"],
        device=device,
        world_size=_world(result),
        done=len(steps),
        warm=warm,
        step=interval.of_median(seconds) if seconds else None,
        rate=interval.by_blocks(seconds, _per_second) if seconds else None,
        tokens=_tokens(steady, _world(result)),
        parts={part: _share(steady, part) for part in PARTS},
        first_step=None if phases is None else phases["first_step"],
        peak_allocated=None if memory is None else memory["peak_allocated"],
        peak_reserved=None if memory is None else memory["peak_reserved"],
        forecast=_forecast(result),
        utilisation=used,
        no_utilisation=why,
        spec=spec,
        measured=measured,
        flags=tuple(doubts),
    )


def find_warmup(result: record.Result) -> Warmup:
    """Return where warm-up ends in a result."""
    steps = result["steps"]
    return warmup.find([one["seconds"] for one in steps], [flags.tokens_of(one) for one in steps])


def steady_seconds(result: record.Result) -> list[float]:
    """Return the seconds of each step after warm-up."""
    return [step["seconds"] for step in result["steps"][find_warmup(result).steps :]]


def _forecast(result: record.Result) -> int | None:
    told = (result["plan"] or {}).get("memory")
    if not isinstance(told, dict):
        return None
    evaluated = bool(result["trainer"] and result["trainer"]["evaluations"])
    phases = [told["training"], told["evaluation"] if evaluated else None]
    return max(int(one["allocated"]) for one in phases if one is not None)


def _per_second(seconds: Sequence[float]) -> float:
    return len(seconds) / sum(seconds)


def _world(result: record.Result) -> int:
    return result["trainer"]["world_size"] if result["trainer"] else 1


def _tokens(steady: Sequence[record.Step], world: int) -> Rates | None:
    batches = [batch for step in steady for batch in step["micro_batches"]]
    if not batches:
        return None
    seconds = sum(step["seconds"] for step in steady) / world
    fed = sum(batch[0] * batch[1] for batch in batches)
    real = sum(batch[2] for batch in batches)
    loss = sum(batch[3] for batch in batches)
    return Rates(fed / seconds, real / seconds, loss / seconds, 1 - real / fed)


def _share(steady: Sequence[record.Step], part: str) -> float | None:
    values = [step[part] for step in steady]  # type: ignore[literal-required]
    if not values or any(value is None for value in values):
        return None
    return float(sum(values)) / sum(step["seconds"] for step in steady)


def _utilisation(
    result: record.Result,
    steady: Sequence[record.Step],
    spec: float | None,
    measured: float | None,
) -> tuple[tuple[Utilisation, ...], str | None]:
    """Return FLOP/s by both conventions, or why there are none."""
    model, method = result["model"], result["method"]
    batches = [batch for step in steady for batch in step["micro_batches"]]
    if model is None or method is None or not batches:
        return (), NOT_CAPTURED
    try:
        shape, learning = flops.shape_of(model), flops.learning_of(method)
    except flops.NotCounted as error:
        return (), str(error)
    seconds = sum(step["seconds"] for step in steady)
    found = []
    conventions: tuple[flops.Attention, ...] = ("causal", "full")
    for attention in conventions:
        count = flops.of_micro_batches(shape, learning, batches, attention)
        rate, hardware = count.model / seconds / 1e12, count.hardware / seconds / 1e12
        limit = measured or spec
        if attention == "causal" and limit is not None and hardware > limit:
            source = "its matmul was measured to do" if measured else "its data sheet says"
            return (), f"no MFU: {hardware:.0f} TFLOP/s is more than the {limit:.0f} that {source}"
        shares = [_over(value, peak) for peak in (spec, measured) for value in (rate, hardware)]
        found.append(Utilisation(attention, rate, hardware, *shares))
    return tuple(found), None


def _over(value: float, peak: float | None) -> float | None:
    """Return a share of a peak; a share over 1 is refused."""
    return value / peak if peak and value <= peak else None
