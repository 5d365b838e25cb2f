"""Over- and under-fitting: what the evaluations of a run show beyond their noise."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean, median, variance

from ftlint.doctor.evidence import CRITICAL, evidence
from ftlint.doctor.keeping import keeping
from ftlint.doctor.stopping import best, patience_for, stops_at
from ftlint.doctor.symptom import Symptom
from ftlint.support.messages import plural
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.evidence import Evidence
    from ftlint.doctor.history import History, Loss

RISE = 0.01
"""A smaller rise of an evaluation loss is of no consequence."""
AFTER = 2
"""So many evaluations after the best one make a rise."""
FALL = 0.01
"""A loss is still falling that fell by this much from one evaluation to the last."""
SIGMAS = 3.0
"""So many standard deviations of one evaluation are no noise."""
STEEP = 0.05
"""A training loss, which is noisy, is still falling that fell by this much from one fifth of a run
to the next, its last."""
FEW = 10
"""Fewer evaluations may not tell a rise of a few per cent from noise."""
FEW_ROWS, MOST_ROWS = 50, 1e9
"""The mean loss of fewer rows is unsure by more than a seventh (1/√50) of the deviation of single
rows; so many rows as the other number are no evaluation, but a damaged log."""
UNSURE = 0.15
"""From this share of the evidence for a rise on, it is said that more evaluations cannot tell."""
FLOOR = 0.05
"""A loss this low is near 0: there is nothing left to learn from these data."""
MANY = 1e6
"""So many epochs are no number of them."""
LEAST = 10
"""Logged losses that tell whether the training loss still falls."""
BORDERS = 2
"""So many borders of epochs with a fall at each make a staircase."""
STAIR = 0.2
"""A training loss falls by this much at the border of an epoch where rows are known by heart."""


def signs(history: History, patience: int) -> Iterator[Symptom]:
    """Yield what the losses show of how well the model fits its data."""
    finite = [one for one in history.evaluation if math.isfinite(one.value)]
    cut = not history.ended and (history.done or 0) < (history.planned or 0)
    if not history.evaluation:
        yield _not_evaluated(history)
        stairs = list(_memorised(history))
        yield from stairs
        yield from () if cut or stairs else _falling(history)
        return
    found = evidence([one.value for one in finite])
    over = list(_over_fitted(history, finite, found, cut))
    yield from over
    if history.stopped or history.other_metric:
        return
    if not over and not (found and found.risen(going_on=cut) and _seen_twice(finite)):
        yield from _too_few(finite, found)
    yield from _stops_early(history, patience, found)
    if not over and not cut:  # what was cut off falls to its end, and is to go on anyway
        yield from _improving(finite, found)


def _not_evaluated(history: History) -> Symptom:
    if history.unmeasured:
        return Symptom(
            "not-evaluated", "info", "there were evaluations, but their losses are not in the files"
            " that were read: overfitting cannot be seen",
            "the trainer_state.json of a checkpoint has the losses of several datasets; with"
            " `predict_with_generate: true` none is logged",
        )  # fmt: skip
    return Symptom(
        "not-evaluated", "info", "nothing was evaluated during training, and the training loss does"
        " not show overfitting", "set `val_size: 0.1` or `eval_dataset`, and `eval_strategy`",
    )  # fmt: skip


def _over_fitted(
    history: History, finite: Sequence[Loss], found: Evidence | None, cut: bool
) -> Iterator[Symptom]:
    least = best(finite)
    if least is None or found is None or not found.risen(going_on=cut):
        return
    last = finite[-1]
    if not _seen_twice(finite) or last.value < least.value * (1 + RISE):
        return
    if _training_rose(history.training, least.step):
        return
    fell = _fell(history.training, least.step)
    said = fell is not None and fell >= RISE / 2
    training = f", while the training loss fell by {fell:.0%}" if said else ""
    epoch = _epoch(history, least.step)
    where, ends = f"step {least.step:,}", f"`max_steps: {least.step}`"
    if epoch is not None:
        where += f" (epoch {epoch:.2f})"
        ends = f"`num_train_epochs: {math.ceil(epoch * 10) / 10:g}` or {ends}"
    keep = keeping(history)
    use = "" if keep is None else f"use checkpoint-{keep.best}, or "
    if keep is not None and keep.best != least.step:
        use = f"use checkpoint-{keep.best} (the best that is there), or "
    remedy = f"{use}train again with {ends}, or with `early_stopping_steps` and"
    remedy += f" {_watched(history)}"
    if history.other_metric:
        step = "" if history.chosen is None else f", step {history.chosen:,}"
        remedy = f"the run selects its best model by another metric: use that model{step}, or set"
        remedy += " `metric_for_best_model: eval_loss`"
    elif least.step == 0:
        remedy = "training never improved it: lower `learning_rate`, and check the data"
    yield Symptom(
        "over-fitting", "info" if history.other_metric else "warning",
        f"the evaluation loss rose{_by(last.value / least.value - 1)} from its lowest,"
        f" {least.value:.4g} at {where}, to {last.value:.4g} at the end{training};"
        f" {_noise(found, _rows(history))}",
        remedy,
    )  # fmt: skip


def _by(share: float) -> str:
    """Return by how much a loss rose, if that is a number of per cent that can be read."""
    return f" by {share:,.0%}" if share < MANY else ""


def _seen_twice(finite: Sequence[Loss]) -> bool:
    """Return whether the best evaluation came before more than one other."""
    least = best(finite)
    return least is not None and sum(one.step > least.step for one in finite) >= AFTER


def _noise(found: Evidence, rows: int | None) -> str:
    """Return what a rise was judged by.

    Noise is told by the scatter of the evaluations. Their rows are the same each time, so how many
    there are only tells how far the loss stands for other data.
    """
    said = f"evaluation noise is about {found.noise:.1%} ({found.judged} evaluations"
    if rows is not None:
        said += f" of {rows:,} {plural('row', rows)}"
        said += ": too few rows to stand for other data" if rows < FEW_ROWS else ""
    return f"{said})"


def _rows(history: History) -> int | None:
    """Return how many rows an evaluation had, else None: logged, or its seconds times its pace."""
    told = history.summary.get("eval_samples")
    if told is None:
        name = "eval" if history.evaluated_on is None else f"eval_{history.evaluated_on}"
        times = history.series.get(f"{name}_runtime", ())
        paces = history.series.get(f"{name}_samples_per_second", ())
        both = [one.value * other.value for one, other in zip(times, paces, strict=False)]
        told = median(both) if both else 0.0
    return round(told) if 1 <= told < MOST_ROWS else None


def _too_few(finite: Sequence[Loss], found: Evidence | None) -> Iterator[Symptom]:
    """Yield that so few evaluations cannot tell a rise from noise."""
    least = best(finite)
    if least is None or least.value <= 0:
        return
    if len(finite) >= FEW and (found is None or found.ratio < CRITICAL * UNSURE):
        return
    rise = finite[-1].value / least.value - 1
    if rise < RISE or not math.isfinite(rise):
        return
    noise = "" if found is None else f" (about {found.noise:.1%})"
    number = len(finite)
    yield Symptom(
        "too-few-evaluations", "info",
        f"the evaluation loss ended {rise:.1%} above its lowest; {number} evaluations do not tell"
        f" overfitting from noise{noise}",
        "evaluate more often (`eval_steps`), or on more rows",
    )  # fmt: skip


def _stops_early(history: History, patience: int, found: Evidence | None) -> Iterator[Symptom]:
    evaluation = history.evaluation
    number = stops_at(evaluation, patience)
    if number is None or number >= len(evaluation) or not history.done:
        return
    step = evaluation[number - 1].step
    ended = f"`early_stopping_steps: {patience}` would have stopped at step {step:,} (evaluation"
    ended += f" {number})"
    before, least = best(evaluation[:number]), best(evaluation)
    if before is None or least is None:
        return
    lower = 1 - least.value / before.value if before.value > 0 else 0.0
    if lower >= max(RISE, SIGMAS * found.noise if found else 0.0):
        needed, share = patience_for(evaluation), f" {lower:.0%}" if lower <= 1 else ""
        yield Symptom(
            "early-stopping", "info",
            f"{ended}, before the best evaluation at step {least.step:,}, whose loss is"
            f"{share} lower", f"`early_stopping_steps: {needed}` would have reached it",
        )  # fmt: skip
        return
    yield Symptom(
        "early-stopping", "info",
        f"{ended}: {1 - step / history.done:.0%} of all steps came after that",
        f"set `early_stopping_steps: {patience}`, {_watched(history)}, and `save_strategy` equal"
        " to `eval_strategy`",
    )  # fmt: skip


def _watched(history: History) -> str:
    """Return what makes early stopping watch the evaluation loss."""
    if history.value_head:  # LLaMA Factory rejects load_best_model_at_end there
        return "`metric_for_best_model: eval_loss`"
    return "`load_best_model_at_end: true`"


def _improving(finite: Sequence[Loss], found: Evidence | None) -> Iterator[Symptom]:
    least = best(finite)
    if least is None or len(finite) < 3 or least != finite[-1] or least.value < FLOOR:
        return
    before = finite[-2].value
    fell = 1 - finite[-1].value / before if before > 0 else 0.0
    if fell < FALL or any(two.value > one.value for one, two in pairwise(finite[-3:])):
        return
    if found is not None and 1 - finite[-1].value / finite[-3].value < SIGMAS * found.noise:
        return
    yield Symptom(
        "under-training", "warning",
        f"the evaluation loss was still falling at the last evaluation, by {fell:.1%} to"
        f" {finite[-1].value:.4g}",
        "train longer: increase `num_train_epochs` (or `max_steps`) by half",
    )  # fmt: skip


def _falling(history: History) -> Iterator[Symptom]:
    """Yield that the training loss falls to the end, where nothing is evaluated."""
    finite = [one.value for one in history.training if math.isfinite(one.value)]
    fifth = len(finite) // 5
    if len(finite) < LEAST or fmean(finite[-fifth:]) < FLOOR:
        return
    before, last = sum(finite[-2 * fifth : -fifth]), sum(finite[-fifth:])
    if before > 0 and 1 - last / before >= STEEP:
        yield Symptom(
            "under-training", "info",
            f"the training loss still fell by {1 - last / before:.0%} over the last 40% of the"
            " run", "train longer, with evaluations that show whether it helps",
        )  # fmt: skip


def _memorised(history: History) -> Iterator[Symptom]:
    """Yield that the training loss falls when an epoch begins, and hardly within one.

    The second time a row comes its answer is known: what is learned by heart, not from the others.
    """
    if not history.epochs or not history.done or not history.epochs >= BORDERS + 0.1:
        return
    length = history.done / history.epochs
    epochs: dict[int, list[float]] = {}
    for one in history.training:
        if math.isfinite(one.value):
            epochs.setdefault(int((one.step - 1) // length), []).append(one.value)
    parts = [epochs[number] for number in sorted(epochs) if len(epochs[number]) >= 4]
    stairs = []
    for before, after in pairwise(parts):
        half = len(before) // 2
        within = 1 - fmean(before[-half:]) / fmean(before[:half]) if fmean(before) > 0 else 0.0
        near = min(half, len(after) // 2)
        border = 1 - fmean(after[:near]) / fmean(before[-near:]) if fmean(before[-near:]) > 0 else 0
        stairs.append(border >= STAIR and border >= 2 * within)
    if sum(stairs) >= BORDERS:
        first, last = fmean(parts[0]), fmean(parts[-1])
        yield Symptom(
            "memorised", "warning",
            f"the training loss drops where an epoch begins ({sum(stairs)} times by {STAIR:.0%} or"
            f" more) but hardly within one, from {first:.3g} to {last:.3g}: rows are memorised",
            "lower `num_train_epochs`, and evaluate: `val_size: 0.1` with `eval_strategy`",
        )  # fmt: skip


def _around(training: Sequence[Loss], step: int) -> tuple[list[float], list[float]]:
    finite = [one for one in training if math.isfinite(one.value)]
    until = [one.value for one in finite if one.step <= step]
    return until[-5:], [one.value for one in finite if one.step > step][-5:]


def _training_rose(training: Sequence[Loss], step: int) -> bool:
    """Return whether the training loss rose beyond its noise from around a step to the end."""
    until, after = _around(training, step)
    if not until or not after:
        return False
    if len(until) < 2 or len(after) < 2:
        return fmean(after) >= fmean(until)
    spread = variance(until) / len(until) + variance(after) / len(after)
    return fmean(after) - fmean(until) > 2 * math.sqrt(spread)


def _fell(training: Sequence[Loss], step: int) -> float | None:
    """Return by which fraction the training loss fell from around a step to the end."""
    until, after = _around(training, step)
    if not until or not after or sum(until) <= 0:
        return None
    return 1 - fmean(after) / fmean(until)


def _epoch(history: History, step: int) -> float | None:
    if not history.epochs or not history.done:
        return None
    epoch = history.epochs * (step / history.done)
    return epoch if epoch < MANY else None
