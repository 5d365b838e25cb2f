"""What DeepSpeed itself crashes on, by the classes that read its config (ftschemas/deepspeed.json).

Which release a run has is not known: what is called wrong, no release takes.
"""

from __future__ import annotations

from ftlint.rules.deepspeed.config import shown
from ftlint.target.classify import placeholder_in
from ftlint.target.slips import guess
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ftlint.diagnostics import Finding
    from ftlint.rules.deepspeed.config import DeepSpeedConfig

    Schema = dict[str, Any]

UNKNOWN, VALUE, SCHEDULER, NO_BATCH = "FT4122", "FT4123", "FT4124", "FT4125"
NOT_FILLED, ONLY_EVALUATED, NO_STEPS, IGNORED = "FT4126", "FT4127", "FT4128", "FT588"

FILLED = frozenset(
    """train_batch_size train_micro_batch_size_per_gpu gradient_accumulation_steps gradient_clipping
    fp16.enabled bf16.enabled amp.enabled amp.opt_level
    optimizer.params.lr optimizer.params.betas optimizer.params.eps optimizer.params.weight_decay
    scheduler.params.warmup_min_lr scheduler.params.warmup_max_lr scheduler.params.warmup_num_steps
    scheduler.params.total_num_steps
    zero_optimization.stage zero_optimization.reduce_bucket_size
    zero_optimization.stage3_prefetch_bucket_size
    zero_optimization.stage3_param_persistence_threshold
    zero_optimization.stage3_gather_16bit_weights_on_model_save
    zero_optimization.offload_optimizer.device zero_optimization.offload_optimizer.nvme_path
    zero_optimization.offload_param.device zero_optimization.offload_param.nvme_path""".split()
)
"""Where `"auto"` is replaced. Source: transformers integrations/deepspeed.py, accelerate
DeepSpeedPlugin.__post_init__ and Accelerator._prepare_deepspeed; run."""


def check(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield what ends the run in DeepSpeed, or is ignored there."""
    values = config.context.instance.effective
    zero = config.content.get("zero_optimization")
    if zero is not None and not isinstance(zero, dict):
        yield _value(config, "zero_optimization", zero, "a mapping", READ)
        return
    stage = config.get("zero_optimization.stage")
    trained = bool(values.get("do_train"))
    if not trained and values.get("stage") != "ppo" and stage in (None, 0, 1, 2):
        yield config.finding(ONLY_EVALUATED, "zero_optimization.stage", value=shown(stage or 0))
        return
    if not trained:
        return
    yield from _names(config)
    for path, (strict, fields) in compiled.DEEPSPEED["sections"].items():
        section = config.get(path)
        if isinstance(section, dict):
            yield from _section(config, path, section, fields, strict)
    yield from _scheduler(config)
    if values.get("stage") != "ppo":
        yield from _autos(config, config.content, "")
    yield from _batch(config)


def _batch(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield that no batch size is named, or one that is not the product of its parts.

    accelerate writes 1 for a missing `gradient_accumulation_steps`, after transformers compared.
    """
    content = config.content
    total, each = map(content.get, ("train_batch_size", "train_micro_batch_size_per_gpu"))
    if total is None and each is None:
        yield config.finding(NO_BATCH, "zero_optimization")
    steps = config.context.instance.effective.get("gradient_accumulation_steps")
    if None in (total, each) or "gradient_accumulation_steps" in content:
        return
    if isinstance(steps, int) and steps > 1:
        yield config.finding(NO_STEPS, "train_batch_size", steps=steps)


def _names(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield names at the top that nothing asks for and that are a slip of one."""
    known = compiled.DEEPSPEED["names"]
    for name in config.content:
        meant = guess(name, known) if name not in known else None
        if meant is not None and meant.slip and meant.name not in config.content:
            advice = f": did you mean `{meant.name}`?"
            yield config.finding(IGNORED, name, effect="is ignored", advice=advice)


def _section(
    config: DeepSpeedConfig, path: str, section: Schema, fields: Schema, strict: bool
) -> Iterator[Finding]:
    for name, value in section.items():
        here = f"{path}.{name}"
        if name not in fields:
            meant = guess(str(name), fields)
            advice = f": did you mean `{meant.name}`?" if meant else ": remove it."
            if strict:
                yield config.finding(UNKNOWN, here, advice=advice)
            else:
                effect = "is ignored or rejected, depending on the release"
                yield config.finding(IGNORED, here, effect=effect, advice=advice)
        elif strict and not _is_open(value) and not _fits(value, fields[name]):
            yield _value(config, here, value, _wanted(fields[name]), STARTED)


READ = "rejects it at parse time (AttributeError)"
"""Source: accelerate HfDeepSpeedConfig, made when the arguments are parsed, which looks into it."""
STARTED = "crashes when it starts (ValidationError)"


def _value(
    config: DeepSpeedConfig, path: str, value: object, expected: str, effect: str
) -> Finding:
    return config.finding(VALUE, path, value=shown(value), expected=expected, effect=effect)


def _is_open(value: object) -> bool:
    """Return whether a value is filled in before DeepSpeed reads it."""
    return value == "auto" or placeholder_in(value) is not None


_TRUTHS = frozenset("0 off f false n no 1 on t true y yes".split())
"""Strings that pydantic takes for a bool."""


def _fits(value: object, schema: Schema) -> bool:
    """Return whether any release takes a value, converted as pydantic converts it."""
    if "enum" in schema:
        number = _number(value)
        return value in schema["enum"] or (number is not None and number in schema["enum"])
    kinds = schema.get("type")
    if kinds is None or (value is None and "null" in kinds):
        return True
    if not any(_is_kind(value, kind) for kind in kinds):
        return False
    number = _number(value)
    return number is None or not (
        number < schema.get("minimum", number) or number > schema.get("maximum", number)
    )


def _is_kind(value: object, kind: str) -> bool:
    if kind == "boolean":
        return value in (0, 1) or (isinstance(value, str) and value.lower() in _TRUTHS)
    if kind in ("integer", "number"):
        return _number(value) is not None and (
            kind == "number" or not isinstance(value, str) or "e" not in value.lower()
        )
    if kind == "string":
        return not isinstance(value, (dict, list)) and value is not None
    return kind == "object" and isinstance(value, dict)


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value) if isinstance(value, str) else None
    except ValueError:
        return None


_KINDS = {
    "boolean": "a bool",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "object": "a mapping",
}


def _wanted(schema: Schema) -> str:
    """Return in words what a field takes."""
    if "enum" in schema:
        return "one of " + ", ".join(shown(one) for one in schema["enum"] if one is not None)
    words = " or ".join(_KINDS[kind] for kind in schema["type"] if kind in _KINDS)
    low, high = schema.get("minimum"), schema.get("maximum")
    if high is not None:
        return f"{words} from {low or 0} to {high}"
    return words if low is None else f"{words} from {low}"


def _scheduler(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield parameters that a scheduler of DeepSpeed's does not have, or lacks."""
    block = config.content.get("scheduler")
    kind = block.get("type") if isinstance(block, dict) else None
    known = compiled.DEEPSPEED["schedulers"]
    if not isinstance(kind, str):
        return
    if kind not in known:
        meant = guess(kind, known)
        if meant is not None and meant.slip:
            fault = f"it is unknown; did you mean `{meant.name}`?"
            yield config.finding(SCHEDULER, "scheduler.type", type=kind, fault=fault)
        return
    parameters = block.get("params") if isinstance(block, dict) else None
    if not isinstance(parameters, dict):
        fault = "it has no `params`; add them."
        yield config.finding(SCHEDULER, "scheduler", type=kind, fault=fault)
        return
    for name in parameters:
        if name not in known[kind]["takes"]:
            others = _listed(one for one, its in known.items() if name in its["takes"])
            advice = f"remove it, or use {others}" if others else "remove it"
            fault = f"it has no parameter `{name}`; {advice}."
            yield config.finding(SCHEDULER, f"scheduler.params.{name}", type=kind, fault=fault)
    for name in known[kind]["needs"]:
        if name not in parameters:
            fault = f'it needs `{name}`; add `"{name}": "auto"`.'
            yield config.finding(SCHEDULER, "scheduler.params", type=kind, fault=fault)


def _listed(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _autos(config: DeepSpeedConfig, part: Schema, above: str) -> Iterator[Finding]:
    """Yield each `"auto"` that nothing replaces, on which accelerate crashes."""
    for name, value in part.items():
        if not above and "." in name:
            continue
        path = f"{above}{name}"
        if isinstance(value, dict):
            yield from _autos(config, value, f"{path}.")
        elif value == "auto" and path not in FILLED:
            yield config.finding(NOT_FILLED, path)
