"""What a tuning found, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftbench.report.figures import gigabytes, seconds
from ftbench.tuning.candidate import Candidate, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftbench.tuning.record import TrialRecord, Tuned, Ways


def lines(tuned: Tuned, diff: Sequence[str], by_hand: str | None = None) -> Iterator[str]:
    """Yield the result: before and after, the change, what was tried, and what is said besides."""
    before, after = tuned["before"], tuned["after"]
    yield f"{tuned['config']['path']}: {verdict(tuned)}"
    yield ""
    yield f"  {'':10} {'a step':>9} {'rows/s':>8} {'peak':>9}  {'all steps':>10}"
    for name, one in (("as written", before), ("tuned", after if after is not before else None)):
        if one is not None:
            yield f"  {name:10} {_figures(one)}"
    yield ""
    if tuned["keys"]:
        yield from (line.rstrip("\n") for line in diff)
        if by_hand is not None:
            yield f"by hand: {', '.join(f'{key}: {value}' for key, value in tuned['keys'].items())}"
        yield ""
    for name, value in tuned["variables"].items():
        yield f"start it with {name}={value}"
    yield f"tried in {seconds(tuned['spent'])}:"
    for trial in tuned["trials"]:
        yield f"  {_of_trial(trial)}"
    for note in tuned["notes"]:
        yield f"note: {note}"


def verdict(tuned: Tuned) -> str:
    """Return what was found in a sentence."""
    after, faster = tuned["after"], tuned["speedup"]
    if after is None:
        return "nothing was found that holds"
    if not tuned["keys"] and not tuned["variables"]:
        return "as fast as written: nothing that was tried is faster"
    if faster is None:
        return "as written it does not fit; tuned it does"
    steps = after["steps"]
    same = "" if steps is None else f", the same {steps:,} steps"
    if tuned["before"] is not None and tuned["before"]["steps"] != steps:
        same = f", {tuned['before']['steps']} steps become {steps}"
    return f"{faster:.2f} times as fast{same}"


def _figures(one: Ways) -> str:
    trial = one["trial"]
    rate = trial["rows_per_second"]
    return (
        f"{seconds(trial['seconds']):>9} {'–' if rate is None else f'{rate:.3g}':>8}"
        f" {gigabytes(trial['peak_allocated']):>9}  {seconds(one['seconds']):>10}"
    )


def _of_trial(trial: TrialRecord) -> str:
    parts = [
        f"{trial['purpose']:8}", f"{seconds(trial['seconds']):>9}",
        f"{gigabytes(trial['peak_allocated']):>9} ", told(Candidate(**trial["candidate"])),
    ]  # fmt: skip
    if trial["loss"] is not None:
        gradient = "" if trial["gradient"] is None else f", gradient {trial['gradient']:.2%}"
        parts.append(f"(loss {trial['loss']:.2%}{gradient} apart)")
    if trial["why_not"] is not None:
        parts.append(f"– not taken: {trial['why_not']}")
    return " ".join(parts)
