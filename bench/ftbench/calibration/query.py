"""From a config file, or from a result, to the question how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftbench.calibration.lookup import Query
from ftbench.local_gpu import local_gpu
from ftbench.runners import configs
from ftlint.facts.effective import effective
from ftlint.steps import StepPlan
from ftlint.target.keys import Catalogue
from ftlint.target.releases import UnknownTarget, resolve_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.results.record import Result


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
) -> Query:
    """Return the question of a config. Raises `configs.BadConfig`."""
    loaded = configs.load(path, packages or {}, gpus, nodes)
    config = {**loaded.values, **dict(changed)}
    plan = configs.plan(loaded, config)
    record = configs.as_data(loaded, plan)
    if isinstance(plan, StepPlan) and plan.executed_steps.exact is None:
        record["executed_steps"] = None
    values = effective(config, Catalogue(loaded.target, "train"))
    return Query(values, record, loaded.target, model, runner, local_gpu(), accelerate)


def of_result(result: Result) -> Query | None:
    """Return the question that a run has answered; None where the result says too little."""
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
    asked = model["source"] if model and model["source"].startswith("random:") else None
    gpu: Any = environment["gpu"] or {"name": f"CPU {environment['cpu']}", "uuid_hash": None}
    values = effective(config, Catalogue(target, "train"))
    for name in ("bf16", "fp16", "flash_attn"):  # what only the lack of a GPU took out
        if environment["gpu"] is None and before.get(name) is not None:
            values[name] = before[name]
    return Query(values, plan, target, asked, result["runner"], gpu)
