"""When a run logs, evaluates and saves, and how long it warms up.

Source: transformers `trainer_callback.py` DefaultFlowCallback, `TrainerState.compute_steps`,
`training_args.py` `get_warmup_steps` (4.45 to 5.6); LLaMA Factory `train/*/workflow.py`, which
evaluates once more after training.
"""

from __future__ import annotations

from math import ceil

from ftlint.steps.counts import NoPlan, no_run
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.steps.loop import CountedRun
    from ftlint.steps.settings import Schedule, Version

LAST_EVALUATION = (5, 4)  # from here on a steps strategy also evaluates at the last step


class Events(NamedTuple):
    """Counts over a whole run. `evaluations` includes the one after training."""

    logs: int
    evaluations: int
    saves: int
    kept: int


def warmup(schedule: Schedule, planned: float, transformers: Version) -> int:
    """Return the optimizer steps of warmup, which may exceed the run."""
    if transformers < (5,):
        steps = int(schedule.warmup_steps)
        return steps if steps > 0 else ceil(planned * (schedule.warmup_ratio or 0))
    value = schedule.warmup_steps if schedule.warmup_ratio is None else schedule.warmup_ratio
    return int(value) if value >= 1 else ceil(planned * value)


def interval(written: float, planned: int) -> int:
    """Return an interval in steps: below 1 it is a fraction of the planned total, rounded up."""
    return int(ceil(planned * written) if written < 1 else written)


def events(schedule: Schedule, run: CountedRun, transformers: Version) -> Events | NoPlan:
    """Return what a run of known length triggers."""
    finished = run.executed >= run.planned and run.executed > 0
    every = {}
    for name, strategy, written in (
        ("logging_steps", schedule.logging_strategy, schedule.logging_steps),
        ("eval_steps", schedule.eval_strategy, schedule.eval_steps),
        ("save_steps", schedule.save_strategy, schedule.save_steps),
    ):
        try:
            every[name] = abs(interval(written, run.planned))
        except OverflowError:  # the trainer's own, at its start
            return no_run(f"`{name}: {written:g}` times {run.planned} steps overflows", name)
        if strategy == "steps" and not every[name] and run.executed and name != "save_steps":
            return no_run(f"`{name}: {written:g}` of {run.planned} planned steps rounds to an "
                          "interval of 0, and the trainer divides by it", name)  # fmt: skip
    training = _evaluations(schedule, run, every["eval_steps"], finished, transformers)
    saves = _saves(schedule, run, every["save_steps"], finished, training)
    passes = training + schedule.eval_on_start + schedule.do_eval
    limit = schedule.save_total_limit
    return Events(
        logs=_logs(schedule, run, every["logging_steps"]),
        evaluations=passes * schedule.eval_passes,
        saves=saves,
        kept=min(saves, limit) if limit > 0 else saves,
    )


def _logs(schedule: Schedule, run: CountedRun, every: int) -> int:
    if not run.executed:
        return 0
    first = schedule.logging_first_step
    if schedule.logging_strategy == "steps":
        return run.executed // every + (first and every > 1)
    if schedule.logging_strategy == "epoch":
        return run.entered + (first and first_epoch_end(run) > 1)
    return int(first)


def first_epoch_end(run: CountedRun) -> int:
    """Return the step at which the first epoch ends."""
    if not run.carries:
        return min(run.updates_per_epoch, run.executed)
    batches = run.layout.batches
    return min(max(batches // run.accumulation, 1), run.executed)


def _evaluations(
    schedule: Schedule, run: CountedRun, every: int, finished: bool, transformers: Version
) -> int:
    """Return the evaluations during training."""
    delay = schedule.eval_delay
    if schedule.eval_strategy == "epoch":
        return max(run.entered - first_marked(run, delay) + 1, 0)
    if schedule.eval_strategy != "steps" or not run.executed:
        return 0
    done = run.executed // every - max(ceil(delay / every) - 1, 0)
    last = finished and run.executed % every != 0 and delay <= run.executed
    return max(done, 0) + (last and transformers >= LAST_EVALUATION)


def first_marked(run: CountedRun, delay: float) -> int:
    """Return the first epoch at whose end the trainer's epoch has reached `delay`."""
    epoch = max(ceil(delay), 1)
    return epoch if epoch_mark(run, epoch) >= delay else epoch + 1


def epoch_mark(run: CountedRun, epoch: int) -> float:
    """Return trainer_state's epoch at the end of the given epoch (1 is the first)."""
    batches = run.layout.batches
    if epoch >= run.entered:
        place = run.place
    elif run.carries and batches > run.accumulation:
        place = epoch * batches // run.accumulation * run.accumulation - (epoch - 1) * batches
    elif run.carries:
        place = batches
    else:
        place = min(run.updates_per_epoch * run.accumulation, batches)
    return epoch - 1 + place / (run.frame or batches or 1)


def _saves(
    schedule: Schedule, run: CountedRun, every: int, finished: bool, evaluations: int
) -> int:
    if schedule.save_strategy == "epoch":
        return run.entered
    if schedule.save_strategy == "best":  # the most there can be
        return evaluations
    if schedule.save_strategy != "steps" or not run.executed:
        return 0
    positive = every > 0 and schedule.save_steps > 0
    regular = run.executed // every if positive else 0
    return regular + (finished and (not positive or run.executed % every != 0))


def stop_after(schedule: Schedule, run: CountedRun) -> int | None:
    """Return the earliest step at which early stopping can end a run; None when it cannot.

    The first evaluation sets the mark, and `patience` more must fail to better it.
    """
    patience = schedule.early_stopping
    if patience is None or schedule.eval_strategy == "no":
        return None
    if schedule.eval_on_start and patience <= 0:
        return 0
    wanted = max(patience, 0)
    if schedule.eval_strategy == "epoch":
        epoch = first_marked(run, schedule.eval_delay) + wanted
        end = epoch * run.layout.batches // run.accumulation if run.carries else (
            epoch * run.updates_per_epoch)  # fmt: skip
        return min(max(end, epoch), run.executed)
    every = abs(interval(schedule.eval_steps, run.planned))
    if not every:
        return None
    first = max(ceil(schedule.eval_delay / every), 1)
    return min((first + wanted) * every, run.executed)
