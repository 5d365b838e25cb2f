"""Two results side by side: only like with like, and slower by how much."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.analysis import interval
from ftbench.analysis.summary import find_warmup, steady_seconds, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftbench.analysis.interval import Interval
    from ftbench.analysis.summary import Summary
    from ftbench.results.record import Result

LIKE = tuple(
    """per_device_train_batch_size gradient_accumulation_steps cutoff_len max_samples optim dataset
    template""".split()
)
"""Keys of the config that have to be alike for two times to be of the same thing."""
ENOUGH = 0.9
"""What an interval of a median has to cover at least: five steps and more."""
FEWEST = 6
"""Steps on the same batches, to be compared one by one."""
PACKAGES = ("torch", "transformers", "llamafactory", "peft")


class Comparison(NamedTuple):
    """Two results: in what they differ that makes them unlike, what else, and the figures."""

    unlike: tuple[str, ...]
    notes: tuple[str, ...]
    before: Summary
    after: Summary
    change: Interval | None = None
    """By how much a step is longer than before; None where there are too few steps."""
    paired: bool = False
    """The steps were on the same batches, and are compared one by one."""

    @property
    def slower(self) -> float | None:
        """How much longer a step takes than before, as a share; negative when it is faster."""
        if self.change is not None:
            return self.change.value
        if self.before.step is None or self.after.step is None:
            return None
        return self.after.step.value / self.before.step.value - 1

    @property
    def settled(self) -> bool:
        """Return whether the interval of the change leaves out that there is none."""
        return self.change is not None and not self.change.low <= 0 <= self.change.high

    @property
    def told(self) -> bool:
        """Return whether there are steps enough for intervals of the medians."""
        return all(one and one.level >= ENOUGH for one in (self.before.step, self.after.step))


def compare(before: Result, after: Result) -> Comparison:
    """Return two results side by side."""
    found = Comparison(
        tuple(_unlike(before, after)),
        tuple(_notes(before, after)),
        summarise(before),
        summarise(after),
    )
    if not found.told:
        return found
    ratios = _on_same_batches(before, after)
    if ratios:
        change = interval.by_blocks([one - 1 for one in ratios], median)
    else:
        change = interval.of_change(steady_seconds(before), steady_seconds(after))
    return found._replace(change=change, paired=bool(ratios))


def _on_same_batches(before: Result, after: Result) -> list[float]:
    """Return each steady step's time over that of the same step before, if its batches are."""
    first = max(find_warmup(one).steps for one in (before, after))
    pairs = list(zip(before["steps"], after["steps"]))[first:]
    if len(pairs) < FEWEST or any(
        not one["micro_batches"] or one["micro_batches"] != other["micro_batches"]
        for one, other in pairs
    ):
        return []
    return [other["seconds"] / one["seconds"] for one, other in pairs]


def _unlike(before: Result, after: Result) -> Iterator[str]:
    pairs: list[tuple[str, Any, Any]] = [("runner", before["runner"], after["runner"])]
    parts: list[tuple[str, Any, Any]] = [
        ("model", before["model"], after["model"]), ("method", before["method"], after["method"])
    ]  # fmt: skip
    for name, one, other in parts:
        if one is None or other is None:
            pairs.append((name, one, other))
            continue
        keys = [key for key in one if key not in ("source", "parameters", "trainable")]
        pairs += [(f"{name} {key}", one[key], other.get(key)) for key in keys]
    values = before["config"]["values"], after["config"]["values"]
    pairs += [(key, values[0].get(key), values[1].get(key)) for key in LIKE]
    pairs += [(what, *(reader(one) for one in (before, after))) for what, reader in _AROUND.items()]
    for name, one, other in pairs:
        if one != other:
            yield f"{name}: {_shown(one)} and {_shown(other)}"


_AROUND: dict[str, Callable[[Result], Any]] = {
    "GPU": lambda one: _gpu(one).get("name"),
    "power limit": lambda one: _gpu(one).get("power_limit_w"),
    "world size": lambda one: one["trainer"] and one["trainer"]["world_size"],
    "schedule": lambda one: one["schedule"],
}


def _gpu(result: Result) -> dict[str, Any]:
    environment = result["environment"]
    return dict(environment["gpu"] or {}) if environment else {}


def _notes(before: Result, after: Result) -> Iterator[str]:
    """Yield differences that a comparison may well be about."""
    one, other = _gpu(before).get("uuid_hash"), _gpu(after).get("uuid_hash")
    if one != other:
        yield "not the same card"
    around = (before["environment"], after["environment"])
    for name in PACKAGES:
        versions = [None if one is None else one["packages"].get(name) for one in around]
        if versions[0] != versions[1]:
            yield f"{name} {_shown(versions[0])} and {_shown(versions[1])}"


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
