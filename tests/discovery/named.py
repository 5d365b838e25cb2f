"""Which files of a folder would block a commit: each is named to ftlint, as the hook names it.

`python -m tests.discovery.named FOLDER` for files of other tools, of which none may;
`--configs` for configs, of which each must be judged, also with a slip in every key.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftlint.cli.check import read_stdin
from ftlint.loading import look
from ftlint.project.options import Options
from ftlint.project.request import CliOptions
from ftlint.run.session import FINDINGS, run
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.target.classify import Kind

KEY = re.compile(rb"""((?:^|[{,])\s*["']?)([A-Za-z_]\w{3,})(?=["']?\s*:(?:\s|$))""", re.M)
NAMED = Options(resolve_target(), named=True)


class Blocked(NamedTuple):
    """A file that ends ftlint with another status than 0, and what it says."""

    path: Path
    status: int
    said: tuple[str, ...]


def files(folder: Path) -> Iterator[Path]:
    """Yield what lies below a folder, in order."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def blocked(path: Path) -> Blocked | None:
    """Name one file to ftlint, in its folder, without settings."""
    home = Path.cwd()
    os.chdir(path.parent)
    try:
        request = CliOptions((path.name,), isolated=True, cache=False)
        report, status = run(request, read_stdin, lambda _done, _all: None)
    finally:
        os.chdir(home)
    if status == 0:
        return None
    said = [f"{one.code} {one.message}" for result in report.results for one in result.diagnostics]
    return Blocked(path, status, (*said, *(reason for _, reason in report.failures)))


def slipped(data: bytes, seed: int) -> bytes:
    """Return a config with a letter lost, doubled, changed or swapped in each top-level key."""
    draw = random.Random(seed)

    def slip(match: re.Match[bytes]) -> bytes:
        name = match[2].decode()
        place = draw.randrange(1, len(name) - 1)
        before, letter, after = name[:place], name[place], name[place + 1 :]
        kinds = [before + after, before + letter * 2 + after, f"{before}x{after}",
                 f"{before}{after[0]}{letter}{after[1:]}"]  # fmt: skip
        return match[1] + draw.choice(kinds).encode()

    return KEY.sub(slip, data)


def kind(path: Path, data: bytes) -> Kind:
    """Return what a named file with this content is."""
    return look(path.name, data, NAMED)


def main() -> int:
    """Count, and list what is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--configs", action="store_true", help="the files are configs")
    asked = parser.parse_args()
    listed = list(files(asked.folder))
    if not asked.configs:
        wrong = [one for one in map(blocked, listed) if one is not None]
        for one in wrong:
            print(f"{one.path}: status {one.status}: {'; '.join(one.said[:3])[:300]}")
        kinds = Counter(kind(path, path.read_bytes()).why for path in listed)
        for why, count in kinds.most_common():
            print(f"{count:6} {why or 'a config of LLaMA Factory'}")
        print(f"{len(listed)} files named, {len(wrong)} block")
        return FINDINGS if wrong else 0
    passed = 0
    for seed, path in enumerate(listed):
        data = path.read_bytes()
        for name, content in (("as it is", data), ("with slips", slipped(data, seed))):
            found = kind(path, content)
            if found.command is None:
                passed += 1
                print(f"{path} {name}: {found.why}")
    print(f"{len(listed)} configs named, as they are and with a slip in every key: {passed} passed")
    return FINDINGS if passed else 0


if __name__ == "__main__":
    sys.exit(main())
