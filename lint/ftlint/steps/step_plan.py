"""The step plan of a config: what a run will do."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.steps.counter import RunCounts
    from ftlint.steps.counts import Amount, Count
    from ftlint.steps.rows import Samples

MAX_STEPS, EPOCHS = "max_steps", "epochs"


class StepPlan(NamedTuple):
    """What a run will do. A count is exact when both of its bounds are equal.

    `total_steps` is what the trainer plans, `executed_steps` what its loop does: they differ when
    early stopping may end the run, and where max_steps is 0. `steps_per_epoch` is the trainer's
    own count, `updates_per_epoch` what an epoch really holds: before 4.52 the first may be one
    less. `checkpoints` are written, `checkpoints_kept` are left under save_total_limit.
    """

    stage: str
    world_size: int
    per_device_train_batch_size: int
    gradient_accumulation_steps: int
    effective_batch_size: int
    samples: Samples
    batches_per_epoch: Count
    steps_per_epoch: Count
    updates_per_epoch: Count
    total_steps: Count
    executed_steps: Count
    epochs: Amount
    epochs_entered: Count
    limited_by: str
    samples_seen: Count
    warmup_steps: Count
    logging_events: Count
    eval_events: Count
    checkpoints: Count
    checkpoints_kept: Count
    assumptions: tuple[str, ...]
    largest_batch: Count | None = None
    """Rows of the largest micro-batch of a process, fewer than the config asks for where the data
    have fewer; None where another trainer than transformers' own forms the batches."""
    largest_eval_batch: Count | None = None
    evaluation_without_batch: int | None = None
    """Evaluation rows that are too few for a batch, where the run crashes without their loss."""


class Sizes(NamedTuple):
    """How many rows a micro-batch and a step take, and how many ranks have rows of their own."""

    micro_batch: int
    accumulation: int
    world_size: int
    effective: int


def of_counts(
    stage: str,
    sizes: Sizes,
    samples: Samples,
    counts: RunCounts,
    by_max_steps: bool,
    notes: tuple[str, ...],
) -> StepPlan:
    """Return the plan of a run that comes to these counts."""
    return StepPlan(
        stage=stage,
        world_size=sizes.world_size,
        per_device_train_batch_size=sizes.micro_batch,
        gradient_accumulation_steps=sizes.accumulation,
        effective_batch_size=sizes.effective,
        samples=samples,
        batches_per_epoch=counts.batches,
        steps_per_epoch=counts.steps_per_epoch,
        updates_per_epoch=counts.updates_per_epoch,
        total_steps=counts.planned,
        executed_steps=counts.executed,
        epochs=counts.progress,
        epochs_entered=counts.entered,
        limited_by=MAX_STEPS if by_max_steps else EPOCHS,
        samples_seen=counts.rows_seen,
        warmup_steps=counts.warmup,
        logging_events=counts.logs,
        eval_events=counts.evaluations,
        checkpoints=counts.saves,
        checkpoints_kept=counts.kept,
        assumptions=notes,
    )
