"""Names of datasets: evaluation on rows of the training data, and paths in the place of names."""

from __future__ import annotations

from ftlint.rules.places import of_name
from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize
    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context

EVALUATED, PATH = "FT736", "FT737"

_PATH = pattern(r"(?:\.{0,2}/\S+|\S+\.(?:json|jsonl|csv|parquet|arrow|txt))")
"""What names a file: no release, and no published table, has a dataset of such a name."""


def check(context: Context) -> Iterator[Finding]:
    """Judge the names of datasets; what they stand for is judged where there is a table of them."""
    yield from _on_training_rows(context)
    data = None if context.planned is None else context.planned.data
    if data is None or data.info is None:
        yield from _paths(context)


def _on_training_rows(context: Context) -> Iterator[Finding]:
    """Yield each dataset for evaluation whose rows are those of one that is trained on."""
    values = context.instance.effective
    entry = context.entries.get("eval_dataset")
    if entry is None or not values.get("do_train") or not values.get("do_eval"):
        return
    trained = _sources(context, "dataset_names", "train")
    for name, source in _sources(context, "eval_dataset_names", "evaluation").items():
        same = name if name in trained else _of_source(source, trained)
        if same is not None:
            told = "is in `dataset` too" if same == name else f"has the rows of `dataset: {same}`"
            yield of_name(context, entry, name, EVALUATED, {"same": told})


_Source = tuple[object, ...]


def _sources(context: Context, fact: str, place: str) -> dict[str, _Source | None]:
    """Return the datasets of a key, with where their rows come from as far as that is known."""
    names = [one for one in context.instance.facts.get(fact) or () if isinstance(one, str)]
    data = None if context.planned is None else context.planned.data
    if data is None or data.info is None or not data.info.shown:
        return dict.fromkeys(names)
    sizes: tuple[DatasetSize, ...] = getattr(data, place)
    table = data.info.table or {}
    return dict.fromkeys(names) | {size.name: _source(size, table) for size in sizes}


def _source(size: DatasetSize, table: Mapping[str, Any]) -> _Source | None:
    """Return what two definitions of the same rows share; None where rows are drawn by chance."""
    entry, definition = size.entry, table.get(size.name)
    if entry is None or entry.num_samples is not None or not isinstance(definition, dict):
        return None
    parts = (
        [definition.get("subset"), definition.get("folder")] if entry.load_from != "file" else []
    )
    return (entry.load_from, str(entry.location), str(entry.split), *map(str, parts))


def _of_source(source: _Source | None, trained: Mapping[str, _Source | None]) -> str | None:
    if source is None:
        return None
    return next((name for name, other in trained.items() if other == source), None)


def _paths(context: Context) -> Iterator[Finding]:
    """Yield each name that is a path, where no dataset_info.json tells what names there are."""
    values = context.instance.effective
    if values.get("tokenized_path") or values.get("dataset_dir") == "ONLINE":
        return
    for key, fact in (("dataset", "dataset_names"), ("eval_dataset", "eval_dataset_names")):
        entry = context.entries.get(key)
        for name in context.instance.facts.get(fact) or () if entry is not None else ():
            if isinstance(name, str) and _PATH.fullmatch(name) and entry is not None:
                yield of_name(context, entry, name, PATH, {"key": key})
