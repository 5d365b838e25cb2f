"""How many rows training uses, as far as that is bounded."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.facts.context import Context
    from ftlint.facts.plan import Planned
    from ftlint.steps import StepPlan


class Rows(NamedTuple):
    """A number of rows in [low, high]; `high` None where no bound is known."""

    low: int
    high: int | None

    @property
    def exact(self) -> int | None:
        """The number where there is only one it can be."""
        return self.low if self.low == self.high else None


ANY = Rows(1, None)
"""A run has a row at least."""


def rows_used(context: Context) -> Rows:
    """Return bounds of the rows of the data that training uses, packed or not.

    Rows that an author sets limits to are bounded although nothing is known of the data.
    """
    exact = context.instance.facts.get("samples")
    if isinstance(exact, int) and exact > 0:
        return Rows(exact, exact)
    if "samples" in context.instance.unknown:  # a key that the plan rests on is misread
        return ANY
    if context.planned is not None and context.planned.plan is not None:
        return used(context.planned.plan, context.planned)
    return _limited(context)


def _limited(context: Context) -> Rows:
    """Return what max_samples leaves of datasets that are joined one behind the other."""
    values = context.instance.effective
    limit, names = values.get("max_samples"), context.instance.facts.get("dataset_names")
    joined = values.get("mix_strategy") == "concat" and not values.get("tokenized_path")
    if not joined or not names or isinstance(limit, bool) or not isinstance(limit, int):
        return ANY
    return Rows(1, limit * len(names)) if limit > 0 else ANY


def used(plan: StepPlan, planned: Planned) -> Rows:
    """Return bounds of the samples that training uses: rows of the data, not packed sequences."""
    assert planned.inputs is not None
    config, versions = planned.inputs.config, planned.inputs.target.versions
    packs = config.get("packing") or config.get("neat_packing") or plan.stage == "pt"
    if not packs:
        return _at_least_one(*plan.samples.total)
    rows, held_out = [count for _, count in plan.samples.per_dataset], plan.samples.held_out
    joined = config.get("mix_strategy", "concat") == "concat"
    if not rows or not joined or (held_out.high != 0 and versions[0] < (0, 9, 4)):
        return ANY  # rows that are split after packing are sequences
    low = 1 if held_out.high is None else sum(count.low for count in rows) - held_out.high
    if any(count.high is None for count in rows):
        return _at_least_one(low, None)
    high = sum(count.high or 0 for count in rows) - held_out.low
    return _at_least_one(low, high)


def _at_least_one(low: int, high: int | None) -> Rows:
    return Rows(max(low, 1), None if high is None else max(high, 1))
