"""A config as it is run: its values as the target types them, and its plan by ftlint."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.engine import judge
from ftlint.facts import tokens as token_counts
from ftlint.facts.launch import Launch
from ftlint.facts.memory import MemoryInputs, run_of
from ftlint.facts.plan import inputs_of, plan_of
from ftlint.facts.run_memory import RunMemory, Untold, memory_of
from ftlint.facts.run_memory import as_object as memory_as_object
from ftlint.facts.run_plan import RunPlan, as_object
from ftlint.loading import Unreadable, for_training, load_bytes
from ftlint.memory.estimate import estimate
from ftlint.memory.gpus import CONTEXT
from ftlint.memory.shape import Unknown
from ftlint.project.options import OptionsResolver
from ftlint.project.request import CliOptions, UsageError
from ftlint.steps import NoPlan, SampleCount, StepPlan, exactly
from ftlint.target.releases import Target, UnknownTarget, resolve_target
from ftlint.tokens.measure import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.facts.plan import Inputs
    from ftlint.loading import Config
    from ftlint.results import Result


class Loaded(NamedTuple):
    """A config that can be trained, and what its plan is made of.

    `errors` is what ftlint says of it that keeps LLaMA Factory from training it as it stands. A
    short run may still be made: it is without some keys, and `hf` knows of no unknown ones.
    """

    path: str
    sha256: str
    values: dict[str, Any]
    inputs: Inputs
    target: Target
    errors: tuple[str, ...] = ()
    memory: RunMemory | Untold | None = None
    """What ftlint forecasts of it, as it stands."""
    run: MemoryInputs | None = None
    """The same run in the terms of `ftlint.memory`, where it is known to it."""


class BadConfig(Exception):
    """A file that cannot be trained. The text says why."""


def load(
    path: str, packages: Mapping[str, str], gpus: int, nodes: int = 1, *, judged: bool = True,
    tokens: bool = False,
) -> Loaded:  # fmt: skip
    """Return a config, judged for the versions in `packages`, its memory forecast.

    Not `judged`, it is only read: there are no errors, nor what it needs. With `tokens` those of
    its rows are counted, where that can be done here: packed rows are then known.

    Raises:
        BadConfig: no such file, not readable as the target reads it, or not for training.
    """
    config, data = read(path, packages, gpus, nodes)
    inputs = inputs_of(config.context)._replace(launch=Launch(gpus, nodes))
    counted = token_counts.count(config.context, ALL) if tokens else None
    if counted is not None:
        inputs = inputs._replace(samples=token_counts.with_tokens(inputs.samples, counted))
    digest = hashlib.sha256(data).hexdigest()
    written = dict(config.context.instance.config)
    if not judged:
        return Loaded(path, digest, written, inputs, config.target)
    errors = tuple(_errors(judge(config)))
    memory, run = memory_of(config.context), run_of(config.context)
    known = None if isinstance(run, Unknown) else run
    return Loaded(path, digest, written, inputs, config.target, errors, memory, known)


def read(path: str, packages: Mapping[str, str], gpus: int, nodes: int = 1) -> tuple[Config, bytes]:
    """Return a config as ftlint reads it for these versions, and its bytes. Raises `BadConfig`."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror or error}") from None
    llamafactory, transformers = packages.get("llamafactory"), packages.get("transformers")
    try:
        resolve_target(llamafactory, transformers)
    except UnknownTarget:
        llamafactory = transformers = None
    launch = Launch(gpus, nodes)
    request = CliOptions((path,), llamafactory, transformers, launch)
    try:
        options = OptionsResolver(request).of(str(Path(path).absolute().parent))[0]
    except UsageError as error:
        raise BadConfig(f"{path}: {error}") from None
    config = for_training(load_bytes(path, data, options))
    if isinstance(config, Unreadable):
        raise BadConfig(f"{path}: {config.reason}")
    return config, data


def _errors(result: Result) -> Iterator[str]:
    for one in result.diagnostics:
        if one.severity == "error":
            line = result.source.position(one.start).line
            yield f"line {line}: {one.code} {one.message}"


def plan(loaded: Loaded, values: Mapping[str, Any]) -> StepPlan | NoPlan:
    """Return the plan of the config with other values, as it is run."""
    return plan_of(loaded.inputs._replace(config=dict(values)))


def plan_with_rows(loaded: Loaded, values: Mapping[str, Any], rows: int) -> StepPlan | NoPlan:
    """Return the plan where the rows of the train set are known only after tokenising."""
    samples = SampleCount((), tokenized=exactly(rows))
    return plan_of(
        loaded.inputs._replace(config={**values, "tokenized_path": "known"}, samples=samples)
    )


def as_data(loaded: Loaded, made: StepPlan | NoPlan) -> dict[str, Any]:
    """Return a plan as `ftlint steps --output-format json` prints it."""
    found = as_object(RunPlan(loaded.path, loaded.target, loaded.inputs.launch, made))
    return {**found, "memory": forecast(loaded)}


def forecast(loaded: Loaded) -> dict[str, Any] | None:
    """Return what ftlint forecasts of a config's memory, None where it cannot tell."""
    if not isinstance(loaded.memory, RunMemory):
        return None
    told = memory_as_object(loaded.memory)
    return {name: told[name] for name in ("training", "evaluation", "assumptions")}


def room_for(loaded: Loaded, rows: int, length: int) -> int | None:
    """Return the bytes of a GPU on which a micro-batch of so many rows trains for sure."""
    run = loaded.run
    if run is None:
        return None
    batch = run.load.training._replace(rows=rows, length=length)
    found = estimate(run.dimensions.shape, run.method, run.load._replace(training=batch))
    return None if isinstance(found, Unknown) else CONTEXT + found.training.enough
