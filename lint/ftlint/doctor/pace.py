"""How fast a run was, while it trained and while it was evaluated."""

from __future__ import annotations

from itertools import pairwise

from ftlint.doctor.symptom import Symptom
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.doctor.history import History

PARTS = 5
"""Into which each third of a run is divided to tell its pace."""
TICK = 0.5
"""Seconds by which the median of parts is off at most: the clock of the log shows whole ones."""
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
    gaps = list(_gaps(history))
    size = len(gaps) // (3 * PARTS)
    if not size:
        return
    first, last = _pace(gaps[: PARTS * size], size), _pace(gaps[-PARTS * size :], size)
    if last.least >= SLOWER * first.most:
        yield Symptom(
            "slower", "info",
            f"a step took {last} in the last third of the run, {first} in the first",
            "look for another process on the GPU, throttling, or rows sorted by length",
        )  # fmt: skip


def _gaps(history: History) -> Iterator[LogGap]:
    """Yield the times from one log to the next, those with an evaluation left out."""
    evaluated = {one.step for one in history.evaluation}
    for before, after in pairwise(history.series.get("elapsed_seconds", ())):
        if after.value >= before.value and not evaluated & {before.step, after.step}:
            yield LogGap(after.step - before.step, after.value - before.value)


class LogGap(NamedTuple):
    """The steps from one log to the next, and the seconds that passed on the log's own clock."""

    steps: int
    seconds: float


class Pace(NamedTuple):
    """Seconds that a step took, and between which it lies, as exact as the clock is."""

    seconds: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.seconds:.3g} s" if self.least > 0 else f"less than {self.most:.2g} s"


def _pace(gaps: Sequence[LogGap], size: int) -> Pace:
    """Return the pace of the median part of so many gaps: one pause, or one save, is no trend."""
    parts = []
    for at in range(0, len(gaps), size):
        steps = sum(one.steps for one in gaps[at : at + size])
        seconds = sum(one.seconds for one in gaps[at : at + size])
        parts.append(Pace(seconds / steps, (seconds - TICK) / steps, (seconds + TICK) / steps))
    return sorted(parts)[len(parts) // 2]


def _evaluating(history: History) -> Iterator[Symptom]:
    runtime = history.summary.get("train_runtime", 0.0)
    spent = sum(one.value for one in history.series.get("eval_runtime", ()))
    if runtime > 0 and MUCH <= spent / runtime <= 1:
        number = len(history.series["eval_runtime"])
        yield Symptom(
            "slow-evaluation", "info",
            f"{number} evaluations took {spent / runtime:.0%} of the run's time",
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
            f"{1 - useful / seen:.0%} of all computed tokens were padding",
            "set `packing: true` with `neat_packing: true`, or group rows by length",
        )  # fmt: skip
