"""`python -m tests.fuzz --seconds 60`: every target for its share of the time, by two engines.

With `--inputs` and `--seed` instead, the same inputs each time: what a change is judged by.

`guided` is coverage-guided (atheris, where it is installed), `grammar` writes configs of real keys
and mutates examples. An input that fails goes to `tests/fuzz/crashes`, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import grammar
from tests.fuzz.targets import TARGETS, check

CRASHES = Path(__file__).parent / "crashes"
SEEDS = 24
"""Examples that the guided engine begins with, the shortest: it reads them all before it counts."""

FORMED = ("document", "rules", "plans", "fixes", "outputs")
"""Targets whose inputs are configs."""


class Bounds(NamedTuple):
    """When an engine has done enough with a target."""

    seconds: float
    inputs: float


def grammar_based(target: str, bounds: Bounds, seed: int) -> tuple[int, list[bytes]]:
    """Run a target on written and mutated inputs; return executions and what failed."""
    r = random.Random(seed)
    begin = grammar.seeds(target)
    failed: dict[str, bytes] = {}
    runs, end = 0, time.monotonic() + bounds.seconds
    while runs < bounds.inputs and time.monotonic() < end:
        written = target in FORMED and r.random() < 0.5
        data = grammar.config(r) if written else grammar.mutated(r, r.choice(begin))
        runs += 1
        try:
            check(target, data)
        except Exception as error:
            failed.setdefault(f"{type(error).__name__}: {error}"[:80], data)
            print(f"{target}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
    return runs, list(failed.values())


def guided(target: str, bounds: Bounds, seed: int) -> tuple[int, list[bytes]]:
    """Run a target under atheris, again after each failure; return executions and what failed."""
    failed: list[bytes] = []
    runs, end = 0, time.monotonic() + bounds.seconds
    environment = {**os.environ, "PYTHONHASHSEED": "0"}  # or coverage differs from run to run
    with tempfile.TemporaryDirectory() as folder:
        corpus, artefacts = Path(folder, "corpus"), Path(folder, "artefacts")
        corpus.mkdir()
        artefacts.mkdir()
        begin = sorted(grammar.seeds(target), key=len)[:SEEDS]
        for number, data in enumerate(begin):
            (corpus / f"seed{number}").write_bytes(data)
        while len(failed) < 20:
            left = min(end - time.monotonic(), 1 << 20)
            if left < 1 or runs >= bounds.inputs:
                break
            command = [
                sys.executable, "-m", "tests.fuzz.guided", target, f"-max_total_time={int(left)}",
                f"-runs={int(bounds.inputs - runs) if bounds.inputs < math.inf else -1}",
                f"-seed={seed + len(failed) + 1}", "-print_final_stats=1", "-max_len=2048",
                "-timeout=30", "-rss_limit_mb=4096", "-verbosity=0",
                f"-artifact_prefix={artefacts}/", str(corpus),
            ]  # fmt: skip
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", env=environment
            )
            units = re.findall(r"number_of_executed_units:\s*(\d+)", done.stderr)
            runs += int(units[-1]) if units else 0
            if done.returncode == 0:
                break
            new = [path.read_bytes() for path in sorted(artefacts.iterdir())]
            for path in artefacts.iterdir():
                path.unlink()
            print(f"{target}: {done.stderr[-1500:]}", file=sys.stderr)
            if not new:
                raise SystemExit(f"{target}: the fuzzer itself failed ({done.returncode})")
            failed += new
    return runs, failed


ENGINES = {"guided": guided, "grammar": grammar_based}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, help="time for all of it; 60 without --inputs")
    parser.add_argument("--inputs", type=int, default=math.inf, help="most a target and engine")
    parser.add_argument("--engine", choices=[*ENGINES, "all"], default="all")
    parser.add_argument("--target", choices=list(TARGETS), action="append")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--record", type=Path, help="append what was done, a JSON line each")
    asked = parser.parse_args()
    os.environ.setdefault("XDG_CACHE_HOME", tempfile.mkdtemp())
    engines = list(ENGINES) if asked.engine == "all" else [asked.engine]
    if "guided" in engines and find_spec("atheris") is None:
        print("atheris is not installed: grammar-based inputs only", file=sys.stderr)
        engines = [name for name in engines if name != "guided"] or ["grammar"]
    targets = asked.target or list(TARGETS)
    seconds = asked.seconds or (60 if asked.inputs == math.inf else math.inf)
    bounds = Bounds(seconds / len(targets) / len(engines), asked.inputs)
    total = bad = 0
    for target in targets:
        for engine in engines:
            started = time.monotonic()
            runs, failed = ENGINES[engine](target, bounds, asked.seed)
            seconds = time.monotonic() - started
            for data in failed:
                name = f"{target}-{hashlib.sha256(data).hexdigest()[:12]}"
                (CRASHES / name).write_bytes(data)
            total, bad = total + runs, bad + len(failed)
            print(f"{target:10} {engine:8} {runs:10} executions {seconds:8.1f} s "
                  f"{len(failed)} failures", flush=True)  # fmt: skip
            if asked.record:
                line = {"target": target, "engine": engine, "executions": runs,
                        "seconds": round(seconds, 1), "failures": len(failed),
                        "seed": asked.seed}  # fmt: skip
                with asked.record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
    print(f"{total} executions, {bad} failures (seed {asked.seed})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
