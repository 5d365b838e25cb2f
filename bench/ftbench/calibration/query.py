"""From a config file, or from a result, to the query how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftbench.calibration import planned_run
from ftbench.calibration.lookup import Query
from ftbench.local_gpu import local_gpu
from ftbench.results.record import device_of
from ftbench.runners import configs
from ftlint.facts.effective import effective
from ftlint.steps import StepPlan
from ftlint.target.keys import Catalogue
from ftlint.target.releases import UnknownTarget, resolve_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.results.record import GpuIdentity, Result


def of_file(
    path: str,
    *,
    gpus: int = 1,
    nodes: int = 1,
    model: str | None = None,
    runner: str = "llamafactory",
    changed: tuple[tuple[str, Any], ...] = (),
    packages: Mapping[str, str] | None = None,
    accelerate: str | None = None,
    gpu: GpuIdentity | None = None,
) -> Query:
    """Return the query of a config on a GPU, else on the one here. Raises `configs.BadConfig`.

    Tokens are counted only where the number of steps depends on them: that takes time.
    """
    loaded = configs.load(path, packages or {}, gpus, nodes, judged=False)
    config = {**loaded.values, **dict(changed)}
    plan = configs.plan(loaded, config)
    if isinstance(plan, StepPlan) and plan.total_steps.exact is None:
        loaded = configs.load(path, packages or {}, gpus, nodes, judged=False, tokens=True)
        plan = configs.plan(loaded, config)
    run = planned_run.of_plan(plan, nodes)
    values = effective(config, Catalogue(loaded.target, "train"))
    return Query(values, run, loaded.target, model, runner, gpu or local_gpu(), accelerate)


def of_result(result: Result) -> Query | None:
    """Return the query that a run has answered; None where the result says too little."""
    environment, plan, model = result["environment"], result["plan"], result["model"]
    if environment is None or plan is None:
        return None
    packages = environment["packages"]
    try:
        target = resolve_target(packages.get("llamafactory"), packages.get("transformers"))
    except UnknownTarget:
        return None
    before = {one["key"]: one["from"] for one in result["config"]["changes"]}
    config = {**result["config"]["values"]}
    if "model_name_or_path" in before:
        config["model_name_or_path"] = before["model_name_or_path"]
    shape = model["source"] if model and model["source"].startswith("random:") else None
    values = effective(config, Catalogue(target, "train"))
    for name in ("bf16", "fp16", "flash_attn"):  # what only the lack of a GPU took out
        if environment["gpu"] is None and before.get(name) is not None:
            values[name] = before[name]
    run = planned_run.of_result(plan, values)
    return Query(values, run, target, shape, result["runner"], device_of(environment))
