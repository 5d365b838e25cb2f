"""Megatron's trainer, which `USE_MCA=1` puts in the place of transformers' own.

It keeps no incomplete batch, plans by rounding down, and an epoch ends with the step in which its
data begin anew: one more than planned, so that the run ends within its last epoch. Source:
mcore_adapter `trainer/trainer.py` `get_train_dataloader`, `_prepare_train_loop`,
`_inner_training_loop` (2025-05 to 2026-07); LLaMA Factory `train/mca/workflow.py` (0.9.4, 0.9.5),
which prepares one token more and does not evaluate after training.
"""

from __future__ import annotations

from math import ceil, inf

from ftlint.steps.counts import NoPlan, no_run
from ftlint.steps.loop import CountedRun, beyond_floats, layout
from ftschemas.launchers import MCA
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.steps.loop import Layout
    from ftlint.steps.settings import RunSettings
    from ftlint.steps.world import Ranks

STAGES = ("pt", "sft", "dpo")
"""Stages that it trains; under `USE_MCA=1` the others are left to transformers' trainer."""
SIZES = ("tensor_model_parallel_size", "pipeline_model_parallel_size", "context_parallel_size")
"""Keys whose product is the number of ranks that share the same rows."""
NOTES = (
    "counted as mcore_adapter's trainer does: it drops incomplete batches and rounds down; each "
    "epoch runs one step more than planned, so the last one ends early",
)


def as_taken(settings: RunSettings, values: Mapping[str, object]) -> RunSettings:
    """Return the settings as this trainer takes them, if it trains their stage."""
    if settings.stage not in STAGES:
        return settings
    packs = settings.packing or (settings.stage == "sft" and bool(values.get("sequence_packing")))
    return settings._replace(
        drop_last=True,
        dispatch_batches=False,
        max_steps=settings.max_steps or -1,
        packing=packs,
        cutoff_len=settings.cutoff_len + 1 if settings.cutoff_len else 0,
        schedule=settings.schedule._replace(do_eval=False, eval_on_start=False),
        trainer=MCA,
    )


def run(
    rows: int, settings: RunSettings, ranks: Ranks, shape: Layout | None, stop_at: int | None = None
) -> CountedRun | NoPlan:
    """Return what it plans and runs on so many rows; `shape` is that of a stream."""
    taken = layout(rows, settings, ranks) if shape is None else shape
    if isinstance(taken, NoPlan):
        return taken
    accumulation, limit = settings.gradient_accumulation, settings.max_steps
    if settings.split_batches and ranks.shards > 1:
        return no_run("mcore_adapter ends the run without a step where `split_batches` divides a "
                      "batch among processes", "accelerator_config")  # fmt: skip
    planned_epoch = taken.batches // accumulation
    if not planned_epoch:
        return no_run(f"{taken.batches} batches are fewer than `gradient_accumulation_steps: "
                      f"{accumulation}`, on which mcore_adapter crashes or hangs",
                      "gradient_accumulation_steps")  # fmt: skip
    if limit <= 0 and abs(settings.epochs * planned_epoch) == inf:
        return beyond_floats(settings, planned_epoch)
    planned = limit if limit > 0 else max(ceil(settings.epochs * planned_epoch), 0)
    last = planned if stop_at is None else min(planned, stop_at)
    updates = planned_epoch + 1
    entered = -(-last // updates)
    place = min((last - (entered - 1) * updates) * accumulation, taken.batches) if last else 0
    return CountedRun(
        taken, accumulation, planned_epoch, updates, planned, last, entered, place,
        last * accumulation * taken.group, frame=0 if shape is None else planned * accumulation,
    )  # fmt: skip
