"""Runs of stages dpo, kto and rm: what their rewards and margins show.

Source: trl's DPOTrainer and KTOTrainer as LLaMA Factory uses them: rewards are measured against the
reference model, so all are 0 and the sigmoid loss is ln 2 before the first step.
"""

from __future__ import annotations

import math
from statistics import fmean

from ftlint.doctor.symptom import Symptom
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.doctor.history import History

LEAST = 10
"""Logs that tell whether anything moved."""
UNDECIDED = math.log(2)
"""The loss of a model that prefers neither answer."""
STILL = 0.005
"""A loss that stays this near to it did not move."""
EARLY = 10
"""Steps in which a model is still the one that training began with."""
APART = 0.03
"""A margin that large cannot come of so few steps."""
CERTAIN, ALMOST = 1.0, 0.01
"""Accuracy and loss, from the first log on, of pairs that are told apart at once."""


def signs(history: History) -> Iterator[Symptom]:
    """Yield what the rewards of a run show; nothing of a run without them."""
    accuracies = _values(history, "rewards/accuracies")
    margins = history.series.get("rewards/margins", ())
    losses = [one.value for one in history.training if math.isfinite(one.value)]
    if not losses or not any(name.startswith("rewards/") for name in history.series):
        return
    if _stands_still(losses, accuracies):
        yield Symptom(
            "nothing-learned", "warning",
            f"the loss stays at {fmean(losses):.4f} (ln 2 = 0.6931: neither answer preferred)"
            f" over {len(losses)} logs",
            "raise `learning_rate`, and check that chosen and rejected answers differ",
        )  # fmt: skip
    elif _is_certain(losses, accuracies):
        yield Symptom(
            "pairs-trivial", "warning",
            f"all chosen answers are preferred from the first log on (loss {losses[0]:.3g},"
            " accuracy 1.0): there is nothing to learn",
            "check whether rejected answers are empty, cut off or of another form",
        )  # fmt: skip
    first = next(iter(margins), None)
    if first is not None and 0 < first.step <= EARLY and abs(first.value) >= APART:
        warm = next((one.value for one in history.series.get("learning_rate", ())), None)
        if first.step == 1 or (warm is not None and warm <= 1e-6):
            yield Symptom(
                "other-reference", "warning",
                f"the reward margin is {first.value:.3g} at step {first.step}; it would be about 0"
                " if the reference were the model that training started from",
                "set `create_new_adapter: true` (with `quantization_bit`: merge it first), or"
                " `ref_model`",
            )  # fmt: skip
    yield from _both_fall(history)


def _values(history: History, name: str) -> list[float]:
    return [one.value for one in history.series.get(name, ()) if math.isfinite(one.value)]


def _stands_still(losses: list[float], accuracies: list[float]) -> bool:
    near = all(abs(loss - UNDECIDED) <= STILL for loss in losses[-LEAST:])
    return len(losses) >= LEAST and near and (not accuracies or fmean(accuracies) <= 0.6)


def _is_certain(losses: list[float], accuracies: list[float]) -> bool:
    few = 3
    return (
        len(accuracies) >= few and min(accuracies) >= CERTAIN
        and len(losses) >= few and max(losses) <= ALMOST
    )  # fmt: skip


def _both_fall(history: History) -> Iterator[Symptom]:
    chosen, rejected = _values(history, "rewards/chosen"), _values(history, "rewards/rejected")
    if len(chosen) < LEAST or len(rejected) < LEAST:
        return
    last, other = fmean(chosen[-3:]), fmean(rejected[-3:])
    if last < -1 and other < last:
        yield Symptom(
            "chosen-falls", "info",
            f"chosen answers became less likely, not only rejected ones: their rewards are"
            f" {last:.3g} and {other:.3g} at the end",
            "set `pref_ftx` (0.1 or more), raise `pref_beta`, or lower `learning_rate`",
        )  # fmt: skip
