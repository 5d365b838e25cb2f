"""What a run comes to: exact for known rows, the hull of all it can be for bounded rows."""

from __future__ import annotations

from ftlint.steps.counts import Amount, Count, NoPlan, no_run
from ftlint.steps.events import Events, events, stop_after, warmup
from ftlint.steps.loop import WHOLE_EPOCHS, CountedRun, Layout, run, stream
from ftschemas.launchers import MCA
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.steps.settings import RunSettings, Version
    from ftlint.steps.world import Ranks

EVERY = 256  # so many candidates are computed one by one; more are bounded from both ends


class RunCounts(NamedTuple):
    """Counts of one run, or bounds on them."""

    batches: Count
    steps_per_epoch: Count
    updates_per_epoch: Count
    planned: Count
    executed: Count
    entered: Count
    progress: Amount
    rows_seen: Count
    warmup: Count
    logs: Count
    evaluations: Count
    saves: Count
    kept: Count


class RunCounter(NamedTuple):
    """Everything but the rows."""

    settings: RunSettings
    ranks: Ranks
    transformers: Version

    def outcome(self, rows: Count) -> RunCounts | NoPlan:
        """Return what a run on so many rows comes to."""
        high = rows.high
        if high is not None and high - rows.low <= EVERY:
            runs = self._runs(range(rows.low, high + 1))
            hull = self._hull(runs)
            if self._may_pass_in_vain(runs) and not isinstance(hull, NoPlan):
                from ftlint.steps.bounds import unbounded

                return unbounded(hull, self)
            return hull
        ends = {rows.low, max(rows.low, self._fewest())}
        hull = self._hull(self._runs(sorted(ends if high is None else ends | {high})))
        if isinstance(hull, NoPlan):
            return hull
        from ftlint.steps.bounds import widen

        return widen(hull, rows, self)

    def largest_batch(self, rows: Count, batch: int) -> Count:
        """Return the rows of the largest micro-batch of a process, of so many rows in all.

        A single process has no more than there are. Each of several is handed a whole batch, filled
        up from the first rows, but not with `even_batches: false`; of batches that one process
        reads for all (`dispatch_batches`) each is handed its share. Several workers of a stream
        fill batches of their own from rows of their own: it may be one row. Source: accelerate
        `data_loader.py` BatchSamplerShard, IterableDatasetShard, DataLoaderDispatcher (1.7, 1.11).
        """
        settings, shards = self.settings, self.ranks.shards
        several = settings.streaming and settings.loader_workers > 1
        together = batch if settings.split_batches else batch * shards
        share = together // shards

        def of(count: int) -> int:
            if settings.drop_last and not settings.streaming:
                return share if count >= together else 0
            if shards == 1 or own_shards(settings, self.ranks):
                return min(batch, count)
            if settings.dispatch_batches:
                return -(-min(count, together) // shards)
            if settings.even_batches or settings.streaming:
                return share if count else 0
            return min(share, count)

        found = Count(of(rows.low), of(together if rows.high is None else rows.high))
        return Count(min(found.low, 1), found.high) if several else found

    def _may_pass_in_vain(self, runs: list[tuple[int, CountedRun] | NoPlan]) -> bool:
        """Return whether a pass over a stream may end without a step, and another one with some.

        The shuffled rows fall to other loading processes in each pass.
        """
        several = self.settings.streaming and self.settings.loader_workers > 1
        return several and any(isinstance(one, NoPlan) for one in runs)

    def _fewest(self) -> int:
        """Return the fewest rows that a run which does a step can have."""
        settings, ranks, transformers = self
        batch = settings.per_device_batch * ranks.batch_factor
        group = batch if settings.split_batches else batch * ranks.shards
        if settings.stage == "ppo":
            return group * settings.gradient_accumulation * settings.ppo_buffer
        if settings.trainer == MCA:
            return group * settings.gradient_accumulation
        if settings.streaming and transformers >= WHOLE_EPOCHS:
            return (settings.gradient_accumulation - 1) * group + 1
        return group if settings.drop_last else 1

    def _runs(self, candidates: Iterable[int]) -> list[tuple[int, CountedRun] | NoPlan]:
        """Return each candidate's run, and the shortest that early stopping can make of it."""
        found: list[tuple[int, CountedRun] | NoPlan] = []
        for rows in candidates:
            for shape in self._shapes(rows):
                longest = self._run(rows, shape)
                if isinstance(longest, NoPlan):
                    found.append(longest)
                    continue
                found.append((rows, longest))
                stop = stop_after(self.settings.schedule, longest)
                if stop is not None and stop < longest.executed:
                    shortest = self._run(rows, shape, stop)
                    found.append(shortest if isinstance(shortest, NoPlan) else (rows, shortest))
        return found

    def _shapes(self, rows: int) -> tuple[Layout | None, ...]:
        """Return the layouts that a stream may have: each loading process ends its own batch.

        Batches are dealt out to the ranks in turn, or each rank cuts its part out of all it reads,
        or reads shards of its own, whose rows are more or fewer than those of others.
        """
        if not self.settings.streaming:
            return (None,)
        batch, more = self.settings.per_device_batch, max(self.settings.loader_workers - 1, 0)
        group = batch if self.settings.split_batches else batch * self.ranks.shards
        if own_shards(self.settings, self.ranks):
            return Layout(1, group, rows), Layout(-(-rows // batch) + more, group, rows)
        cut = batch if self.settings.dispatch_batches else group
        fewest = -(-rows // cut)
        return tuple(
            Layout(-(-count * cut // group), group, rows) for count in {fewest, fewest + more}
        )

    def _run(self, rows: int, shape: Layout | None, stop: int | None = None) -> CountedRun | NoPlan:
        if self.settings.stage == "ppo":
            from ftlint.steps import ppo

            return ppo.run(rows, self.settings, self.ranks)
        if self.settings.trainer == MCA:
            from ftlint.steps import mca

            return mca.run(rows, self.settings, self.ranks, shape, stop)
        if shape is not None:
            return stream(shape, self.settings, self.transformers, stop)
        return run(rows, self.settings, self.ranks, self.transformers, stop)

    def _hull(self, runs: list[tuple[int, CountedRun] | NoPlan]) -> RunCounts | NoPlan:
        outcomes = []
        refused = None
        for item in runs:
            single = item if isinstance(item, NoPlan) else self._single(*item)
            if isinstance(single, NoPlan):
                refused = refused or single
            else:
                outcomes.append(single)
        if not outcomes:
            return refused or no_run("there is nothing to count")
        return _around(outcomes)

    def _single(self, rows: int, one: CountedRun) -> RunCounts | NoPlan:
        schedule = self.settings.schedule
        happened: Events | NoPlan
        if self.settings.stage == "ppo":
            from ftlint.steps import ppo

            happened = ppo.events(self.settings, one)
            warm = ppo.warmup_steps(rows, self.settings, self.ranks, self.transformers)
        else:
            happened = events(schedule, one, self.transformers)
            warm = warmup(schedule, one.planned, self.transformers)
        if isinstance(happened, NoPlan):
            return happened
        fewest = one.updates_per_epoch
        if one.carries:
            fewest = max(one.layout.batches // one.accumulation, 1)
        saves, kept = _same(happened.saves), _same(happened.kept)
        if schedule.save_strategy == "best" and happened.saves:
            saves, kept = Count(1, happened.saves), Count(1, happened.kept)
        return RunCounts(
            _same(one.layout.batches), _same(one.steps_per_epoch),
            Count(fewest, max(one.updates_per_epoch, fewest)), _same(one.planned),
            _same(one.executed), _same(one.entered), Amount(one.progress, one.progress),
            _same(one.rows_seen), _same(warm), _same(happened.logs), _same(happened.evaluations),
            saves, kept,
        )  # fmt: skip


def own_shards(settings: RunSettings, ranks: Ranks) -> bool:
    """Return whether each rank reads shards of a stream that no other reads.

    Source: accelerate `prepare_data_loader` (1.7, 1.11).
    """
    apart = settings.streaming and not (settings.dispatch_batches or settings.split_batches)
    return apart and 1 < ranks.shards < settings.loader_workers


def _same(value: int) -> Count:
    return Count(value, value)


def _around(outcomes: list[RunCounts]) -> RunCounts:
    """Return the bounds that hold for every one of the outcomes."""
    fields = []
    for bounds in zip(*outcomes, strict=True):
        low = min(bound.low for bound in bounds)
        high = max(bound.high for bound in bounds if bound.high is not None)
        fields.append(type(bounds[0])(low, high))
    return RunCounts(*fields)
