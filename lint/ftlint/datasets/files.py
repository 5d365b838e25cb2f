"""The files behind a local dataset.

Source: LLaMA Factory `data/loader.py` `_load_single_dataset`, `extras/constants.py` (0.9.3 to
0.9.5).
"""

from __future__ import annotations

import os.path

from ftlint.support.pattern import pattern
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.support.disk import Disk

KINDS = {"arrow": "arrow", "csv": "csv", "json": "json", "jsonl": "json", "parquet": "parquet",
         "txt": "text"}  # fmt: skip

MISSING, EMPTY, KIND, ELSEWHERE, OUTSIDE, NAME = (
    "missing", "empty", "kind", "elsewhere", "outside", "name"
)  # fmt: skip
# What can be wrong with files that are there: nothing, but that they are not counted here.
POINTER, PACKED, DOUBTFUL = "pointer", "packed", "doubtful"
UNREADABLE, ORDER, SHIFTED, PLACEHOLDER = "unreadable", "order", "shifted", "placeholder"

_STATED = pattern(r"(?i)<[^<>/]+>|(?:^|/)path/to/|^path_to_")
_YOURS = pattern(
    r"(?i)(?:^|[/ _.-])(?:your|(?:change|replace|fill)[ _-]?(?:me|this|in)|todo|xxx+)(?=$|[/ _.-])"
)
"""What documentation writes for a name; a file may be called so as well."""


class DataFiles(NamedTuple):
    """The files of one dataset, all of one kind, in the order that they are read."""

    paths: tuple[str, ...]
    kind: str


class Trouble(NamedTuple):
    """What is wrong with the files of a dataset: one of the words above, and a sentence."""

    what: str
    text: str


def find(file_name: object, dataset_dir: str, cwd: str, disk: Disk) -> DataFiles | Trouble:
    """Return the files of a `file_name` in `dataset_dir`, which is relative to `cwd`.

    A folder stands for everything directly in it. Nothing outside of the two is looked at, be it
    named by `..` or by a link: a config from elsewhere must not show what else lies on a machine.
    `disk` reaches no further (`around`).
    """
    if not isinstance(file_name, str) or not file_name:
        return Trouble(NAME, f"file_name {file_name!r} is not a file name")
    folder = os.path.normpath(os.path.join(cwd, dataset_dir))
    path = os.path.normpath(os.path.join(folder, file_name))
    inside = _inside(path, folder, cwd, disk)
    if _is_placeholder(file_name, seen=inside) and not (inside and disk.exists(path)):
        return Trouble(PLACEHOLDER, f"file_name `{file_name}` looks like a placeholder")
    if not inside:
        return Trouble(OUTSIDE, f"{file_name} is outside `dataset_dir` and the working "
                       "directory, where ftlint reads nothing")  # fmt: skip
    if disk.is_folder(path):
        names = sorted(disk.names(path))
        if not names:
            return Trouble(EMPTY, f"folder {file_name} is empty")
        kinds = {name: KINDS.get(os.path.splitext(name)[1][1:]) for name in names}
        odd = next((name for name, kind in kinds.items() if kind is None), None)
        if odd is not None:
            return Trouble(KIND, f"folder {file_name} contains {odd}, which is not a data file: "
                           "every entry is read, also hidden ones and folders")  # fmt: skip
        if len(set(kinds.values())) > 1:
            return Trouble(KIND, f"folder {file_name} mixes kinds of files: "
                           f"{', '.join(sorted(map(str, set(kinds.values()))))}")  # fmt: skip
        paths = tuple(os.path.join(path, name) for name in names)
        for one in paths:
            if not _inside(one, folder, cwd, disk):
                return Trouble(OUTSIDE, f"{file_name} contains a link to outside `dataset_dir` "
                               "and the working directory, where ftlint reads nothing")  # fmt: skip
            if not disk.is_file(one):
                return Trouble(KIND, f"folder {file_name} contains {os.path.basename(one)}, which "
                               "is not a regular file")  # fmt: skip
        return DataFiles(paths, str(kinds[names[0]]))
    if not disk.is_file(path):
        if not disk.is_folder(folder):
            return Trouble(ELSEWHERE, f"{dataset_dir} is not on this machine")
        pattern = any(character in file_name for character in "*?[")
        return Trouble(MISSING, f"{file_name} is not in {dataset_dir}"
                       + (": patterns are not expanded" if pattern else ""))  # fmt: skip
    kind = KINDS.get(os.path.splitext(path)[1][1:])
    if kind is None:
        return Trouble(KIND, f"{file_name} is not one of the file types {', '.join(sorted(KINDS))} "
                       "(in lower case)")  # fmt: skip
    return DataFiles((path,), kind)


def around(dataset_dir: str, cwd: str, disk: Disk) -> Disk:
    """Return the disk as far as the data of a `dataset_dir` may lie."""
    return disk.below(os.path.normpath(os.path.join(cwd, dataset_dir)), cwd)


def _is_placeholder(name: str, *, seen: bool) -> bool:
    """Return whether a name stands for one to be filled in; `seen`: its place can be looked at."""
    stated = placeholder_in(name) or _STATED.search(name)
    return bool(stated or (seen and _YOURS.search(name)))


def _inside(path: str, folder: str, cwd: str, disk: Disk) -> bool:
    """Return whether a path is in one of the folders, as it is written and where links lead."""
    written = any(_within(path, root) for root in (folder, os.path.normpath(cwd)))
    return written and ("\0" in path or disk.holds(path))


def _within(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
