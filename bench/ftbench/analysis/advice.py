"""What would make a run faster, by what was measured of it: value, reason and remedy.

Nothing is said that the result does not show; what else would help is the linter's to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.analysis.flags import HOST, STALL, fixed_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.analysis.summary import Summary
    from ftbench.results.record import Result

PADDED = 0.10
"""Share of padding from which it is worth a word."""
ROOM = 0.5
"""Share of the card's memory under which more of it may be used."""
BESIDE = 0.10
"""Share of the wall clock from which evaluations, or checkpoints, are worth a word."""


class Advice(NamedTuple):
    """What to change. `share`: of the run's steps, or its wall clock, that this saves at most."""

    kind: str
    text: str
    share: float


def advise(result: Result, summary: Summary) -> list[Advice]:
    """Return what would make a run faster, the greatest gain first."""
    if result["error"] is not None or result["schedule"] is not None or summary.step is None:
        return []  # of a schedule the steps are not the config's own
    found = [
        *_padding(result, summary),
        *_waiting(result, summary),
        *_host(result, summary),
        *_recomputing(result, summary),
        *_beside(result),
    ]
    return sorted(found, key=lambda one: -one.share)


def room(result: Result) -> tuple[float, float] | None:
    """Return the peak of reserved memory and what the card has, in GB; None where unknown."""
    environment, memory = result["environment"], result["memory"]
    gpu = None if environment is None else environment["gpu"]
    if gpu is None or memory is None or not memory["peak_reserved"]:
        return None
    return memory["peak_reserved"] / 1e9, gpu["memory_bytes"] / 1e9


def _padding(result: Result, summary: Summary) -> Iterator[Advice]:
    method, tokens = result["method"], summary.tokens
    if method is None or tokens is None or tokens.padding < PADDED:
        return
    if method["stage"] != "sft" or method["packing"]:
        return
    steady = result["steps"][summary.warm.steps :]
    gain = tokens.padding * (1 - (fixed_share(steady) or 0.0))
    yield Advice(
        "padding",
        f"{tokens.padding:.0%} of the positions computed are padding: `packing: true` with"
        " `neat_packing: true` fills rows instead; the step count changes with it",
        gain,
    )


def _waiting(result: Result, summary: Summary) -> Iterator[Advice]:
    share = summary.parts["data"]
    if share is None or share <= STALL:
        return
    workers = _value(result, "dataloader_num_workers") or 0
    remedy = f"more than {workers}" if workers else "`dataloader_num_workers: 4` fetches ahead"
    what = f"`dataloader_num_workers` of {remedy}, or a faster disk" if workers else remedy
    yield Advice("waiting", f"the GPU waits for data {share:.0%} of the time: {what}", share)


def _host(result: Result, summary: Summary) -> Iterator[Advice]:
    fixed, used = fixed_share(result["steps"][summary.warm.steps :]), room(result)
    if fixed is None or fixed <= HOST or used is None or used[0] > ROOM * used[1]:
        return
    many = _value(result, "gradient_accumulation_steps") or 1
    less = f", with less than `gradient_accumulation_steps: {many}`" if many != 1 else ""
    yield Advice(
        "host",
        f"{fixed:.0%} of a step does not depend on its tokens, and {used[0]:.0f} of"
        f" {used[1]:.0f} GB are used: a larger `per_device_train_batch_size` costs little{less}",
        fixed,
    )


def _recomputing(result: Result, summary: Summary) -> Iterator[Advice]:
    method, used = result["method"], room(result)
    counted = next((one for one in summary.utilisation if one.attention == "causal"), None)
    if method is None or not method["gradient_checkpointing"] or counted is None or used is None:
        return
    share = 1 - counted.model / counted.hardware
    if used[0] <= ROOM * used[1] and share > 0.01:
        yield Advice(
            "recomputing",
            f"gradient checkpointing computes {share:.0%} of the FLOPs a second time, and"
            f" {used[0]:.0f} of {used[1]:.0f} GB are used: try `disable_gradient_checkpointing:"
            " true`; `ftlint memory` says whether it fits",
            share,
        )


def _beside(result: Result) -> Iterator[Advice]:
    phases = result["phases"]
    if phases is None or not phases["wall"]:
        return
    evaluating, saving = (sum(phases[name]) / phases["wall"] for name in ("evaluations", "saves"))
    if evaluating > BESIDE:
        yield Advice(
            "evaluating",
            f"evaluations take {evaluating:.0%} of the wall clock: a larger `eval_steps` or"
            " `per_device_eval_batch_size`",
            evaluating,
        )
    if saving > BESIDE:
        yield Advice(
            "saving",
            f"checkpoints take {saving:.0%} of the wall clock: a larger `save_steps`, or"
            " `save_only_model: true`",
            saving,
        )


def _value(result: Result, key: str) -> Any:
    return result["config"]["values"].get(key)
