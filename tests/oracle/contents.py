"""Holds what ftlint says of definitions and rows against the real loader and preprocessing.

    python -m tests.oracle.contents --count 300 --seed 1 [RELEASE]...

Both end the run, for the same cause, or both keep it; and of a run that is kept the columns that
ftlint calls ignored are not in what comes out, and those that it does not are. Prints a table by
finding, and every case on which the two disagree.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracle.called import target_of
from tests.oracle.client import Process
from tests.oracle.contents_drawn import Case, drawn

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TIMEOUT = 300.0
"""Seconds for one case, that its rows be loaded and preprocessed."""
RELEASES = ("0.9.5", "0.9.4", "0.9.3")
LOOKED_UP = r"KeyError|Cannot find valid samples|TypeError|AttributeError|ValueError"
CAUSES = {
    "FT702": r"KeyError|AttributeError|TypeError|not found|not applicable|Failed to convert",
    "FT704": r"Failed to convert|ArrowInvalid|JSON parse error|column|Could not convert|TypeError",
    "FT705": LOOKED_UP,
    "FT706": r"not applicable in the current training stage",
    "FT708": LOOKED_UP,
    "FT730": LOOKED_UP,
    "FT734": r"The number of (images|videos|audios) does not match",
    "FT735": r"the JSON object must be str|Invalid JSON format in tool",
}
"""What the real program says where ftlint says that the run ends. A definition that cannot be used
may be on rows that cannot be read, or of another stage: of two faults either may be told.
"""
USUAL = ("instruction", "input", "history", "system")
"""Columns whose words come out of preprocessing where they are read."""


class Real(Process):
    """The loader and the preprocessing of one release."""

    script = "contents_runner.py"

    def __enter__(self) -> Real:
        return self

    def judge(self, folder: Path, config: dict[str, Any]) -> dict[str, Any]:
        """Return the rows and their texts, or why there are none."""
        return self.ask({"folder": str(folder), "config": config}, TIMEOUT)


class Held(NamedTuple):
    """One case: ftlint's findings (code -> message), what happened, and how the two differ."""

    case: Case
    ours: dict[str, str]
    theirs: dict[str, Any]
    differs: str


def hold(cases: Iterable[Case], release: str, work: Path) -> Iterator[Held]:
    """Have every case judged by both."""
    with Real(release, str(work)) as real:
        for case in cases:
            with tempfile.TemporaryDirectory(dir=work) as name:
                folder = Path(name)
                (folder / "x.json").write_text(json.dumps(case.rows), encoding="utf-8")
                (folder / "dataset_info.json").write_text(
                    json.dumps({"x": case.definition}), encoding="utf-8"
                )
                config = {"stage": case.stage, "do_train": True, "finetuning_type": "lora",
                          "dataset": "x", "template": case.template, "cutoff_len": 512}  # fmt: skip
                if case.stage == "pt":
                    config["packing"] = False  # a few words fill no sequence
                if case.stage == "ppo":
                    config["reward_model"] = "r"
                ends, ours = said(folder, config, release)
                theirs = real.judge(folder, config)
                yield Held(case, ours, theirs, differing(case, ends, ours, theirs))


def said(
    folder: Path, config: dict[str, Any], release: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the errors of ftlint on the data, and all that it says of them."""
    given = {**config, "model_name_or_path": "m", "output_dir": "o", "dataset_dir": "."}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in given.items())
    before = Path.cwd()
    os.chdir(folder)  # what lies outside the project is not shown
    try:
        found = lint(of_text("config.yaml", text), Options(target_of(release))).diagnostics
    finally:
        os.chdir(before)
    data = [one for one in found if one.code.startswith("FT7")]
    ends = {one.code: one.message for one in data if one.severity == "error"}
    told: dict[str, str] = {}
    for one in data:
        told[one.code] = f"{told.get(one.code, '')} {one.message}".strip()
    return ends, told


def differing(
    case: Case, ends: dict[str, str], ours: dict[str, str], theirs: dict[str, Any]
) -> str:
    """Return how the two differ, "" where they do not."""
    refused = theirs.get("refused")
    if refused is not None:
        if not ends:
            return "only the real program ends the run"
        agreed = any(re.search(CAUSES[code], refused) for code in ends)
        return "" if agreed else "another cause"
    if ends:
        return "only ftlint ends the run"
    if case.stage in ("pt", "ppo"):
        return ""
    text = " ".join(theirs["text"]).split()
    unread = re.findall(r"Column `(\w+)`", ours.get("FT732", ""))
    for column in USUAL:
        words = {word for row in case.rows for word in _words(row.get(column))}
        read, told = bool(words & {*text}), column in unread or "FT733" in ours
        if words and read == told and column in (*unread, *_unmapped(case, column)):
            return f"{column} is {'read' if read else 'not read'}"
    if "FT733" in ours:
        asked = {word for row in case.rows for name in ("instruction", "input")
                 for word in _words(row.get(name))}  # fmt: skip
        return "a question is read" if asked & {*text} else ""
    return ""


def _unmapped(case: Case, column: str) -> tuple[str, ...]:
    columns = case.definition.get("columns")
    given = columns.values() if isinstance(columns, dict) else ("instruction", "input")
    alpaca = case.definition.get("formatting", "alpaca") == "alpaca"
    known = alpaca or column == "system"
    return (column,) if known and column not in [*map(str, given)] else ()


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _words(one)
    elif isinstance(value, str):
        yield from (word for word in value.split() if word != "<image>")


def main(arguments: list[str] | None = None) -> int:
    """Print how ftlint and the releases agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.contents")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("releases", nargs="*", default=RELEASES)
    given = parser.parse_args(arguments)
    wrong = 0
    for release in given.releases:
        table: Counter[tuple[str, str]] = Counter()
        with tempfile.TemporaryDirectory() as work:
            for one in hold(drawn(given.count, given.seed), release, Path(work)):
                for code in one.ours or ["none"]:
                    table[code, "wrong" if one.differs else "agreed"] += 1
                table["all", "refused" if "refused" in one.theirs else "kept"] += 1
                if one.differs:
                    wrong += 1
                    print(f"{one.differs}: {json.dumps(one.case)}\n  {one.ours}\n  {one.theirs}")
        print(release, *(f"{code} {word} {number}" for (code, word), number
                         in sorted(table.items())), sep="\n  ")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
