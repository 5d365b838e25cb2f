"""What is left open of a config because nobody says how many rows its data have."""

from __future__ import annotations

from ftlint.results import Unjudged
from ftlint.rules.forks import is_full_of_foreign_keys
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.facts.context import Context


def unjudged(context: Context, codes: set[str]) -> Unjudged | None:
    """Return which judgements the rows are missing for; None where none is, or none is made.

    `codes` are those of the findings: epochs that are unusual for any number of rows are judged.
    """
    instance, planned = context.instance, context.planned
    values = instance.effective
    if context.command != "train" or not values.get("do_train"):
        return None
    if (planned is not None and planned.refused is not None) or is_full_of_foreign_keys(context):
        return None
    table = context.given.bands["stages"].get(str(values.get("stage")), {})
    told = {context.rules[code].unjudged_without_rows for code in codes if code in context.rules}
    usual = instance.facts.get("method") in table.get("methods", ()) and "epochs" not in told
    steps = values.get("max_steps")
    counted = isinstance(steps, int) and steps > 0
    what = [name for name, open_ in (("epochs", usual), ("steps", not counted)) if open_]
    names = [str(name) for name in instance.facts.get("dataset_names") or ()]
    if planned is not None and planned.data is not None:
        names = [one.name for one in planned.data.train if one.source == "unknown"] or names
    if "dataset" in instance.unknown or values.get("tokenized_path"):
        names = []
    return Unjudged(tuple(what), tuple(names)) if what else None
