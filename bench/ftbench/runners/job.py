"""One run from a config to a result: `run(Job(...))` is all that the commands need."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ftbench.models.folder import prepared
from ftbench.models.source import Source, choose
from ftbench.models.texts import texts
from ftbench.results.files import write
from ftbench.results.record import KIND, VERSION
from ftbench.runners import configs, errors, launch, shortage
from ftbench.runners.interpreter import Interpreter, Missing, environment
from ftbench.runners.protocol import HF, LLAMAFACTORY, Enough, Request, Sample, StepShape
from ftbench.runners.short import AdaptedConfig, RunLocation, short, whole
from ftlint.facts.effective import effective
from ftlint.memory.gpus import CONTEXT
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftbench.results.record import Result

STEPS = 30
"""Of a short run: steady large models need a dozen, small ones some 20 before they settle."""


class Job(NamedTuple):
    """What to run. `say` gets the progress, a line or a state at a time."""

    path: str
    interpreter: Interpreter
    runner: str | None = None
    model: str | None = None
    steps: int = STEPS
    full: bool = False
    measure: bool = True
    count_lengths: bool = False
    schedule: list[StepShape] | None = None
    changed: tuple[tuple[str, Any], ...] = ()  # keys over the config's own, such as a batch
    processes: launch.Processes = launch.Processes()
    time_limit: float | None = None
    keep_log: str | None = None
    memory_limit: int | None = None
    unsaved: bool = False
    sample: Sample | None = None
    traced: bool = False
    still: bool = False
    env: tuple[tuple[str, str], ...] = ()
    enough: Enough | None = None


class PreparedRun(NamedTuple):
    """A job that is ready to be started."""

    job: Job
    loaded: configs.Loaded
    runner: str
    source: Source
    adapted: AdaptedConfig
    plan: dict[str, Any]
    folder: Path
    request: Request
    env: dict[str, str]


def runner_of(job: Job) -> str:
    """Return the runner: LLaMA Factory where it is installed. Raises `Missing`."""
    installed = "llamafactory" in job.interpreter.packages
    if job.runner == LLAMAFACTORY and not installed:
        raise Missing(
            f"llamafactory is not installed in {job.interpreter.python}: install it there, name its"
            " environment with --python, or take --runner hf"
        )
    return job.runner or (LLAMAFACTORY if installed else HF)


def prepare(job: Job, folder: Path) -> PreparedRun:
    """Return a job with its config read, its model there and its request written into `folder`.

    Raises:
        configs.BadConfig, ftbench.models.source.NoModel, Missing: as they say.
    """
    runner = runner_of(job)
    processes, seen = job.processes, job.interpreter.gpus
    if seen and processes.gpus > seen:
        raise Missing(f"--gpus {processes.gpus}, but {seen} GPU{'s' * (seen > 1)} visible")
    loaded = configs.load(job.path, job.interpreter.packages, processes.gpus, processes.nodes)
    values = {**loaded.values, **dict(job.changed)}
    if not values.get("do_train"):
        raise configs.BadConfig(f"{job.path}: no do_train: true, so nothing is trained")
    source = choose(values.get("model_name_or_path"), job.model, str(Path.cwd()))
    env = environment(job.interpreter, processes.gpus, nodes=processes.nodes) | dict(job.env)
    model = source.path
    if model is None:
        model = str(prepared(source, texts(values, str(Path.cwd())), job.interpreter.python, env))
    place = RunLocation(source, model, str(folder / "output"), seen > 0, job.interpreter.packages)
    total = configs.as_data(loaded, configs.plan(loaded, values)).get("total_steps")
    if job.full:
        adapted = whole(values, place)
    else:
        steps = job.steps
        if job.schedule is not None:
            steps, total = sum(shape["steps"] for shape in job.schedule), None
        elif job.sample is not None:  # the rows are chosen, and the steps with them
            total = None
        adapted = short(values, steps, total, place)
    if runner == HF:  # which has no defaults of a release of its own
        cutoff = effective(values, Catalogue(loaded.target, "train"))["cutoff_len"]
        adapted = adapted._replace(values={"cutoff_len": cutoff, **adapted.values})
    request: Request = {
        "config": adapted.values,
        "runner": runner,
        "model": source.label,
        "out": str(folder / "result.json"),
        "progress": str(folder / "progress.json"),
        "schedule": job.schedule,
        "measure": job.measure,
        "count_lengths": job.count_lengths,
        "memory_limit": job.memory_limit,
        "unsaved": job.unsaved,
        "sample": job.sample,
        "traced": job.traced,
        "still": job.still,
        "env": dict(job.env),
        "enough": job.enough,
    }
    write(folder / "request.json", request)
    plan = configs.as_data(loaded, configs.plan(loaded, adapted.values))
    return PreparedRun(job, loaded, runner, source, adapted, plan, folder, request, env)


def run(job: Job, say: Callable[[str], None], ready: Callable[[PreparedRun], None]) -> Result:
    """Run a job in a fresh process and return its result; what goes wrong there is its `error`.

    `ready` is called with what is about to be run. Nothing is left on disk but the models' cache.

    Raises:
        configs.BadConfig, ftbench.models.source.NoModel, Missing: it cannot be started.
        KeyboardInterrupt: after the run has been ended.
    """
    with working_folder() as folder:
        made = prepare(job, folder)
        ready(made)
        arguments = launch.command(job.interpreter.python, folder / "request.json", job.processes)
        log = folder / "log"
        progress = _Progress(folder / "progress.json", say)
        try:
            ended = launch.run(arguments, made.env, log, job.time_limit, progress.tick)
        finally:
            if job.keep_log is not None:
                with suppress(OSError):
                    shutil.copyfile(log, job.keep_log)
        return finished(made, ended, log.read_text(encoding="utf-8", errors="replace"))


@contextmanager
def working_folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards, whatever happens."""
    path = Path(tempfile.mkdtemp(prefix="ftbench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class _Progress:
    """Tells what the child writes about its way, when it changes."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path, self.say = path, say
        self.last, self.looked = "", 0.0

    def tick(self, seconds: float) -> None:
        if seconds - self.looked < 0.5:
            return
        self.looked = seconds
        with suppress(OSError, ValueError, KeyError):
            found = json.loads(self.path.read_text(encoding="utf-8"))
            phase = found["phase"]
            text = f"step {found['step']} of {found['steps']}" if phase == "train" else phase
            if text != self.last:
                self.last = text
                self.say(f"{seconds:5.0f} s  {text}")


def finished(made: PreparedRun, ended: launch.ProcessEnd, log: str) -> Result:
    """Return the result of a run that has ended, one way or another."""
    child: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        child = json.loads(Path(made.request["out"]).read_text(encoding="utf-8"))
    error = child.get("error")
    if ended.overdue:
        error = {
            "kind": "time_limit",
            "message": f"not done after {ended.seconds:.0f} s, the limit that was set",
            "remedy": "a higher --time-limit, or fewer --steps",
        }
    ranks = list(_ranks(Path(made.request["out"])))
    for rank in ranks:
        failure = rank.pop("error", None)
        error = error or failure
    if error is None and (ended.status or not child):
        error = errors.of_death(ended.status, log)
    if error is not None and error["kind"] == "out_of_memory":
        own = None if made.job.model else made.loaded.run  # another model is not forecast
        error = shortage.explained(error, own, _gpu_memory(made.job, child))
    memory = child.get("memory")
    if memory is not None:
        memory["ranks"] += ranks
    phases = child.get("phases")
    if phases is not None:
        phases["wall"] = ended.seconds
    hidden = {"output_dir": "(temporary)"}  # paths of this machine say nothing to another
    if made.source.path is None:
        hidden["model_name_or_path"] = made.source.label
    return cast("Result", {
        "version": VERSION,
        "kind": KIND,
        "tool": {"ftlint": _version()},
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": ["bench", *sys.argv[1:]],
        "config": {
            "path": made.loaded.path,
            "sha256": made.loaded.sha256,
            "changes": [
                {**one, "to": hidden.get(one["key"], one["to"])} for one in made.adapted.changes
            ],
            "values": {**made.adapted.values, **hidden},
        },
        "runner": made.runner,
        "environment": child.get("environment"),
        "model": child.get("model"),
        "method": child.get("method"),
        "plan": made.plan,
        "trainer": child.get("trainer"),
        "steps": child.get("steps", []),
        "phases": phases,
        "memory": memory,
        "device": child.get("device"),
        "lengths": child.get("lengths"),
        "schedule": child.get("schedule", made.job.schedule),
        "flags": [],
        "error": error,
    })  # fmt: skip


def _gpu_memory(job: Job, child: dict[str, Any]) -> int | None:
    """Return the bytes that a process of the run could have."""
    gpu = (child.get("environment") or {}).get("gpu")
    total = None if gpu is None else gpu.get("memory_bytes")
    limit = None if job.memory_limit is None else job.memory_limit + CONTEXT
    return min((one for one in (total, limit) if one is not None), default=None)


def _ranks(out: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(out.parent.glob(f"{out.stem}.rank*")):
        with suppress(OSError, ValueError):
            yield json.loads(path.read_text(encoding="utf-8"))


def _version() -> str:
    from ftlint import __version__

    return __version__
