"""Is ftlint as fast as it set out to be: `python bench/suites/goals.py` measures and prints it.

Each goal is a ratio of two commands, or a time. In every round both run, in turn the one and the
other first, and the ratio is taken within the round; what is told is the median of the rounds, by
processor time, which other work on the machine disturbs least, and by the clock. ftlint is a wheel
of this working tree in an environment of its own, with byte code as pip leaves it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from linter import ONE, Measured, many, measure
from rivals import Linters, linters

if TYPE_CHECKING:
    from collections.abc import Iterator

BARE = """\
model_name_or_path: Qwen/Qwen2.5-7B-Instruct
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
output_dir: saves/qwen/lora
num_train_epochs: 3.0
"""
"""A config that nothing can be counted for."""
SECOND = """
import os, sys, time
from ftlint.project.request import CliOptions
from ftlint.run.session import run
asked = CliOptions((sys.argv[1],))
def lint(): run(asked, lambda most: b"", lambda done, total: None)
lint()
for number in range(9):
    started = time.process_time()
    for again in range(50): lint()
    print((time.process_time() - started) / 50)
"""
"""Lints one file again and again in one process, as an editor does.

Often, between two looks at the clock: some systems count processor time in ticks of 4 ms.
"""


class Command(NamedTuple):
    """What is run, with what besides in the environment."""

    line: list[str]
    env: dict[str, str]


class Goal(NamedTuple):
    """At most `most` times what `against` takes, in so many rounds."""

    name: str
    most: float
    command: Command
    against: Command
    rounds: int


def goals(found: Linters, folder: Path, files: int) -> Iterator[Goal]:
    """Yield every goal that is a ratio of two commands."""
    plain = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": ""}
    plain.pop("PYTHONDONTWRITEBYTECODE", None)
    bare = folder / "bare" / "train.yaml"
    bare.parent.mkdir()
    bare.write_text(BARE, "utf-8")

    def ftlint(*asked: str) -> Command:
        return Command([*found.ftlint, *asked], plain)

    def yamllint(path: Path) -> Command:
        return Command([*found.yamllint, str(path)], plain)

    nothing = Command([*found.python, "-c", "pass"], plain)
    yield Goal("one file, cold ÷ yamllint", 0.5, ftlint(str(ONE)), yamllint(ONE), 21)
    yield Goal("one file without data ÷ yamllint", 0.5, ftlint(str(bare)), yamllint(bare), 21)
    yield Goal("one file without data ÷ python -c pass", 3, ftlint(str(bare)), nothing, 21)
    sources = _sources(found, folder)
    raw = {**plain, "PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"}
    uncompiled = Command([*found.ftlint, str(bare)], raw)
    yield Goal("without byte code ÷ with", 2, uncompiled, ftlint(str(bare)), 15)
    made = many(files, folder)
    time.sleep(2.1)  # what changed just now is not kept
    counted = f"{files} files"
    yield Goal(f"{counted} ÷ yamllint", 0.12, ftlint("--no-cache", str(made)), yamllint(made), 5)
    yield Goal(f"{counted}, kept results ÷ yamllint", 0.02, ftlint(str(made)), yamllint(made), 5)


def _sources(found: Linters, folder: Path) -> Path:
    """Return a folder with ftlint as it is before Python has compiled any of it."""
    asked = "import ftlint, os; print(os.path.dirname(os.path.dirname(ftlint.__file__)))"
    told = subprocess.run([*found.python, "-c", asked], check=True, capture_output=True, text=True)
    for name in ("ftlint", "ftschemas"):
        shutil.copytree(Path(told.stdout.strip()) / name, folder / "sources" / name,
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    return folder / "sources"


def ratios(goal: Goal) -> tuple[float, float, float]:
    """Return the medians of the ratios, by processor time and by the clock, and our seconds."""
    pair = goal.command, goal.against
    for command in pair:
        measure(command.line, command.env)
    rounds: list[tuple[Measured, Measured]] = []
    for number in range(goal.rounds):
        if number % 2:
            theirs = measure(goal.against.line, goal.against.env)
            rounds.append((measure(goal.command.line, goal.command.env), theirs))
        else:
            ours = measure(goal.command.line, goal.command.env)
            rounds.append((ours, measure(goal.against.line, goal.against.env)))
    return (
        statistics.median(ours["cpu"] / theirs["cpu"] for ours, theirs in rounds),
        statistics.median(ours["wall"] / theirs["wall"] for ours, theirs in rounds),
        statistics.median(ours["cpu"] for ours, _ in rounds),
    )


def second_lint(found: Linters) -> float:
    """Return the milliseconds of processor time that a file takes where others went before."""
    asked = [*found.python, "-c", SECOND, str(ONE)]
    told = subprocess.run(asked, check=True, capture_output=True, text=True)
    return 1000 * statistics.median(map(float, told.stdout.split()))


def main() -> None:
    """Measure all, and print a line a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--only", default="", help="goals whose name has this in it")
    asked = parser.parse_args()
    found = linters()
    print(f"{'':42} {'goal':>6} {'cpu':>7} {'wall':>7} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for goal in goals(found, Path(folder), asked.files):
            if asked.only not in goal.name:
                continue
            cpu, wall, seconds = ratios(goal)
            print(f"{goal.name:42} {goal.most:6} {cpu:7.3f} {wall:7.3f} {seconds:8.3f}", flush=True)
    print(f"{'a second lint in one process, ms':42} {3:6} {second_lint(found):7.2f}")


if __name__ == "__main__":
    main()
