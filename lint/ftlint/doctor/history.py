"""What a run left behind, read: its losses by step, how far it was to go and how far it went.

Source: trainer_state.json of transformers, in the output folder once a run has ended and in every
checkpoint; trainer_log.jsonl, to which LLaMA Factory adds a line each time something is logged.
"""

from __future__ import annotations

import json
import math
import os
import re

from ftlint import files
from ftlint.doctor.lost import Logged, lost_from, measured
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

STATE, LOG = "trainer_state.json", "trainer_log.jsonl"
MAX_BYTES = 1 << 28
EVALUATED = re.compile(r"eval_(?:(.+)_)?loss")


class Loss(NamedTuple):
    """A loss after so many optimizer steps; it may be NaN or infinite."""

    step: int
    value: float


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
    ended: bool = False
    """Training came to its own end, early or not: the trainer has summed it up."""
    checkpoints: tuple[int, ...] = ()
    """Steps of those that are in the folder."""
    resumable: str | None = None
    """The newest checkpoint that is whole, as a path; the folder itself where it is one."""
    is_checkpoint: bool = False
    lost: int | None = None
    """The step from which on the training losses that were logged are none."""
    rewarded: bool = False
    """A run of stage ppo: it logs rewards, is never evaluated, and its loss tells nothing."""


class Unreadable(NamedTuple):
    """Why a folder tells of no run."""

    reason: str


def read(folder: str) -> History | Unreadable:
    """Read what a run left in its output folder, or in a checkpoint."""
    if not os.path.isdir(folder):
        return Unreadable("no such folder")
    checkpoints = _checkpoints(folder)
    found = list(_states(folder, checkpoints))
    lines = _lines(os.path.join(folder, LOG))
    if isinstance(lines, Unreadable):
        return Unreadable(f"{LOG}: {lines.reason}")
    whole = [(name, one) for name, one in found if isinstance(one, dict)]
    if not whole and not lines:
        reasons = [f"{name}: {one.reason}" for name, one in found if isinstance(one, Unreadable)]
        none = f"neither {STATE} nor {LOG} is there: is it the output_dir of a run?"
        return Unreadable(reasons[0] if reasons else none)
    name, state = max(whole, key=lambda one: _steps(one[1]), default=("", {}))
    told = [name] if name else []
    resumable = folder if _is_checkpoint(folder) else None
    if resumable is None and whole and whole[-1][0] != STATE:
        resumable = os.path.join(folder, os.path.dirname(whole[-1][0]))
    logged = state.get("log_history")
    entries = [one for one in logged if isinstance(one, dict)] if isinstance(logged, list) else []
    lines = _last_attempt(lines)
    further = _whole(lines[-1].get("current_steps")) if lines else None
    ended = any("train_runtime" in one for one in entries) and (further or 0) <= _steps(state)
    if lines and not ended:  # the log goes on after the last checkpoint
        told.append(LOG)
    else:
        lines = []
    history = _history(folder, tuple(told), state, entries, lines)
    return history._replace(ended=ended, checkpoints=checkpoints, resumable=resumable)


def _states(
    folder: str, checkpoints: tuple[int, ...]
) -> Iterator[tuple[str, dict[str, Any] | Unreadable | None]]:
    """Yield the folder's own state, and those of checkpoints down to the newest that is whole.

    A run that is killed while it writes a checkpoint leaves half a file: the one before counts.
    """
    yield STATE, _object(os.path.join(folder, STATE))
    for step in checkpoints[::-1]:
        name = os.path.join(f"checkpoint-{step}", STATE)
        found = _object(os.path.join(folder, name))
        yield name, found
        if isinstance(found, dict):
            return


def _is_checkpoint(folder: str) -> bool:
    return re.fullmatch(r"checkpoint-[0-9]+", os.path.basename(os.path.abspath(folder))) is not None


def _steps(state: dict[str, Any]) -> int:
    return _whole(state.get("global_step")) or 0


def _history(
    folder: str,
    sources: tuple[str, ...],
    state: dict[str, Any],
    entries: list[dict[str, Any]],
    lines: list[dict[str, Any]],
) -> History:
    names = [name for one in entries for name in one if EVALUATED.fullmatch(name)]
    name = "eval_loss" if "eval_loss" in names or not names else names[0]
    known = {**_training(lines, "current_steps"), **_training(entries)}
    logged = [known[step] for step in sorted(known)]
    lost = lost_from(logged)
    evaluated = {
        **dict(_losses(lines, "eval_loss", "current_steps")), **dict(_losses(entries, name))
    }  # fmt: skip
    steps = [_whole(state.get("global_step")), *(_whole(one.get("current_steps")) for one in lines)]
    plans = [
        *(_whole(one.get("total_steps")) for one in lines[::-1]),
        _whole(state.get("max_steps")),
    ]
    epochs = [_number(state.get("epoch")), *(_number(one.get("epoch")) for one in lines)]
    match = EVALUATED.fullmatch(name)
    return History(
        folder, sources, planned=next((one for one in plans if one), None),
        done=max((one for one in steps if one is not None), default=None),
        epochs=max((one for one in epochs if one is not None), default=None),
        training=tuple(Loss(one.step, one.value) for one in measured(logged, lost)), lost=lost,
        evaluation=_sorted(evaluated),
        evaluated_on=match[1] if match else None, patience=_patience(state),
        is_checkpoint=_is_checkpoint(folder),
        rewarded=any(one.get("reward") is not None for one in (*entries, *lines)),
    )  # fmt: skip


def _last_attempt(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what was logged again: a run that is resumed goes on from an earlier step."""
    kept: list[dict[str, Any]] = []
    for line in lines:
        step = _whole(line.get("current_steps"))
        while step is not None and kept and (_whole(kept[-1].get("current_steps")) or 0) > step:
            kept.pop()
        kept.append(line)
    return kept


def _training(entries: Iterable[dict[str, Any]], step: str = "step") -> dict[int, Logged]:
    return {
        at: Logged(at, value, _number(one.get("grad_norm"), finite=False))
        for one in entries for at, value in _losses([one], "loss", step)
    }  # fmt: skip


def _losses(
    entries: Iterable[dict[str, Any]], name: str, step: str = "step"
) -> Iterator[tuple[int, float]]:
    for one in entries:
        at, value = _whole(one.get(step)), _number(one.get(name), finite=False)
        if at is not None and value is not None:
            yield at, value


def _sorted(losses: dict[int, float]) -> tuple[Loss, ...]:
    return tuple(Loss(step, losses[step]) for step in sorted(losses))


def _patience(state: dict[str, Any]) -> int | None:
    found: Any = state
    for name in ("stateful_callbacks", "EarlyStoppingCallback", "args", "early_stopping_patience"):
        found = found.get(name) if isinstance(found, dict) else None
    return _whole(found)


def _checkpoints(folder: str) -> tuple[int, ...]:
    try:
        names = os.listdir(folder)
    except OSError:
        return ()
    found = (re.fullmatch(r"checkpoint-([0-9]{1,15})", name) for name in names)
    return tuple(sorted(int(match[1]) for match in found if match))


def _number(value: object, *, finite: bool = True) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) or not finite else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 or number != int(number) else int(number)


def _bytes(path: str) -> bytes | Unreadable | None:
    if not os.path.lexists(path):
        return None
    data = files.read(path, MAX_BYTES + 1)
    if isinstance(data, files.Unreadable):
        return Unreadable(data.reason)
    return data if len(data) <= MAX_BYTES else Unreadable("larger than a log can be")


def _object(path: str) -> dict[str, Any] | Unreadable | None:
    data = _bytes(path)
    if data is None or isinstance(data, Unreadable):
        return data
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"not JSON: {error}")
    return found if isinstance(found, dict) else Unreadable("no JSON object")


def _lines(path: str) -> list[dict[str, Any]] | Unreadable:
    """Return the lines that are objects; the last one of a killed run may be cut off."""
    data = _bytes(path)
    if data is None or isinstance(data, Unreadable):
        return data or []
    found = []
    for line in data.splitlines():
        try:
            one = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(one, dict):
            found.append(one)
    return found
