"""Where the datasets of a config lie, and how many rows each has: asked by plans and by records."""

from __future__ import annotations

import os

from ftlint.datasets import Cache, folder, measure, read_info
from ftlint.facts.paths import info_root
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftlint.datasets import DatasetSize, Info, Question
    from ftlint.facts.context import Context
    from ftlint.facts.layers import Given
    from ftlint.support.disk import Disk


class DataPlace(NamedTuple):
    """A `dataset_dir`, relative to `root`; `info` is None where no dataset_info.json was found."""

    dataset_dir: object
    root: str
    info: Info | None
    disk: Disk
    cache: Cache

    @property
    def folder(self) -> str:
        """The folder that files of data are named in."""
        where = self.dataset_dir
        return os.path.join(self.root, where) if isinstance(where, str) else self.root

    @property
    def shown(self) -> Mapping[str, object]:
        """The definitions of datasets, as far as they may be shown."""
        info = self.info
        if info is None or info.table is None:
            return {}
        inside = isinstance(self.dataset_dir, dict) or self.disk.holds(info.path)
        return info.table if inside else {}

    def definition(self, name: str) -> object:
        """Return what dataset_info.json says of a dataset, None if nothing."""
        return ((self.info and self.info.table) or {}).get(name)

    def sizes(
        self, names: Sequence[str], question: Question, declared: Mapping[str, int] | None = None
    ) -> tuple[DatasetSize, ...]:
        """Return the size of each dataset; `declared` are rows that are stated."""
        if not names:
            return ()
        return measure(
            names, dataset_dir=self.dataset_dir, cwd=self.root, question=question, disk=self.disk,
            declared=declared, cache=self.cache,
        )  # fmt: skip


def data_of(context: Context) -> DataPlace | None:
    """Return the place of a config's data; None where no dataset_info.json was found."""
    root = info_root(context.dataset_dir, context.source.path, context.disk, context.instance.facts)
    if root is None:
        return None
    return place_of(context.dataset_dir, root, context.given, context.disk)


def place_of(dataset_dir: object, root: str | None, given: Given, disk: Disk) -> DataPlace:
    """Return the place of data below `root`; None where no dataset_info.json was found."""
    info = None if root is None else read_info(dataset_dir, root, disk)
    cache = Cache(folder() if given.cache else None)
    return DataPlace(dataset_dir, os.getcwd() if root is None else root, info, disk, cache)
