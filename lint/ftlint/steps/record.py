"""A step plan as plain values, for JSON and for rules."""

from __future__ import annotations

from ftlint.steps.counts import Amount, Count
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.steps.plan import StepPlan


def as_record(plan: StepPlan) -> dict[str, object]:
    """Return the plan's fields as numbers, texts, lists and objects.

    An exact count is a number, an unknown one null, a bounded one `{"low": …, "high": …}` (high
    null where there is no upper bound).
    """
    samples = plan.samples
    record: dict[str, object] = {name: _plain(value) for name, value in plan._asdict().items()}
    record["samples"] = {
        "total": _plain(samples.total),
        "per_dataset": {name: _plain(rows) for name, rows in samples.per_dataset},
        "held_out": _plain(samples.held_out),
        "evaluated": _plain(samples.evaluated),
        "source": samples.source,
    }
    record["assumptions"] = list(plan.assumptions)
    return record


def _plain(value: object) -> object:
    if not isinstance(value, (Count, Amount)):
        return value
    if value.exact is not None:
        return value.exact
    if value.low <= 1 and value.high is None:
        return None
    return {"low": value.low, "high": value.high}
