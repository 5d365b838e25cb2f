"""Memory, forecast and measured: many short runs of LLaMA Factory, each in a process of its own.

`python bench/suites/memory.py FOLDER [--only PART/PARTS] [--seconds N] [--fresh N] [--jobs N]
[--gpus N] [--list]` writes data, models (a config.json each, whose random weights are made on the
GPU) and configs below FOLDER. Into FOLDER/memory.jsonl goes first what ftlint forecasts of every
run, and after each run what was measured: peaks of training and evaluation, seconds of a step. What
is there is not run again.

Runs are forks of a process that has imported everything and has not touched the GPU, so each has a
context and an allocator of its own; `--fresh N` makes the first N once more in new processes.
With `--gpus N` they are those of memory_spread.py, each started by torchrun, with peaks by rank;
with `--set families` or `second` those of memory_families.py or memory_second.py, in their order;
with `--seed N` those that memory_drawn.py draws, where `--most` is forecast to be enough.
bench/suites/memory_check.py holds the forecasts against what was measured.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("bench", "bench/suites", "lint", "schemas")]

import memory_drawn  # type: ignore[import-not-found]  # noqa: E402
import memory_families  # type: ignore[import-not-found]  # noqa: E402
import memory_runs  # type: ignore[import-not-found]  # noqa: E402
import memory_second  # type: ignore[import-not-found]  # noqa: E402
import memory_spread  # type: ignore[import-not-found]  # noqa: E402
from journal import append, entries  # type: ignore[import-not-found]  # noqa: E402
from memory_drawn import write_any_model  # noqa: E402
from memory_runs import (  # noqa: E402
    LATER,
    SEED,
    Spec,
    path_of,
    write_config,
    write_data,
)

from ftbench.runners import configs, launch, pool  # noqa: E402
from ftbench.runners.interpreter import probe  # noqa: E402
from ftbench.runners.job import Job, PreparedRun, finished, prepare  # noqa: E402
from ftlint.facts.run_memory import RunMemory, as_object  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.results.record import Failure


class Wanted(NamedTuple):
    """A run that is to be made; `limit`: bytes that the allocator may take; `how` it is started."""

    spec: Spec
    how: str = "forked"
    limit: int | None = None
    fits: bool | None = None
    """What is forecast of it under the limit."""

    @property
    def key(self) -> str:
        """What it is called in the file."""
        capped = "" if self.limit is None else f" {'fits' if self.fits else 'does not fit'}"
        return f"{self.spec.name} {self.how}{capped}"


def forecast(path: Path, gpus: int = 1) -> RunMemory | None:
    """Return what ftlint says of a config before it is run."""
    found = configs.load(str(path), {}, gpus).memory
    return found if isinstance(found, RunMemory) else None


def limits(found: RunMemory) -> tuple[int, int]:
    """Return what a run is forecast to fit into, just so, and what it is not."""
    phases = found.estimate.phases
    return max(one.enough for one in phases), int(0.97 * max(one.allocated for one in phases))


def plan(
    root: Path, specs: tuple[Spec, ...], capped: tuple[Spec, ...], asked: Asked, out: Path
) -> list[Wanted]:
    """Write configs and forecasts, and return the runs that are wanted, capped ones last."""
    known = {entry["run"] for entry in entries(out) if entry["kind"] == "forecast"}
    forecasts: dict[str, RunMemory | None] = {}
    for spec in [*specs, *(one for one in capped if one not in specs)]:
        write_any_model(root / "models" / spec.model, spec.model)
        more = memory_spread.SPREADS[spec.spread] if spec.spread else {}
        found = forecasts[spec.name] = forecast(write_config(root, spec, more), asked.gpus)
        if spec.name not in known:
            told = None if found is None else {**as_object(found), "path": f"{spec.name}.yaml"}
            append(
                out, {"kind": "forecast", "run": spec.name, "spec": spec._asdict(), "memory": told}
            )

    if asked.gpus > 1:
        return [Wanted(spec, "spread") for spec in specs]

    def size(spec: Spec) -> int:
        found = forecasts[spec.name]
        return 0 if found is None else max(one.enough for one in found.estimate.phases)

    limited: list[tuple[int, Wanted]] = []
    for at, spec in enumerate(capped):
        if (found := forecasts[spec.name]) is not None:
            enough, less = limits(found)
            limited.append((at, Wanted(spec, "forked", enough, True)))
            limited.append((at + LATER, Wanted(spec, "forked", less, False)))
    return [
        *(Wanted(spec, "fresh") for spec in specs[: asked.fresh]),
        *map(Wanted, specs if asked.ordered else mixed(sorted(specs, key=size))),
        *(one for _, one in sorted(limited, key=lambda pair: pair[0])),
    ]


def mixed(specs: list[Spec]) -> list[Spec]:
    """Return the runs, given from small to large, such that no three large ones come together."""
    third = -(-len(specs) // 3)
    small, middle, large = specs[:third], specs[third : 2 * third], specs[2 * third :]
    turns = [large.pop(-1 if number % 2 == 0 else 0) for number in range(len(large))]
    return [
        one for some in zip_longest(turns, reversed(middle), small) for one in some
        if one is not None
    ]  # fmt: skip


def small_enough(root: Path, seed: int, asked: Asked) -> list[Spec]:
    """Return the first runs of a number that are forecast to need no more than `asked.most`."""
    found: list[Spec] = []
    for spec in memory_drawn.drawn(seed).runs:
        write_any_model(root / "models" / spec.model, spec.model)
        told = forecast(write_config(root, spec))
        if told is not None and limits(told)[0] <= asked.most:
            found.append(spec)
    return found[: asked.drawn]


def measured(wanted: Wanted, made: PreparedRun, ended: Any) -> dict[str, Any]:
    """Return what a run left."""
    log = (made.folder / "log").read_text("utf-8", errors="replace")
    result = finished(made, ended, log)
    steps = result["steps"][2:]
    error, phases = result["error"], result["phases"]
    batches = [one for step in result["steps"] for one in step["micro_batches"]]
    return {
        "kind": "measured", "run": wanted.spec.name, "how": wanted.how, "limit": wanted.limit,
        "expected_to_fit": wanted.fits, "memory": result["memory"],
        "step_seconds": statistics.median(one["seconds"] for one in steps) if steps else None,
        "evaluations": None if phases is None else phases["evaluations"],
        "seconds": ended.seconds, "micro_batches": batches, "model": result["model"],
        "method": result["method"], "environment": result["environment"],
        "error": None if error is None else _told(error),
        "log": log[-1500:] if error is not None else None,
    }  # fmt: skip


def _told(error: Failure) -> dict[str, str]:
    return {"kind": error["kind"], "message": error["message"][-600:]}


def run(root: Path, wanted: list[Wanted], out: Path, asked: Asked) -> None:
    """Make the runs that are not there yet, as many as the time allows."""
    began = time.monotonic()
    interpreter = probe(None)
    done = {entry["key"] for entry in entries(out) if entry["kind"] == "measured"}
    waiting = [one for one in wanted if one.key not in done]

    def prepared(one: Wanted, folder: Path) -> PreparedRun | None:
        folder.mkdir(parents=True)
        job = Job(
            str(path_of(root, one.spec)), interpreter, full=True, memory_limit=one.limit,
            time_limit=asked.limit, unsaved=True, processes=launch.Processes(asked.gpus),
        )  # fmt: skip
        try:
            return prepare(job, folder)
        except Exception as error:
            append(out, {
                "kind": "measured", "key": one.key, "run": one.spec.name, "how": one.how,
                "limit": one.limit, "memory": None,
                "error": {"kind": "refused", "message": str(error)[-600:]},
            })  # fmt: skip
            return None

    with tempfile.TemporaryDirectory() as temporary:
        os.environ["HF_DATASETS_CACHE"] = str(Path(temporary, "datasets"))
        due = began + asked.seconds
        for how, start in (("fresh", fresh), ("forked", forked), ("spread", spread)):
            chosen = [one for one in waiting if one.how == how]
            ready = [
                (prepared(one, Path(temporary, f"{how}-{at}")), one)
                for at, one in enumerate(chosen)
            ]
            by_folder = {made.folder: one for made, one in ready if made is not None}
            begun = [made for made, _ in ready if made is not None]
            for made, ended in start(begun, asked.jobs, due):
                one = by_folder[made.folder]
                entry = measured(one, made, ended)
                append(out, {**entry, "key": one.key, "jobs": asked.jobs})
                shutil.rmtree(made.folder, ignore_errors=True)
                so_far = time.monotonic() - began
                peak = ((entry["memory"] or {}).get("peak_allocated") or 0) / 2**30
                wrong = (entry["error"] or {}).get("kind", "")
                took = f"{so_far:6.0f} s  {ended.seconds:5.1f} s"
                print(f"{took}  {peak:7.2f} GiB  {one.key}  {wrong}", flush=True)
                if how != "spread" and time.monotonic() > due:
                    print("the time is over", flush=True)
                    return


def forked(made: list[PreparedRun], jobs: int, _: float) -> Iterator[tuple[PreparedRun, Any]]:
    """Run in forks of one process, so many at a time: each has an allocator of its own."""
    return pool.forked(sys.executable, made[0].env, jobs, made) if made else iter(())


def fresh(made: list[PreparedRun], _: int, __: float) -> Iterator[tuple[PreparedRun, Any]]:
    """Run in new processes, one after the other."""
    return pool.fresh(made)


def spread(made: list[PreparedRun], jobs: int, due: float) -> Iterator[tuple[PreparedRun, Any]]:
    """Run each in processes that torchrun starts, so many runs at a time; none begins when due."""

    def start(one: PreparedRun) -> list[tuple[PreparedRun, Any]]:
        return [] if time.monotonic() > due else list(pool.fresh([one]))

    with concurrent.futures.ThreadPoolExecutor(jobs) as threads:
        waiting = [threads.submit(start, one) for one in made]
        for ended in concurrent.futures.as_completed(waiting):
            yield from ended.result()


CAPPED_EVERY = 4
"""Of so many drawn runs one is made twice more: with as much memory as is forecast to be enough,
and with less."""
SETS = {"first": memory_runs, "families": memory_families, "second": memory_second}


class Asked(NamedTuple):
    """What the command line says of the runs; seconds are those of all and `limit` of one.

    `most`: bytes that a drawn run may be forecast to need; `drawn`: such runs, at most.
    """

    gpus: int
    fresh: int
    jobs: int
    seconds: float
    limit: float
    ordered: bool
    most: float
    drawn: int


def main() -> None:
    """Write, forecast, run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="memory.jsonl is written there, not into FOLDER")
    parser.add_argument("--only", default="1/1", metavar="PART/PARTS", help="each PARTS-th of RUNS")
    parser.add_argument("--seconds", type=float, default=540.0, help="nothing begins later")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds that a run may take")
    parser.add_argument("--gpus", type=int, default=1, help="GPUs of each run: see above")
    parser.add_argument("--set", choices=SETS, default="first", help="of runs: see above")
    parser.add_argument("--seed", type=int, help="of runs that are drawn, in place of a set")
    parser.add_argument("--most", type=float, default=44.0, help="GiB that a drawn run may need")
    parser.add_argument("--count", type=int, default=64, help="drawn runs, at most")
    parser.add_argument("--fresh", type=int, default=0, metavar="N")
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time; steps are slower")
    parser.add_argument("--small", action="store_true", help="a tiny model, to try it on a CPU")
    parser.add_argument("--list", action="store_true", help="forecast, and say what would be run")
    given = parser.parse_args()
    if given.seed is not None and (given.gpus > 1 or given.small):
        parser.error("--seed draws runs of one GPU, none of them small")
    asked = Asked(
        given.gpus, given.fresh, given.jobs, given.seconds, given.limit,
        given.set != "first" or given.seed is not None, given.most * 2**30, given.count,
    )  # fmt: skip
    root = given.folder.absolute()
    out = (given.out or root).absolute() / "memory.jsonl"
    root.mkdir(parents=True, exist_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    os.environ["FTBENCH_CACHE"] = str(root / "cache")
    os.chdir(root)
    if not (root / "data" / "dataset_info.json").exists():
        write_data(root / "data", random.Random(SEED))
    part, parts = map(int, given.only.split("/"))
    several = asked.gpus > 1
    if given.seed is not None:
        found = small_enough(root, given.seed, asked)
        mine = slice(part - 1, None, parts)
        specs, capped = tuple(found[mine]), tuple(found[::CAPPED_EVERY][mine])
    else:
        runs = memory_spread if several else SETS[given.set]
        specs = (runs.SMALL if given.small else runs.RUNS)[part - 1 :: parts]
        capped = () if given.small or several else tuple(runs.RUNS[one] for one in runs.CAPPED)
    wanted = plan(root, specs, capped, asked, out)
    print(f"{len(wanted)} runs", flush=True)
    if given.list:
        print(*(one.key for one in wanted), sep="\n")
    else:
        run(root, wanted, out, asked)


if __name__ == "__main__":
    main()
