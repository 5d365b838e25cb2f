"""The runs of a calibration, one after the other, and what is kept of them."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ftbench.analysis import peaks
from ftbench.calibration import key as keys
from ftbench.calibration import reach
from ftbench.calibration.design import Design, up
from ftbench.calibration.fit_record import fit_record
from ftbench.calibration.lookup import rows_of_an_example, whole
from ftbench.calibration.points import Incomplete
from ftbench.calibration.rows import about
from ftbench.models.source import NoModel, choose, read_shape
from ftbench.objective import objective_of, why_none
from ftbench.runners import configs
from ftbench.runners.job import Job, run, runner_of
from ftbench.runners.protocol import Enough
from ftlint.facts.effective import effective
from ftlint.steps import StepPlan
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftbench.calibration.record import Calibration, Peak
    from ftbench.results.record import Result
    from ftbench.runners.job import PreparedRun

REAL_BATCHES, PACKED_BATCHES = 20, 6
"""Micro-batches of the config's own data that are timed: where rows differ in length, and where
they do not, which shows the first step and a start-up from a warm disk."""
REAL_STEPS, REAL_SECONDS = 8, 15.0
"""So many of them are timed in any case, further ones only within so many seconds: the rest of the
time is for the shapes."""
EVALUATED_ROWS = 200
"""An evaluation of more rows than this is not timed: its price is estimated."""
HELD_OUT, LEAST_ROWS = 64, 640
"""Rows that are held out to price an evaluation, where there are as many to train on."""
CUT_OFF = 0.95
"""Rows that come so near to cutoff_len were cut off there."""
LONGER = 2
"""Where rows were cut off, they are counted as well at so many times the config's cutoff_len."""
SMALL = 1_000_000_000
"""Parameters of a model whose whole checkpoint is written to price it."""
ACCUMULATION, ACCUMULATION_OF_SEVERAL = 2, 3
"""Micro-batches of a scheduled step: the first tells the law, the next what adding gradients to
those that are there takes over it, and with several processes the last what adding up theirs does.
The config's own batches are not accumulated: the two kinds of steps then show what lies between
micro-batches."""


class CalibrationRequest(NamedTuple):
    """What to calibrate: a job, and how far beyond its own batch and length."""

    job: Job
    batch: int | None = None
    length: int | None = None
    peak: bool = True


class CalibrationFailed(Exception):
    """A run of the calibration failed; its result's error says why."""

    def __init__(self, result: Result) -> None:
        super().__init__(result["error"])
        self.result = result


def calibrate(
    request: CalibrationRequest, say: Callable[[str], None], ready: Callable[[PreparedRun], None]
) -> tuple[Calibration, list[Result]]:
    """Run what a calibration takes, and return its record with the results.

    Some batches of the config's own data are trained first: they give the lengths, and what real
    batches take over synthetic ones. Then one run goes over the shapes.

    Raises:
        CalibrationFailed, Incomplete: a run failed, or did not leave what is needed.
        BadConfig, NoModel, Missing, KeyboardInterrupt: as `ftbench.runners.job.run`.
    """
    job, begun = request.job, time.monotonic()
    loaded = configs.load(
        job.path, job.interpreter.packages, job.processes.gpus, job.processes.nodes
    )
    values = effective({**loaded.values, **dict(job.changed)}, Catalogue(loaded.target, "train"))
    if objective_of(values) is None:
        raise configs.BadConfig(f"{job.path}: {why_none(values.get('stage'))}")
    packed = keys.is_packed(values)
    batch = request.batch or whole(values, "per_device_train_batch_size")
    cutoff = whole(values, "cutoff_len")
    if batch is None or cutoff is None:
        raise configs.BadConfig(
            f"{job.path}: per_device_train_batch_size and cutoff_len must be positive integers"
        )
    peak: Peak | None = None
    if request.peak and job.interpreter.gpus:  # first: it warms the disk's cache for the start-up
        say("matmul peak")
        peak = cast("Peak | None", peaks.probe(python=job.interpreter.python))
    batches = PACKED_BATCHES if packed else REAL_BATCHES
    real = _done(_real(job, values, loaded, batches), say, ready)
    question = _question(request, values, batch, cutoff, real)
    shapes, scheduled = _over_shapes(job, values, loaded, question, real, begun, say, ready)
    gpus, nodes, _, accelerate = job.processes
    model = keys.model_of(loaded.values, job.model)
    ranks = keys.Ranks(gpus * nodes, nodes, accelerate)
    key = keys.make(values, model, ranks, runner_of(job), loaded.target)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    rows = about(values, cutoff, packed)
    record = fit_record(scheduled, real, shapes, key, rows, when=now, peak=peak)
    return record, [real, scheduled]


def _question(
    request: CalibrationRequest, values: dict[str, Any], batch: int, cutoff: int, real: Result
) -> reach.Question:
    """Return what is to be calibrated; rows that are all cut off come longer elsewhere."""
    each, longest, shortest = rows_of_an_example(values), cutoff, None
    if not keys.is_packed(values):
        lengths = sorted(real["lengths"] or ())
        if not lengths:
            raise Incomplete("the lengths of the rows were not counted")
        longest, shortest = up(lengths[-1]), lengths[len(lengths) // 10]
    return reach.Question(
        batch * each, request.length or longest, shortest, each,
        longer=request.length is None and longest >= CUT_OFF * cutoff, more=request.batch is None,
    )  # fmt: skip


def _over_shapes(
    job: Job, values: dict[str, Any], loaded: configs.Loaded, question: reach.Question,
    real: Result, begun: float, say: Callable[[str], None], ready: Callable[[PreparedRun], None],
) -> tuple[Design, Result]:  # fmt: skip
    """Return the shapes and the run over them: those beyond the config's own as far as they fit."""
    alone = job.processes.gpus * job.processes.nodes == 1
    micro_batches = ACCUMULATION if alone else ACCUMULATION_OF_SEVERAL
    environment = real["environment"]
    gpu = None if environment is None else environment["gpu"]

    def fits(shape: tuple[int, int]) -> bool:
        rows, length = shape
        needed = configs.room_for(loaded, rows // question.each, length)
        return gpu is None or (needed is not None and needed <= gpu["memory_bytes"])

    cutoff = _counted_at(question, values)
    prepared = cutoff == int(values["cutoff_len"])

    def chosen(fits: Callable[[tuple[int, int]], bool]) -> Design:
        budget = reach.budget(time.monotonic() - begun, real, prepared=prepared)
        return reach.choose(question, reach.price_by(real), fits, micro_batches, budget)

    def over(shapes: Design) -> tuple[Design, Result]:
        return shapes, _done(_scheduled(job, values, shapes, micro_batches, cutoff), say, ready)

    shapes = chosen(fits)
    try:
        return over(shapes)
    except CalibrationFailed as failed:
        error, own = failed.result["error"], chosen(lambda _: False)
        if error is None or error["kind"] != "out_of_memory" or shapes.fitted == own.fitted:
            raise
        say("out of memory beyond the config's own batch: measured without")
        return over(own)


def _counted_at(question: reach.Question, values: dict[str, Any]) -> int:
    """Return the cutoff_len at which the run over the shapes counts the rows.

    Where rows are cut off, another config of the family may have them longer. Their lengths decide
    how many of its batches have a shape of their own, even if no such shape is timed here.
    """
    cutoff = int(values["cutoff_len"])
    if keys.is_packed(values):
        return cutoff
    return max(cutoff, question.length, LONGER * cutoff if question.longer else 0)


def _done(job: Job, say: Callable[[str], None], ready: Callable[[PreparedRun], None]) -> Result:
    result = run(job, say, ready)
    if result["error"] is not None:
        raise CalibrationFailed(result)
    return result


def _real(job: Job, values: dict[str, Any], loaded: configs.Loaded, batches: int) -> Job:
    """Return a run of some batches of the config's own data, with an evaluation and a checkpoint.

    No more steps than the config takes itself, and fewer where they take long.
    """
    steps, enough = batches, None
    if job.processes.gpus * job.processes.nodes == 1:
        enough = Enough(steps=REAL_STEPS, seconds=REAL_SECONDS)
    plan = configs.plan(loaded, {**loaded.values, **dict(job.changed)})
    if isinstance(plan, StepPlan) and plan.total_steps.exact is not None:
        accumulated = int(values.get("gradient_accumulation_steps") or 1)
        steps = min(steps, plan.total_steps.exact * accumulated)
    changed = ("gradient_accumulation_steps", 1), *_priced(job, values, steps, plan)
    return job._replace(
        full=True, steps=steps, measure=True, count_lengths=True, schedule=None, enough=enough,
        changed=(*job.changed, *changed),
    )  # fmt: skip


def _scheduled(
    job: Job, values: dict[str, Any], shapes: Design, accumulation: int, cutoff: int
) -> Job:
    """Return the run over all shapes; its own rows are only counted, cut off at `cutoff`."""
    schedule = shapes.schedule(masked=keys.is_masked(values))
    later = () if cutoff == int(values["cutoff_len"]) else (("cutoff_len", cutoff),)
    return job._replace(
        full=False, steps=sum(entry["steps"] for entry in schedule), measure=True,
        count_lengths=True, schedule=schedule,
        changed=(*job.changed, *later, ("gradient_accumulation_steps", accumulation)),
    )  # fmt: skip


def _priced(
    job: Job, values: dict[str, Any], steps: int, plan: object
) -> tuple[tuple[str, Any], ...]:
    """Return the changes that leave one evaluation and one checkpoint at the end of a run.

    Also where the config asks for neither: other configs of the family may. Nothing is held out of
    few rows. Of a large model that is trained whole a checkpoint is written only where the config
    does, and its weights alone: the rest is priced by its bytes.
    """
    found: list[tuple[str, Any]] = [("max_steps", steps)]
    saves = values.get("save_strategy") not in ("no", None)
    light = values.get("finetuning_type") in (None, "lora", "oft") or _is_small(job, values)
    if saves or light:
        found += [("save_strategy", "steps"), ("save_steps", steps)]
        found += [("save_only_model", None if light else True)]
    found += _evaluated(values, steps, plan)
    found += [("load_best_model_at_end", False), ("early_stopping_steps", None)]
    return tuple((name, value) for name, value in found if value is not None or values.get(name))


def _evaluated(values: dict[str, Any], steps: int, plan: object) -> list[tuple[str, Any]]:
    """Return the changes that leave one evaluation, or none where it would take long."""
    evaluates = values.get("eval_strategy") not in ("no", None)
    samples = plan.samples if isinstance(plan, StepPlan) else None
    evaluated = None if samples is None else samples.evaluated.exact
    asked = evaluates or values.get("do_eval")
    if values.get("stage") not in (None, "sft", "pt") and not asked:
        return []  # an evaluation of pairs may need more memory than their training
    if samples is not None and not asked and evaluated == 0:
        if (samples.total.exact or 0) >= LEAST_ROWS and not values.get("streaming"):
            return [("val_size", HELD_OUT), ("eval_strategy", "steps"), ("eval_steps", steps)]
    elif evaluated is not None and 0 < evaluated <= EVALUATED_ROWS:
        return [("eval_strategy", "steps"), ("eval_steps", steps)]
    elif asked:
        return [("eval_strategy", "no"), ("do_eval", False)]
    return []


def _is_small(job: Job, values: dict[str, Any]) -> bool:
    """Return whether the model's checkpoint is small enough to be written for a price."""
    try:
        shape = choose(values.get("model_name_or_path"), job.model, str(Path.cwd())).shape
        found: Any = read_shape(shape) if shape is not None else {}
        hidden, layers = int(found["hidden_size"]), int(found["num_hidden_layers"])
        return 12 * layers * hidden**2 + int(found["vocab_size"]) * hidden < SMALL
    except (NoModel, KeyError, TypeError, ValueError):
        return False
