"""What tuning found, as JSON, version 1: it is written again after every trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from ftbench.results.record import Environment

VERSION = 1
KIND = "tune"


class TrialRecord(TypedDict):
    """One trial. `seconds`: of a step of the training; null where it failed. `purpose`: `written`,
    `search`, `proof`, `again` (timed once more at the end) or `alike` (losses without chance).

    `keys` and `variables` are what differs from the config. `loss` and `gradient`: how far they
    are from those of the config as written, at most and in the middle; `same`: whether that is
    within rounding. `why_not`: why it may not be taken.
    """

    purpose: str
    candidate: dict[str, Any]
    keys: dict[str, Any]
    variables: dict[str, str]
    expected: float | None
    seconds: float | None
    rows_per_second: float | None
    tokens_per_second: float | None
    peak_allocated: int | None
    peak_reserved: int | None
    wall: float
    same: bool | None
    loss: float | None
    gradient: float | None
    losses: list[float | None]
    gradient_norms: list[float | None]
    why_not: str | None
    error: str | None


class Ways(TypedDict):
    """The config as written or as tuned: a trial of it, and the steps of the whole run.

    The trial is that of the timings at the end, as far as there was time for them, with the highest
    peaks of all trials of the candidate.
    """

    trial: TrialRecord
    steps: int | None
    seconds: float | None


class Tuned(TypedDict):
    """What was found. `ended`: why no more was tried, null as long as it goes on."""

    version: int
    kind: str
    when: str
    config: dict[str, str]
    environment: Environment | None
    budget: float
    spent: float
    world: int
    rows_per_step: int
    sample: dict[str, int]
    tolerance: tuple[float, float]
    axes: dict[str, list[Any]]
    trials: list[TrialRecord]
    before: Ways | None
    after: Ways | None
    speedup: float | None
    keys: dict[str, Any]
    variables: dict[str, str]
    notes: list[str]
    ended: str | None
    done: bool
