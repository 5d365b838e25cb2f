"""Bounds on a run whose rows may be anything in a wide range, from its shortest and longest.

And on one whose passes over a stream may be in vain.

Steps and batches grow with the rows; under max_steps the epochs shrink. Intervals written as
fractions, and before 4.52 the epochs, do neither: their bounds hold for any number of rows.
"""

from __future__ import annotations

from math import ceil

from ftlint.steps.counts import Amount, Count
from ftlint.steps.events import warmup
from ftlint.steps.loop import CEILING, WHOLE_EPOCHS, by_steps
from ftschemas.launchers import MCA
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.steps.counter import RunCounter, RunCounts
    from ftlint.steps.settings import RunSettings


def widen(ends: RunCounts, rows: Count, judge: RunCounter) -> RunCounts:
    """Return bounds that hold for every number of rows, given those that hold at both ends."""
    settings, ranks, transformers = judge
    fixed = by_steps(settings, transformers)
    ends = ends._replace(
        batches=_reaching(ends.batches, rows),
        steps_per_epoch=_reaching(ends.steps_per_epoch, rows),
        updates_per_epoch=_reaching(ends.updates_per_epoch, rows),
    )
    planned, executed = ends.planned, ends.executed
    if not fixed:
        planned, executed = _reaching(planned, rows), _reaching(executed, rows)
    stopped = _stopped(executed, ends.batches.low, settings)
    if stopped.low < executed.low:
        ends = ends._replace(logs=Count(0, ends.logs.high), saves=Count(0, ends.saves.high),
                             kept=Count(0, ends.kept.high))  # fmt: skip
    executed = stopped
    ends = ends._replace(planned=planned, executed=executed)
    entered, progress = _epochs(ends, rows, judge, fixed)
    seen = [] if entered.high is None or rows.high is None else [entered.high * rows.high]
    if executed.high is not None and not settings.streaming:
        batch = settings.per_device_batch * ranks.batch_factor * ranks.world_size
        seen.append(executed.high * settings.gradient_accumulation * settings.ppo_buffer * batch)
    warm = ends.warmup
    if planned.high is None and warmup(settings.schedule, planned.low, transformers) != warmup(
        settings.schedule, planned.low + 10**9, transformers
    ):
        warm = Count(warm.low, None)
    ends = ends._replace(
        entered=entered, progress=progress, warmup=warm,
        rows_seen=Count(executed.low, min(seen) if seen else None),
    )  # fmt: skip
    return _events(ends, judge)


def unbounded(envelope: RunCounts, judge: RunCounter) -> RunCounts:
    """Return bounds for passes of which some are in vain, nobody knows how many."""
    envelope = envelope._replace(
        batches=Count(1, envelope.batches.high),
        steps_per_epoch=Count(0, envelope.steps_per_epoch.high),
        updates_per_epoch=Count(0, envelope.updates_per_epoch.high),
        entered=Count(envelope.entered.low, None),
        progress=Amount(envelope.progress.low, None),
        rows_seen=Count(envelope.rows_seen.low, None),
    )
    return _events(envelope, judge)


def _stopped(executed: Count, batches: int, settings: RunSettings) -> Count:
    """Return the steps where early stopping may end a run by epochs of so many batches or more.

    Which epoch is the first to be marked hangs on whether epochs end in whole steps, and so does
    not grow with the rows; it is the first at best.
    """
    schedule = settings.schedule
    if schedule.early_stopping is None or schedule.eval_strategy != "epoch":
        return executed
    epochs = max(schedule.early_stopping, 0) + 1
    least = max(epochs * batches // settings.gradient_accumulation, epochs)
    return Count(min(executed.low, least), executed.high)


def _reaching(count: Count, rows: Count) -> Count:
    return Count(count.low, None) if rows.high is None else count


def _epochs(ends: RunCounts, rows: Count, judge: RunCounter, fixed: bool) -> tuple[Count, Amount]:
    settings, _, transformers = judge
    fewest = min(1, ends.executed.low)
    if transformers < WHOLE_EPOCHS and fixed:
        most = ends.executed.high or 0  # an epoch has a step at least
        return Count(fewest, most), Amount(0.0, float(most))
    if fixed:
        if rows.high is None:
            return Count(fewest, ends.entered.high), Amount(0.0, ends.progress.high)
        return ends.entered, ends.progress
    most = max(ceil(settings.epochs), 0)
    early = settings.schedule.early_stopping is not None
    if transformers < CEILING or early or settings.trainer == MCA:
        return Count(fewest, most), Amount(0.0, float(most))
    return Count(most, most), Amount(min(settings.epochs, ends.progress.low), float(most))


def _events(ends: RunCounts, judge: RunCounter) -> RunCounts:
    schedule = judge.settings.schedule
    entered, open_ended = ends.entered, ends.executed.high is None
    known = ends.planned.exact is not None

    def stepped(bound: Count, written: float) -> Count:
        if written < 1 and not known:
            return Count(0, ceil(1 / abs(written)) + 1 if written else None)
        return Count(bound.low, None) if open_ended else bound

    logs, evaluations, saves = ends.logs, ends.evaluations, ends.saves
    if schedule.logging_strategy == "steps":
        logs = stepped(logs, schedule.logging_steps)
    elif schedule.logging_strategy == "epoch":
        logs = _up(entered, schedule.logging_first_step)
        logs = Count(min(logs.low, ends.executed.low), logs.high)  # an empty epoch logs nothing
    around = schedule.eval_on_start + schedule.do_eval
    training = Count(0, 0)
    if schedule.eval_strategy == "steps":
        passes = schedule.eval_passes
        high = evaluations.high
        inside = Count(evaluations.low // passes - around,
                       None if high is None else high // passes - around)  # fmt: skip
        training = _up(stepped(inside, schedule.eval_steps), 1 if schedule.eval_steps < 1 else 0)
    elif schedule.eval_strategy == "epoch":
        training = Count(entered.low if schedule.eval_delay <= 0 else 0, entered.high)
    evaluations = Count((training.low + around) * schedule.eval_passes,
                        None if training.high is None
                        else (training.high + around) * schedule.eval_passes)  # fmt: skip
    if schedule.save_strategy == "steps":
        saves = _up(stepped(saves, schedule.save_steps), 1 if schedule.save_steps < 1 else 0)
        if schedule.early_stopping is not None:  # a run that is stopped does not save at its end
            saves = Count(max(saves.low - 1, 0), saves.high)
    elif schedule.save_strategy == "epoch":
        saves = entered
    elif schedule.save_strategy == "best":
        saves = Count(min(1, training.low), training.high)
    if judge.settings.stage == "ppo":
        return ends._replace(logs=stepped(ends.logs, schedule.logging_steps), kept=saves)
    limit = schedule.save_total_limit
    kept = saves.at_most(limit) if limit > 0 else saves
    return ends._replace(logs=logs, evaluations=evaluations, saves=saves, kept=kept)


def _up(count: Count, more: int) -> Count:
    return Count(count.low, None if count.high is None else count.high + more)
