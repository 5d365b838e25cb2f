"""The linter's own speed against others': `python bench/suites/linter.py` writes the page.

Whole processes, paired and interleaved: in each round every tool runs once on the same files, and
ratios are taken within a round, so that what else the machine does falls on all of them. Files are
those of the corpus (`FTLINT_CORPUS`) under new names. With `FTLINT_ORACLE_HOME`, a folder with an
environment `0.9.5` in it, LLaMA Factory's own parser reads the single file as well.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks" / "linter.md"
CORPUS = Path(os.environ.get("FTLINT_CORPUS", str(ROOT.parent / "shared" / "corpus")))
PARSER = (
    "import sys; from omegaconf import OmegaConf; "
    "from llamafactory.hparams import get_train_args; "
    "get_train_args(OmegaConf.to_container(OmegaConf.load(sys.argv[1])))"
)
GOALS = {
    ("one file, cold", "yamllint"): 1.0,
    ("1,000 files", "yamllint"): 0.25,
    ("1,000 files, warm cache", "yamllint"): 0.05,
    ("--version", "python -c pass"): 2.5,
}


class Measured(NamedTuple):
    """One process: wall and processor seconds, peak resident MiB."""

    wall: float
    cpu: float
    peak: float


class Row(NamedTuple):
    """One case: what each tool took in each round, by its name; ours is `ftlint`."""

    case: str
    rounds: list[dict[str, Measured]]


def measure(command: list[str], env: dict[str, str]) -> Measured:
    """Run a command to its end, whatever its status."""
    started = time.perf_counter()
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:  # fmt: skip
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    wall = time.perf_counter() - started
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def files(count: int, folder: Path) -> Path:
    """Write `count` files of the corpus, renamed, into a new folder."""
    made = folder / str(count)
    made.mkdir()
    texts = [path.read_bytes() for path in sorted(CORPUS.rglob("*.yaml"))]
    for number, text in zip(range(count), itertools.cycle(texts)):
        (made / f"{number:05}.yaml").write_bytes(text)
    return made


def suite(folder: Path, rounds: int, largest: int) -> list[Row]:
    """Run every case."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    env.update(XDG_CACHE_HOME=str(folder / "cache"),
               PYTHONPATH=os.pathsep.join([str(ROOT / "lint"), str(ROOT / "schemas")]))  # fmt: skip
    script = folder / "ftlint"
    script.write_text("import sys\nfrom ftlint.__main__ import main\nsys.exit(main())\n")
    ours = [sys.executable, str(script)]
    yamllint = [sys.executable, "-m", "yamllint", "-f", "parsable"]
    schema = folder / "schema.json"
    made = subprocess.run([*ours, "schema"], env=env, capture_output=True, check=True)
    schema.write_bytes(made.stdout)
    checker = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    one = str(ROOT / "examples" / "good" / "lora_sft.yaml")

    def case(name: str, commands: dict[str, list[str]], count: int = rounds) -> Row:
        for command in commands.values():
            measure(command, env)
        found = [{tool: measure(command, env) for tool, command in commands.items()}
                 for _ in range(count)]  # fmt: skip
        print(name, *(f"{tool} {median(r[tool].wall for r in found):.3f} s" for tool in commands))
        return Row(name, found)

    def against(*paths: str) -> dict[str, list[str]]:
        others = {"yamllint": [*yamllint, *paths]}
        if checker is not None:
            named = sorted(map(str, Path(paths[0]).iterdir())) if Path(paths[0]).is_dir() else paths
            others["check-jsonschema"] = [checker, "--schemafile", str(schema), *named]
        return others

    home = os.environ.get("FTLINT_ORACLE_HOME")
    parser = {"LLaMA Factory's parser": [f"{home}/0.9.5/bin/python", "-c", PARSER, one]}
    rows = [
        case("--version", {"ftlint": [*ours, "--version"],
                           "python -c pass": [sys.executable, "-c", "pass"]}, 3 * rounds),
        case("one file, cold", {"ftlint": [*ours, one], **against(one)}, 3 * rounds),
    ]  # fmt: skip
    if home:
        rows.append(case("one file, its own parser", {"ftlint": [*ours, one], **parser}, 3))
    for count in (number for number in (100, 1_000, 10_000) if number <= largest):
        path = str(files(count, folder))
        times = rounds if count < 10_000 else 1
        name = f"{count:,} files"
        rows.append(case(name, {"ftlint": [*ours, "--no-cache", path], **against(path)}, times))
        warm = {"ftlint": [*ours, path], "yamllint": [*yamllint, path]}
        rows.append(case(f"{name}, warm cache", warm, times))
        if count == 1_000:
            diff = {"ftlint": [*ours, "--fix", "--diff", path], "yamllint": [*yamllint, path]}
            rows.append(case(f"{name}, --fix --diff", diff, times))
    return rows


def page(rows: list[Row], load: tuple[float, float, float]) -> str:
    """Return the page of the results."""
    lines = [
        "# How fast ftlint is", "",
        "Written by `python bench/suites/linter.py`, not by hand. Whole processes, each tool once",
        "a round on the same files; ratios are ftlint's wall time over the other's, within a",
        "round (least, median, greatest). check-jsonschema is given ftlint's own schema.", "",
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores; load of the machine"
        f" {load[0]:.1f} before and {os.getloadavg()[0]:.1f} after (an idle machine has 0): paired"
        " ratios bear that, seconds do not.", "",
        "| case | tool | rounds | wall s | processor s | peak MiB | ftlint / tool | goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, rounds in rows:
        for tool in rounds[0]:
            wall = median(one[tool].wall for one in rounds)
            cpu = median(one[tool].cpu for one in rounds)
            peak = max(one[tool].peak for one in rounds)
            ratios = [one["ftlint"].wall / one[tool].wall for one in rounds]
            span = f"{min(ratios):.3f} · **{median(ratios):.3f}** · {max(ratios):.3f}"
            goal = GOALS.get((name, tool))
            verdict = "" if goal is None else (
                f"≤ {goal:g}: {'held' if median(ratios) <= goal else 'missed'}")  # fmt: skip
            lines.append(f"| {name} | {tool} | {len(rounds)} | {wall:.3f} | {cpu:.3f} | {peak:.0f}"
                         f" | {'' if tool == 'ftlint' else span} | {verdict} |")  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the table and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--largest", type=int, default=10_000)
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        text = page(suite(Path(folder), asked.rounds, asked.largest), load)
    asked.page.parent.mkdir(parents=True, exist_ok=True)
    asked.page.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
