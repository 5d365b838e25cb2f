"""The process that trains: `python -m ftbench.runners.child REQUEST`, alone or under torchrun.

It writes what happened to the file that the request names: rank 0 the run, the other ranks their
peaks beside it. It needs no part of ftlint, and nothing but what the trainer needs anyway.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftbench.results.files import write
from ftbench.runners import errors
from ftbench.runners.chosen_rows import arranged
from ftbench.runners.protocol import HF, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftbench.measure.callback import Watch

SPAWNED = "FTBENCH_SPAWNED"
"""When the parent started this process, in seconds since the epoch."""

PROGRESS_SECONDS = 0.5


class Track:
    """Where the run is, and how long each phase took."""

    def __init__(self, request: Request, begun: float) -> None:
        from ftbench.measure.callback import Watch

        self.request = request
        self.begun = begun
        self.phase, self.since = "import", begun
        self.seconds: dict[str, float] = {}
        self.watch: Watch = Watch(
            detail=request["measure"],
            traced=request.get("traced", False),
            enough=request.get("enough"),
        )
        self.found_lengths: list[int] | None = None
        self.arguments: dict[str, Any] | None = None
        self.output_dir: str | None = None
        self.model: Any = None
        self.method_found: Any = None
        self.step = (0, 0)
        self.over = threading.Event()

    def at(self, phase: str) -> None:
        """A phase begins, and the one before it ends."""
        now = time.time()
        self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + now - self.since
        self.phase, self.since = phase, now

    def rows(self, dataset: Any) -> Any:
        """Return the rows to train on; note how long all are, if that was asked for."""
        if self.request["count_lengths"] and dataset is not None:
            self.found_lengths = list(_lengths(dataset))
        sample = self.request.get("sample")
        return dataset if sample is None else arranged(dataset, sample)

    def method(self, arguments: dict[str, Any]) -> None:
        """Note what was parsed."""
        self.arguments = arguments

    def training(self, args: Any, model: Any) -> None:
        """Training begins: what is trained can be looked at."""
        from ftbench.measure.facts import method_facts, model_facts

        self.at("train")
        self.output_dir = args.output_dir
        if self.request.get("still"):
            _without_dropout(model)
        with suppress(AttributeError, TypeError, ValueError):
            self.model = model_facts(model, self.request["model"])
        if self.arguments is not None:
            with suppress(AttributeError, TypeError, ValueError):
                self.method_found = method_facts(model, self.arguments)

    def report(self) -> None:
        """Write where the run is, twice a second, until it is over."""
        path = Path(self.request["progress"])
        last = None
        while not self.over.wait(PROGRESS_SECONDS):
            now = {"phase": self.phase, "step": self.step[0], "steps": self.step[1]}
            if now != last:
                with suppress(OSError):
                    write(path, now)
                last = now


def main(path: str) -> int:
    """Train what a request asks for; return the exit status."""
    begun = float(os.environ.get(SPAWNED) or time.time())
    request: Request = json.loads(Path(path).read_text(encoding="utf-8"))
    die_with_parent()
    return train(request, begun)


def train(request: Request, begun: float) -> int:
    """Train what a request asks for, in this process; return the exit status."""
    rank = int(os.environ.get("RANK", "0"))
    track = Track(request, begun)
    watch = track.watch
    failure = None
    reporter = threading.Thread(target=track.report, daemon=True)
    try:
        torch: Any = importlib.import_module("torch")
        _set_variables(torch, request.get("env") or {})
        _limit(torch, request.get("memory_limit"))
        runner = _prepare(track)
        if rank == 0 and request["measure"]:
            reporter.start()
        runner(request["config"], track)
    except BaseException as error:
        traceback.print_exc()
        watch.memory.read()
        failure = errors.of_exception(error, track.phase, request["config"], watch.memory.found)
        if watch.failed is not None and failure["kind"] == "out_of_memory":
            failure["batch"] = watch.failed
        if isinstance(error, errors.out_of_memory_types(torch)):
            error.__traceback__ = None
    track.at("end")
    track.over.set()
    memory = {"rank": rank, **watch.memory.found}
    target = Path(request["out"])
    if rank != 0:
        with suppress(OSError):
            losses = [] if watch.steps is None else watch.steps.step_losses()
            write(
                target.with_suffix(f".rank{rank}"), {**memory, "losses": losses, "error": failure}
            )
        return 1 if failure else 0
    write(target, _record(track, memory, failure))
    return 1 if failure else 0


def _set_variables(torch: Any, env: Mapping[str, str]) -> None:
    """Set variables of the run's own; a fork may have read the allocator's before."""
    os.environ.update(env)
    conf = env.get("PYTORCH_CUDA_ALLOC_CONF")
    if conf is not None and torch.cuda.is_available():
        torch.cuda.memory._set_allocator_settings(conf)


def _limit(torch: Any, limit: int | None) -> None:
    """Let the allocator take so many bytes at most; on a CPU the process, beside what it has."""
    if limit is None:
        return
    if torch.cuda.is_available():
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, limit / total))
        return
    resource: Any = importlib.import_module("resource")
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    most = pages * resource.getpagesize() + limit
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _prepare(track: Track) -> Any:
    """Return the runner, with everything in place that has to be there before it starts."""
    from ftbench.models import weights

    request, watch = track.request, track.watch
    watch.on_begin = track.training

    def stepped(done: int, steps: int) -> None:
        track.step = (done, steps)

    watch.on_progress = stepped
    if request["runner"] == HF:
        from ftbench.runners.hf import run
    else:
        from ftbench.runners.llamafactory import load, run

        load()
    weights.install()
    watch.install()
    if request.get("unsaved"):
        _save_nothing()
    if request["schedule"] is not None:
        from ftbench.runners.synthetic import install

        install(request["schedule"], request["config"])
    return run


def _record(track: Track, memory: dict[str, Any], failure: Any) -> dict[str, Any]:
    """Return what this process knows of its run: a result but for what only the parent knows."""
    from ftbench.measure.environment import environment

    watch, seconds = track.watch, track.seconds
    state = watch.facts.get("state")
    if state is not None:
        watch.finish(state)
    if watch.numbers is not None and track.output_dir is not None:
        kept = list(Path(track.output_dir).glob("checkpoint-*"))
        watch.numbers["checkpoints_kept"] = len(kept)
    total = time.time() - track.begun
    try:
        steps: list[Any] = [] if watch.steps is None else list(watch.steps.records())
        around = environment()
    except Exception:  # after a failed run the device may not answer any more
        steps, around = [], None
    return {
        "environment": around,
        "model": track.model,
        "method": _with_average(track.method_found, watch.averaged),
        "trainer": watch.numbers,
        "epoch_ends": watch.epoch_ends,
        "steps": steps,
        "phases": {
            "import": seconds.get("import"),
            "parse": seconds.get("parse"),
            "data": seconds.get("data"),
            "model": seconds.get("model"),
            "train": watch.train_seconds,
            "total": total,
            "first_step": _span(watch.began, watch.first_end),
            "after_first": _span(watch.first_end, watch.last_end),
            "evaluations": watch.evaluations,
            "saves": watch.saves,
            "wall": None,
        },
        "memory": {**{key: memory[key] for key in memory if key != "rank"}, "ranks": [memory]},
        "device": None if watch.sampler is None else watch.sampler.record(),
        "lengths": track.found_lengths,
        "schedule": track.request["schedule"],
        "error": failure,
    }


def _without_dropout(model: Any) -> None:
    """Take what is drawn at random out of a model, be it set by a key or its own."""
    for module in model.modules():
        if type(module).__name__ == "Dropout":
            module.p = 0.0


def _save_nothing() -> None:
    """Have a run end without its model, and a reward model's file not be looked for."""

    def nothing(*_args: Any, **_more: Any) -> None:
        return None

    importlib.import_module("transformers").Trainer.save_model = nothing
    for name in ("llamafactory.train.callbacks", "llamafactory.train.rm.workflow"):
        if hasattr(sys.modules.get(name), "fix_valuehead_checkpoint"):
            sys.modules[name].fix_valuehead_checkpoint = nothing  # type: ignore[attr-defined]


def _with_average(method: Any, averaged: str | None) -> Any:
    return method if method is None or averaged is None else {**method, "averaged": averaged}


def _span(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else end - begin


def _lengths(dataset: Any) -> Iterator[int]:
    """Yield the tokens of each row; of a pair, of the longer side.

    The answers of other prompts that KTO reads beside its own are a batch for themselves.
    """
    names = [
        name
        for name in dataset.column_names or ()
        if name.endswith("input_ids") and not name.startswith("kl_")
    ]
    columns = [[len(row) for row in dataset[name]] for name in names]
    yield from (max(row) for row in zip(*columns))


def die_with_parent() -> None:
    """Have the kernel end this process when its parent is gone, however that happened."""
    with suppress(Exception):
        ctypes: Any = importlib.import_module("ctypes")
        ctypes.CDLL(None, use_errno=True).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
