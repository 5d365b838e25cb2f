"""One config launched one way: its step plan, the time it takes where that is known."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.diagnostics import ScriptLine
    from ftlint.facts.launch import Launch
    from ftlint.steps.counts import NoPlan
    from ftlint.steps.step_plan import StepPlan
    from ftlint.target.releases import Target
    from ftlint.tokens.summary import Summary


class Refusal(NamedTuple):
    """An error that keeps the run from its first step, as `ftlint` words it."""

    code: str
    reason: str
    key: str | None
    line: int


class Time(NamedTuple):
    """Seconds of a run with bounds, and which calibration says so."""

    seconds: float
    low: float
    high: float
    source: str


class Untimed(NamedTuple):
    """Why no time is known although something is calibrated."""

    reason: str


class Fit(NamedTuple):
    """What a budget in seconds leaves room for: all of the run, or so many steps of it."""

    seconds: float
    fits: bool
    max_steps: int


class Peaks(NamedTuple):
    """The most that a GPU holds, in bytes, and whether that fits the one that is stated."""

    training: int
    evaluation: int | None
    verdict: str | None
    """One of `FITS`; None where no GPU is stated."""


FITS: dict[str | None, bool | None] = {
    "fits": True, "may not fit": None, "does not fit": False, None: None
}  # fmt: skip
"""What is said of a run on a GPU, and whether it fits by that: None where that is open. Nothing is
said where no GPU is stated."""


class RunPlan(NamedTuple):
    """One config launched one way: its plan, or why there is none."""

    path: str
    target: Target
    launch: Launch
    plan: StepPlan | NoPlan
    time: Time | Untimed | None = None
    fit: Fit | None = None
    """What a budget leaves of the run, where one is given and the time is known."""
    refused: tuple[Refusal, ...] = ()
    """All that refuses the run; the first is why there is no plan."""
    sources: Mapping[str, object] = {}
    """The layer that each fact came from; under `rows` that of each dataset's."""
    memory: Peaks | None = None
    """None where it is not told."""
    tokens: Summary | None = None
    """What the tokens of the rows come to, where they were counted."""
    token_note: str = ""
    """Why they were not, where the plan is less exact for it."""
    script: ScriptLine | None = None
    """The line of a script that starts it so; None for the file alone."""

    @property
    def outcome(self) -> tuple[object, ...]:
        """What it comes to, wherever that is known from."""
        return self.launch.shape, self.plan, self.time, self.fit, self.refused, self.memory


def as_object(run: RunPlan) -> dict[str, Any]:
    """Return the plan of a run as `ftlint steps --output-format json` prints it.

    Without a plan there are `code` and `reason`, as `ftlint` says them, the `key` to blame if any,
    and all the `refusals` there are.
    """
    from ftlint.steps import NoPlan, record

    target, plan, (gpus, nodes) = run.target, run.plan, run.launch.shape
    head: dict[str, Any] = {
        "path": run.path,
        "target": target.as_object(),
        "launch": run.script and run.script._asdict(),
        "gpus": gpus,
        "nodes": nodes,
        **record.as_object(plan),
    }
    if target.origin.notes and "assumptions" in head:
        head["assumptions"] = [*target.origin.notes, *head["assumptions"]]
    if isinstance(plan, NoPlan):
        return {**head, "refusals": [one._asdict() for one in run.refused]}
    return {
        **head,
        "time": run.time._asdict() if isinstance(run.time, Time) else None,
        "budget": None if run.fit is None else run.fit._asdict(),
        "sources": dict(run.sources),
        "memory": run.memory and {**run.memory._asdict(), "fits": FITS[run.memory.verdict]},
        "tokens": None if run.tokens is None else _tokens(run.tokens),
    }


def _tokens(found: Summary) -> dict[str, Any]:
    """Return what rows come to as plain data; shares of answers and of padding are from 0 to 1."""
    batch = found.batch
    return {
        **found._asdict(),
        "whole": {f"{one.share:g}": [one.low, one.tokens, one.high] for one in found.whole},
        "batch": None if batch is None else batch._asdict(),
    }
