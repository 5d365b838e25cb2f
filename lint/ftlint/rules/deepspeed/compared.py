"""Values that transformers compares with those of the file, and crashes on where they differ.

Source: transformers integrations/deepspeed.py HfTrainerDeepSpeedConfig: `trainer_config_process`
compares while arguments are parsed, `trainer_config_finalize` raises when training begins. A value
is compared as Python does, so that "8" is not 8; null is not compared, `"auto"` is filled in.
"""

from __future__ import annotations

from ftlint.rules.deepspeed.config import shown
from ftlint.support.messages import show
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.rules.deepspeed.config import DeepSpeedConfig

RUN, OPTIMIZER, BATCH, SCHEDULER = "FT483", "FT484", "FT4120", "FT4121"

_SAME = {
    "train_micro_batch_size_per_gpu": (RUN, "per_device_train_batch_size"),
    "gradient_accumulation_steps": (RUN, "gradient_accumulation_steps"),
    "gradient_clipping": (RUN, "max_grad_norm"),
    "optimizer.params.lr": (OPTIMIZER, "learning_rate"),
    "optimizer.params.eps": (OPTIMIZER, "adam_epsilon"),
    "optimizer.params.weight_decay": (OPTIMIZER, "weight_decay"),
    "scheduler.params.warmup_max_lr": (SCHEDULER, "learning_rate"),
}
"""What is compared with one key: the path in the DeepSpeed config, and the key."""


class Own(NamedTuple):
    """What the file says to a value of the DeepSpeed config: the value, the keys, and in words."""

    value: object
    keys: tuple[str, ...]
    words: str


def check(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield every value that differs."""
    context = config.context
    values = context.instance.effective
    if values.get("stage") == "ppo":
        return  # its trainer is another one, which never compares
    for path, code, own in _compared(context):
        written = config.get(path)
        if written is None or written == "auto" or own is None or _is_unknown(own, context):
            continue
        if values.get("auto_find_batch_size") and path in _FOUND:
            continue
        if written != own.value:
            yield _finding(config, code, path, own)
    yield from _batch(config)


_FOUND = ("train_micro_batch_size_per_gpu", "train_batch_size")
"""What is not compared where `auto_find_batch_size` looks for it."""


def _compared(context: Context) -> Iterator[tuple[str, str, Own | None]]:
    """Yield path and code of what is compared, with what this file says where that is known."""
    values = context.instance.effective
    for path, (code, key) in _SAME.items():
        yield path, code, _own(values.get(key), key)
    betas = [values.get("adam_beta1"), values.get("adam_beta2")]
    words = f"`adam_beta1`, `adam_beta2` {betas}"
    yield "optimizer.params.betas", OPTIMIZER, Own(betas, ("adam_beta1", "adam_beta2"), words)
    apex = values.get("fp16_backend") == "apex"
    for word in ("fp16", "bf16"):
        full = f"{word}_full_eval"
        value = values.get(word) or values.get(full)
        if word == "fp16" and apex:
            value = False
        keys: tuple[str, ...] = (word, full) if values.get(full) else (word,)
        yield f"{word}.enabled", RUN, Own(value, keys, _pair(keys[-1], values.get(keys[-1])))
    if context.catalogue.get("fp16_backend") is not None:
        value = bool(apex and (values.get("fp16") or values.get("fp16_full_eval")))
        words = f"`fp16_backend: {show(values.get('fp16_backend'))}`"
        yield "amp.enabled", RUN, Own(value, ("fp16_backend", "fp16"), words)
    yield "scheduler.params.warmup_num_steps", SCHEDULER, _warmup(context)
    yield "scheduler.params.total_num_steps", SCHEDULER, _total(context)


def _own(value: object, key: str) -> Own | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None  # what is no number is another rule's
    return Own(value, (key,), _pair(key, value))


def _pair(key: str, value: object) -> str:
    return f"`{key}: {show(value)}`"


def _is_unknown(own: Own, context: Context) -> bool:
    return not context.instance.unknown.isdisjoint(own.keys)


def _warmup(context: Context) -> Own | None:
    """Return the steps of warmup, where the file or the plan of its steps tells them."""
    values = context.instance.effective
    steps, fraction = values.get("warmup_steps"), values.get("warmup_ratio") or 0
    if isinstance(steps, (int, float)) and not isinstance(steps, bool):
        if steps >= 1:
            return Own(int(steps), ("warmup_steps",), _pair("warmup_steps", steps))
        if steps == 0 == fraction:
            keys = ("warmup_steps", "warmup_ratio")
            return Own(0, keys, _pair("warmup_steps", 0))
    return _of_plan(context, "warmup_steps", "warmup steps")


def _total(context: Context) -> Own | None:
    most = context.instance.effective.get("max_steps")
    if isinstance(most, int) and not isinstance(most, bool) and most > 0:
        return Own(most, ("max_steps",), _pair("max_steps", most))
    return _of_plan(context, "total_steps", "steps")


def _of_plan(context: Context, name: str, words: str) -> Own | None:
    plan: dict[str, Any] = context.instance.facts.get("plan") or {}
    number = plan.get(name)
    if number is None or not plan.get("gpus_stated") or "plan" in context.instance.unknown:
        return None
    return Own(number, (), f"the {number} {words} of this run")


def _batch(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield that the total batch is another one, or one of no number of GPUs."""
    context = config.context
    written, values = config.get("train_batch_size"), context.instance.effective
    keys = ("per_device_train_batch_size", "gradient_accumulation_steps")
    each, steps = (values.get(key) for key in keys)
    if written is None or written == "auto" or values.get("auto_find_batch_size"):
        return
    if not isinstance(each, int) or not isinstance(steps, int) or each < 1 or steps < 1:
        return
    world = context.instance.facts.get("world_size")
    batch = f"micro-batch {each} × {steps} accumulation steps"
    if world is None:
        is_number = isinstance(written, (int, float)) and not isinstance(written, bool)
        if is_number and written > 0 and written % (each * steps) == 0:  # type: ignore[operator]
            return  # with so many GPUs it is the same
        words = f"{batch} × any number of GPUs"
        value: object = None
    else:
        value = each * steps * world
        words = f"{batch} × {world} GPUs = {value}"
    own = Own(value, keys, words)
    if written != value and not _is_unknown(own, context):
        yield _finding(config, BATCH, "train_batch_size", own)


def _finding(config: DeepSpeedConfig, code: str, path: str, own: Own) -> Finding:
    """Return the finding, shown at the key of the file that is compared."""
    entries = config.context.entries
    found = config.finding(code, path, value=shown(config.get(path)), own=own.words)
    entry = next((entries[key] for key in own.keys if key in entries), None)
    if entry is None:
        return found
    return found._replace(start=entry.key.start, end=entry.key.end, key=entry.name)
