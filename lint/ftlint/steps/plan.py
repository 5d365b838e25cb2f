"""The step plan of a config."""

from __future__ import annotations

from ftlint.steps.counter import RunCounter, own_shards
from ftlint.steps.counts import NO_RUN, NoPlan, exactly, no_run
from ftlint.steps.loop import CEILING, WHOLE_EPOCHS, by_steps
from ftlint.steps.rows import load, perhaps_tokenized
from ftlint.steps.settings import read
from ftlint.steps.step_plan import Sizes, of_counts
from ftlint.steps.world import ranks as ranks_of
from ftschemas.launchers import BRIDGE, MCA, V1
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.steps.counter import RunCounts
    from ftlint.steps.rows import DatasetRows, LoadedRows, SampleCount
    from ftlint.steps.settings import RunSettings, Version
    from ftlint.steps.step_plan import StepPlan
    from ftlint.steps.world import Ranks, World

TOO_FEW = "with the fewest possible rows the run cannot train"
OWN_SHARDS = (
    "the ranks read different shards of the stream and end a pass after different numbers of "
    "batches, so evaluation or saving per epoch may hang"
)

PPO_REFUSED_FROM = (0, 9, 4)
NO_LOSS = "`dataloader_drop_last: true` leaves no batch"

STREAM = "a stream has no length: only `max_steps` ends the run"
RESUMED = "counted from the start; a resumed run starts at the step of its checkpoint"


def plan(
    values: Mapping[str, object],
    *,
    samples: SampleCount,
    world: World,
    llamafactory: Version,
    transformers: Version,
    trl_has_ppo: bool | None = None,
) -> StepPlan | NoPlan:
    """Return the plan of a train config, or why there is none.

    `values` is the config as the target's loader types it, over the defaults of its release.
    `trl_has_ppo`: whether the trl beside it trains with ppo; None: as the release pins it. Nothing
    is raised for values of a wrong type, nor for absent ones.
    """
    if world.launcher == V1:
        from ftlint.steps import v1

        return v1.plan(values, samples, world, llamafactory)
    settings = read(values, llamafactory, transformers)
    if isinstance(settings, NoPlan):
        return settings
    if world.launcher == BRIDGE:
        from ftlint.steps import bridge

        return bridge.plan(values, settings, samples, world, (llamafactory, transformers))
    sizes: tuple[str, ...] = ()
    if world.launcher == MCA:
        from ftlint.steps import mca

        settings = mca.as_taken(settings, values)
        sizes = mca.SIZES if settings.trainer == MCA else ()
    ranks = ranks_of(values, world, sizes)
    if isinstance(ranks, NoPlan):
        return ranks
    if trl_has_ppo is None:
        trl_has_ppo = llamafactory < PPO_REFUSED_FROM
    if settings.stage == "ppo" and not trl_has_ppo:
        return NoPlan("", "stage", "FT437")
    refused = _stream_without_workers(settings, samples, llamafactory)
    if refused is not None:
        return refused
    rows = load(settings, samples, llamafactory)
    made = _of_rows(values, settings, ranks, rows, transformers)
    if not settings.tokenized or samples.tokenized is not None:
        return made
    if isinstance(made, NoPlan) and made.code == NO_RUN:  # no row of tokenized_path is known of
        return _of_rows(values, settings, ranks, perhaps_tokenized(made), transformers)
    return made


def _of_rows(
    values: Mapping[str, object],
    settings: RunSettings,
    ranks: Ranks,
    rows: LoadedRows | NoPlan,
    transformers: Version,
) -> StepPlan | NoPlan:
    """Return what becomes of rows, or why nothing does."""
    if isinstance(rows, NoPlan):
        return rows
    judge = RunCounter(settings, ranks, transformers)
    outcome = judge.outcome(rows.samples.total)
    if isinstance(outcome, NoPlan):
        return outcome
    if _cannot_divide_evaluation(settings, ranks, rows):
        return no_run(
            f"its evaluation crashes, as `split_batches` cannot divide a batch of "
            f"{settings.eval_batch} among {ranks.shards} processes", "per_device_eval_batch_size"
        )  # fmt: skip
    fewest = judge.outcome(exactly(rows.samples.total.low))
    lossless = _evaluation_without_batch(settings, ranks, rows, outcome)
    notes = (*ranks.assumptions, *rows.assumptions,
             *([f"{TOO_FEW}: {fewest.reason}"] if isinstance(fewest, NoPlan) else []),
             *([] if lossless is None else [_no_loss(settings, lossless)]),
             *_notes(values, settings, ranks, rows, outcome, transformers))  # fmt: skip
    made = _plan(settings, ranks, rows, outcome, by_steps(settings, transformers), notes)
    made = made._replace(evaluation_without_batch=lossless)
    if settings.trainer or settings.stage == "ppo":
        return made
    batch, evaluated = settings.per_device_batch * ranks.batch_factor, settings.eval_batch
    return made._replace(
        largest_batch=judge.largest_batch(rows.samples.total, batch),
        largest_eval_batch=judge.largest_batch(rows.samples.in_one_pass, evaluated),
    )


def _cannot_divide_evaluation(settings: RunSettings, ranks: Ranks, rows: LoadedRows) -> bool:
    """Return whether accelerate refuses the loader of the evaluation that a run has.

    Source: accelerate `data_loader.py` prepare_data_loader, BatchSamplerShard (1.7, 1.11).
    """
    evaluates = settings.schedule.do_eval and rows.samples.evaluated.low > 0
    if not (evaluates and settings.split_batches) or settings.trainer or settings.stage == "ppo":
        return False
    batch = settings.eval_batch
    return batch % ranks.shards > 0 and not (settings.streaming and batch == 1)


def _plan(
    settings: RunSettings,
    ranks: Ranks,
    rows: LoadedRows,
    outcome: RunCounts,
    by_max_steps: bool,
    notes: tuple[str, ...],
) -> StepPlan:
    batch = settings.per_device_batch * ranks.batch_factor
    effective = batch * settings.gradient_accumulation * settings.ppo_buffer
    if not settings.split_batches:
        effective *= ranks.world_size
    sizes = Sizes(
        settings.per_device_batch, settings.gradient_accumulation, ranks.world_size, effective
    )
    return of_counts(settings.stage, sizes, rows.samples, outcome, by_max_steps, notes)


def _stream_without_workers(
    settings: RunSettings, samples: SampleCount, llamafactory: Version
) -> NoPlan | None:
    if not settings.streaming:
        return None
    if settings.tokenized and samples.tokenized is None:
        return NoPlan("", "tokenized_path", "FT558")
    datasets = (*samples.datasets, *samples.evaluation)
    local = any(dataset.local for dataset in datasets) and samples.tokenized is None
    if local and settings.loader_workers < 1 and llamafactory >= (0, 9, 3):
        return NoPlan("", "dataloader_num_workers", "FT418")
    if local and llamafactory >= (0, 9, 3):
        return _shards_without_rows(settings.loader_workers, datasets)
    return None


def _shards_without_rows(workers: int, datasets: tuple[DatasetRows, ...]) -> NoPlan | None:
    for dataset in datasets:
        rows = dataset.rows.high
        if dataset.local and rows is not None and rows < workers:
            return no_run(f"streaming splits dataset {dataset.name} into `dataloader_num_workers: "
                          f"{workers}` shards, more than its {rows} rows",
                          "dataset")  # fmt: skip
    return None


def _evaluation_without_batch(
    settings: RunSettings, ranks: Ranks, rows: LoadedRows, outcome: RunCounts
) -> int | None:
    """Return the evaluation rows that are less than one batch, where the run needs their loss.

    Stage pt needs that of the evaluation after training, the others that of one while training. The
    last batch of a stream is never dropped.
    """
    schedule = settings.schedule
    others = (schedule.eval_on_start + schedule.do_eval) * schedule.eval_passes
    if settings.stage != "pt" and outcome.evaluations.low <= others:
        return None
    held, batch = rows.samples.evaluated.high, settings.eval_batch
    group = batch if settings.split_batches else batch * ranks.shards
    if not (settings.drop_last and schedule.do_eval and settings.needs_eval_loss):
        return None
    if settings.packing or settings.streaming or schedule.eval_passes > 1:
        return None
    return held if held and group and held < group else None


def _no_loss(settings: RunSettings, held: int) -> str:
    when = "after the last step" if settings.stage == "pt" else "at its first evaluation"
    return f"the run crashes {when}: {NO_LOSS} of the {held} evaluation rows, and no loss"


def _notes(
    values: Mapping[str, object],
    settings: RunSettings,
    ranks: Ranks,
    rows: LoadedRows,
    outcome: RunCounts,
    transformers: Version,
) -> list[str]:
    """Return what else the numbers depend on, apart from the rows and the launch."""
    notes = []
    if rows.samples.source == "unknown":
        notes.append("the number of samples is unknown: state it with `--dataset-size [NAME=]N`")
    if settings.auto_batch:
        notes.append("`auto_find_batch_size`: if memory runs out, the batch gets smaller and there "
                     "are more steps")  # fmt: skip
    if settings.schedule.early_stopping is not None and outcome.executed.exact is None:
        notes.append("early stopping may end the run before the planned total")
    if settings.schedule.save_strategy == "best" and outcome.saves.exact is None:
        notes.append("`save_strategy: best` saves whenever the metric improves: at least once, at "
                     "most at every evaluation")  # fmt: skip
    if not settings.even_batches and ranks.shards > 1 and not settings.split_batches:
        notes.append("`even_batches: false` can give the ranks different numbers of batches; the "
                     "run then hangs or crashes when the first rank is done")  # fmt: skip
    planned, run = outcome.steps_per_epoch, outcome.updates_per_epoch
    if settings.trainer == MCA:
        from ftlint.steps.mca import NOTES

        notes.extend(NOTES)
    elif WHOLE_EPOCHS <= transformers < CEILING and planned.exact and run.exact and planned != run:
        notes.append(f"this transformers plans {planned.low} steps per epoch but runs {run.low}, "
                     "so the last epoch ends early")  # fmt: skip
    if settings.streaming:
        notes.append(STREAM)
        if own_shards(settings, ranks):
            notes.append(OWN_SHARDS)
        elif outcome.batches.exact is None and rows.samples.total.exact is not None:
            notes.append("each dataloader worker ends its part of a stream with its own batch, so "
                         "a pass may have a few more batches")  # fmt: skip
    if values.get("resume_from_checkpoint"):
        notes.append(RESUMED)
    return notes
