"""Published forks by the newest release and by their own source: errors before and after.

    python -m tests.inplace.forks FOLDER...    clones, each in a folder owner+name

writes docs/forks.md. Each error that is left by a fork's own source is judged in forks.yaml, beside
this file; one that nobody has judged fails the command.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from tests.imports import ROOT
from tests.oracle.called import run_ftlint

JUDGEMENTS = Path(__file__).with_name("forks.yaml")
PAGE = ROOT / "docs" / "forks.md"
HEAD = """# Forks by their own source

Public repositories that hold a LLaMA Factory of their own, with every config that ftlint finds in
them. *Before*: errors for the newest release. *After*: errors by the source above each config
(`--target tree`). Written by `python -m tests.inplace.forks FOLDER`, which stops at an error that
nobody has judged.

"""


class Error(NamedTuple):
    """One error on a fork's config, by its own source."""

    repo: str
    path: str
    code: str
    key: str
    message: str


class Fork(NamedTuple):
    """What ftlint says of one fork."""

    repo: str
    judged_by: str
    configs: int
    before: int
    after: tuple[Error, ...]


def examine(folder: Path) -> Fork | None:
    """Lint the configs of a clone twice; None where it holds no LLaMA Factory."""
    if not any(folder.rglob("hparams/parser.py")):
        return None
    before, after = (
        json.loads(run_ftlint(folder, target, ["--no-cache", "."])) for target in ("0.9.5", "tree")
    )
    repo = folder.name.replace("+", "/")
    errors = tuple(
        Error(repo, one["path"], one["code"], one["key"] or "", one["message"])
        for one in after["diagnostics"]
        if one["severity"] == "error"
    )
    named = [one for one in after["targets"] if one["source"] == "path"]
    judged_by = "; ".join(f"{one['llamafactory']}: {one['judged_by']}" for one in named)
    return Fork(repo, judged_by, after["files"]["checked"], before["summary"]["error"], errors)


def judgement(error: Error, judged: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return what was judged of an error, if it was."""
    for one in judged:
        if (
            error.code == one["code"]
            and error.key in one.get("keys", [error.key])
            and fnmatch(error.repo, one.get("repo", "*"))
        ):
            return one
    return None


def page(forks: list[Fork], judged: list[dict[str, Any]]) -> str:
    """Return the page: a row a fork, then what is left and why."""
    rows = ["| repository | configs | before | after | judged by |", f"|{' --- |' * 5}"]
    rows += [
        f"| {one.repo} | {one.configs} | {one.before} | {len(one.after)} | {one.judged_by} |"
        for one in forks
    ]
    total = [sum(one.configs for one in forks), sum(one.before for one in forks)]
    total.append(sum(len(one.after) for one in forks))
    rows.append(f"| {len(forks)} repositories | {total[0]} | {total[1]} | {total[2]} | |")
    left = Counter(
        (error.code, judgement(error, judged)["why"].strip())  # type: ignore[index]
        for fork in forks
        for error in fork.after
        if judgement(error, judged)
    )
    rows += ["", "## What is left", "", "| errors | rule | why it is said |", "| --- | --- | --- |"]
    rows += [
        f"| {count} | [{code}](rules/{code}.md) | {' '.join(why.split())} |"
        for (code, why), count in sorted(left.items(), key=lambda item: (-item[1], item[0]))
    ]
    return HEAD + "\n".join(rows) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Write the page and say which errors nobody has judged."""
    parser = argparse.ArgumentParser(description="Lint forks by their own source.")
    parser.add_argument("folder", type=Path, nargs="+", help="clones, each in a folder owner+name")
    folders = parser.parse_args(argv).folder
    judged = YAML(typ="safe").load(JUDGEMENTS.read_text("utf-8"))
    clones = sorted((one for each in folders for one in each.iterdir()), key=lambda one: one.name)
    forks = [fork for clone in clones if clone.is_dir() and (fork := examine(clone)) is not None]
    PAGE.write_text(page(forks, judged), "utf-8")
    unjudged = [e for fork in forks for e in fork.after if judgement(e, judged) is None]
    for one in unjudged:
        print(f"{one.repo} {one.path}: {one.code} {one.key}: {one.message}")
    print(f"{sum(f.before for f in forks)} errors before, {sum(len(f.after) for f in forks)} after")
    return int(bool(unjudged))


if __name__ == "__main__":
    sys.exit(main())
