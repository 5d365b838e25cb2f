"""The linter's own speed against others': `make bench-linter` measures and writes the page.

Whole processes, paired and interleaved: in each round every command runs on the same files, in
another order each time, and ratios are taken within a round, so that what else the machine does
falls on all of them. Files are those of the corpus (`FTLINT_CORPUS`) under new names. What was
measured goes to docs/benchmarks/raw/linter.json, of which `make docs` makes the page and its plot.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from rivals import ROOT, Rivals, ready

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(os.environ.get("FTLINT_CORPUS", str(ROOT.parent / "shared" / "corpus")))
RAW = ROOT / "docs" / "benchmarks" / "raw" / "linter.json"
ONE = ROOT / "examples" / "good" / "lora_sft.yaml"
COUNTS = (100, 1_000, 10_000)
KIBIBYTES = (1, 8, 64, 512)
LAUNCH = """
import os, sys, time
null = [(os.POSIX_SPAWN_OPEN, out, "/dev/null", os.O_WRONLY, 0) for out in (1, 2)]
started = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
used = os.wait4(process, 0)[2]
print(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
"""Starts a command from a process that is smaller than any of them: a peak counts the starter's."""

Measured = dict[str, float]
"""One process: `wall` and `cpu` seconds, `peak` resident MiB of its largest process."""


def measure(command: list[str], env: dict[str, str]) -> Measured:
    """Run a command to its end, whatever its status."""
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCH, *command]
    done = subprocess.run(launcher, env=env, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(zip(("wall", "cpu", "peak"), map(float, done.stdout.split())))


def many(count: int, folder: Path) -> Path:
    """Write `count` files of the corpus, renamed, into a new folder."""
    made = folder / str(count)
    made.mkdir()
    texts = [path.read_bytes() for path in sorted(CORPUS.rglob("*.yaml"))]
    for number, text in zip(range(count), itertools.cycle(texts)):
        (made / f"{number:05}.yaml").write_bytes(text)
    return made


def long(size: int, folder: Path) -> Path:
    """Write a config of `size` KiB: nearly all of it is a list of module names."""
    text = ONE.read_text("utf-8") + "additional_target:\n"
    lines = (f"- model.layers.{number}.mlp.gate_proj\n" for number in itertools.count())
    while len(text) < size << 10:
        text += next(lines)
    path = folder / f"{size}.yaml"
    path.write_text(text, "utf-8")
    return path


class Suite:
    """What is run, and how often."""

    def __init__(self, rivals: Rivals, folder: Path, scale: float) -> None:
        self.rivals, self.folder, self.scale = rivals, folder, scale
        cache = str(folder / "cache")
        self.env = {**os.environ, "XDG_CACHE_HOME": cache, "PYTHONPATH": ""}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        schema = folder / "schema.json"
        told = subprocess.run([*rivals.ftlint, "schema"], env=self.env, check=True,
                              capture_output=True)  # fmt: skip
        schema.write_bytes(told.stdout)
        self.schema = [*rivals.schema, str(schema)]

    def cases(self, largest: int) -> Iterator[dict[str, Any]]:
        """Run and yield every case: its name, and by command what was measured each round."""
        ours = self.rivals.ftlint
        yield self.case("version", 15, {
            "ftlint --version": [*ours, "--version"],
            "python -c pass": [*self.rivals.python, "-c", "pass"]})  # fmt: skip
        yield self.case("1", 15, self.commands([ONE], ONE), {"parser": 3})
        for count in (one for one in COUNTS if one <= largest):
            made = many(count, self.folder)
            rounds = {100: 7, 1_000: 5, 10_000: 2}[count]
            few = {"parser": 3} if count == 100 else {"parser": 0}
            if count == max(COUNTS):
                few.update({"check-jsonschema": 1, "ftlint --fix --diff": 1})
            found = sorted(made.iterdir())
            yield self.case(str(count), rounds, self.commands(found, made), few)
        for size in KIBIBYTES:
            path = long(size, self.folder)
            commands = self.commands([path], path)
            for name in ("ftlint, warm cache", "ftlint --fix --diff", "parser"):
                commands.pop(name, None)
            yield self.case(f"{size} KiB", 5, commands)

    def commands(self, files: list[Path], named: Path) -> dict[str, list[str]]:
        """Return what reads the files; `named` is their folder, for who takes one."""
        ours, listed = self.rivals.ftlint, list(map(str, files))
        made = {
            "ftlint": [*ours, *(["--no-cache"] if len(files) > 1 else []), str(named)],
            "ftlint, warm cache": [*ours, str(named)],
            "ftlint --fix --diff": [*ours, "--fix", "--diff", str(named)],
            "yamllint": [*self.rivals.yamllint, str(named)],
            "check-jsonschema": [*self.schema, *listed],
            "parser": [*self.rivals.parser, *listed],
        }
        if len(files) == 1:
            del made["ftlint, warm cache"]
        return made

    def case(self, name: str, rounds: int, commands: dict[str, list[str]],
             few: dict[str, int] | None = None) -> dict[str, Any]:  # fmt: skip
        """Measure; `few` names commands that run in fewer rounds than the others."""
        often = {one: round(self.scale * (few or {}).get(one, rounds) + 0.49) for one in commands}
        for one, command in commands.items():
            if often[one] > 1 or "cache" in one:
                measure(command, self.env)
        found: list[dict[str, Measured]] = []
        for number in range(max(often.values())):
            turn = number % len(commands)
            order = [*commands][turn:] + [*commands][:turn]
            found.append({one: measure(commands[one], self.env)
                          for one in order if number < often[one]})  # fmt: skip
        print(f"{name}:", *(f"{one} {seen['wall']:.3f} s;" for one, seen in found[0].items()),
              flush=True)  # fmt: skip
        return {"case": name, "rounds": found}


def main() -> None:
    """Measure and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1, help="times the usual number of rounds")
    parser.add_argument("--largest", type=int, default=max(COUNTS), help="number of files")
    parser.add_argument("--output", type=Path, default=RAW)
    asked = parser.parse_args()
    rivals, load = ready(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        cases = []
        for case in Suite(rivals, Path(folder), asked.scale).cases(asked.largest):
            cases.append(case)
            facts = {"python": sys.version.split()[0], "cores": os.cpu_count(),
                     "load": [round(load, 1), round(os.getloadavg()[0], 1)]}  # fmt: skip
            asked.output.write_text(json.dumps({**facts, "cases": cases}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
