"""What was recorded of a dataset on a machine that has its files, and whether it still holds."""

from __future__ import annotations

import os

from ftlint.datasets.placeholders import pointer_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftlint.datasets.cache import Cache
    from ftlint.datasets.records import DatasetSize
    from ftlint.steps.counts import Count
    from ftlint.support.disk import Disk

HASHED_UP_TO = 256 << 20
"""Bytes of a file whose content is compared while a config is linted; of a larger one the size."""


class RecordedFile(NamedTuple):
    """A data file: its name below dataset_dir, its size and what tells its content from another."""

    name: str
    bytes: int
    sha256: str


class RecordedLengths(NamedTuple):
    """The tokens of a dataset's rows, written in one way (`tokens.measure.way_of`).

    `whole`: of 101 equal steps the tokens that so many rows do not exceed before they are cut.
    `answers`: all tokens of answers. `cuts`: for some values of `cutoff_len` the rows that it cuts
    and the tokens of answers that are lost.
    """

    way: str
    stage: str
    template: str
    model: str
    rows: int
    whole: tuple[int, ...]
    answers: int
    cuts: tuple[tuple[int, int, int], ...] = ()


class Recorded(NamedTuple):
    """The rows that the split of a dataset's definition leaves, and what the count rests on.

    `dropped` says for a stage how many of all rows preprocessing leaves out. `definition` is the
    digest of its entry in dataset_info.json.
    """

    name: str
    date: str
    definition: str
    files: tuple[RecordedFile, ...]
    rows: int
    columns: tuple[str, ...] = ()
    dropped: tuple[tuple[str, int], ...] = ()
    lengths: tuple[RecordedLengths, ...] = ()

    def dropped_at(self, stage: str, limit: int | None) -> Count:
        """Return how many of the first `limit` rows preprocessing leaves out."""
        from ftlint.steps.counts import Count, exactly

        known = dict(self.dropped).get(stage)
        most = self.rows if limit is None else min(self.rows, limit)
        if known is None:
            return Count(0, most)
        return exactly(known) if known == 0 or most == self.rows else Count(0, min(known, most))


def digest_of(definition: object) -> str:
    """Return what tells a definition from a changed one, however it is laid out."""
    import json
    from hashlib import sha256

    text = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def files_of(size: DatasetSize, folder: str, disk: Disk, cache: Cache) -> tuple[RecordedFile, ...]:
    """Return the files of a dataset as they are recorded. Raises OSError."""
    return tuple(
        RecordedFile(name, disk.size(path), sha256_of(path, disk, cache))
        for name, path in _names(size.files, folder).items()
    )


def _names(paths: Sequence[str], folder: str) -> Mapping[str, str]:
    """Return paths by the name that they are recorded under, which tells nothing of the machine."""
    names = {}
    for path in paths:
        name = os.path.relpath(path, folder).replace(os.sep, "/")
        names[os.path.basename(path) if name.startswith("..") else name] = path
    return names


def sha256_of(path: str, disk: Disk, cache: Cache) -> str:
    """Return the SHA-256 of a file, kept for a large one. Raises OSError."""
    from hashlib import sha256

    held = disk.is_held(path)
    kept = None if held else cache.get(path, "sha256")
    if kept is not None and len(kept) == 1 and isinstance(kept[0], str):
        return kept[0]
    found = sha256()
    with disk.open(path) as file:
        while block := file.read(1 << 20):
            found.update(block)
    if not held:
        cache.put(path, "sha256", [found.hexdigest()])
    return found.hexdigest()


def change_since(
    recorded: Recorded, size: DatasetSize, definition: object, folder: str, disk: Disk, cache: Cache
) -> str | None:
    """Return what has changed since a dataset was recorded, as far as it can be seen from here.

    `definition` is its entry in dataset_info.json, None where there is none.
    """
    if definition is not None and digest_of(definition) != recorded.definition:
        return "the definition has changed"
    here = _names(size.files, folder)
    known = {one.name: one for one in recorded.files}
    if here and set(here) != set(known):
        return "it has other files"
    for name, path in here.items():
        try:
            what = _change(known[name], path, disk, cache)
        except OSError:
            continue  # told where it is counted
        if what is not None:
            return f"`{name}` has {what}"
    return None


def _change(recorded: RecordedFile, path: str, disk: Disk, cache: Cache) -> str | None:
    pointer = pointer_of(path, disk)
    size = disk.size(path) if pointer is None else pointer.bytes
    if size != recorded.bytes:
        return "another size"
    if pointer is None and size > HASHED_UP_TO:
        return None
    content = sha256_of(path, disk, cache) if pointer is None else pointer.sha256
    return None if content == recorded.sha256 else "other content"
