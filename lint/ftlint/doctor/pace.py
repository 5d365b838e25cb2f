"""How fast a run was, while it trained and while it was evaluated."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from ftlint.doctor.symptom import Symptom
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.doctor.history import History

LEAST = 15
"""Times between logs in which a trend is seen."""
SLOWER = 1.5
"""So many times as long for a step is no coincidence."""
MUCH = 0.3
"""A share of the time that should not go into evaluations."""
EMPTY = 0.3
"""A share of tokens that should not be padding."""


def signs(history: History) -> Iterator[Symptom]:
    """Yield where time went that need not have."""
    yield from _slower(history)
    yield from _evaluating(history)
    yield from _padding(history)


def _slower(history: History) -> Iterator[Symptom]:
    seconds = history.series.get("elapsed_seconds", ())
    evaluated = {one.step for one in history.evaluation}
    paces = [
        (after.value - before.value) / (after.step - before.step)
        for before, after in pairwise(seconds)
        if after.value > before.value and not evaluated & {before.step, after.step}
    ]
    third = len(paces) // 3
    if len(paces) < LEAST:
        return
    first, last = median(paces[:third]), median(paces[-third:])
    if last >= SLOWER * first:
        yield Symptom(
            "slower", "info",
            f"a step took {last:.3g} s in the last third of the run, {first:.3g} s in the first",
            "look for another process on the GPU, throttling, or rows sorted by length",
        )  # fmt: skip


def _evaluating(history: History) -> Iterator[Symptom]:
    runtime = history.summary.get("train_runtime", 0.0)
    spent = sum(one.value for one in history.series.get("eval_runtime", ()))
    if runtime > 0 and MUCH <= spent / runtime <= 1:
        number = len(history.series["eval_runtime"])
        yield Symptom(
            "slow-evaluation", "info",
            f"{number} evaluations took {spent / runtime:.0%} of the time of the run",
            "raise `per_device_eval_batch_size` or `eval_steps`, or lower `val_size`",
        )  # fmt: skip


def _padding(history: History) -> Iterator[Symptom]:
    """Compare the tokens of rows, which are logged as those of a process, with what GPUs saw.

    Source: LLaMA Factory calculate_tps, with `include_effective_tokens_per_second`; transformers
    Trainer, with `include_num_input_tokens_seen`, counts over all processes.
    """
    runtime = history.summary.get("train_runtime", 0.0) * (history.processes or 0)
    useful = history.summary.get("effective_tokens_per_sec", 0.0) * runtime
    seen = max((one.value for one in history.series.get("num_input_tokens_seen", ())), default=0.0)
    if 0 < useful < seen * (1 - EMPTY):
        yield Symptom(
            "padding", "info",
            f"{1 - useful / seen:.0%} of the tokens that were computed were padding",
            "set `packing: true` with `neat_packing: true`, or group rows by length",
        )  # fmt: skip
