"""How long a planned run takes, by what was calibrated here; or why that cannot be said."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.calibration import key as keys
from ftbench.calibration import store
from ftbench.calibration.batches import Loop
from ftbench.calibration.forecast import Forecast, Work, forecast
from ftbench.calibration.measured import rows_evaluated
from ftbench.calibration.rows import count_of, data_of, lengths_of
from ftlint.doctor.reading import count, object_of
from ftlint.facts.checkpoints import checkpoint_of, newest_in
from ftlint.steps.plan import RESUMED
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ftbench.calibration.store import Record
    from ftlint.target.releases import Target

STAGES = ("sft", "pt")
ORDERS = ("group_by_length", "train_sampling_strategy", "disable_shuffling")
"""Keys that decide which rows meet in a batch."""


class Question(NamedTuple):
    """A run to be timed.

    `values` is the config over its defaults, `plan` what `ftlint steps --output-format json` says
    of it. `gpu` is the card that it will run on, as in a result; None for any that was calibrated.
    `accelerate` is the file of `accelerate launch`, if that starts it.
    """

    values: Mapping[str, Any]
    plan: Mapping[str, Any]
    target: Target
    model: str | None = None
    runner: str = "llamafactory"
    gpu: Mapping[str, Any] | None = None
    accelerate: str | None = None
    disk: Disk | None = None
    """What the output folder is looked at through, where somebody has to know of it."""


class Answer(NamedTuple):
    """A forecast and the calibration that it rests on."""

    forecast: Forecast
    record: Record
    steps: int

    @property
    def source(self) -> str:
        """Name the calibration in a few words."""
        gpu = self.record["gpu"]["name"]
        return f"calibrated {str(self.record['when'])[:10]} on {gpu}"


class NoAnswer(NamedTuple):
    """Why there is none."""

    reason: str


def answer(question: Question, records: Iterable[Record] | None = None) -> Answer | NoAnswer:
    """Return the seconds of a run by the calibration that is nearest to it."""
    if question.plan.get("reason"):
        return NoAnswer(f"there is no plan: {question.plan['reason']}")
    stage = question.values.get("stage") or "sft"
    if stage not in STAGES:
        return NoAnswer(f"stage {stage} is not timed, only {' and '.join(STAGES)}")
    if question.plan.get("total_steps") is None:
        return NoAnswer(_without_steps(question.plan))
    known = list(store.everything() if records is None else records)
    while True:
        found = _nearest(question, known)
        if isinstance(found, NoAnswer):
            return found
        try:
            made = _answered(question, known, *found)
        except DAMAGED:
            known = [one for one in known if one is not found[0]]
            continue
        if isinstance(made, NoAnswer) or _is_whole(made.forecast):
            return made
        known = [one for one in known if one is not found[0]]


DAMAGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What comes of a calibration that somebody else wrote, or a failing disk: it is passed over."""


def _answered(
    question: Question, known: Sequence[Record], record: Record, unsure: list[float],
    told: list[str],
) -> Answer | NoAnswer:  # fmt: skip
    work = _work(question, record, known)
    if isinstance(work, NoAnswer):
        return work
    made, doubts, notes = work
    told = [*told, *_cards(question, known, record), *notes]
    return Answer(forecast(record, made, [*unsure, *doubts], told), record, made.loop.steps)


def _is_whole(made: Forecast) -> bool:
    """Say whether a forecast is one: no time is negative or without end."""
    return all(math.isfinite(one) and one >= 0 for one in (made.low, made.seconds, made.high))


def _without_steps(plan: Mapping[str, Any]) -> str:
    """Return why a plan has no number of steps, and what gives it one."""
    causes = [str(one) for one in plan.get("assumptions") or () if "not known" in str(one)]
    why = f" ({'; '.join(causes)})" if causes else ""
    return (
        f"how many steps it takes is not known{why}: write `# ftlint: dataset-size=N` into the"
        " config, set `max_steps`, or run where `dataset_dir` lies"
    )


def _nearest(
    question: Question, known: Sequence[Record]
) -> tuple[Record, list[float], list[str]] | NoAnswer:
    """Return the calibration that leaves least unsure, the newest of equals."""
    if not known:
        useless = store.left_out()
        why = f" (what is kept cannot be used: {useless[0]})" if useless else ""
        return NoAnswer(f"nothing is calibrated here: bench calibrate CONFIG{why}")
    plan = question.plan
    ranks = keys.Ranks(
        int(plan.get("world_size") or 1), int(plan.get("nodes") or 1), question.accelerate
    )
    model = keys.model_of(question.values, question.model)
    asked = keys.make(question.values, model, ranks, question.runner, question.target)
    best: tuple[float, Record, list[float], list[str]] | None = None
    closest: list[str] | None = None
    for record in known:
        try:
            wrong = [*keys.refusals(asked, record["key"]), *_other_gpu(question.gpu, record["gpu"])]
            differences = [] if wrong else list(keys.widenings(asked, record["key"]))
            differences += _same_model_of_gpu(question.gpu, record["gpu"])
            total = sum(share**2 for _, share in differences)
        except DAMAGED:
            continue
        if wrong:
            closest = wrong if closest is None or len(wrong) < len(closest) else closest
            continue
        if best is None or total < best[0]:
            told = [text for text, _ in differences]
            best = (total, record, [share for _, share in differences], told)
    if best is None:
        why = "; ".join(closest or ["what is kept is damaged: bench calibrate CONFIG"])
        return NoAnswer(f"no calibration fits: {why}")
    return best[1:]


def _other_gpu(asked: Mapping[str, Any] | None, kept: Mapping[str, Any]) -> list[str]:
    if asked is None or asked["name"] == kept["name"]:
        return []
    return [f"the GPU is {asked['name']}, calibrated was {kept['name']}"]


def _same_model_of_gpu(
    asked: Mapping[str, Any] | None, kept: Mapping[str, Any]
) -> list[tuple[str, float]]:
    if asked is None or asked.get("uuid_hash") == kept.get("uuid_hash"):
        return []
    ours, theirs = asked.get("power_limit_w"), kept.get("power_limit_w")
    if ours and theirs and abs(ours / theirs - 1) > 0.01:
        return [(f"calibrated at {theirs:.0f} W, not {ours:.0f} W", keys.OTHER_LIMIT)]
    return [(f"calibrated on another {kept['name']}", keys.OTHER_CARD)]


def _cards(question: Question, known: Sequence[Record], taken: Record) -> list[str]:
    """Return what to say where no GPU is here, and several kinds of it were calibrated."""
    names = sorted({str(record["gpu"]["name"]) for record in known} - {taken["gpu"]["name"]})
    if question.gpu is not None or not names:
        return []
    return [f"no GPU is here: taken as {taken['gpu']['name']}, also calibrated: {', '.join(names)}"]


def _work(
    question: Question, record: Record, known: Sequence[Record]
) -> tuple[Work, list[float], list[str]] | NoAnswer:
    values, plan = question.values, question.plan
    steps = int(plan.get("executed_steps") or plan["total_steps"])
    rows = (plan.get("samples") or {}).get("total")
    notes = [str(note) for note in plan.get("assumptions") or ()]
    doubts: list[float] = []
    resumed, rest = _resumed(values, question.disk or Disk()), steps
    if resumed is not None:
        checkpoint, done = resumed
        rest = max(0, steps - done)
        notes = [note for note in notes if note != RESUMED]
        notes.append(f"resumed from {checkpoint}: {rest:,} of {steps:,} steps are left")
    share = rest / steps if steps else 1.0
    cutoff = int(values.get("cutoff_len") or 2048)
    lengths: tuple[int, ...] = ()
    if not keys.is_packed(values):
        found = lengths_of(values, [record, *known], record["key"]["model"], cutoff)
        if found is None:
            return NoAnswer(
                f"how long the rows of {_named(values)} are was never counted with this model and"
                " template: bench calibrate CONFIG counts them"
            )
        lengths = found.pool
        doubts += found.doubts
        notes += found.notes
        if rows is not None and rows != len(lengths):
            notes.append(f"lengths of {rows:,} rows drawn from {len(lengths):,} that were counted")
        order = next((name for name in ORDERS if _in_order(values, name)), None)
        if order is not None:
            notes.append(f"{order} is not followed: batches are taken as shuffled")
    if rows is None:
        notes.append("the number of rows is not known: every batch is taken as full")
    loop = Loop(
        steps=rest,
        batch=int(plan["per_device_train_batch_size"]),
        accumulation=int(plan["gradient_accumulation_steps"]),
        world=int(plan["world_size"]),
        rows=rows,
        drop_last=bool(values.get("dataloader_drop_last")),
        lockstep=record["key"].get("sharding") is not None,
    )
    return (
        Work(
            loop=loop,
            length=cutoff,
            lengths=lengths,
            multiple=1 if values.get("stage") == "pt" else 8,
            rows_prepared=count_of(values, record) if rows is None else rows,
            workers=values.get("preprocessing_num_workers"),
            logs=_events(plan, "logging_events", share, notes),
            saves=_events(plan, "checkpoints", share, notes),
            model_only=bool(values.get("save_only_model")),
            evaluations=_evaluations(values, plan, share, notes),
            evaluated_rows=rows_evaluated(values, plan),
            evaluation_batch=int(values.get("per_device_eval_batch_size") or 8),
        ),
        doubts,
        notes,
    )


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


def _events(plan: Mapping[str, Any], name: str, share: float, notes: list[str]) -> int:
    """Return how often something happens at most, in this share of the run."""
    times = plan.get(name)
    if times is None:
        times = (plan.get("bounds") or {}).get(name, (0, None))[1]
    if times is None:
        notes.append(f"{name} are not priced: how many there are is not known")
    return round((times or 0) * share)


def _evaluations(
    values: Mapping[str, Any], plan: Mapping[str, Any], share: float, notes: list[str]
) -> int:
    """Return how often the held-out rows are gone through, by do_predict at the end as well."""
    times = _events(plan, "eval_events", share, notes) + bool(values.get("do_predict"))
    if times and values.get("predict_with_generate"):
        notes.append("evaluations are not priced: predict_with_generate writes answers in them")
        return 0
    return times


def _in_order(values: Mapping[str, Any], name: str) -> bool:
    """Say whether a config sets the order of its rows by such a key."""
    return values.get(name) not in (None, False, "random")
