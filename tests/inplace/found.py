"""What ftlint says of configs where they lie."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftlint.project.request import CliOptions
from ftlint.run.session import run
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ftlint.diagnostics import Diagnostic

ABSENT = "MISSING.txt"
"""A file of the folder that may name what its copies of the repositories lack: `owner+name`, a tab,
and the path. Of such a file nothing can be said that holds for the repository."""
OWN_TRAINER = ("FT101", "FT102", "FT106")
"""Rules on keys and values that the release does not know, but a tree's own LLaMA Factory may."""


class Place(NamedTuple):
    """A config: its repository, and its path there."""

    repo: str
    path: str


class Found(NamedTuple):
    """A finding as judgements name it."""

    place: Place
    code: str
    key: str
    severity: str
    message: str
    forked: bool
    """Whether it speaks of keys or values in a tree that has a LLaMA Factory of its own."""


class Seen(NamedTuple):
    """The configs that were linted, and what was said of them."""

    in_trees: int
    alone: int
    found: tuple[Found, ...]


def look(folder: Path) -> Seen:
    """Return the findings on all configs: in the trees below `folder`, and of the corpus alone."""
    places = [Place(row["repo"], row["path"]) for row in _rows("inplace.jsonl")]
    trees: dict[str, list[str]] = {}
    for place in places:
        trees.setdefault(place.repo, []).append(place.path)
    absent = _absent(folder)
    found = [
        one
        for repo, paths in trees.items()
        for one in _in_tree(folder / repo.replace("/", "+"), repo, paths)
        if not any(name in one.message for name in absent.get(repo, ()))
    ]
    alone = _rows("manifest.jsonl")
    for row in alone:
        found += _alone(Place(row["repo"], row["path"]), CORPUS / "files" / row["file"])
    return Seen(len(places), len(alone), tuple(found))


def _rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPUS / name).read_text("utf-8").splitlines()]


def _absent(folder: Path) -> dict[str, set[str]]:
    """Repository -> names of data files that its copy here lacks."""
    try:
        lines = (folder / ABSENT).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    names: dict[str, set[str]] = {}
    for line in lines:
        repo, tab, path = line.partition("\t")
        if tab and path.endswith((".json", ".jsonl", ".csv", ".parquet")):
            names.setdefault(repo.replace("+", "/", 1), set()).add(Path(path).name)
    return names


def _in_tree(tree: Path, repo: str, paths: Sequence[str]) -> Iterator[Found]:
    """Yield what is said when ftlint is called in the root of a tree, with its configs."""
    forked = any(True for _ in tree.glob("**/llamafactory/hparams/parser.py"))
    forked = forked or any(True for _ in tree.glob("**/llmtuner/hparams/parser.py"))
    with _within(tree):
        for one in _said(paths):
            yield _finding(Place(repo, one.path), one, forked=forked and one.code in OWN_TRAINER)


def _alone(place: Place, file: Path) -> Iterator[Found]:
    """Yield what is said of a config with nothing around it, under the name that it has."""
    with tempfile.TemporaryDirectory() as empty, _within(Path(empty)):
        name = Path(place.path).name
        Path(name).write_bytes(file.read_bytes())
        for one in _said([name]):
            yield _finding(place, one, forked=False)


def _said(paths: Sequence[str]) -> list[Diagnostic]:
    report, _ = run(CliOptions(tuple(paths), isolated=True, cache=False), _no_input, _no_progress)
    if report.failures:
        raise SystemExit(f"ftlint failed: {report.failures}")
    return [one for result in report.results for one in result.diagnostics]


def _finding(place: Place, one: Diagnostic, *, forked: bool) -> Found:
    return Found(place, one.code, one.key or "", one.severity, one.message, forked)


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    home = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(home)


def _no_input(_most: int) -> bytes:
    raise AssertionError("no file is named `-`")


def _no_progress(_done: int, _all: int) -> None:
    return None
