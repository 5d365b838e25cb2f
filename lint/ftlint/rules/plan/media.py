"""Rows with images, videos or audio under a template that has no token for them."""

from __future__ import annotations

from ftlint.diagnostics import Finding, at_key, at_value
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize
    from ftlint.facts.context import Context
    from ftlint.support.disk import Disk

SEEN, DECLARED = "FT719", "FT720"


def check(context: Context) -> Iterator[Finding]:
    """Judge the datasets that the config names; the first one that brings such rows counts.

    Asked by `plan.data`, which knows that there are any.
    """
    planned, known = context.planned, context.instance.facts
    values, takes = context.instance.effective, known.get("template_media")
    if planned is None or planned.data is None or takes is None:
        return
    if values.get("stage") == "pt" or values.get("tokenized_path"):
        return
    limit = values.get("max_samples")
    most = limit if isinstance(limit, int) and limit > 0 else None
    declared_only = None
    for key, sizes in (("dataset", planned.data.train), ("eval_dataset", planned.data.evaluation)):
        for size in sizes if key in context.entries else ():
            for medium, row in _untaken(size, takes, context.disk, most):
                if row:
                    yield _finding(context, SEEN, key, size, medium, row)
                    return
                declared_only = declared_only or _finding(context, DECLARED, key, size, medium, row)
    if declared_only is not None:
        yield declared_only


def _untaken(
    size: DatasetSize, takes: list[str], disk: Disk, most: int | None
) -> Iterator[tuple[str, int | None]]:
    """Yield the media that a dataset declares and the template has no token for, each with the
    first row that has some, None where the rows are not here.
    """
    if size.entry is None:
        return
    from ftlint.datasets.contents import declared
    from ftlint.datasets.media import first_row

    for medium, column in declared(size.entry).items():
        if medium not in takes:
            row = first_row(size, column, disk, most)
            if row != 0:
                yield medium, row


def _finding(
    context: Context, code: str, key: str, size: DatasetSize, medium: str, row: int | None
) -> Finding:
    written = context.entries.get("template")
    entry = written or context.entries[key]
    values = {
        "dataset": size.name,
        "medium": medium,
        "row": row,
        "under": f"`template: {context.named('template')}`"
        if written
        else "Without `template` the run",
        "remedy": _remedy(context.instance.facts, medium),
    }
    return (at_value if written else at_key)(code, entry, values)


def _remedy(known: Mapping[str, Any], medium: str) -> str:
    template = known.get("model_template")
    if known.get("model_takes_media") and template:
        return f"use `template: {template}`"
    if known.get("model_takes_media") is False:
        return f"use a model with {medium} input, and its template"
    return "use the template of the model"
