"""ftlint on published configs that no rule was written by, gathered from clones of repositories.

    python -m tests.oracle.unseen OWNER/NAME=CLONE...

writes docs/unseen.md. A config is a file of a clone's HEAD that ftlint takes for one by its keys;
each counts once, and none of the corpus that the rules were written by (FTLINT_CORPUS). Nothing of
the clones is kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.oracle import environments, published, score

from ftlint.target.classify import command_of, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE = environments.ROOT / "docs" / "unseen.md"
KINDS = {"train": "train", "export": "export", "chat": "infer"}
MOST = 20_000
"""Bytes of a file that is looked at."""
HEAD = """# Configs that no rule was written by

Published configs of {repositories} repositories, {files} files, each judged by ftlint and by the
real parsers as on the page on [accuracy](accuracy.md), which explains the columns. Many are
LLaMA Factory's own examples as a fork left them. Rules were written by another set of configs;
what these showed, and what was mended after it, the
[changes](https://github.com/ftlint/ftlint/blob/main/CHANGELOG.md) name. Written by
`python -m tests.oracle.unseen OWNER/NAME=CLONE...`.

| release | files | refused | recall | precision | late |
|---|---|---|---|---|---|
"""
CLONES = """
| repository | commit | configs |
|---|---|---|
"""


class Clone(NamedTuple):
    """A repository, the commit that was looked at, and its configs by content."""

    name: str
    commit: str
    configs: tuple[tuple[str, bytes], ...]
    """Suffix and content."""


def main(clones: Sequence[str]) -> None:
    """Gather the configs, score each release, and write the page."""
    known = {path.read_bytes() for path in (published.CORPUS / "files").iterdir()}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "files").mkdir()
        found: list[Clone] = []
        rows: list[dict[str, str]] = []
        for one in clones:
            name, _, path = one.partition("=")
            clone = Clone(name, git(path, "rev-parse", "HEAD").decode().strip(),
                          tuple(configs(path, known)))  # fmt: skip
            found.append(clone)
            for suffix, data in clone.configs:
                file = f"{len(rows):04d}{suffix}"
                (folder / "files" / file).write_bytes(data)
                command = command_of(names_in(data.decode("utf-8", "replace")))
                rows.append({"file": file, "kind": KINDS[str(command)]})
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "manifest.jsonl").write_text(text, "utf-8")
        published.CORPUS = score.CORPUS = folder
        sheets = [score.score_corpus(release) for release in environments.RELEASES]
        for sheet in sheets:
            print(sheet, *sheet.disagreements, sep="\n  ")
    PAGE.write_text("".join(page(found, sheets)), "utf-8")


def configs(clone: str, known: set[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the configs of a clone that are not `known`, and add them there."""
    for line in git(clone, "ls-tree", "-r", "-l", "-z", "HEAD").split(b"\0"):
        about, _, path = line.partition(b"\t")
        suffix = Path(path.decode("utf-8", "replace")).suffix
        size = about.split()[-1:]
        if suffix not in (".yaml", ".yml", ".json") or not size[0].isdigit() or int(size[0]) > MOST:
            continue
        data = git(clone, "cat-file", "blob", about.split()[2].decode())
        if data in known:
            continue
        if command_of(names_in(data.decode("utf-8", "replace"))) in KINDS:
            known.add(data)
            yield suffix, data


def git(clone: str, *arguments: str) -> bytes:
    """Return what git says of a clone, or of a bare mirror."""
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=True).stdout


def page(clones: Sequence[Clone], sheets: Sequence[score.Sheet]) -> Iterator[str]:
    """Yield the page."""
    with_configs = [clone for clone in clones if clone.configs]
    files = sum(len(clone.configs) for clone in clones)
    yield HEAD.format(repositories=len(with_configs), files=files)
    for one in sheets:
        yield (
            f"| {one.release} | {one.files} | {one.refused} | {one.recalled}/{one.refused} |"
            f" {one.confirmed}/{one.flagged} | {one.foreseen}/{one.crashed} |\n"
        )
    yield CLONES
    for clone in with_configs:
        yield f"| {clone.name} | {clone.commit[:12]} | {len(clone.configs)} |\n"


if __name__ == "__main__":
    main(sys.argv[1:])
