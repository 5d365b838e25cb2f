"""A config as it is run: its values as the target types them, and its plan by ftlint."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.engine import examine, judge
from ftlint.facts.plan import plan_inputs_without_data, plan_of
from ftlint.project.options import CliOptions, OptionsResolver, UsageError
from ftlint.results import Result
from ftlint.steps import NoPlan, SampleCount, StepPlan, exactly
from ftlint.steps.timed import Column, as_object
from ftlint.syntax.source import Undecodable, decode
from ftlint.target.releases import Target, UnknownTarget, resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.facts.plan import Inputs


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


class BadConfig(Exception):
    """A file that cannot be trained. The text says why."""


def load(path: str, packages: Mapping[str, str], gpus: int, nodes: int = 1) -> Loaded:
    """Return a config, judged for the versions in `packages`.

    Raises:
        BadConfig: no such file, not readable as the target reads it, or not for training.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadConfig(f"{path}: {error.strerror or error}") from None
    llamafactory, transformers = packages.get("llamafactory"), packages.get("transformers")
    try:
        resolve_target(llamafactory, transformers)
    except UnknownTarget:
        llamafactory = transformers = None
    request = CliOptions((path,), llamafactory, transformers, gpus, nodes)
    try:
        options = OptionsResolver(request).of(str(Path(path).absolute().parent))[0]
    except UsageError as error:
        raise BadConfig(f"{path}: {error}") from None
    source = decode(path, data)
    if len(data) > options.limits.bytes or isinstance(source, Undecodable):
        raise BadConfig(f"{path}: not the text of a config")
    examined = examine(source, options)
    if isinstance(examined, Result) or examined[0].command != "train":
        reasons = (
            [one.message for one in examined.diagnostics] if isinstance(examined, Result) else []
        )
        why = reasons[0] if reasons else "not a training config of LLaMA Factory"
        raise BadConfig(f"{path}: {why}")
    context, asked = examined
    instance = context.instance
    inputs = None if context.planned is None else context.planned.inputs
    if inputs is None:
        inputs = plan_inputs_without_data(
            instance["config"], instance["facts"], context.target, context.given
        )
    inputs = inputs._replace(world=inputs.world._replace(gpus=gpus, nodes=nodes, note=""))
    digest = hashlib.sha256(data).hexdigest()
    errors = tuple(_errors(judge(context, asked, options)))
    return Loaded(path, digest, dict(instance["config"]), inputs, context.target, errors)


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
    world = loaded.inputs.world
    return as_object(Column(loaded.path, loaded.target, world.gpus, world.nodes, made))
