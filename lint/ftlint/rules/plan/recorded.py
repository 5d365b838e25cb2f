"""Recorded facts that do not hold any more: told, and not used."""

from __future__ import annotations

from ftlint.rules.places import of_name
from ftlint.rules.plan.wording import of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context

STALE = "FT750"


def check(context: Context) -> Iterator[Finding]:
    """Yield each dataset that has changed since it was recorded."""
    planned = context.planned
    if planned is None or planned.data is None:
        return
    shown = planned.data.info is None or planned.data.info.shown
    train = {size.name for size in planned.data.train}
    for record, change in planned.data.stale:
        entry = context.entries.get("dataset" if record.name in train else "eval_dataset")
        if entry is not None:
            values = {
                "date": record.date, "rows": of(record.rows, "row"),
                "what": change if shown else "it has changed",
            }  # fmt: skip
            yield of_name(context, entry, record.name, STALE, values)
