"""What a run left behind, read: its losses by step, how far it was to go and how far it went.

Source: trainer_state.json of transformers, in the output folder once a run has ended and in every
checkpoint; trainer_log.jsonl, to which LLaMA Factory adds a line each time something is logged; the
value head that it writes beside a model of stage rm or ppo, whose checkpoints of ppo have no state.
"""

from __future__ import annotations

import os
import re

from ftlint.doctor.events import PREFIX
from ftlint.doctor.events import entries as event_entries
from ftlint.doctor.lost import Logged, measured, nan_from
from ftlint.doctor.places import LOG, RESULTS, STATE, TRAINED, runs_below, unfinished
from ftlint.doctor.places import checkpoints as checkpoints_in
from ftlint.doctor.reading import (
    MAX_BYTES,
    NoRun,
    count,
    lines_of,
    measure,
    number,
    object_of,
)
from ftlint.doctor.series import Loss as Loss
from ftlint.doctor.series import losses_of, ordered, series_of, step_of, summary_of
from ftlint.doctor.states import (
    came_to_its_end,
    entries_of,
    is_stopped,
    is_summed_up,
    patience_of,
    states_of,
    steps_of,
)
from ftlint.doctor.trainer_log import (
    after_the_end,
    evaluates_several,
    last_attempt,
    of_training,
    starts,
)
from ftlint.support.disk import Disk
from ftlint.support.messages import first_of
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ftlint.doctor.states import State

VALUE_HEADS, ADAPTER = ("value_head.safetensors", "value_head.bin"), "adapter_config.json"
SHOWN = 3
"""Runs that are named where a folder holds more."""
EVALUATED = pattern(r"eval_(?:(.+)_)?loss")


class History(NamedTuple):
    """A run. `planned` and `done` are optimizer steps, None where no file tells them."""

    folder: str
    sources: tuple[str, ...]
    planned: int | None
    done: int | None
    epochs: float | None
    """Epochs done, fractions of one included."""
    training: tuple[Loss, ...]
    evaluation: tuple[Loss, ...]
    evaluated_on: str | None
    """Which of several sets `evaluation` is of; None for the only one."""
    patience: int | None
    """Evaluations without a new best that the run itself waits for."""
    stopped: bool = False
    """It has waited for so many."""
    other_metric: bool = False
    """Which model is best is told by another metric than the loss of `evaluation`."""
    ended: bool = False
    """Training came to its own end, early or not: the trainer has summed it up."""
    checkpoints: tuple[int, ...] = ()
    """Steps of those that are in the folder."""
    unfinished: tuple[int, ...] = ()
    """Those of them that were only half written, or half deleted."""
    resumable: str | None = None
    """The newest checkpoint that is whole, as a path; the folder itself where it is one."""
    is_checkpoint: bool = False
    unmeasured: bool = False
    """There were evaluations whose loss is not told."""
    lost: int | None = None
    """The step from which on the training losses that were logged are none."""
    rewarded: bool = False
    """A run of stage ppo: it logs rewards, is never evaluated, and its loss tells nothing."""
    value_head: bool = False
    """A run of stage rm or ppo: LLaMA Factory loads no best model of it back."""
    given_as: str = "model_name_or_path"
    """The key that takes what it trained, to start from that."""
    series: Mapping[str, tuple[Loss, ...]] = {}
    """Whatever else was logged in numbers, by the trainer's names."""
    summary: Mapping[str, float] = {}
    """What the trainer summed up at the end."""
    saved_every: int | None = None
    """Steps from one checkpoint to the next."""
    chosen: int | None = None
    """The step of the best model by the metric that the run watches."""
    restarts: int = 0
    """How often the run was resumed or started again in this folder."""
    vocabulary: int | None = None
    """Tokens that the model tells apart."""
    rate: float | None = None
    """The `learning_rate` of its config."""
    rate_is_default: bool = False
    """The config leaves it out."""
    clipped_at: float | None = None
    """The `max_grad_norm` of its config."""
    processes: int | None = None
    """How many trained, by its config."""


def read(folder: str) -> History | NoRun:
    """Read what a run left in its output folder, or in a checkpoint."""
    disk = Disk()
    if not disk.is_folder(folder):
        return NoRun("not a folder" if disk.is_there(folder) else "no such folder")
    own = object_of(os.path.join(folder, STATE), disk)
    written = _written(folder, own, disk)
    if isinstance(written, NoRun):
        return written
    checkpoints, attempt = checkpoints_in(folder, disk), last_attempt(_lines(written, own))
    found = list(states_of(folder, own, checkpoints, attempt, disk))
    whole = [(name, one) for name, one in found if isinstance(one, dict)]
    if not whole and attempt is None:
        below = () if checkpoints else runs_below(folder, disk)
        return _of_several(below) or _elsewhere(folder, disk) or _nothing(found, written)
    name, state = max(whole, key=lambda one: steps_of(one[1]), default=("", {}))
    told = [*([name] if name else []), *([] if attempt is None else [LOG])]
    history = _history(folder, tuple(told), state, () if attempt is None else attempt.lines)
    results = _results(folder, disk)
    ended = attempt is None and is_summed_up(state)
    if not history.is_checkpoint:
        ended = ended or came_to_its_end(own, state, attempt, results)
    return _with_weights(folder, history._replace(checkpoints=checkpoints), disk)._replace(
        ended=ended,
        unfinished=() if history.rewarded else unfinished(folder, checkpoints, disk),
        resumable=_resumable(folder, whole[-1][0] if whole else STATE),
        restarts=starts(of_training(written or [])) - 1 if written else 0,
        summary={**results, **history.summary},
        series={**_clock(written or [], history.done), **history.series},
    )  # fmt: skip


def _with_weights(folder: str, history: History, disk: Disk) -> History:
    """Return a history with what the newest weights tell of the model."""
    steps = history.checkpoints
    newest = os.path.join(folder, f"checkpoint-{steps[-1]}") if steps else folder
    return history._replace(
        value_head=history.rewarded or any(_holds(newest, name, disk) for name in VALUE_HEADS),
        given_as="adapter_name_or_path" if _holds(newest, ADAPTER, disk) else history.given_as,
        vocabulary=_vocabulary(newest, disk),
    )


def _clock(written: list[dict[str, Any]], done: int | None) -> dict[str, tuple[Loss, ...]]:
    """Return the times of the last attempt, which no state has, if it came as far as the run."""
    attempt = last_attempt(of_training(written))
    if attempt is None or attempt.last != done:
        return {}
    found = series_of(attempt.lines, ())
    return {name: found[name] for name in found if name == "elapsed_seconds"}


def _of_several(below: tuple[str, ...]) -> NoRun | None:
    """Return that a folder holds runs and is none: their logs and event files are not its own."""
    if not below:
        return None
    return NoRun(f"no run, but a folder of runs: name them ({first_of(below, SHOWN)})", below)


def _elsewhere(folder: str, disk: Disk) -> History | None:
    """Return the run as TensorBoard's event files have it, or no more than its summary has."""
    events = [path for path in disk.tree(folder) if os.path.basename(path).startswith(PREFIX)]
    logged: list[dict[str, Any]] = []
    for path in sorted(events, key=os.path.basename):
        data = disk.read(path, MAX_BYTES)
        logged += event_entries(data) if isinstance(data, bytes) else []
    name, summed = _summed_up(folder, disk)
    names = [os.path.relpath(path, folder) for path in events] if logged else []
    if not logged and summed.keys().isdisjoint({"train_runtime", "train_loss"}):
        return None
    last = max((count(one.get("step")) or 0 for one in logged), default=0)
    alone = {name: value for name, value in summed.items() if not name.startswith("eval_")}
    end = [{**alone, "step": last}] if "train_runtime" in summed else []
    state = {
        "global_step": last or None, "epoch": summed.get("epoch"),
        "log_history": [*logged, *end],
    }  # fmt: skip
    sources = (*names, *([name] if summed else []))
    return _history(folder, sources, state, ())._replace(
        ended=is_summed_up(state), checkpoints=checkpoints_in(folder, disk)
    )


def _results(folder: str, disk: Disk) -> dict[str, float]:
    """Return what LLaMA Factory itself measured, which is in no state."""
    return summary_of([_summed_up(folder, disk)[1]])


def _summed_up(folder: str, disk: Disk) -> tuple[str, dict[str, Any]]:
    """Return the results of all that was run in a folder, else those of training, by their file."""
    for name in (RESULTS, TRAINED):
        found = object_of(os.path.join(folder, name), disk)
        if isinstance(found, dict):
            return name, found
    return "", {}


def _vocabulary(folder: str, disk: Disk) -> int | None:
    found = object_of(os.path.join(folder, "config.json"), disk)
    return count(found.get("vocab_size")) if isinstance(found, dict) else None


def _written(folder: str, own: State, disk: Disk) -> list[dict[str, Any]] | NoRun | None:
    """Return the lines of the log, None without one."""
    written = lines_of(os.path.join(folder, LOG), disk)
    if not isinstance(written, NoRun):
        return written
    if isinstance(own, dict) and is_summed_up(own):
        return []  # the state tells all of a run that ended
    return NoRun(f"{LOG}: {written.reason}")


def _lines(written: list[dict[str, Any]] | None, own: State) -> list[dict[str, Any]]:
    """Return the lines of training runs; where one has ended, of those that came after it."""
    lines = of_training(written or [])
    if not isinstance(own, dict) or not is_summed_up(own):
        return lines
    return lines if after_the_end(lines, steps_of(own), count(own.get("max_steps"))) else []


def _nothing(found: list[tuple[str, State]], written: list[dict[str, Any]] | None) -> NoRun:
    """Return why no run can be told from what is there."""
    reasons = [f"{name}: {one.reason}" for name, one in found if isinstance(one, NoRun)]
    if reasons:
        return NoRun(reasons[0])
    if written:
        return NoRun(f"no training run: {LOG} has only an evaluation or a prediction")
    if written is not None:
        return NoRun(f"{LOG} has no complete line yet: a new run logs after `logging_steps` steps")
    return NoRun(f"neither {STATE} nor {LOG} is there: is it the `output_dir` of a run?")


def _resumable(folder: str, newest: str) -> str | None:
    """Return the folder of the newest whole state, where that is one to go on from."""
    if _is_checkpoint(folder):
        return folder
    return None if newest == STATE else os.path.join(folder, os.path.dirname(newest))


def _holds(folder: str, name: str, disk: Disk) -> bool:
    return disk.is_there(os.path.join(folder, name))


def _is_checkpoint(folder: str) -> bool:
    return re.fullmatch(r"checkpoint-[0-9]+", os.path.basename(os.path.abspath(folder))) is not None


def _history(
    folder: str,
    sources: tuple[str, ...],
    state: dict[str, Any],
    lines: tuple[dict[str, Any], ...],
) -> History:
    entries = entries_of(state)
    names = [name for one in entries for name in one if EVALUATED.fullmatch(name)]
    name = "eval_loss" if "eval_loss" in names or not names else names[0]
    known = {**_training(lines, "current_steps"), **_training(entries)}
    logged = [known[step] for step in sorted(known)]
    lost = nan_from(logged)
    evaluated = {
        **dict(losses_of(lines, "eval_loss", "current_steps")), **dict(losses_of(entries, name))
    }  # fmt: skip
    steps = [count(state.get("global_step")), *(count(one.get("current_steps")) for one in lines)]
    plans = [
        *(count(one.get("total_steps")) for one in lines[::-1]),
        count(state.get("max_steps")),
    ]
    epochs = [number(state.get("epoch")), *(number(one.get("epoch")) for one in lines)]
    match = EVALUATED.fullmatch(name)
    best = number(state.get("best_metric"))
    return History(
        folder, sources, planned=next((one for one in plans if one), None),
        done=max((one for one in steps if one is not None), default=None),
        epochs=max((one for one in epochs if one is not None), default=None),
        training=tuple(Loss(one.step, one.value) for one in measured(logged, lost)), lost=lost,
        evaluation=ordered(evaluated),
        evaluated_on=match[1] if match else None, patience=patience_of(state),
        stopped=is_stopped(state),
        other_metric=best is not None and best not in evaluated.values(),
        is_checkpoint=_is_checkpoint(folder),
        unmeasured=not evaluated and (
            any(name.startswith("eval_") for one in entries for name in one)
            or evaluates_several(lines)
        ),
        rewarded=any(one.get("reward") is not None for one in (*entries, *lines)),
        series=series_of(lines, entries), summary=summary_of(entries),
        saved_every=count(state.get("save_steps")) or None,
        chosen=count(state.get("best_global_step")) or step_of(state.get("best_model_checkpoint")),
    )  # fmt: skip


def _training(entries: Iterable[dict[str, Any]], step: str = "step") -> dict[int, Logged]:
    return {
        at: Logged(at, value, measure(one.get("grad_norm")))
        for one in entries for at, value in losses_of([one], "loss", step)
    }  # fmt: skip
