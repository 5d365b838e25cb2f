"""The trainer's arithmetic: batches, updates, totals, and what the loop really runs.

Counted in integers, except for one product: epochs times steps, which the trainer takes in
doubles before it rounds up (1.1 x 100 gives 111). Source: transformers `trainer.py`
`set_initial_training_values`, `_inner_training_loop`, `_run_epoch` (4.45, 4.51, 4.52, 4.57, 5.6);
accelerate `data_loader.py` `BatchSamplerShard` (1.7, 1.11).
"""

from __future__ import annotations

from math import ceil, gcd, inf

from ftlint.steps.counts import NoPlan, no_run
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.steps.settings import RunSettings, Version
    from ftlint.steps.world import Ranks

CEILING = (4, 52)  # steps per epoch are rounded up from here on, down before
WHOLE_EPOCHS = (4, 47)  # an epoch's leftover batches make a step of their own from here on
ZERO_COUNTS = (4, 49)  # max_steps 0 no longer means "not set"


class Layout(NamedTuple):
    """How rows become micro-batches: `batches` a rank and epoch, `group` rows on all ranks."""

    batches: int
    group: int
    epoch_rows: int


class CountedRun(NamedTuple):
    """A run on a known number of rows."""

    layout: Layout
    accumulation: int
    steps_per_epoch: int  # as the trainer counts them
    updates_per_epoch: int  # as the loop runs them; before 4.47 the most that an epoch runs
    planned: int
    executed: int
    entered: int
    place: int  # micro-batches of the last epoch done at the last step
    rows_seen: int
    carries: bool = False  # leftover batches go over into the next epoch
    frame: int = 0  # micro-batches that the trainer takes an epoch to have, if not the layout's

    @property
    def progress(self) -> float:
        """Passes over the data at the last step."""
        if not self.executed:
            return 0.0
        return self.entered - 1 + self.place / self.layout.batches


def layout(rows: int, settings: RunSettings, ranks: Ranks) -> Layout | NoPlan:
    """Return the micro-batches of `rows` rows."""
    batch = settings.per_device_batch * ranks.batch_factor
    if settings.split_batches:
        if batch % ranks.shards:
            return no_run(f"`split_batches` cannot divide a batch of {batch} among {ranks.shards} "
                          "processes", "per_device_train_batch_size")  # fmt: skip
        count = rows // batch if settings.drop_last else -(-rows // batch)
        group = batch
    elif settings.drop_last:
        count = rows // batch // ranks.shards
        group = batch * ranks.shards
    else:
        count = -(-rows // (batch * ranks.shards))
        group = batch * ranks.shards
    batches = count * ranks.repeats
    epoch_rows = min(count * group, rows)
    return Layout(batches, max(group // ranks.repeats, 1), epoch_rows)


def steps_per_epoch(batches: int, accumulation: int, transformers: Version) -> int:
    """Return the steps of an epoch as the trainer counts them, at least 1."""
    steps = batches // accumulation
    if transformers >= CEILING and batches % accumulation:
        steps += 1
    return max(steps, 1)


def run(
    rows: int,
    settings: RunSettings,
    ranks: Ranks,
    transformers: Version,
    stop_at: int | None = None,
) -> CountedRun | NoPlan:
    """Return what the trainer plans and runs on `rows` rows of a map-style dataset.

    `stop_at` ends the run at that step, as early stopping does.
    """
    shape = layout(rows, settings, ranks)
    if isinstance(shape, NoPlan):
        return shape
    counted = by_steps(settings, transformers)
    planned_epoch = steps_per_epoch(shape.batches, settings.gradient_accumulation, transformers)
    if not counted and abs(settings.epochs * planned_epoch) == inf:
        return beyond_floats(settings, planned_epoch)
    planned = settings.max_steps if counted else ceil(settings.epochs * planned_epoch)
    if settings.max_steps > 0:
        epochs = -(-planned // planned_epoch)
    else:
        epochs = max(ceil(settings.epochs), 0)
    if not shape.batches:
        if settings.max_steps <= 0:
            return no_run("`dataloader_drop_last` leaves no batch, because there are fewer rows "
                          "than one batch on each rank needs", "dataloader_drop_last")  # fmt: skip
        return _nothing(settings, shape, planned)
    last = max(planned, 1) if stop_at is None else min(max(planned, 1), stop_at)
    go = _carrying if transformers < WHOLE_EPOCHS else _whole
    return go(shape, settings.gradient_accumulation, planned_epoch, planned, epochs, last)


def beyond_floats(settings: RunSettings, steps: int) -> NoPlan:
    """The trainer multiplies as floats, and rounds the product up to a whole number."""
    return no_run(f"`num_train_epochs: {settings.epochs:g}` times {steps} steps overflows",
                  "num_train_epochs")  # fmt: skip


def by_steps(settings: RunSettings, transformers: Version) -> bool:
    """Return whether max_steps decides; 0 counts as set from 4.49 on, and then one step is run."""
    return settings.max_steps > 0 or (settings.max_steps == 0 and transformers >= ZERO_COUNTS)


def _nothing(settings: RunSettings, shape: Layout, planned: int) -> CountedRun:
    """A loader without a batch and max_steps above 0: the run ends well, with no step done."""
    return CountedRun(shape, settings.gradient_accumulation, 0, 0, planned, 0, 1, 0, 0)


def _whole(
    shape: Layout, accumulation: int, planned_epoch: int, planned: int, epochs: int, last: int
) -> CountedRun:
    updates = -(-shape.batches // accumulation)
    executed = min(last, epochs * updates)
    full, steps = _passes(executed, updates)
    place = min(steps * accumulation, shape.batches)
    return CountedRun(
        shape, accumulation, planned_epoch, updates, planned, executed,
        full + 1 if executed else 0, place, _rows(shape, full, place),
    )  # fmt: skip


def stream(
    shape: Layout, settings: RunSettings, transformers: Version, stop_at: int | None = None
) -> CountedRun | NoPlan:
    """Return what the trainer runs on a stream, which starts anew whenever it ends.

    It takes max_steps updates for one epoch, so batches left over at the end of the stream never
    become a step (from 4.47 on) or go over into the next pass (before).
    """
    accumulation = settings.gradient_accumulation
    planned = settings.max_steps
    last = planned if stop_at is None else min(planned, stop_at)
    frame = planned * accumulation
    if transformers < WHOLE_EPOCHS:
        run = _carrying(shape, accumulation, planned, planned, 1 << 62, last, short_steps=False)
        return run._replace(frame=frame)
    updates = shape.batches // accumulation
    if not updates and shape.batches:
        return no_run("the stream ends before `gradient_accumulation_steps` batches are read, so "
                      "there is never a step and the run does not end",
                      "gradient_accumulation_steps")  # fmt: skip
    full, steps = _passes(last, updates)
    place = steps * accumulation
    return CountedRun(
        shape, accumulation, updates, updates, planned, last, full + 1, place,
        _rows(shape, full, place), frame=frame,
    )  # fmt: skip


def _passes(executed: int, updates: int) -> tuple[int, int]:
    """Return whole epochs before the last one, and the steps of the last one."""
    full, steps = divmod(executed, updates)
    return (full - 1, updates) if executed and not steps else (full, steps)


def _rows(shape: Layout, full: int, place: int) -> int:
    return full * shape.epoch_rows + min(place * shape.group, shape.epoch_rows)


def _carrying(
    shape: Layout,
    accumulation: int,
    planned_epoch: int,
    planned: int,
    epochs: int,
    last: int,
    *,
    short_steps: bool = True,
) -> CountedRun:
    """Before 4.47 batches are counted across epochs; a short epoch also ends with a step."""
    batches = shape.batches
    short = short_steps and batches <= accumulation
    period = accumulation // gcd(batches, accumulation)  # epochs until no batch is left over
    in_period = period * batches // accumulation + (period - 1 if short else 0)
    skipped = min((last - 1) // in_period, epochs // period) if last > 0 else 0
    done, epoch, place = skipped * in_period, skipped * period, batches
    while done < last and epoch < epochs:
        carried = epoch * batches % accumulation
        steps, left = divmod(carried + batches, accumulation)
        if done + steps >= last:
            place, done = (last - done) * accumulation - carried, last
        elif short and left:
            place, done = batches, done + steps + 1
        else:
            place, done = batches - left, done + steps
        epoch += 1
    return CountedRun(
        shape, accumulation, planned_epoch, -(-batches // accumulation) + short, planned, done,
        epoch, place if done else 0, _rows(shape, epoch - 1, place) if done else 0, carries=True,
    )  # fmt: skip
