"""The trainer of LLaMA Factory v1, which `USE_V1=1` starts: its own keys and its own arithmetic.

Each rank draws an equal share of the samples, the rest is left out, and so is what fills no step.
Source: LLaMA Factory `v1/core/base_trainer.py`, `v1/core/utils/batching.py` `BatchGenerator`,
`v1/accelerator/interface.py` `DistributedStrategy` (0.9.5 and after).
"""

from __future__ import annotations

from math import ceil, isfinite

from ftlint.steps.counter import RunCounts
from ftlint.steps.counts import UNKNOWN, Count, NoPlan, exactly, no_run, passes, total
from ftlint.steps.rows import Samples
from ftlint.steps.step_plan import Sizes, of_counts
from ftlint.steps.world import processes_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.steps.rows import SampleCount
    from ftlint.steps.settings import Version
    from ftlint.steps.step_plan import StepPlan
    from ftlint.steps.world import World

TRAINS_FROM = (0, 9, 5)
TOP_LEVEL_FROM = (0, 9, 6)
"""From here on the parallel sizes are keys of the config, before they are keys of `dist_config`."""
BY_ROWS = ("normal", "padding_free")
"""Strategies by which a step takes a fixed number of samples."""
BY_TOKENS = ("dynamic_batching", "dynamic_padding_free")
"""Strategies by which a step takes as many samples as fit."""
TURNS = "each assistant turn of a conversation is a sample: `--dataset-size` counts turns"
TOKENS = "a step takes as many samples as fit into `cutoff_len` times `micro_batch_size` tokens"
ROWS_UNKNOWN = "the number of samples is unknown: state it with `--dataset-size N`"


class V1Inputs(NamedTuple):
    """What the number of steps depends on."""

    strategy: str
    epochs: float
    max_steps: int  # 0: not set
    logging_steps: int
    save_steps: int  # 0: none are saved
    save_epochs: float | None
    save_total_limit: int


def plan(
    values: Mapping[str, object], samples: SampleCount, world: World, llamafactory: Version
) -> StepPlan | NoPlan:
    """Return the plan of a v1 config, or why there is none."""
    if llamafactory < TRAINS_FROM:
        return no_run("v1 of this release has no training loop")
    settings, sizes = _settings(values), _sizes(values, world, llamafactory)
    if isinstance(settings, NoPlan):
        return settings
    if isinstance(sizes, NoPlan):
        return sizes
    rows = _rows(samples)
    counts = _counts(settings, sizes, rows.total)
    if isinstance(counts, NoPlan):
        return counts
    notes = (
        *([world.note] if world.note else []),
        *([ROWS_UNKNOWN] if rows.source == "unknown" else []),
        *([TURNS] if llamafactory >= TOP_LEVEL_FROM and rows.source == "declared" else []),
        *(one.note for one in samples.datasets if one.note),
        *([TOKENS] if settings.strategy in BY_TOKENS else []),
    )
    return of_counts("sft", sizes, rows, counts, settings.max_steps > 0, notes)


def _settings(values: Mapping[str, object]) -> V1Inputs | NoPlan:
    strategy = values.get("batching_strategy")
    if strategy not in (*BY_ROWS, *BY_TOKENS):
        return NoPlan(f"`batching_strategy: {strategy}` is unknown", "batching_strategy")
    whole: dict[str, int] = {}
    for key in ("max_steps", "logging_steps", "save_steps", "save_total_limit"):
        value = _whole(values, key)
        if isinstance(value, NoPlan):
            return value
        whole[key] = value or 0
    if not whole["logging_steps"]:
        return NoPlan("`logging_steps: 0` crashes the run at its first step", "logging_steps")
    asked = (["num_train_epochs"] if whole["max_steps"] <= 0 else []) + (
        ["save_epochs"] if values.get("save_epochs") is not None else []
    )
    numbers: dict[str, float] = {}
    for key in asked:
        number = values.get(key)
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not isfinite(number):
            return NoPlan(f"`{key}: {number}` is not a number", key)
        numbers[key] = number
    return V1Inputs(
        str(strategy),
        numbers.get("num_train_epochs", 0.0),
        max(whole["max_steps"], 0),
        whole["logging_steps"],
        whole["save_steps"],
        numbers.get("save_epochs"),
        whole["save_total_limit"],
    )


def _whole(values: Mapping[str, object], key: str) -> int | NoPlan | None:
    value = values.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return NoPlan(f"`{key}: {value}` is not an integer", key)


def _sizes(values: Mapping[str, object], world: World, llamafactory: Version) -> Sizes | NoPlan:
    """Return the batch of a step, where it can be divided among the ranks."""
    processes = processes_of({}, world._replace(launcher=""))
    assert isinstance(processes, int)
    ranks = _ranks(values, processes, llamafactory)
    if isinstance(ranks, NoPlan):
        return ranks
    micro, together = _whole(values, "micro_batch_size"), _whole(values, "global_batch_size")
    for one in (micro, together):
        if isinstance(one, NoPlan):
            return one
    if not isinstance(micro, int) or micro < 1:
        return NoPlan(f"`micro_batch_size: {micro}` is not a batch size", "micro_batch_size")
    group = micro * ranks
    if not isinstance(together, int):
        return Sizes(micro, 1, ranks, group)
    if together % group or together < 1:
        return no_run(f"`global_batch_size: {together}` is not a multiple of {group}, the batch "
                      f"of {ranks} ranks", "global_batch_size")  # fmt: skip
    return Sizes(micro, together // group, ranks, together)


def _ranks(values: Mapping[str, object], processes: int, llamafactory: Version) -> int | NoPlan:
    """Return the ranks with samples of their own: all, or groups that share long sequences."""
    if processes == 1:
        return 1
    nested = values.get("dist_config")
    config = (
        values if llamafactory >= TOP_LEVEL_FROM else nested if isinstance(nested, dict) else {}
    )
    where = "cp_size" if llamafactory >= TOP_LEVEL_FROM else "dist_config"
    shared, ranks = config.get("cp_size"), config.get("dp_size")
    shared = 1 if shared is None else shared
    if not isinstance(shared, int) or shared < 1:
        return NoPlan(f"`cp_size: {shared}` is not a number of ranks", where)
    if ranks is None:
        if processes % shared:
            return no_run(f"{processes} processes cannot be divided into groups of {shared} "
                          "(`cp_size`)", where)  # fmt: skip
        return processes // shared
    if not isinstance(ranks, int) or ranks * shared != processes:
        return no_run(f"`dp_size: {ranks}` times `cp_size: {shared}` must be {processes}, the "
                      "number of processes", where)  # fmt: skip
    return ranks


def _rows(samples: SampleCount) -> Samples:
    if samples.merged is not None:
        return Samples(samples.merged, (), exactly(0), exactly(0), "declared")
    if not samples.datasets:
        return Samples(Count(1, None), (), exactly(0), exactly(0), "unknown")
    found = total(one.rows for one in samples.datasets)
    names = tuple((one.name, one.rows) for one in samples.datasets)
    sources = {one.source for one in samples.datasets}
    source = sources.pop() if len(sources) == 1 else "unknown" if "unknown" in sources else "mixed"
    return Samples(found, names, exactly(0), exactly(0), source)


def _counts(settings: V1Inputs, sizes: Sizes, rows: Count) -> RunCounts | NoPlan:
    step = sizes.micro_batch * sizes.accumulation
    by_rows = settings.strategy in BY_ROWS

    def length(number: int) -> int:
        share = number // sizes.world_size
        return share // step if by_rows else -(-share // step)

    epoch = rows.rising(length)
    if epoch.high == 0:
        ends = "never ends" if settings.max_steps else "ends without a step"
        return no_run(f"{rows.high} samples are too few for one step of {sizes.effective}: the run "
                      f"{ends}", "micro_batch_size")  # fmt: skip
    least = Count(max(epoch.low, 1), epoch.high)
    if settings.max_steps:
        planned = exactly(settings.max_steps)
    else:
        planned = least.rising(lambda number: max(ceil(settings.epochs * number), 0))
    taken = planned.rising(lambda number: number * sizes.effective)
    saves = _saves(settings, planned, least)
    entered, progress = passes(planned, least)
    limit = settings.save_total_limit
    return RunCounts(
        batches=least.rising(lambda number: number * sizes.accumulation),
        steps_per_epoch=least,
        updates_per_epoch=least,
        planned=planned,
        executed=planned,
        entered=entered,
        progress=progress,
        rows_seen=taken if by_rows else Count(planned.low, None),
        warmup=exactly(0),
        logs=planned.rising(lambda number: number // settings.logging_steps),
        evaluations=exactly(0),
        saves=saves,
        kept=saves.at_most(limit) if limit > 0 else saves,
    )


def _saves(settings: V1Inputs, planned: Count, epoch: Count) -> Count:
    """Return the checkpoints while training; the model is saved after it besides."""
    if settings.save_epochs is None:
        every = settings.save_steps
        return planned.rising(lambda number: number // every) if every > 0 else exactly(0)
    if epoch.exact is None or planned.exact is None:
        return UNKNOWN
    return exactly(planned.exact // max(1, int(epoch.exact * settings.save_epochs)))
