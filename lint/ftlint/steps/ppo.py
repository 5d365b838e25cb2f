"""Stage ppo, whose loop is LLaMA Factory's own.

One step is a round of answers and `ppo_epochs` passes over them. Source: LLaMA Factory
`train/ppo/trainer.py` (0.9.3); later releases refuse it.
"""

from __future__ import annotations

from math import ceil, inf

from ftlint.steps.counts import NoPlan, no_run
from ftlint.steps.events import Events, warmup
from ftlint.steps.loop import CountedRun, Layout, beyond_floats
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.steps.settings import RunSettings, Version
    from ftlint.steps.world import Ranks


def run(rows: int, settings: RunSettings, ranks: Ranks) -> CountedRun | NoPlan:
    """Return the rounds on `rows` rows. The loader drops a last batch that is not full."""
    batch = settings.per_device_batch * settings.gradient_accumulation * settings.ppo_buffer
    batches = rows // batch // ranks.shards
    group = batch * ranks.shards
    shape = Layout(batches, group, batches * group)
    if settings.max_steps <= 0 and abs(settings.epochs * (batches + 1)) == inf:
        return beyond_floats(settings, batches)
    planned = (settings.max_steps if settings.max_steps > 0
               else max(ceil(settings.epochs * batches), 0))  # fmt: skip
    if planned and not batches:
        return no_run("there are fewer rows than one PPO batch",
                      "per_device_train_batch_size")  # fmt: skip
    if not planned:
        return CountedRun(shape, 1, batches, batches, 0, 0, 0, 0, 0)
    full, place = divmod(planned, batches)
    full, place = (full - 1, batches) if not place else (full, place)
    seen = (full * batches + place) * group
    return CountedRun(shape, 1, batches, batches, planned, planned, full + 1, place, seen)


def events(settings: RunSettings, run: CountedRun) -> Events:
    """Return its logs and saves: strategies are not looked at, and nothing is evaluated."""
    logs = _multiples(run.executed, settings.schedule.logging_steps)
    saves = _multiples(run.executed, settings.schedule.save_steps)
    return Events(logs, 0, saves, saves)


def warmup_steps(rows: int, settings: RunSettings, ranks: Ranks, transformers: Version) -> int:
    """Return the warmup, of a length of its own: batches that are not full count there."""
    group = settings.per_device_batch * settings.gradient_accumulation * settings.ppo_buffer
    group *= ranks.shards
    length = settings.max_steps if settings.max_steps > 0 else settings.epochs * -(-rows // group)
    return warmup(settings.schedule, length, transformers)


def _multiples(steps: int, every: float) -> int:
    if every and every == int(every):
        return steps // abs(int(every))
    return sum(step % every == 0 for step in range(1, steps + 1)) if every else 0
