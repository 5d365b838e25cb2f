"""From a config and what is known besides to its step plan, and to the facts that rules ask of it.

Imported only where something can be planned (see `context.make_context`); the step arithmetic and
the datasets only where sizes are known. A config about which nothing is known costs nothing.
"""

from __future__ import annotations

import os

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.datasets import DatasetSize, Info
    from ftlint.facts.given import Given
    from ftlint.steps import NoPlan, SampleCount, StepPlan, World
    from ftlint.target.releases import Target

ONE_GPU = "one GPU is taken for granted: --gpus says how many there are"


class Inputs(NamedTuple):
    """What a plan is made of; `again` makes another one of them."""

    config: Mapping[str, object]
    samples: SampleCount
    world: World
    target: Target


class Data(NamedTuple):
    """The datasets of a config; `info` is None where no dataset_info.json was found."""

    train: tuple[DatasetSize, ...]
    evaluation: tuple[DatasetSize, ...]
    info: Info | None


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
    root: str | None,
) -> Planned:
    """Return the plan of a config.

    `values` is the config over its defaults, `known` the facts so far, `root` the folder below
    which dataset_dir has a dataset_info.json, None where none was found.
    """
    stated = given.gpus is not None
    if root is None and not _sizes_stated(known, given):
        return Planned(stated)
    from ftlint.steps import StepPlan

    data, samples = _data(values, known, given, root or os.getcwd(), found=root is not None)
    inputs = Inputs(_as_meant(config), samples, _world(given, known), target)
    made = plan_of(inputs)
    plan, refused = (made, None) if isinstance(made, StepPlan) else (None, made)
    return Planned(stated, plan, refused, inputs, data)


def plan_inputs_without_data(
    config: Mapping[str, object], known: Mapping[str, Any], target: Target, given: Given
) -> Inputs:
    """Return what a plan is made of while nothing is known of the data."""
    from ftlint.steps import DatasetRows, SampleCount

    names = known.get("dataset_names") or []
    rows = SampleCount(
        tuple(DatasetRows(str(name), local=False, source="unknown") for name in names)
    )
    return Inputs(_as_meant(config), rows, _world(given, known), target)


def _as_meant(config: Mapping[str, object]) -> dict[str, object]:
    """Take a bare `no`, which YAML reads as false, for the word that a strategy key wants."""
    return {
        name: "no" if value is False and name.endswith("_strategy") else value
        for name, value in config.items()
    }


def plan_of(inputs: Inputs) -> StepPlan | NoPlan:
    """Return the plan, or why there is none."""
    from ftlint.steps import plan

    config, samples, world, target = inputs
    llamafactory, transformers = target.versions
    return plan(config, samples=samples, world=world, llamafactory=llamafactory,
                transformers=transformers)  # fmt: skip


def replan(inputs: Inputs, **changed: object) -> StepPlan | None:
    """Return the plan of the same config with other values, if there is one."""
    from ftlint.steps import StepPlan

    made = plan_of(inputs._replace(config={**inputs.config, **changed}))
    return made if isinstance(made, StepPlan) else None


def _world(given: Given, known: Mapping[str, Any]) -> World:
    from ftlint.steps import World

    stated = given.gpus is not None
    return World(given.gpus or 1, given.nodes or 1, deepspeed=known.get("deepspeed"),
                 note="" if stated else ONE_GPU)  # fmt: skip


def _data(
    values: Mapping[str, Any], known: Mapping[str, Any], given: Given, root: str, *, found: bool
) -> tuple[Data, SampleCount]:
    from ftlint.datasets import Cache, Question, folder, measure, read_info, samples, tokenized

    limit, stage = values.get("max_samples"), values.get("stage")
    workers = values.get("preprocessing_num_workers")
    question = Question(
        stage if isinstance(stage, str) else "sft",
        limit if isinstance(limit, int) and limit > 0 else None,
        bool(values.get("streaming")),
        workers=workers if isinstance(workers, int) else 1,
    )
    where = given.dataset_dir or values.get("dataset_dir")
    stated = dict(given.dataset_sizes)
    cache = Cache(folder() if given.cache else None)

    def sizes(fact: str) -> tuple[DatasetSize, ...]:
        names = [name for name in known.get(fact) or [] if isinstance(name, str)]
        if fact != "dataset_names":
            declared = {name: rows for name, rows in stated.items() if name}
        else:
            declared = stated
        return measure(names, dataset_dir=where, cwd=root, question=question,
                       declared=declared, cache=cache) if names else ()  # fmt: skip

    train = sizes("dataset_names")
    path = values.get("tokenized_path")
    rows = tokenized(path, root) if isinstance(path, str) and path else None
    evaluation = sizes("eval_dataset_names")
    info = read_info(where, root) if found else None
    if info is not None and given.reach is not None and not isinstance(where, dict):
        info = info._replace(shown=given.reach.holds(info.path))
    if info is not None and not info.shown:
        train, evaluation = tuple(map(_unshown, train)), tuple(map(_unshown, evaluation))
    data = Data(train, evaluation, info)
    return data, samples(train, stated, rows, evaluation)


def _unshown(size: DatasetSize) -> DatasetSize:
    """Return a size that tells nothing of what was read outside of the project."""
    trouble = size.trouble
    if trouble is not None:
        trouble = trouble._replace(text=f"its data cannot be used ({trouble.what}); {UNSHOWN}")
    return size._replace(trouble=trouble, notes=tuple(dict.fromkeys(UNSHOWN for _ in size.notes)))


UNSHOWN = "dataset_dir lies outside of the project, so what it holds is counted and not shown"


def _sizes_stated(known: Mapping[str, Any], given: Given) -> bool:
    """Whether somebody states the rows of a dataset that the config names."""
    names = known.get("dataset_names") or []
    return any(name == "" or name in names for name, _ in given.dataset_sizes)


def facts(planned: Planned, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what rules may ask of a plan: only what is known exactly."""
    plan = planned.plan
    found: dict[str, object | None] = {}
    if plan is not None:
        found["samples"] = used(plan, planned)
        found["plan"] = _without_none({
            "limited_by": plan.limited_by,
            "gpus_stated": planned.gpus_stated,
            **{name: getattr(plan, name) for name in WHOLE},
            **{name: getattr(plan, name).exact for name in COUNTS},
            "samples": plan.samples.total.exact,
            "held_out": plan.samples.held_out.exact,
        })  # fmt: skip
    elif planned.refused is None and _counts_steps(values):
        found["plan"] = {"limited_by": "max_steps", "total_steps": values["max_steps"]}
    if planned.data is not None and planned.data.info is not None and planned.data.train:
        found["local_dataset"] = all(
            size.entry is not None and size.entry.load_from == "file" for size in planned.data.train
        )
    return _without_none(found)


WHOLE = tuple(
    """world_size per_device_train_batch_size gradient_accumulation_steps
    effective_batch_size""".split()
)
COUNTS = tuple(
    """batches_per_epoch steps_per_epoch updates_per_epoch total_steps executed_steps epochs
    epochs_entered samples_seen warmup_steps logging_events eval_events checkpoints
    checkpoints_kept""".split()
)


def _without_none(values: Mapping[str, object | None]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _counts_steps(values: Mapping[str, Any]) -> bool:
    steps = values.get("max_steps")
    whole = isinstance(steps, int) and not isinstance(steps, bool) and steps > 0
    return whole and bool(values.get("do_train"))


def used(plan: StepPlan, planned: Planned) -> int | None:
    """Return the samples that training uses: rows of the data, not packed sequences."""
    assert planned.inputs is not None
    config, versions = planned.inputs.config, planned.inputs.target.versions
    packs = config.get("packing") or config.get("neat_packing") or plan.stage == "pt"
    if not packs:
        return plan.samples.total.exact
    rows = [count.exact for _, count in plan.samples.per_dataset]
    held_out = plan.samples.held_out.exact
    if not rows or None in rows or held_out is None or (held_out and versions[0] < (0, 9, 4)):
        return None
    return sum(row for row in rows if row is not None) - held_out
