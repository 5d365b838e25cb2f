"""The samples of a v1 config, where its datasets are files that are here.

`train_dataset` is a file of rows, or a YAML file that defines several: name -> path, source, size,
weight, converter. Source: `v1/core/data_engine.py`, `v1/plugins/data_plugins/loader.py` and
`converter.py` (0.9.5 and after).
"""

from __future__ import annotations

import os

from ftlint.datasets import Cache, Trouble, folder
from ftlint.facts.paths import folders
from ftlint.steps.v1 import TOP_LEVEL_FROM
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.facts.context import Context
    from ftlint.steps import DatasetRows, SampleCount

MOST = 1 << 20
"""Bytes of a file of definitions."""
A_SAMPLE_A_ROW = ("alpaca", "pair")
"""Converters that make one assistant turn of each row, or a sample without turns."""
TURNS = "each assistant turn is a sample, and turns are not counted"
ELSEWHERE = "it is not in a local file"


def samples(context: Context) -> SampleCount:
    """Return what is known of the samples of each dataset of a v1 config."""
    from ftlint.steps import SampleCount

    name = context.instance.config.get("train_dataset")
    if not isinstance(name, str) or placeholder_in(name) is not None or "\0" in name:
        return SampleCount(())
    for root in folders(context.source.path, context.disk):
        path = os.path.join(root, name)
        if context.disk.is_file(path) and context.disk.holds(path):
            return SampleCount(tuple(_of_definitions(name, root, context)))
    return SampleCount(())


def _of_definitions(name: str, root: str, context: Context) -> Iterator[DatasetRows]:
    from ftlint.syntax.project_yaml import BadFile, load

    if not name.endswith(".yaml"):
        yield _dataset("default", {"path": name, "source": "local"}, root, context)
        return
    try:
        found = load(os.path.join(root, name), MOST, context.disk)
    except BadFile:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        found = {"default": {}}
    for one, definition in found.items():
        yield _dataset(str(one), definition, root, context)


def _dataset(
    name: str, definition: Mapping[str, object], root: str, context: Context
) -> DatasetRows:
    """Return a dataset with its samples, or with why they are not counted.

    `size` and `weight` draw samples, whatever there are: `size` first.
    """
    from ftlint.steps import UNKNOWN, DatasetRows, exactly

    size, weight = definition.get("size"), definition.get("weight")
    rows, why = size, ""
    if size is None:
        rows, why = _rows(definition, root, context)
    known = isinstance(rows, int) and not isinstance(rows, bool) and rows > 0
    if weight is not None:
        known = known and isinstance(weight, (int, float)) and not isinstance(weight, bool)
        rows = int(rows * weight) if known else None  # type: ignore[operator]
    if not known or definition.get("streaming"):
        told = f"samples of {name} are not counted: {why or ELSEWHERE}"
        return DatasetRows(name, UNKNOWN, source="unknown", note=told)
    assert isinstance(rows, int)
    return DatasetRows(name, exactly(rows), source="file")


def _rows(definition: Mapping[str, object], root: str, context: Context) -> tuple[int | None, str]:
    """Return the rows of a file that are a sample each, or why that is not known."""
    from ftlint.datasets.counting import known_rows
    from ftlint.datasets.files import find

    if definition.get("source") != "local" or definition.get("split", "train") != "train":
        return None, ELSEWHERE
    by_turns = context.target.versions[0] >= TOP_LEVEL_FROM
    if by_turns and definition.get("converter") not in A_SAMPLE_A_ROW:
        return None, TURNS
    found = find(definition.get("path"), ".", root, context.disk)
    if isinstance(found, Trouble):
        return None, found.text
    if len(found.paths) > 1:
        return None, "it is a folder"
    try:
        cache = Cache(folder() if context.given.cache else None)
        counted = known_rows(found.paths[0], found.kind, cache, context.disk)
    except OSError as error:
        return None, str(error)
    return counted.rows, counted.problem
