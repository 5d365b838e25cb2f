"""Megatron Bridge's loop, which `USE_MEGATRON_BRIDGE=1` puts in the place of transformers' trainer.

It is told a number of iterations that is rounded up once, over the whole run. Source: LLaMA Factory
`train/megatron_bridge/config_builder.py` `_compute_train_schedule`, `workflow.py` (after 0.9.5),
where rows are neither dropped nor packed; Megatron Bridge `training/train.py`, `config.py`.
"""

from __future__ import annotations

from math import ceil, inf

from ftlint.steps.counter import RunCounts
from ftlint.steps.counts import UNKNOWN, Count, NoPlan, exactly, no_run, passes
from ftlint.steps.loop import beyond_floats
from ftlint.steps.rows import load
from ftlint.steps.step_plan import Sizes, of_counts
from ftlint.steps.world import processes_of, shared_by
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.steps.rows import SampleCount
    from ftlint.steps.settings import RunSettings, Schedule, Version
    from ftlint.steps.step_plan import StepPlan
    from ftlint.steps.world import World

SIZES = (
    *("tensor_model_parallel_size", "pipeline_model_parallel_size", "context_parallel_size"),
    "expert_model_parallel_size",
)
"""Keys whose product must divide the world size; Megatron lets all but the last share rows."""
STAGES = ("pt", "sft")
DEFAULT_EVAL_STEPS = 100
NOTE = "counted as Megatron Bridge does: rows are neither dropped nor packed before the schedule"
UNREAD = "`extra_config` names a file, which may set other iterations and is not read"
_ITERATIONS = "train.train_iters"


def plan(
    values: Mapping[str, object],
    settings: RunSettings,
    samples: SampleCount,
    world: World,
    versions: tuple[Version, Version],
) -> StepPlan | NoPlan:
    """Return the plan of a config, or why there is none."""
    if settings.streaming:
        return no_run("Megatron Bridge asks for the number of rows, which a stream does not have",
                      "streaming")  # fmt: skip
    sizes = _sizes(values, settings, world)
    if isinstance(sizes, NoPlan):
        return sizes
    llamafactory, transformers = versions
    whole = settings._replace(packing=False, tokenized=False)
    rows = load(whole, _undropped(samples), llamafactory)
    if isinstance(rows, NoPlan):
        return rows
    counts = _counts(settings, sizes, rows.samples.total, values, transformers)
    if isinstance(counts, NoPlan):
        return counts
    notes = (
        *([world.note] if world.note else []),
        *rows.assumptions,
        NOTE,
        *([UNREAD] if _is_file(values.get("extra_config")) else []),
    )
    by_max_steps = settings.max_steps > 0
    return of_counts(settings.stage, sizes, rows.samples, counts, by_max_steps, notes)


def _sizes(values: Mapping[str, object], settings: RunSettings, world: World) -> Sizes | NoPlan:
    """Return the batch of an iteration as it is set, where Megatron can divide it among ranks."""
    shared, experts = shared_by(values, SIZES[:-1]), shared_by(values, SIZES[-1:])
    processes = processes_of(values, world)
    for one in (shared, experts, processes):
        if isinstance(one, NoPlan):
            return one
    assert isinstance(shared, int)
    assert isinstance(experts, int)
    assert isinstance(processes, int)
    group = shared * experts
    if processes % group and world.note:  # nobody said how many there are
        processes = group
    if processes % group:
        return no_run(f"{processes} processes cannot be divided into groups of {group}",
                      next(filter(values.get, SIZES), None))  # fmt: skip
    batch = settings.per_device_batch
    together = batch * settings.gradient_accumulation * processes // group
    together, ranks = max(together, batch), processes // shared
    if together % (batch * ranks):
        return no_run(f"Megatron cannot divide a batch of {together} into micro-batches of {batch} "
                      f"on {ranks} ranks: `gradient_accumulation_steps` must be a multiple of "
                      "`expert_model_parallel_size`", "gradient_accumulation_steps")  # fmt: skip
    return Sizes(batch, together // (batch * ranks), ranks, together)


def _undropped(samples: SampleCount) -> SampleCount:
    """Return the data with every row usable: nothing is tokenized before rows are counted."""
    kept = tuple(one._replace(dropped=exactly(0)) for one in samples.datasets)
    return samples._replace(datasets=kept)


def _counts(
    settings: RunSettings,
    sizes: Sizes,
    rows: Count,
    values: Mapping[str, object],
    transformers: Version,
) -> RunCounts | NoPlan:
    if settings.max_steps <= 0 and rows.high is not None and _overflows(settings, rows.high):
        return beyond_floats(settings, rows.high)

    def iterations(number: int) -> int:
        if settings.max_steps > 0:
            return settings.max_steps
        return max(1, ceil(number / sizes.effective * settings.epochs))

    planned = rows.rising(iterations) if settings.max_steps <= 0 else exactly(settings.max_steps)
    overridden = _overridden(values.get("extra_config"))
    if overridden is not None:
        planned = exactly(overridden)
    epoch = rows.rising(lambda number: -(-number // sizes.effective))
    seen = planned.rising(lambda number: number * sizes.effective)
    schedule = settings.schedule
    saves = _saves(schedule, planned)
    entered, progress = passes(seen, rows)
    return RunCounts(
        batches=rows.rising(lambda number: -(-number // (sizes.micro_batch * sizes.world_size))),
        steps_per_epoch=epoch,
        updates_per_epoch=epoch,
        planned=planned,
        executed=planned,
        entered=entered,
        progress=progress,
        rows_seen=seen,
        warmup=planned.rising(lambda number: _warmup(schedule, number, transformers)),
        logs=_every(schedule.logging_steps, planned),
        evaluations=_evaluations(values, settings, planned),
        saves=saves,
        kept=saves,
    )


def _overflows(settings: RunSettings, rows: int) -> bool:
    return abs(float(rows) * settings.epochs) == inf


def _warmup(schedule: Schedule, planned: int, transformers: Version) -> int:
    """Return the warmup; transformers 5 hands on a ratio as so many steps, less than one."""
    if transformers >= (5,):
        value = schedule.warmup_steps if schedule.warmup_ratio is None else schedule.warmup_ratio
        return int(value)
    return int(schedule.warmup_steps) or int(planned * (schedule.warmup_ratio or 0))


def _every(interval: float, planned: Count) -> Count:
    """Return how often something happens that Megatron does at each multiple of an interval."""
    if interval < 1 or interval != int(interval):
        return UNKNOWN
    return planned.rising(lambda number: number // int(interval))


def _saves(schedule: Schedule, planned: Count) -> Count:
    """Return the checkpoints: at each multiple, and at the end; none is removed."""
    if schedule.save_steps < 1 or schedule.save_steps != int(schedule.save_steps):
        return UNKNOWN
    return planned.rising(lambda number: -(-number // int(schedule.save_steps)))


def _evaluations(values: Mapping[str, object], settings: RunSettings, planned: Count) -> Count:
    """Return the evaluations while training, whatever `eval_strategy` says, and one after it.

    Whether there is one after training depends on the version of Megatron Bridge.
    """
    if settings.val_size <= 0 and not settings.eval_dataset:
        return exactly(0)
    every = values.get("eval_steps") or DEFAULT_EVAL_STEPS
    during = _every(every, planned) if isinstance(every, (int, float)) else UNKNOWN
    return Count(during.low, None if during.high is None else during.high + 1)


def _is_file(extra: object) -> bool:
    return isinstance(extra, str) and not extra.strip().startswith("{")


def _overridden(extra: object) -> int | None:
    """Return the iterations that `extra_config` sets over all that was reckoned."""
    if isinstance(extra, str) and not _is_file(extra):
        import json

        try:
            extra = json.loads(extra)
        except ValueError:
            return None
    found = extra.get(_ITERATIONS) if isinstance(extra, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
