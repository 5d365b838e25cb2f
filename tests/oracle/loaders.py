"""Holds what ftlint says of data files against the real `datasets`.

Both give the same count, both refuse, or ftlint says that it does not know.

    python -m tests.oracle.loaders --count 300 --seed 1 [--python PYTHON]...

Prints a table by kind of file, and every file on which the two disagree. A PYTHON is any that has
datasets; without one, those of the pinned releases are used.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracle.loader_drawn import drawn, drawn_tables
from tests.oracle.loader_files import Case, made

from ftlint.datasets import NOT_LOCAL, Cache, Question, measure
from ftlint.datasets.rowcount import NEWER, OLDER
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RUNNER = Path(__file__).with_name("loader_runner.py")
KINDS = {"json": "json", "jsonl": "json", "csv": "csv", "txt": "text", "parquet": "parquet",
         "arrow": "arrow"}  # fmt: skip
REFUSED, UNKNOWN = "refused", "unknown"


class Loader:
    """The real loader of one Python."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(RUNNER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.versions: str = self._answer()["versions"]
        """datasets and what it rests on, each with its version."""

    @property
    def version(self) -> tuple[int, ...]:
        """That of datasets."""
        return _version(self.versions.removeprefix("datasets ").split(",")[0])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def load(self, kind: str, files: list[str], workers: int | None) -> dict[str, Any]:
        """Return rows, or why it refuses."""
        assert self._process.stdin is not None
        request = {"kind": kind, "files": files, "workers": workers}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Verdict(NamedTuple):
    """A count, REFUSED or UNKNOWN, and the reason."""

    rows: int | str
    why: str = ""
    since: tuple[int, ...] = ()
    """The datasets since which that is so, where older ones are said to differ."""


class Held(NamedTuple):
    """What both say about one case."""

    case: Case
    ours: Verdict
    theirs: Verdict
    version: tuple[int, ...]
    """That of the datasets which was asked."""

    @property
    def agreed(self) -> bool:
        """The same, or left open by ftlint.

        What is said of a release and newer ones says nothing of an older one, but for the rows that
        it has if it loads: there may be other reasons to refuse it, or none.
        """
        older = self.version < self.ours.since
        if older and self.ours.rows == REFUSED:
            return True
        return self.ours.rows in (self.theirs.rows, UNKNOWN) or (
            older and self.theirs.rows == REFUSED
        )


def lay(case: Case, folder: Path) -> list[str]:
    """Write the files of a case, and return them in the order that the loader is given."""
    data = folder / "x"
    data.mkdir()
    for number, content in enumerate(case.files):
        (data / f"part{number}.{case.extension}").write_bytes(content)
    return [str(data / name) for name in os.listdir(data)]  # noqa: PTH208 (its order is meant)


def judged(folder: Path, workers: int | None = None) -> Verdict:
    """Return what ftlint says of the folder `x` in a folder."""
    (folder / "dataset_info.json").write_text('{"x": {"file_name": "x"}}')
    question = Question("pt", workers=workers or 1)
    (size,) = measure(["x"], dataset_dir=str(folder), cwd=str(folder), question=question,
                      cache=Cache(None), disk=Disk())  # fmt: skip
    why = size.trouble.text if size.trouble else ""
    if size.rows is not None:
        return Verdict(size.rows, why, _since(NEWER, *size.notes))
    assert size.trouble is not None
    return Verdict(UNKNOWN if size.trouble.what in NOT_LOCAL else REFUSED, why, _since(OLDER, why))


def _since(words: str, *texts: str) -> tuple[int, ...]:
    """Return the latest version that texts name after these words."""
    found = (re.findall(rf"{re.escape(words)} ([\d.]*\d)", text) for text in texts)
    return max((_version(one) for one in chain.from_iterable(found)), default=())


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def hold(cases: Iterable[Case], loader: Loader) -> Iterator[Held]:
    """Have every case judged by both."""
    for case in cases:
        with tempfile.TemporaryDirectory() as name:
            files = lay(case, Path(name))
            answer = loader.load(KINDS[case.extension], files, case.workers)
            theirs = Verdict(answer.get("rows", REFUSED), answer.get("refused", ""))
            yield Held(case, judged(Path(name), case.workers), theirs, loader.version)


def main(arguments: list[str] | None = None) -> int:
    """Print how ftlint and the loaders agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.loaders")
    parser.add_argument("--count", type=int, default=300, help="files drawn by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--python", action="append", help="a Python that has datasets")
    parser.add_argument("--drawn-only", action="store_true")
    given = parser.parse_args(arguments)
    wrong = 0
    for python in given.python or _pinned():
        loader = Loader(python)
        cases = [*([] if given.drawn_only else made()), *drawn(given.count, given.seed),
                 *drawn_tables(given.count // 2, given.seed)]  # fmt: skip
        table: Counter[tuple[str, str]] = Counter()
        for one in hold(cases, loader):
            said = UNKNOWN if one.ours.rows == UNKNOWN else (
                REFUSED if one.theirs.rows == REFUSED else "counted")  # fmt: skip
            table[one.case.extension, said if one.agreed else "wrong"] += 1
            if not one.agreed:
                wrong += 1
                print(f"{one.case.extension} {one.case.about[:60]} workers {one.case.workers}: "
                      f"ftlint {one.ours}, datasets {one.theirs}")  # fmt: skip
        loader.close()
        print(f"{len(cases)} datasets, {loader.versions}")
        columns = ("counted", REFUSED, UNKNOWN, "wrong")
        print("kind     " + "".join(f"{column:>9}" for column in columns))
        for kind in KINDS:
            if any(table[kind, column] for column in columns):
                print(f"{kind:9}" + "".join(f"{table[kind, column]:9}" for column in columns))
    return 1 if wrong else 0


def _pinned() -> list[str]:
    from tests.oracle.environments import ensure

    return [str(ensure(release)) for release in ("0.9.5", "0.9.3")]


if __name__ == "__main__":
    sys.exit(main())
