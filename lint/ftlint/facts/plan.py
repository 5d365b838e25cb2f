"""From a config and what is known besides to its step plan, and to the facts that rules ask of it.

Imported only where something can be planned (see `context.make_context`); the step arithmetic and
the datasets only where sizes are known. A config about which nothing is known costs nothing.
"""

from __future__ import annotations

from math import inf, isnan

from ftlint.datasets.rowcount import MOST_ROWS
from ftlint.facts.effective import effective
from ftlint.facts.layers import COUNTED, RECORDED
from ftlint.target.keys import catalogue_of
from ftschemas.launchers import KT, RAY, TORCHRUN, V1
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.facts.context import Context
    from ftlint.facts.dataset_rows import Data
    from ftlint.facts.launch import Launch
    from ftlint.facts.layers import Given, Stated
    from ftlint.steps import NoPlan, SampleCount, StepPlan, World
    from ftlint.support.disk import Disk
    from ftlint.target.releases import Target

ONE_GPU = "assumes one GPU: set the number with `--gpus N`"
ONE_NODE = "assumes one node, as the script does not tell: set the number with `--nodes N`"


class Inputs(NamedTuple):
    """What a plan is made of; `replan` makes another one of them.

    `config` is the file's own, `deepspeed` the content of the file that it names.
    """

    config: Mapping[str, object]
    samples: SampleCount
    launch: Launch
    target: Target
    deepspeed: Mapping[str, object] | None = None


class Planned(NamedTuple):
    """The plan of one config with what it was made of, or why there is none.

    Where nothing is known of the data everything else is None: there is only what max_steps says.
    """

    gpus_stated: bool
    plan: StepPlan | None = None
    refused: NoPlan | None = None
    inputs: Inputs | None = None
    data: Data | None = None


def prepare(
    config: Mapping[str, object],
    values: Mapping[str, Any],
    known: Mapping[str, Any],
    target: Target,
    given: Given,
    stated: Stated,
    root: str | None,
    disk: Disk,
) -> Planned:
    """Return the plan of a config.

    `values` is the config over its defaults, `known` the facts so far, `root` the folder below
    which dataset_dir has a dataset_info.json, None where none was found.
    """
    gpus_stated = stated.launch.gpus is not None
    if root is None and not _sizes_stated(known, stated):
        if not bounded(values):
            return Planned(gpus_stated)
        data, samples = None, _unknown(known)
    else:
        from ftlint.facts.dataset_rows import counted

        data, samples = counted(values, known, given, stated, root, disk)
    from ftlint.steps import StepPlan

    inputs = Inputs(
        _as_meant(config, known), samples, stated.launch, target, known.get("deepspeed")
    )  # fmt: skip
    made = plan_of(inputs)
    plan, refused = (made, None) if isinstance(made, StepPlan) else (None, made)
    return Planned(gpus_stated, plan, refused, inputs, data)


def inputs_of(context: Context) -> Inputs:
    """Return what the plan of a config is made of, whether or not its data are known."""
    if context.planned is not None and context.planned.inputs is not None:
        return context.planned.inputs
    return plan_inputs_without_data(context)


def current_plan(context: Context) -> StepPlan | NoPlan:
    """Return the plan of a config as it is, or why there is none; it is made once."""
    planned = context.planned
    made = None if planned is None else planned.plan or planned.refused
    return made or plan_of(inputs_of(context))


def plan_inputs_without_data(context: Context) -> Inputs:
    """Return what a plan is made of while nothing is known of the data."""
    config, _, known, _ = context.instance
    launch = context.stated.launch
    rows = _of_v1(context) if context.command == V1 else _unknown(known)
    return Inputs(_as_meant(config, known), rows, launch, context.target, known.get("deepspeed"))


def _of_v1(context: Context) -> SampleCount:
    """Return the samples of v1: those that are stated, else what is counted in files."""
    from ftlint.steps import DatasetRows, SampleCount, exactly

    sizes = dict(context.stated.dataset_sizes or context.stated.recorded)
    if not sizes:
        from ftlint.facts.v1_data import samples

        return samples(context)
    if "" in sizes:
        return SampleCount((), merged=exactly(sizes[""]))
    return SampleCount(
        tuple(DatasetRows(name, exactly(rows), source="declared") for name, rows in sizes.items())
    )


def _unknown(known: Mapping[str, Any]) -> SampleCount:
    """Return the datasets of which nothing but the name is known."""
    from ftlint.steps import DatasetRows, SampleCount

    names = known.get("dataset_names") or []
    return SampleCount(
        tuple(DatasetRows(str(name), local=False, source="unknown") for name in names)
    )


def bounded(values: Mapping[str, Any]) -> bool:
    """Return whether max_samples bounds the rows of data of which nothing is known."""
    limit = values.get("max_samples")
    return isinstance(limit, int) and not isinstance(limit, bool) and limit > 0


def _as_meant(config: Mapping[str, object], known: Mapping[str, Any]) -> dict[str, object]:
    """Take a bare `no`, which YAML reads as false, for the word that a strategy key wants.

    A resumed run logs, evaluates and saves by the intervals of its checkpoint.
    """
    meant = {
        name: "no" if value is False and name.endswith("_strategy") else value
        for name, value in config.items()
    }
    return {**meant, **known.get("checkpoint_intervals", {})}


def plan_of(inputs: Inputs) -> StepPlan | NoPlan:
    """Return the plan, or why there is none."""
    from ftlint.steps import NoPlan, plan

    llamafactory, transformers = inputs.target.versions
    launcher = inputs.launch.started_by(inputs.target)
    catalogue = catalogue_of(inputs.target, V1 if launcher == V1 else "train", launcher)
    values = effective(inputs.launch.over(inputs.config), catalogue)
    for name in CAPPED:
        if exceeds_rows(name, values, inputs.samples):
            values = {**values, name: MOST_ROWS}
    trl_has_ppo = None
    if values.get("stage") == "ppo":
        from ftlint.target.pins import has_ppo

        trl_has_ppo = has_ppo(inputs.target)
    made = plan(
        values, samples=inputs.samples, world=_world(inputs), llamafactory=llamafactory,
        transformers=transformers, trl_has_ppo=trl_has_ppo,
    )  # fmt: skip
    notes = tuple(_of_launch(inputs, launcher))
    if isinstance(made, NoPlan) or not notes:
        return made
    return made._replace(assumptions=(*made.assumptions, *notes))


CAPPED = ("max_samples", "preprocessing_num_workers")
"""Keys in whose place the number of rows is taken where that is smaller."""


def exceeds_rows(key: str, values: Mapping[str, Any], samples: SampleCount) -> bool | None:
    """Return whether a fraction is above the rows that take its place; None where that is unknown.

    A fraction is no number of rows or of processes, but the rows are one. Source: data/loader.py
    _load_single_dataset, datasets.Dataset.map; run with 0.9.3 to 0.9.5.
    """
    value = values.get(key)
    if key not in CAPPED or not isinstance(value, float) or value < 1 or isnan(value):
        return False
    from ftlint.steps import exactly

    rows = [
        exactly(one.num_samples) if isinstance(one.num_samples, int) else one.rows
        for one in (*samples.datasets, *samples.evaluation)
    ]
    limit = values.get("max_samples")
    if key != "max_samples" and isinstance(limit, int):
        rows = [one.at_most(limit) for one in rows]
    highs = [inf if one.high is None else float(one.high) for one in rows] or [inf]
    most = max(highs) if key == "max_samples" else sum(highs)  # the rows of all are mapped as well
    if most < value or value == inf:
        return True
    return False if any(one.low >= value for one in rows) else None


def beside(made: StepPlan, inputs: Inputs, target: Target) -> StepPlan:
    """Return the plan of a version between two states, with what the other one counts otherwise."""
    from ftlint.steps import NoPlan

    other = plan_of(inputs._replace(target=target))
    if isinstance(other, NoPlan):
        told = f"counted as {inputs.target.release} does: there is no plan by {target.release}"
    elif other.total_steps != made.total_steps:
        low, high = other.total_steps
        count = f"{low:,}" if low == high else f"{low:,} or more"
        told = f"counted as {inputs.target.release} does: by {target.release} it is {count} steps"
    else:
        return made
    return made._replace(assumptions=(*made.assumptions, told))


def _of_launch(inputs: Inputs, launcher: str | None) -> Iterator[str]:
    """Yield what the launcher has to do with the counts, where its trainer is the usual one."""
    if launcher == RAY:
        yield "counted for Ray: `ray_num_workers` processes (1 if absent), independent of the GPUs"
    if launcher == KT:
        yield "counted for KTransformers: one process, with a batch for each GPU of the node"


def replan(inputs: Inputs, **changed: object) -> StepPlan | None:
    """Return the plan of the same config with other values, if there is one."""
    from ftlint.steps import StepPlan

    overrides = (*inputs.launch.overrides, *changed.items())
    made = plan_of(inputs._replace(launch=inputs.launch._replace(overrides=overrides)))
    return made if isinstance(made, StepPlan) else None


def _world(inputs: Inputs) -> World:
    from ftlint.steps import World

    launch = inputs.launch
    return World(
        *launch.shape, launch.started_by(inputs.target) or TORCHRUN,
        deepspeed=inputs.deepspeed, note=ONE_GPU if launch.gpus is None else "",
    )  # fmt: skip


def _sizes_stated(known: Mapping[str, Any], stated: Stated) -> bool:
    """Return whether some layer states the rows of a dataset that the config names."""
    names = known.get("dataset_names") or []
    sizes = (*stated.dataset_sizes, *stated.recorded)
    return any(name == "" or name in names for name, _ in sizes)


def sources(stated: Stated, planned: Planned | None) -> dict[str, object]:
    """Return the layer that each fact of a plan came from, and under `rows` that of each dataset.

    What no layer speaks of is left out: one node is meant then, and one GPU taken for granted.
    """
    rows: dict[str, str] = {}
    data = None if planned is None else planned.data
    for size in () if data is None else data.train:
        if size.source == "declared":
            of_rows = stated.layers_of_rows
            rows[size.name] = of_rows.get(size.name) or of_rows[""]
        elif size.source != "unknown":
            rows[size.name] = RECORDED if size.source == RECORDED else COUNTED
    return {**stated.layers, "rows": rows}


def facts(planned: Planned, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what rules may ask of a plan: only what is known exactly."""
    plan = planned.plan
    found: dict[str, object | None] = {}
    if plan is not None:
        from ftlint.facts.sizes import used
        from ftlint.steps import as_object

        found["samples"] = used(plan, planned).exact
        from ftlint.steps.record import COUNTS, WHOLE

        told = as_object(plan)
        found["plan"] = _without_none({
            **{name: told[name] for name in ("limited_by", *WHOLE, *COUNTS)},
            "gpus_stated": planned.gpus_stated,
            "samples": told["samples"]["total"],
            "held_out": told["samples"]["held_out"],
            "evaluation_without_batch": plan.evaluation_without_batch,
        })  # fmt: skip
    elif planned.refused is None and _counts_steps(values):
        found["plan"] = {"limited_by": "max_steps", "total_steps": values["max_steps"]}
    if planned.data is not None and planned.data.info is not None and planned.data.train:
        found["local_dataset"] = all(
            size.entry is not None and size.entry.load_from == "file" for size in planned.data.train
        )
    return _without_none(found)


def _without_none(values: Mapping[str, object | None]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _counts_steps(values: Mapping[str, Any]) -> bool:
    steps = values.get("max_steps")
    whole = isinstance(steps, int) and not isinstance(steps, bool) and steps > 0
    return whole and bool(values.get("do_train"))
