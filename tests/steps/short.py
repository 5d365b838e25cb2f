"""Plans in one call, for tests."""

from __future__ import annotations

from ftlint.steps import (
    Count,
    DatasetRows,
    NoPlan,
    SampleCount,
    StepPlan,
    World,
    exactly,
    plan,
)
from tests.steps.values import values_of

Versions = tuple[tuple[int, ...], tuple[int, ...]]
"""LLaMA Factory's and transformers'."""

NEW = ((0, 9, 5), (5, 6, 0))
FOUR = ((0, 9, 4), (4, 57, 1))
FLOOR = ((0, 9, 4), (4, 51, 3))
CARRY = ((0, 9, 3), (4, 45, 2))
TARGETS = (NEW, FOUR, FLOOR, CARRY)


def outcome(
    rows: int | Count | list[int | Count] | None = None,
    target: Versions = NEW,
    world: World | None = None,
    samples: SampleCount | None = None,
    **config: object,
) -> StepPlan | NoPlan:
    """Plan a config over datasets d0, d1, … of so many rows."""
    sizes = rows if isinstance(rows, list) else [rows]
    datasets = tuple(
        DatasetRows(
            f"d{number}", exactly(size) if isinstance(size, int) else size, source="declared"
        )
        for number, size in enumerate(sizes)
        if size is not None
    )
    config = {"do_train": True, "dataset": ",".join(row.name for row in datasets) or "d0", **config}
    llamafactory, transformers = (".".join(map(str, version)) for version in target)
    return plan(
        values_of(config, llamafactory, transformers),
        samples=samples or SampleCount(datasets),
        world=world or World(),
        llamafactory=target[0],
        transformers=target[1],
    )


def planned(*args: object, **config: object) -> StepPlan:
    found = outcome(*args, **config)  # type: ignore[arg-type]
    assert not isinstance(found, NoPlan), found
    return found


def refused(*args: object, **config: object) -> NoPlan:
    found = outcome(*args, **config)  # type: ignore[arg-type]
    assert isinstance(found, NoPlan), found
    return found
