"""Families that the law of a step never saw: calibrated as a user would, then forecast, then run.

`python bench/suites/blind.py FOLDER [--done FOLDER]... [--gpus 0,1] [--family NAME]...
[--seconds N] [--wall N] [--law COMMIT] [--small] [--pair]` writes data and configs below FOLDER and
works through the families, one process a GPU: `bench calibrate` with no options, `bench predict` of
all held-out runs, then `bench run --full` of each. Into FOLDER/blind.jsonl goes a line as
soon as something is measured, and nothing is begun that would not be over in time. What FOLDER has
is not run again, nor are the runs of other folders that are `--done`: a machine that is lent for
minutes does a part, the next one goes on. A family of which runs are left is calibrated anew, for
it is another machine. `--wall`: seconds that a run is to take by its forecast. `--small`: tiny
models, for a machine without a GPU. `--pair`: families whose runs have two GPUs each, also forecast
by a calibration of one.

`python bench/suites/blind.py FOLDER... --summary` prints what was said of each run and what it
took.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OURS = [str(ROOT / name) for name in ("bench", "bench/suites", "lint", "schemas")]
sys.path[:0] = OURS

from blind_families import (  # type: ignore[import-not-found]  # noqa: E402
    ALONE,
    FAMILIES,
    PAIRED,
    write_data,
)
from blind_told import described, summarise  # type: ignore[import-not-found]  # noqa: E402
from journal import append, entries  # type: ignore[import-not-found]  # noqa: E402
from memory_runs import write_model  # type: ignore[import-not-found]  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blind_families import Shape

SEED = 11
WALL, WALL_SMALL = 58.0, 20.0
"""Seconds that a held-out run is to take, by its forecast."""
BESIDE = 8.0
"""Seconds that a run may take longer than its forecast says."""
CALIBRATED = 200
"""Steps of the config that a family is calibrated by, of which none is forecast."""
CALIBRATING = 150.0
"""Seconds that there must be left for a calibration and its forecasts, beside those of a run."""
PROBED, LEAST = 20, 4
"""Steps that are forecast to see how many fill the time, and of a run at least."""
TRIES, NEAR = 3, 0.04
"""Forecasts that are made at most to find the steps of a run, and how near to the time will do."""
ONE = "one"
"""Where calibrations of one GPU lie, for runs of two."""


class Foreseen(NamedTuple):
    """A held-out run: its config, its forecast or why there is none, and that by one GPU of two."""

    family: str
    run: str
    path: str
    said: dict[str, Any]
    by_one: dict[str, Any] | None


class Campaign:
    """The families that are worked through, and the time there is."""

    def __init__(
        self, root: Path, seconds: float, law: str, done: set[tuple[str, str]], *, wall: float,
        small: bool,
    ) -> None:  # fmt: skip
        self.root, self.law, self.done, self.wall, self.small = root, law, done, wall, small
        self.end = time.monotonic() + seconds
        self.writing = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds until everything is to be over."""
        return self.end - time.monotonic()

    def work(self, gpu: str | None, todo: list[str]) -> None:
        """Take families until there are none, then make the last run of each."""
        later: list[Foreseen] = []
        while (name := self.next_of(todo)) is not None:
            with self.noting(name):
                if self.calibrate(gpu, name):
                    numbers = left_of(name, self.done)
                    with concurrent.futures.ThreadPoolExecutor() as threads:
                        *first, last = threads.map(partial(self.foresee, gpu, name), numbers)
                    for one in first:
                        self.hold(gpu, one)
                    later.append(last)
        for one in later:
            with self.noting(one.family):
                self.hold(gpu, one)

    def next_of(self, todo: list[str]) -> str | None:
        """Take a family that there is time for, if there is one."""
        with self.writing:
            enough = self.small or self.left > CALIBRATING + self.wall + BESIDE
            return todo.pop(0) if todo and enough else None

    @contextlib.contextmanager
    def noting(self, name: str) -> Iterator[None]:
        """Note what ends the work on a family: there are others, and minutes for all of them."""
        try:
            yield
        except Exception:
            error = traceback.format_exc().splitlines()[-6:]
            self.note({"kind": "failed", "family": name, "error": error})

    def calibrate(self, gpu: str | None, name: str) -> bool:
        """Calibrate a family once, and return whether it is."""
        kept = self.root / name / "calibration.jsonl"
        if not kept.exists():
            self._calibrate(gpu, name, "cal", kept)
            if name in PAIRED and gpu is not None:
                self._calibrate(gpu.partition(",")[0], name, ONE, kept.with_stem(ONE))
        return kept.exists()

    def _calibrate(self, gpu: str | None, name: str, store: str, kept: Path) -> None:
        path = self.write(name, "calibrate", FAMILIES[name].calibrated, CALIBRATED)
        begun = time.monotonic()
        status, said = self.bench(
            gpu, name, "calibrate", path, "--raw", f"{name}/{store}", "--export", str(kept),
            store=store,
        )  # fmt: skip
        self.note(
            {"kind": "calibration", "family": name, "run": store, "status": status,
             "seconds": time.monotonic() - begun, "said": said.splitlines()[-8:]}
        )  # fmt: skip

    def foresee(self, gpu: str | None, name: str, number: int) -> Foreseen:
        """Forecast a run of about the wanted time, before any run of its family."""
        run = f"held-{number}"
        path, said = self.sized(gpu, name, run, FAMILIES[name].held_out[number - 1])
        (self.root / name / f"{run}.predicted.json").write_text(json.dumps(said), "utf-8")
        by_one = self.predict(gpu, name, path, ONE) if name in PAIRED else None
        return Foreseen(name, run, path, said, by_one)

    def hold(self, gpu: str | None, one: Foreseen) -> None:
        """Make a run, if there is time, and note its forecast and what it took."""
        result = self.root / one.family / f"{one.run}.json"
        found: dict[str, Any] = {"kind": "run", "family": one.family, "run": one.run}
        if "seconds" not in one.said:
            self.note({**found, **one.said})
            return
        if result.exists() or not (self.small or self.left > self.wall + BESIDE):
            return
        status, told = self.bench(
            gpu, one.family, "run", one.path, "--full", "--output-file", str(result)
        )
        found |= {"law": self.law, "said": one.said}
        if one.by_one is not None:
            found["by_one"] = one.by_one
        if status or not result.exists():
            self.note({**found, "status": status, "error": told.splitlines()[-6:]})
            return
        done = json.loads(result.read_text("utf-8"))
        self.note({
            **found, "wall": done["phases"]["wall"],
            "stepping": sum(step["seconds"] for step in done["steps"]),
        })  # fmt: skip

    def sized(
        self, gpu: str | None, name: str, run: str, shape: Shape
    ) -> tuple[str, dict[str, Any]]:
        """Write the config of a run that takes about the wanted time by its forecast.

        Return its path and that forecast, or why there is none.
        """
        steps, found = PROBED, list[tuple[int, float]]()
        for _ in range(TRIES):
            path = self.write(name, run, shape, steps)
            said = self.predict(gpu, name, path)
            if "seconds" not in said:
                break
            found.append((steps, said["seconds"]))
            steps = steps_for(self.wall, found, said["seconds_per_step"])
            if abs(said["seconds"] / self.wall - 1) < NEAR or steps == found[-1][0]:
                break
        return path, said

    def predict(self, gpu: str | None, name: str, path: str, store: str = "cal") -> dict[str, Any]:
        """Return a forecast, or why there is none."""
        status, said = self.bench(
            gpu, name, "predict", path, "--output-format", "json", store=store
        )
        return {"refused": said} if status else dict(json.loads(said))

    def write(self, name: str, run: str, shape: Shape, steps: int) -> str:
        """Write a config and return its path below the root."""
        keys = FAMILIES[name].config(shape, small=self.small)
        keys |= {"max_steps": steps, "output_dir": f"saves/{name}-{run}"}
        path = self.root / name / f"{run}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
        path.write_text("".join(text), "utf-8")
        return f"{name}/{run}.yaml"

    def bench(
        self, gpu: str | None, name: str, *arguments: str, store: str = "cal"
    ) -> tuple[int, str]:
        """Call `bench` on GPUs, with calibrations of the family alone; return status and text."""
        if name in PAIRED and not (store == ONE and arguments[0] == "calibrate"):
            arguments = (*arguments, "--gpus", "2")
        cache = tempfile.mkdtemp(prefix="blind-")  # rows are prepared anew, as for a user
        environment = {
            **os.environ, "FTBENCH_CALIBRATION": str(self.root / name / f"{store}-kept"),
            "HF_DATASETS_CACHE": cache,
            "PYTHONPATH": os.pathsep.join([*OURS, os.environ.get("PYTHONPATH", "")]),
        }  # fmt: skip
        if gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        done = subprocess.run(
            [sys.executable, "-m", "ftbench", *arguments], cwd=self.root, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        shutil.rmtree(cache, ignore_errors=True)
        return done.returncode, done.stdout if not done.returncode else done.stdout + done.stderr

    def note(self, entry: dict[str, Any]) -> None:
        """Append a line to what was found, and print it in short."""
        with self.writing:
            append(self.root / "blind.jsonl", entry)
            print(*described(entry), sep="  ", flush=True)


def steps_for(wall: float, found: list[tuple[int, float]], each: float) -> int:
    """Return the steps that fill a time, by forecasts of other numbers of them.

    `each` is what a step takes beside shapes that have not come before, which grow fewer.
    """
    steps, seconds = found[-1]
    if len(found) > 1 and steps != found[-2][0]:
        each = (seconds - found[-2][1]) / (steps - found[-2][0])
    return max(LEAST, steps + round((wall - seconds) / each))


def runs_of(folders: Iterable[Path]) -> set[tuple[str, str]]:
    """Return the runs that were made, by family and number: those that failed were none."""
    return {
        (one["family"], one["run"])
        for folder in folders
        for one in entries(folder / "blind.jsonl")
        if "wall" in one
    }


def left_of(name: str, done: set[tuple[str, str]]) -> list[int]:
    """Return the numbers of a family's held-out runs that are still to be made."""
    numbers = range(1, len(FAMILIES[name].held_out) + 1)
    return [number for number in numbers if (name, f"held-{number}") not in done]


def in_turn(names: Iterable[str], done: set[tuple[str, str]]) -> list[str]:
    """Return the families with runs left, those first of which most are: each is calibrated."""
    left = {name: len(left_of(name, done)) for name in names}
    return sorted(filter(left.__getitem__, left), key=lambda name: -left[name])


def devices(asked: str | None) -> list[str | None]:
    """Return the GPUs to work on, one None where there is no GPU."""
    named = asked or os.environ.get("CUDA_VISIBLE_DEVICES")
    if named:
        return [*named.split(",")]
    from ftbench.runners.interpreter import visible_gpus

    return [str(number) for number in range(visible_gpus())] or [None]


def main() -> None:
    """Work through the families, or sum up what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--done", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--gpus", help="else all that are visible")
    parser.add_argument("--family", action="append", choices=FAMILIES, metavar="NAME")
    parser.add_argument("--seconds", type=float, default=3600.0, help="until all is to be over")
    parser.add_argument("--wall", type=float, help="seconds that a run is to take")
    parser.add_argument("--law", default="unknown", metavar="COMMIT", help="noted with each run")
    parser.add_argument("--pair", action="store_true", help="families of two GPUs")
    parser.add_argument("--small", action="store_true", help="tiny models, without a GPU")
    parser.add_argument("--summary", action="store_true", help="print what FOLDERs have")
    asked = parser.parse_args()
    if asked.summary:
        print(*summarise(asked.folder), sep="\n")
        return
    if len(asked.folder) != 1:
        parser.error("one FOLDER to work in: what others have is --done FOLDER")
    root = asked.folder[0].absolute()
    if not (root / "data" / "dataset_info.json").exists():
        write_data(root / "data", random.Random(SEED), small=asked.small)
    done = runs_of([root, *asked.done])
    todo = in_turn(asked.family or (PAIRED if asked.pair else ALONE), done)
    for name in todo:
        model = FAMILIES[name].model
        write_model(root / "models" / model, "tiny" if asked.small else model)
    wall = asked.wall or (WALL_SMALL if asked.small else WALL)
    campaign = Campaign(root, asked.seconds, asked.law, done, wall=wall, small=asked.small)
    gpus = devices(asked.gpus)
    if asked.pair:
        gpus = [None if gpus == [None] else ",".join(map(str, gpus[:2]))]
    workers = [threading.Thread(target=campaign.work, args=(gpu, todo)) for gpu in gpus]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


if __name__ == "__main__":
    main()
