"""What the losses of a run are signs of, with the figures and the change in the config."""

from __future__ import annotations

import math
import os
from itertools import pairwise

from ftlint.doctor.levels import loss_spike
from ftlint.doctor.stopping import best, stops_at
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.diagnostics import Severity
    from ftlint.doctor.history import History, Loss

RISE = 0.01
"""An evaluation loss counts as risen that is this much over the best one."""
AFTER = 2
"""So many evaluations after the best one make a rise."""
FALL = 0.01
"""A loss is still falling that fell by this much from one evaluation to the last."""
STEEP = 0.05
"""The same of the training loss, which is noisy, over the last two fifths of a run."""
MANY = 1e6
"""So many epochs are no number of them."""
LEAST = 10
"""Logged losses that tell whether the training loss still falls."""


class Symptom(NamedTuple):
    """One finding on a run: what is seen, and what to do about it."""

    name: str
    severity: Severity
    text: str
    remedy: str


def signs(history: History, patience: int) -> Iterator[Symptom]:
    """Yield what there is to say of a run, the gravest first."""
    diverged = list(_diverged(history))
    lost = bool(diverged) and not _recovered(history)
    yield from diverged
    yield from _unfinished(history, lost)
    if history.rewarded or lost:  # what follows is said of losses that mean something
        return
    finite = [one for one in history.evaluation if math.isfinite(one.value)]
    cut = not history.ended and (history.done or 0) < (history.planned or 0)
    if not history.evaluation:
        yield _not_evaluated(history)
        yield from () if cut else _falling(history)
        return
    over = list(_over_fitted(history, finite))
    yield from over
    if history.stopped or history.other_metric:
        return
    yield from _stops_early(history, patience)
    if not over and not cut:  # what was cut off falls to its end, and is to go on anyway
        yield from _improving(finite)


def _not_evaluated(history: History) -> Symptom:
    if history.unmeasured:
        return Symptom(
            "not-evaluated", "info", "there were evaluations, but their losses are not in the files"
            " that were read: overfitting cannot be seen",
            "the trainer_state.json of a checkpoint has the losses of several datasets;"
            " `predict_with_generate` writes none",
        )  # fmt: skip
    return Symptom(
        "not-evaluated", "info", "nothing was evaluated during training, and the training loss does"
        " not show overfitting", "set `val_size: 0.1` or `eval_dataset`, and `eval_strategy`",
    )  # fmt: skip


def _diverged(history: History) -> Iterator[Symptom]:
    rise = None if history.rewarded else loss_spike(history.training, history.evaluation)
    bad = next((one for one in history.training if not math.isfinite(one.value)), None)
    if bad is None:
        bad = next((one for one in history.evaluation if not math.isfinite(one.value)), None)
    if history.lost is not None and (bad is None or history.lost <= bad.step):
        said = f"from step {history.lost:,} on the loss or its gradient is not a number (the"
        said += " trainer logs 0 for such a loss)"
    elif bad is not None:
        said = f"the loss is {bad.value} at step {bad.step}"
    elif rise is not None:
        said = f"the training loss rose from {rise.low:.4g} to {rise.high:.4g} or more, and stays"
        said += f" there from step {rise.step:,} on"
    else:
        return
    yield Symptom(
        "diverged", "error", said,
        "lower `learning_rate`, set `max_grad_norm: 1.0`, and use bf16 instead of fp16",
    )  # fmt: skip


def _recovered(history: History) -> bool:
    """Return whether losses that were no number came to be some again."""
    losses = (*history.training, *history.evaluation)
    ends = (*history.training[-1:], *history.evaluation[-1:])
    blown = any(not math.isfinite(one.value) for one in losses)
    return blown and history.lost is None and all(math.isfinite(one.value) for one in ends)


def _unfinished(history: History, lost: bool) -> Iterator[Symptom]:
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
    else:
        remedy = "start again, or from a checkpoint before it diverged"
        if not lost:
            remedy = _to_go_on(history)
        yield Symptom(
            "not-finished",
            "warning",
            f"{part}: the run was interrupted, or is still running",
            remedy,
        )


def _to_go_on(history: History) -> str:
    """Return how, as far as the stage can be resumed: ppo cannot, nor rm without an adapter."""
    if history.rewarded and history.checkpoints:
        start = os.path.join(history.folder, f"checkpoint-{history.checkpoints[-1]}")
        return f"`stage: ppo` cannot resume: start again with `{history.given_as}: {start}`"
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


def _over_fitted(history: History, finite: Sequence[Loss]) -> Iterator[Symptom]:
    least = best(finite)
    if least is None or least.value <= 0:
        return
    after = [one for one in finite if one.step > least.step]
    last = finite[-1]
    if len(after) < AFTER or last.value < least.value * (1 + RISE):
        return
    fell = _fell(history.training, least.step)
    if fell is not None and fell <= 0:
        return
    said = fell is not None and fell >= RISE / 2
    training = f", while the training loss fell by {fell:.0%}" if said else ""
    epoch = _epoch(history, least.step)
    where, ends = f"step {least.step:,}", f"`max_steps: {least.step}`"
    if epoch is not None:
        where += f" (epoch {epoch:.2f})"
        ends = f"`num_train_epochs: {math.ceil(epoch * 10) / 10:g}` or {ends}"
    use = f"use checkpoint-{least.step}, " if least.step in history.checkpoints else ""
    remedy = f"{use}end the run there ({ends}), or set `early_stopping_steps` with"
    remedy += f" {_watched(history)}"
    if history.other_metric:
        remedy = "the run selects by another metric: use its best step, or set"
        remedy += " `metric_for_best_model: eval_loss`"
    elif least.step == 0:
        remedy = "no step improved it: lower `learning_rate`, and check the data"
    yield Symptom(
        "over-fitting", "info" if history.other_metric else "warning",
        f"the evaluation loss was lowest at {where}, {least.value:.4g}, and is {last.value:.4g} at"
        f" the end, {last.value / least.value - 1:+.0%}{training}", remedy,
    )  # fmt: skip


def _stops_early(history: History, patience: int) -> Iterator[Symptom]:
    number = stops_at(history.evaluation, patience)
    if number is None or number >= len(history.evaluation) or not history.done:
        return
    step = history.evaluation[number - 1].step
    yield Symptom(
        "early-stopping", "info",
        f"`early_stopping_steps: {patience}` would have ended the run after evaluation {number},"
        f" at step {step:,}: {1 - step / history.done:.0%} of its steps came after",
        f"set `early_stopping_steps: {patience}`, {_watched(history)}, and `save_strategy` equal"
        " to `eval_strategy`",
    )  # fmt: skip


def _watched(history: History) -> str:
    """Return what makes early stopping watch the evaluation loss."""
    if history.value_head:  # LLaMA Factory rejects load_best_model_at_end there
        return "`metric_for_best_model: eval_loss`"
    return "`load_best_model_at_end: true`"


def _improving(finite: Sequence[Loss]) -> Iterator[Symptom]:
    least = best(finite)
    if least is None or len(finite) < 3 or least != finite[-1]:
        return
    before = finite[-2].value
    fell = 1 - finite[-1].value / before if before > 0 else 0.0
    if fell < FALL or any(two.value > one.value for one, two in pairwise(finite[-3:])):
        return
    yield Symptom(
        "under-training", "warning",
        f"the evaluation loss still fell by {fell:.1%} at the last evaluation, to"
        f" {finite[-1].value:.4g}",
        "train longer: increase `num_train_epochs` (or `max_steps`) by half",
    )  # fmt: skip


def _falling(history: History) -> Iterator[Symptom]:
    """Without evaluations: whether the training loss falls to the end."""
    finite = [one.value for one in history.training if math.isfinite(one.value)]
    fifth = len(finite) // 5
    if len(finite) < LEAST:
        return
    before, last = sum(finite[-2 * fifth : -fifth]), sum(finite[-fifth:])
    if before > 0 and 1 - last / before >= STEEP:
        yield Symptom(
            "under-training", "info",
            f"the training loss still fell by {1 - last / before:.0%} over the last 40% of the"
            " run", "train longer, with evaluations that show whether it helps",
        )  # fmt: skip


def _fell(training: Sequence[Loss], step: int) -> float | None:
    """Return by which fraction the training loss fell from around a step to the end."""
    until = [one.value for one in training if one.step <= step and math.isfinite(one.value)][-5:]
    after = [one.value for one in training if one.step > step and math.isfinite(one.value)][-5:]
    if not until or not after or sum(until) <= 0:
        return None
    return 1 - (sum(after) / len(after)) / (sum(until) / len(until))


def _epoch(history: History, step: int) -> float | None:
    if not history.epochs or not history.done:
        return None
    epoch = history.epochs * (step / history.done)
    return epoch if epoch < MANY else None
