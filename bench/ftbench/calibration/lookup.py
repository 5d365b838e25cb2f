"""How long a planned run takes, by what was calibrated here; or why that cannot be said."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.calibration import key as keys
from ftbench.calibration import store
from ftbench.calibration.batches import Loop
from ftbench.calibration.design import up
from ftbench.calibration.forecast import MISSED, Forecast, Work, forecast
from ftbench.calibration.planned_run import rows_of_one_evaluation
from ftbench.calibration.rows import Lengths, count_of, data_of, lengths_of
from ftbench.calibration.sequence import epochs_of
from ftbench.objective import objective_of, why_none
from ftlint.doctor.reading import count, object_of
from ftlint.facts.checkpoints import checkpoint_of, newest_in
from ftlint.steps import NoPlan
from ftlint.steps.plan import RESUMED
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ftbench.calibration.planned_run import PlannedRun
    from ftbench.calibration.record import Calibration
    from ftbench.results.record import GpuIdentity
    from ftlint.target.releases import Target

ORDERS = ("group_by_length", "train_sampling_strategy", "disable_shuffling")
"""Keys that decide which rows meet in a batch."""


class Query(NamedTuple):
    """A run to be timed.

    `values` is the config over its defaults. `gpu` is the card that it will run on; None for any
    that was calibrated. `accelerate` is the file of `accelerate launch`, if that starts it.
    """

    values: Mapping[str, Any]
    run: PlannedRun | NoPlan
    target: Target
    model: str | None = None
    runner: str = "llamafactory"
    gpu: GpuIdentity | None = None
    accelerate: str | None = None
    disk: Disk | None = None
    """What the output folder is looked at through, where somebody has to know of it."""


class Answer(NamedTuple):
    """A forecast and the calibration that it rests on."""

    forecast: Forecast
    calibration: Calibration
    steps: int

    @property
    def source(self) -> str:
        """Name the calibration in a few words."""
        return f"calibrated {self.calibration.when[:10]} on {self.calibration.gpu['name']}"


class NoAnswer(NamedTuple):
    """Why there is none."""

    reason: str


class Match(NamedTuple):
    """A calibration that answers a query, and what makes its answer unsure."""

    calibration: Calibration
    unsure: tuple[float, ...]
    notes: tuple[str, ...]


def look_up(query: Query, calibrations: Iterable[Calibration] | None = None) -> Answer | NoAnswer:
    """Return the seconds of a run by the calibration that is nearest to it."""
    if objective_of(query.values) is None:
        return NoAnswer(why_none(query.values.get("stage")))
    run = query.run
    if isinstance(run, NoPlan):
        why = run.reason or f"`ftlint CONFIG` explains {run.code}"
        return NoAnswer(f"no step plan: {why}")
    if run.steps is None:
        return NoAnswer(_without_steps(query.values, run))
    if whole(query.values, "cutoff_len") is None:
        return NoAnswer(f"`cutoff_len: {query.values.get('cutoff_len')}` is not a number of tokens")
    known = list(store.everything() if calibrations is None else calibrations)
    unused: list[str] = []
    while True:
        found = _nearest(query, run, known)
        if isinstance(found, NoAnswer):
            return _unused(unused) if unused else found
        match = found._replace(notes=(*unused[:1], *found.notes))
        try:
            made = _answered(query, run, run.steps, known, match)
        except (
            ArithmeticError,
            ValueError,
        ):  # of numbers that somebody else wrote, each of them possible
            made = None
        if isinstance(made, NoAnswer) or (made and _iswhole(made.forecast)):
            return made
        unused.append(_why_unused(found.calibration))
        known = [one for one in known if one is not found.calibration]


def _answered(
    query: Query, run: PlannedRun, steps: int, known: Sequence[Calibration], match: Match
) -> Answer | NoAnswer:
    lengths = _lengths(query.values, run, known, match.calibration)
    if isinstance(lengths, NoAnswer):
        return lengths
    work, notes = _work(query.values, run, steps, match.calibration, lengths, query.disk or Disk())
    told = [*match.notes, *_other_gpus(query, known, match.calibration), *lengths.notes, *notes]
    unsure = [*match.unsure, *lengths.doubts]
    made = forecast(match.calibration, work, unsure, told)
    return Answer(made, match.calibration, work.loop.steps)


def _iswhole(made: Forecast) -> bool:
    """Return whether a forecast is one: no time is negative or without end."""
    return all(math.isfinite(one) and one >= 0 for one in (made.low, made.seconds, made.high))


def _why_unused(one: Calibration) -> str:
    """Return which calibration gives a forecast without finite bounds, and why it may."""
    missed = abs(one.check.error)
    why = f", as it missed the shape that it held out by {missed:.0%}" if missed > MISSED else ""
    return (
        f"the calibration of {one.when[:10]} on {one.gpu['name']} is not used: it gives no usable"
        f" bounds for this run{why}"
    )


def _unused(reasons: Sequence[str]) -> NoAnswer:
    more = f" ({len(reasons)} calibrations in all)" if len(reasons) > 1 else ""
    return NoAnswer(f"{reasons[0]}{more}: run `bench calibrate CONFIG` again on an idle machine")


def _without_steps(values: Mapping[str, Any], run: PlannedRun) -> str:
    """Return why a plan has no number of steps, and what gives it one."""
    unread = [one for one in run.assumptions if one.startswith("dataset ")]
    causes = [*unread, *(one for one in run.assumptions if "not known" in one)]
    if values.get("tokenized_path"):
        causes.append("the rows of `tokenized_path` are not counted")
        remedy = "set `max_steps`, or run where `tokenized_path` is"
    elif keys.is_packed(values):
        causes.append("rows are packed, and their tokens are not counted")
        remedy = (
            "set `max_steps`, or run where the data and the model's `tokenizer.json` are, with"
            " `ftlint[tokens]` installed"
        )
    else:
        remedy = "add `# ftlint: dataset-size=N` to the config or set `max_steps`"
        remedy += "" if unread else ", or run where `dataset_dir` is"
    why = f" ({'; '.join(dict.fromkeys(causes))})" if causes else ""
    return f"the number of steps is not known{why}: {remedy}"


def _nearest(query: Query, run: PlannedRun, known: Sequence[Calibration]) -> Match | NoAnswer:
    """Return the calibration that leaves least unsure, the newest of equals."""
    if not known:
        useless = store.left_out()
        what = "nothing is calibrated on this machine"
        if useless:
            what = f"what was calibrated cannot be used ({useless[0]})"
        return NoAnswer(f"{what}: run `bench calibrate CONFIG`")
    ranks = keys.Ranks(run.world_size, run.nodes, query.accelerate)
    model = keys.model_of(query.values, query.model)
    key = keys.make(query.values, model, ranks, query.runner, query.target)
    best: tuple[float, Match] | None = None
    closest: list[str] | None = None
    for one in known:
        wrong = [*keys.refusals(key, one.key), *_another_kind(query.gpu, one.gpu)]
        if wrong:
            closest = wrong if closest is None or len(wrong) < len(closest) else closest
            continue
        differences = [*keys.widenings(key, one.key), *_another_card(query.gpu, one.gpu)]
        total = sum(share**2 for _, share in differences)
        if best is None or total < best[0]:
            notes = tuple(text for text, _ in differences)
            best = total, Match(one, tuple(share for _, share in differences), notes)
    if best is None:
        return NoAnswer(
            f"no calibration fits: {'; '.join(closest or ())}: run `bench calibrate CONFIG`"
        )
    return best[1]


def _another_kind(asked: GpuIdentity | None, kept: GpuIdentity) -> list[str]:
    if asked is None or asked["name"] == kept["name"]:
        return []
    return [f"the GPU is {asked['name']}, calibrated was {kept['name']}"]


def _another_card(asked: GpuIdentity | None, kept: GpuIdentity) -> list[tuple[str, float]]:
    """Return in what a GPU differs from another one of its name, with how unsure that makes it."""
    if asked is None or asked.get("uuid_hash") == kept.get("uuid_hash"):
        return []
    ours, theirs = asked.get("power_limit_w"), kept.get("power_limit_w")
    if ours and theirs and abs(ours / theirs - 1) > 0.01:
        return [(f"calibrated at {theirs:.0f} W, not {ours:.0f} W", keys.OTHER_LIMIT)]
    return [(f"calibrated on another {kept['name']}", keys.OTHER_CARD)]


def _other_gpus(query: Query, known: Sequence[Calibration], taken: Calibration) -> list[str]:
    """Return what to say where no GPU on this machine, and several kinds of it were calibrated."""
    names = sorted({one.gpu["name"] for one in known} - {taken.gpu["name"]})
    if query.gpu is not None or not names:
        return []
    return [
        f"no GPU on this machine: assuming {taken.gpu['name']}, also calibrated: {', '.join(names)}"
    ]


def _lengths(
    values: Mapping[str, Any], run: PlannedRun, known: Sequence[Calibration], taken: Calibration
) -> Lengths | NoAnswer:
    """Return the lengths of a run's rows, none where all are packed to one; or why not."""
    if keys.is_packed(values):
        return Lengths(())
    found = lengths_of(values, [taken, *known], taken.key["model"], _cutoff(values))
    if found is None:
        return NoAnswer(
            f"the row lengths of {_named(values)} are not known for this model and template:"
            " `bench calibrate CONFIG` counts them"
        )
    notes = list(found.notes)
    if run.rows is not None and run.rows != len(found.pool):
        notes.append(
            f"lengths of {run.rows:,} rows drawn from {len(found.pool):,} that were counted"
        )
    return found._replace(notes=tuple(notes))


def _work(
    values: Mapping[str, Any],
    run: PlannedRun,
    steps: int,
    calibration: Calibration,
    lengths: Lengths,
    disk: Disk,
) -> tuple[Work, list[str]]:
    """Return what there is to be timed, and what that rests on."""
    notes, rest = list(run.assumptions), steps
    resumed = _resumed(values, disk)
    if resumed is not None:
        checkpoint, done = resumed
        rest = max(0, steps - done)
        notes = [note for note in notes if note != RESUMED]
        notes.append(f"resumed from {checkpoint}: {rest:,} of {steps:,} steps are left")
    if run.rows is None:
        notes.append("the number of rows is not known: every batch is assumed to be full")
    loop = Loop(
        steps=rest,
        batch=run.batch,
        accumulation=run.accumulation,
        world=run.world_size,
        rows=run.rows,
        drop_last=bool(values.get("dataloader_drop_last")),
        lockstep=calibration.key.get("sharding") is not None,
        rows_each=rows_of_an_example(values),
        stream=bool(values.get("streaming")),
    )
    epochs = epochs_of(values, lengths.sequence, loop) if resumed is None else ()
    order = next((name for name in ORDERS if _in_order(values, name)), None)
    if order is not None and lengths.pool and not epochs:
        notes.append(f"`{order}` is not simulated: batches are assumed to be shuffled")
    share = rest / steps if steps else 1.0
    work = Work(
        loop=loop,
        length=_packed_to(values),
        lengths=lengths.pool,
        epochs=epochs,
        multiple=1 if values.get("stage") == "pt" else 8,
        rows_prepared=count_of(values, calibration) if run.rows is None else run.rows,
        workers=whole(values, "preprocessing_num_workers"),
        logs=_events(run.logging_events, "logging_events", share, notes),
        saves=_events(run.checkpoints, "checkpoints", share, notes),
        model_only=bool(values.get("save_only_model")),
        evaluations=_evaluations(values, run, share, notes),
        evaluated_rows=rows_of_one_evaluation(run, values),
        evaluation_batch=whole(values, "per_device_eval_batch_size") or 8,
    )
    return work, notes


def rows_of_an_example(values: Mapping[str, Any]) -> int:
    """Return how many rows of a batch an example becomes: a pair two."""
    objective = objective_of(values)
    return 1 if objective is None else objective.rows


def _cutoff(values: Mapping[str, Any]) -> int:
    return int(values["cutoff_len"])


def _packed_to(values: Mapping[str, Any]) -> int:
    """Return the padded length of packed rows: batches of stage pt are not padded.

    A token too long where a config of stage pt has `packing: true`, which takes one off; those of
    sft are filled up again. Source: LLaMA Factory `hparams/data_args.py`,
    `data/processor/{supervised,pretrain}.py` [0.9.5].
    """
    cutoff = _cutoff(values)
    return cutoff if values.get("stage") == "pt" else up(cutoff)


def whole(values: Mapping[str, Any], name: str) -> int | None:
    """Return a number of a config that is whole and positive."""
    value = values.get(name)
    return value if type(value) is int and value > 0 else None


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(map(str, data_of(values)["dataset"] or ["this dataset"]))


def _resumed(values: Mapping[str, Any], disk: Disk) -> tuple[str, int] | None:
    """Return the checkpoint that the run goes on from and the steps it has done, where known."""
    checkpoint = checkpoint_of(values, newest_in(values.get("output_dir"), disk))
    if checkpoint is None:
        return None
    state = object_of(str(Path(checkpoint, "trainer_state.json")), disk.anywhere())
    done = count(state.get("global_step")) if isinstance(state, dict) else None
    return None if done is None else (checkpoint, done)


def _events(times: int | None, name: str, share: float, notes: list[str]) -> int:
    """Return how often something happens at most, in this share of the run."""
    if times is None:
        notes.append(f"{name} are not included: their number is not known")
    return round((times or 0) * share)


def _evaluations(values: Mapping[str, Any], run: PlannedRun, share: float, notes: list[str]) -> int:
    """Return how often the held-out rows are gone through, by do_predict at the end as well."""
    times = _events(run.evaluations, "eval_events", share, notes)
    times += bool(values.get("do_predict"))
    if times and values.get("predict_with_generate"):
        notes.append("evaluations are not included: `predict_with_generate` is not timed")
        return 0
    return times


def _in_order(values: Mapping[str, Any], name: str) -> bool:
    """Return whether a config sets the order of its rows by such a key."""
    return values.get(name) not in (None, False, "random")
