"""What training losses, gradients and rates show of whether a run learned, and whether it broke."""

from __future__ import annotations

import math
from statistics import fmean, median, variance

from ftlint.doctor.levels import clear_of, lasting_rise, loss_spike
from ftlint.doctor.symptom import Symptom
from ftlint.support.messages import plural
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import History, Loss

LEAST = 20
"""Logged losses that tell whether there is a trend in them."""
TREND = 0.01
"""A smaller fall of the loss is none, if noise does not leave room for a larger one."""
SAME = 1e-4
"""A part of a loss, by more of which it differs where anything is learned."""
SIGMAS = 2.0
"""Standard errors of that room."""
SLOW = 1e-6
"""Rates below this teach next to nothing."""
FEW = 4
"""Logged losses of which the last two can be seen to have left all others."""
LEFT = 1.5
"""They lie so many times above every loss before."""
GUESSING = 0.05
"""A loss as near as this to the logarithm of the vocabulary is that of a model that guesses."""
VOCABULARIES = (32_000, 50_257, 64_000, 92_544, 100_352, 128_256, 151_936, 152_064, 256_000)
"""Of common models, where that of the run is not known."""
SPIKE = 2.0
"""A single loss counts as a spike so many times above both of its neighbourhoods."""
AROUND = 5
"""Losses on either side that make a neighbourhood."""
MOSTLY = 0.9
"""A share that is nearly all."""


def diverged(history: History) -> Iterator[Symptom]:
    """Yield losses that are no number, or that left their level for good."""
    rise = None if history.rewarded else loss_spike(history.training, history.evaluation)
    bad = next((one for one in history.training if not math.isfinite(one.value)), None)
    lower = "lower `learning_rate`, set `max_grad_norm: 1.0`, and use bf16 instead of fp16"
    if history.lost is not None and (bad is None or history.lost <= bad.step):
        said = f"from step {history.lost:,} on the loss or its gradient is NaN or infinite"
        said += " (the trainer logs 0 for such a loss)"
    elif bad is not None:
        said = f"the loss is {bad.value} at step {bad.step}"
    elif rise is not None:
        said = f"the training loss rose from {rise.low:.4g} to {rise.high:.4g} or more, and stays"
        said += f" there from step {rise.step:,} on"
    else:
        said = "" if history.rewarded else _left(history)
    if said:
        yield Symptom("diverged", "error", said, lower)
        return
    blank = [one for one in history.evaluation if not math.isfinite(one.value)]
    if blank:
        yield Symptom(
            "evaluation-lost", "warning",
            f"the evaluation loss is {blank[0].value} at step {blank[0].step:,}"
            f"{_also(len(blank) - 1)}, while the training loss is finite",
            "look for evaluation rows without an answer (cut off by `cutoff_len`), and evaluate in"
            " bf16",
        )  # fmt: skip


def _also(more: int) -> str:
    return "" if not more else f" and {more} more {plural('time', more)}"


def _left(history: History) -> str:
    """Return what a few losses show that are too few to have a level; nothing otherwise."""
    losses = [one for one in history.training if math.isfinite(one.value)]
    if not FEW <= len(losses) < LEAST:
        return ""
    before, last = [one.value for one in losses[:-2]], losses[-2:]
    # of evaluations that hold their level the loss is only of other data
    evaluated = [one.value for one in history.evaluation if math.isfinite(one.value)]
    if len(evaluated) > 1 and evaluated[-1] < LEFT * min(evaluated):
        return ""
    low, end = min(one.value for one in last), last[-1].value
    guess = _guess(history, end)
    if guess is not None and end >= LEFT * min(before) > 0:
        return (
            f"the training loss rose from {min(before):.4g} to {end:.4g}, the loss of guessing at"
            f" random among {guess:,} tokens"
        )
    if min(before) <= 0 or low < LEFT * max(before) or low < min(before) + 0.5:
        return ""
    return f"the training loss rose from {min(before):.4g} to {low:.4g} or more in its last logs"


def _guess(history: History, loss: float) -> int | None:
    known = (history.vocabulary,) if history.vocabulary else VOCABULARIES
    return next((one for one in known if abs(loss - math.log(one)) <= GUESSING), None)


def recovered(history: History) -> bool:
    """Return whether losses that were no number came to be some again."""
    losses = (*history.training, *history.evaluation)
    ends = (*history.training[-1:], *history.evaluation[-1:])
    blown = any(not math.isfinite(one.value) for one in losses)
    return blown and history.lost is None and all(math.isfinite(one.value) for one in ends)


def nothing_learned(history: History) -> Iterator[Symptom]:
    """Yield that the training loss is 0, always the same, risen, or has no trend for an epoch."""
    values = [one.value for one in history.training if math.isfinite(one.value)]
    if len(values) >= FEW and not any(values):
        yield Symptom(
            "loss-zero", "warning", f"the training loss is 0 in all {len(values)} logs",
            "no token counts towards the loss: check the labels that LLaMA Factory prints at the"
            " start, `template` and `cutoff_len`",
        )  # fmt: skip
        return
    if len(values) >= LEAST and max(values) - min(values) <= SAME * max(values):
        yield Symptom(
            "loss-constant", "warning",
            f"the training loss is {values[0]:.4g} in all {len(values)} logs",
            "nothing is trained: check the trainable parameters that are printed at the start",
        )  # fmt: skip
        return
    rise = lasting_rise(history.training, history.evaluation)
    if rise is not None:
        yield _rises(rise.low, rise.high)
        return
    yield from _without_a_trend(history, values)


def _without_a_trend(history: History, values: list[float]) -> Iterator[Symptom]:
    """Yield that the losses of an epoch or more did not fall, and why that may be."""
    room = _room(values)
    if room is None or room >= TREND or (history.epochs or 0.0) < 1 or _improved(history):
        return
    rate = max((one.value for one in history.series.get("learning_rate", ())), default=None)
    slow = rate is not None and rate < SLOW
    still = [one.value for one in history.series.get("grad_norm", ())]
    frozen = bool(still) and not any(still)
    third = len(values) // 3
    low, high = fmean(values[:third]), fmean(values[-third:])
    if not slow and not frozen and high - low > max(TREND * low, clear_of(values, third)):
        yield _rises(low, high)
        return
    reason = f"; the highest learning rate was {rate:.3g}" if rate is not None else ""
    remedy = "raise `learning_rate`" if slow else (
        "check the trainable parameters that are printed at the start" if frozen
        else "raise `learning_rate`, unless the model knew these data before"
    )  # fmt: skip
    yield Symptom(
        "nothing-learned", "warning" if slow or frozen or _flat(history) else "info",
        f"the training loss did not fall beyond its noise in {history.epochs:.1f} epochs"
        f" ({len(values)} logs, mean {fmean(values):.4g}){reason}", remedy,
    )  # fmt: skip


def _rises(low: float, high: float) -> Symptom:
    return Symptom(
        "loss-rises", "warning",
        f"the training loss rose from {low:.4g} to {high:.4g}, beyond its noise, and did not fall"
        " again",
        "lower `learning_rate` or use a longer warmup, unless the rows are ordered and harder at"
        " their end",
    )  # fmt: skip


def _room(values: Sequence[float]) -> float | None:
    """Return by how much the losses can have fallen at most, from their first third to the last."""
    third = len(values) // 3
    if len(values) < LEAST:
        return None
    first, last = values[:third], values[-third:]
    level = fmean(first)
    if level <= 0:
        return None
    error = math.sqrt((variance(first) + variance(last)) / third)
    return (level - fmean(last) + SIGMAS * error) / level


def _improved(history: History) -> bool:
    """Return whether evaluations show that something was learned all the same."""
    values = [one.value for one in history.evaluation if math.isfinite(one.value)]
    return len(values) > 1 and min(values[1:]) < values[0] * (1 - 2 * TREND)


def _flat(history: History) -> bool:
    """Return whether evaluations, that of the untrained model among them, stand still as well."""
    values = [one.value for one in history.evaluation if math.isfinite(one.value)]
    begins = bool(history.evaluation) and history.evaluation[0].step == 0
    return begins and len(values) > 1 and min(values) > values[0] * (1 - TREND)


def signs(history: History) -> Iterator[Symptom]:
    """Yield what gradients, rates and single losses show."""
    yield from _spikes(history.training)
    yield from _gradients(history)
    yield from _rates(history)


def _spikes(training: Sequence[Loss]) -> Iterator[Symptom]:
    values = [one.value for one in training if math.isfinite(one.value)]
    at = [one.step for one in training if math.isfinite(one.value)]
    found = [
        number for number in range(AROUND, len(values) - AROUND)
        if values[number] >= SPIKE * max(
            *values[number - AROUND : number], *values[number + 1 : number + 1 + AROUND]
        ) > 0
    ]  # fmt: skip
    if found:
        highest = max(found, key=values.__getitem__)
        often = "once" if len(found) == 1 else f"{len(found)} times"
        yield Symptom(
            "spikes", "info",
            f"the training loss jumped {often} and came back: from about"
            f" {median(values[highest - AROUND : highest]):.4g} to {values[highest]:.4g} at step"
            f" {at[highest]:,}",
            "check the rows of that step; if it happens again, use a longer warmup or a lower"
            " `learning_rate`",
        )  # fmt: skip


def _gradients(history: History) -> Iterator[Symptom]:
    norms = [one.value for one in history.series.get("grad_norm", ()) if math.isfinite(one.value)]
    if len(norms) < LEAST:
        return
    at = 1.0 if history.clipped_at is None else history.clipped_at
    over = sum(norm > at for norm in norms)
    if at > 0 and over >= MOSTLY * len(norms):
        yield Symptom(
            "clipped", "info",
            f"the gradient was clipped in {over} of {len(norms)} logged steps: its median norm is"
            f" {median(norms):.3g}, with `max_grad_norm: {at:g}`",
            "nothing to do if the loss falls; else raise `max_grad_norm` or lower `learning_rate`",
        )  # fmt: skip


def _rates(history: History) -> Iterator[Symptom]:
    rates = [one.value for one in history.series.get("learning_rate", ())]
    if len(rates) >= FEW and not any(rates):
        yield Symptom(
            "rate-zero", "warning", f"the learning rate is 0 in all {len(rates)} logs",
            "fp16 skipped every step, or the warmup is longer than the run: use bf16, and check"
            " `learning_rate` and `warmup_steps`",
        )  # fmt: skip
    elif rates and history.rate and max(rates) > history.rate * 1.001:
        rate = f"sets `learning_rate: {history.rate:g}`"
        if history.rate_is_default:
            rate = f"leaves `learning_rate` at its default, {history.rate:g}"
        yield Symptom(
            "other-rate", "warning",
            f"the learning rate reached {max(rates):.3g}, but the config {rate}",
            "the run had another config: check what has changed",
        )  # fmt: skip
