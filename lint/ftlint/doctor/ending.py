"""How far a run came, and how it goes on from there."""

from __future__ import annotations

import os

from ftlint.doctor.stopping import stops_at
from ftlint.doctor.symptom import Symptom
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.doctor.history import History

LAST = 0.01
"""Where the interval of checkpoints is not told, so small a part at the end is less than one."""


def signs(history: History, lost: bool, explained: bool) -> Iterator[Symptom]:
    """Yield whether a run came to its end.

    `lost`: its losses are no numbers any more; `explained`: its log says why it ended.
    """
    yield from _restarted(history)
    planned, done = history.planned, history.done
    if planned is None or done is None or done >= planned:
        return
    part = f"{done:,} of {planned:,} planned steps were done ({done / planned:.0%})"
    patience = history.patience
    if history.is_checkpoint and not history.ended:
        yield Symptom(
            "checkpoint", "info", f"{part} when this checkpoint was written",
            "its parent folder has the log of the whole run",
        )  # fmt: skip
    elif history.ended and patience and (history.stopped or _stops(history, patience)):
        yield Symptom(
            "stopped-early", "info",
            f"{part}: early stopping ended the run after {patience} evaluations without a new"
            " best", "nothing to do",
        )  # fmt: skip
    elif history.ended:
        yield Symptom(
            "ended-early", "info",
            f"{part}, and the run ended there: its data ran out, or it was stopped",
            "`ftlint steps` shows what the config plans",
        )  # fmt: skip
    elif _is_the_last_saved(history, planned - done):
        yield Symptom(
            "checkpoint", "info",
            f"{part}: this is the state of its last checkpoint, after which none was planned",
            "nothing to do, if the run was not stopped in its last steps",
        )  # fmt: skip
    else:
        remedy = "start again, or from a checkpoint before it diverged"
        if not lost:
            remedy = _to_go_on(history)
        yield Symptom(
            "not-finished",
            "warning",
            part if explained else f"{part}: the run was interrupted, or is still running",
            remedy,
        )


def _is_the_last_saved(history: History, left: int) -> bool:
    """Return whether a state alone is that of a checkpoint after which no other was to come."""
    if not all(name.endswith(".json") for name in history.sources):
        return False
    return left < (history.saved_every or LAST * (history.planned or 0))


def _restarted(history: History) -> Iterator[Symptom]:
    if history.restarts > 0:
        times = "once" if history.restarts == 1 else f"{history.restarts} times"
        yield Symptom(
            "restarted", "info",
            f"training was started again or resumed {times} in this folder: the losses are those"
            " of the last attempt, and of earlier ones up to where it began",
            "if that was not meant, give each run an `output_dir` of its own",
        )  # fmt: skip


def _to_go_on(history: History) -> str:
    """Return how, as far as the stage can be resumed: ppo cannot, nor rm without an adapter."""
    if history.rewarded and history.checkpoints:
        start = os.path.join(history.folder, f"checkpoint-{history.checkpoints[-1]}")
        return f"`stage: ppo` cannot resume: start again with `{history.given_as}: {start}`"
    if history.resumable is None and history.saved_every:
        return f"there is no checkpoint to resume from yet: `save_steps: {history.saved_every}`"
    if history.resumable is None:
        return "there is no checkpoint to resume from: set `save_strategy: steps` and `save_steps`"
    if not history.value_head:
        return f"resume with `resume_from_checkpoint: {history.resumable}`"
    given = f"`{history.given_as}: {history.resumable}`"
    if history.given_as == "model_name_or_path":
        return f"`stage: rm` cannot resume a full model: start again with {given}"
    return f"resume with `resume_from_checkpoint` and {given}"


def _stops(history: History, patience: int) -> bool:
    return not history.other_metric and stops_at(history.evaluation, patience) is not None
