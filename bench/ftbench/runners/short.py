"""How a run differs from its config, and why: every change is one that can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.results.record import change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftbench.models.source import Source
    from ftbench.results.record import Change


class RunLocation(NamedTuple):
    """Where a run happens: the model's folder or name, its own output folder, and the device."""

    source: Source
    model: str
    output_dir: str
    on_gpu: bool
    packages: Mapping[str, str]


class AdaptedConfig(NamedTuple):
    """The values that are trained, and what was changed for it."""

    values: dict[str, Any]
    changes: list[Change]


ELSEWHERE = "results and logs go nowhere but to bench's own folder"
NO_EVALUATION = "evaluations are timed separately"
NO_SAVING = "checkpoints are timed separately"
FRESH = "the run starts afresh"
_DROPPED = {
    "resume_from_checkpoint": FRESH,
    "overwrite_output_dir": FRESH,
    "push_to_hub": ELSEWHERE,
    "hub_model_id": ELSEWHERE,
    "run_name": ELSEWHERE,
    "use_swanlab": ELSEWHERE,
    "logging_dir": ELSEWHERE,
    "plot_loss": ELSEWHERE,
}
_OF_EVALUATION = {
    "do_eval": NO_EVALUATION,
    "eval_steps": NO_EVALUATION,
    "eval_delay": NO_EVALUATION,
    "eval_on_start": NO_EVALUATION,
    "load_best_model_at_end": NO_EVALUATION,
    "metric_for_best_model": NO_EVALUATION,
    "greater_is_better": NO_EVALUATION,
    "early_stopping_steps": NO_EVALUATION,
    "do_predict": NO_EVALUATION,
    "predict_with_generate": NO_EVALUATION,
    "compute_accuracy": NO_EVALUATION,
    "eval_on_each_dataset": NO_EVALUATION,
    "eval_dataset": NO_EVALUATION,
    "save_steps": NO_SAVING,
    "save_total_limit": NO_SAVING,
}
_OF_GPU = ("bf16", "fp16", "pure_bf16", "tf32", "flash_attn", "enable_liger_kernel", "use_unsloth",
           "deepspeed", "fp8")  # fmt: skip


def short(
    config: Mapping[str, Any], steps: int, total: int | None, place: RunLocation
) -> AdaptedConfig:
    """Return the first steps of a config: `steps` of them, or all `total` where they are fewer."""
    values = dict(config)
    changes = [*_common(values, place)]
    wanted = steps if total is None else min(steps, total)
    if values.get("max_steps") != wanted:
        changes.append(_set(values, "max_steps", wanted, "a short run"))
    for key, kept, why in (
        ("eval_strategy", "no", NO_EVALUATION),
        ("save_strategy", "no", NO_SAVING),
    ):
        if values.get(key) != kept and (key == "save_strategy" or key in values):
            changes.append(_set(values, key, kept, why))
    changes += _drop(values, _OF_EVALUATION)
    return AdaptedConfig(values, changes)


def whole(config: Mapping[str, Any], place: RunLocation) -> AdaptedConfig:
    """Return a config as it stands, but for where it reads its model and writes its results."""
    values = dict(config)
    return AdaptedConfig(values, list(_common(values, place)))


def _common(values: dict[str, Any], place: RunLocation) -> Iterator[Change]:
    if values.get("model_name_or_path") != place.model:
        yield _set(values, "model_name_or_path", place.model, place.source.why)
    yield _set(values, "output_dir", place.output_dir, "the config's own folder is not touched")
    if values.get("report_to") != "none":
        yield _set(values, "report_to", "none", ELSEWHERE)
    yield from _drop(values, _DROPPED)
    if place.source.label.startswith("random:"):
        why = "the model is random: nothing that was trained on another one fits"
        yield from _drop(values, {"adapter_name_or_path": why, "model_revision": why})
    if not place.on_gpu:
        why = "no GPU visible"
        if not values.get("use_cpu"):
            yield _set(values, "use_cpu", True, why)
        yield from _drop(values, dict.fromkeys(_OF_GPU, why))
        if "bitsandbytes" not in place.packages:
            yield from _drop(values, dict.fromkeys(
                ("quantization_bit", "quantization_method", "quantization_type",
                 "double_quantization"), why))  # fmt: skip


def _set(values: dict[str, Any], key: str, value: object, why: str) -> Change:
    before = values.get(key)
    values[key] = value
    return change(key, before, value, why)


def _drop(values: dict[str, Any], reasons: Mapping[str, str]) -> Iterator[Change]:
    for key, why in reasons.items():
        if values.get(key) is not None:
            yield change(key, values.pop(key), None, why)
        else:
            values.pop(key, None)


def as_lines(changes: list[Change]) -> list[str]:
    """Return the changes as text, one a line."""
    lines = []
    for one in changes:
        before, after = _shown(one["from"]), _shown(one["to"])
        lines.append(f"{one['key']}: {before} → {after}  ({one['why']})")
    return lines


def _shown(value: object) -> str:
    text = "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"…{text[-59:]}"
