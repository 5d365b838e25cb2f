"""How long a planned run takes, by what was calibrated here; or why that cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.calibration import key as keys
from ftbench.calibration import store
from ftbench.calibration.batches import Loop
from ftbench.calibration.forecast import Forecast, Work, forecast
from ftbench.calibration.measured import rows_evaluated
from ftlint.facts import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ftbench.calibration.store import Record
    from ftlint.target import Target

UNKNOWN_LENGTHS = 0.05
"""Declared deviation where lengths are those of another cut-off."""
STAGES = ("sft", "pt")


class Question(NamedTuple):
    """A run to be timed.

    `values` is the config over its defaults, `plan` what `ftlint steps --output-format json` says
    of it. `gpu` is the card that it will run on, as in a result; None for any that was calibrated.
    """

    values: Mapping[str, Any]
    plan: Mapping[str, Any]
    target: Target
    model: str | None = None
    runner: str = "llamafactory"
    gpu: Mapping[str, Any] | None = None


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
        return NoAnswer("how many steps it takes is not known")
    known = list(store.everything() if records is None else records)
    found = _nearest(question, known)
    if isinstance(found, NoAnswer):
        return found
    record, unsure, told = found
    work = _work(question, record, known)
    if isinstance(work, NoAnswer):
        return work
    made, doubts, notes = work
    told = [*told, *notes]
    return Answer(forecast(record, made, [*unsure, *doubts], told), record, made.loop.steps)


def _nearest(
    question: Question, known: Sequence[Record]
) -> tuple[Record, list[float], list[str]] | NoAnswer:
    """Return the calibration that leaves least unsure, the newest of equals."""
    if not known:
        useless = store.left_out()
        why = f" (what is kept cannot be used: {useless[0]})" if useless else ""
        return NoAnswer(f"nothing is calibrated here: bench calibrate CONFIG{why}")
    world = int(question.plan.get("world_size") or 1)
    model = keys.model_of(question.values, question.model)
    asked = keys.make(question.values, model, world, question.runner, question.target)
    best: tuple[float, Record, list[float], list[str]] | None = None
    closest: list[str] | None = None
    for record in known:
        wrong = [*keys.refusals(asked, record["key"]), *_other_gpu(question.gpu, record["gpu"])]
        if wrong:
            closest = wrong if closest is None or len(wrong) < len(closest) else closest
            continue
        differences = list(keys.widenings(asked, record["key"]))
        differences += _same_model_of_gpu(question.gpu, record["gpu"])
        total = sum(share**2 for _, share in differences)
        if best is None or total < best[0]:
            told = [text for text, _ in differences]
            best = (total, record, [share for _, share in differences], told)
    if best is None:
        assert closest is not None
        return NoAnswer(f"no calibration fits: {'; '.join(closest)}")
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


def _work(
    question: Question, record: Record, known: Sequence[Record]
) -> tuple[Work, list[float], list[str]] | NoAnswer:
    values, plan = question.values, question.plan
    steps = plan.get("executed_steps") or plan["total_steps"]
    rows = (plan.get("samples") or {}).get("total")
    notes = [] if plan.get("executed_steps") else ["early stopping may end it sooner"]
    doubts: list[float] = []
    cutoff = int(values.get("cutoff_len") or 2048)
    lengths: tuple[int, ...] = ()
    if not keys.is_packed(values):
        found = _lengths(question, [record, *known], cutoff)
        if isinstance(found, NoAnswer):
            return found
        lengths, more, told = found
        doubts += more
        notes += told
        if rows is not None and rows != len(lengths):
            notes.append(f"lengths of {rows:,} rows drawn from {len(lengths):,} that were counted")
        if values.get("group_by_length"):
            notes.append("group_by_length is not followed: batches are taken as shuffled")
    if rows is None:
        notes.append("the number of rows is not known: every batch is taken as full")
    loop = Loop(
        steps=int(steps),
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
            rows_prepared=_counted(question, record) if rows is None else rows,
            logs=plan.get("logging_events") or 0,
            saves=plan.get("checkpoints") or 0,
            evaluations=plan.get("eval_events") or 0,
            evaluated_rows=rows_evaluated(values, plan),
            evaluation_batch=int(values.get("per_device_eval_batch_size") or 8),
        ),
        doubts,
        notes,
    )


def _counted(question: Question, record: Record) -> int | None:
    """Return how many rows the same data came to when calibrating; None for other data."""
    kept = record.get("lengths") or {}
    asked = data_of(question.values)
    return kept.get("rows") if all(kept.get(name) == asked[name] for name in asked) else None


def data_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides how long the rows of a config are, but for the cut-off."""
    names = values.get("dataset")
    if isinstance(names, str):
        names = words(names)
    return {"dataset": names, "template": values.get("template"), "stage": values.get("stage")}


def _lengths(
    question: Question, records: Sequence[Record], cutoff: int
) -> tuple[tuple[int, ...], list[float], list[str]] | NoAnswer:
    """Return the lengths of the config's rows as some calibration counted them."""
    asked = data_of(question.values)
    model = records[0]["key"]["model"]
    others: list[tuple[tuple[int, ...], list[float], list[str]]] = []
    for record in records:
        kept = record.get("lengths")
        if kept is None or record["key"]["model"] != model:
            continue
        if {name: kept.get(name) for name in asked} != asked or kept.get("packed"):
            continue
        pool = tuple(length for length, count in kept["counts"] for _ in range(count))
        theirs = kept["cutoff_len"]
        if theirs == cutoff or max(pool) < min(cutoff, theirs):
            return pool, [], []
        if cutoff < theirs:
            cut = tuple(min(length, cutoff) for length in pool)
            others.append((cut, [], [f"lengths counted at cutoff_len {theirs}, cut at {cutoff}"]))
        else:
            told = f"lengths counted at cutoff_len {theirs}: longer rows are not known"
            others.append((pool, [UNKNOWN_LENGTHS], [told]))
    if others:
        return min(others, key=lambda one: len(one[1]))
    names = ", ".join(asked["dataset"] or ["this dataset"])
    return NoAnswer(
        f"how long the rows of {names} are was never counted with this model and template:"
        " bench calibrate CONFIG counts them"
    )
