"""Keys that are ignored because the DeepSpeed config has an optimizer or a scheduler of its own.

Source: transformers integrations/deepspeed.py deepspeed_optim_sched: with such a block the trainer
makes neither, whatever the file says. What the block does not name has DeepSpeed's own default.
"""

from __future__ import annotations

from ftlint.diagnostics import at_key
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.rules.deepspeed.config import DeepSpeedConfig

KEY, PARAMETER = "FT586", "FT587"

_OPTIMIZERS = ("optim_args", "use_adam_mini", "use_muon", "use_badam", "loraplus_lr_ratio")
_PARAMETERS: dict[str, dict[str, tuple[str, ...]]] = {
    "optimizer": {
        "lr": ("learning_rate",),
        "betas": ("adam_beta1", "adam_beta2"),
        "eps": ("adam_epsilon",),
        "weight_decay": ("weight_decay",),
    },
    "scheduler": {"warmup_num_steps": ("warmup_steps", "warmup_ratio")},
}
"""Parameters of a block, and the keys that are ignored where it does not name them."""

_DEFAULTS = {"lr": "0.001", "warmup_num_steps": "1000"}
"""What DeepSpeed takes instead, where that is far from what anyone wants."""

_ALIKE = {
    "WarmupLR": ("constant_with_warmup", "constant"),
    "WarmupDecayLR": ("linear",),
    "WarmupCosineLR": ("cosine",),
}


def check(config: DeepSpeedConfig) -> Iterator[Finding]:
    """Yield the keys of the file that nothing reads."""
    if not config.context.instance.effective.get("do_train"):
        return
    for block in ("optimizer", "scheduler"):
        found = config.content.get(block)
        kind = found.get("type") if isinstance(found, dict) else None
        if not isinstance(kind, str):
            continue
        for key in _replaced(config, block, kind):
            yield _finding(config, KEY, key, block=block, type=kind)
        parameters = config.get(f"{block}.params") or {}
        for name, keys in _PARAMETERS[block].items():
            if isinstance(parameters, dict) and name not in parameters and _takes(kind, name):
                default = f" of {_DEFAULTS[name]}" if name in _DEFAULTS else ""
                for key in filter(config.context.entries.__contains__, keys):
                    if _is_set(config, key):
                        yield _finding(
                            config, PARAMETER, key, block=block, name=name, default=default
                        )


def _takes(kind: str, name: str) -> bool:
    """Return whether a scheduler of DeepSpeed's has a parameter; of others nothing is known."""
    scheduler = compiled.DEEPSPEED["schedulers"].get(kind)
    return scheduler is None or name in scheduler["takes"]


def _replaced(config: DeepSpeedConfig, block: str, kind: str) -> Iterator[str]:
    """Yield the keys that say which optimizer or scheduler, where the block is another one."""
    values, entries = config.context.instance.effective, config.context.entries
    if block == "scheduler":
        named = values.get("lr_scheduler_type")
        if "lr_scheduler_type" in entries and named not in _ALIKE.get(kind, ()):
            yield "lr_scheduler_type"
        if values.get("lr_scheduler_kwargs"):
            yield "lr_scheduler_kwargs"
        return
    optim = values.get("optim")
    if "optim" in entries and not (
        isinstance(optim, str) and optim.startswith("adamw_") and kind.lower() in ("adam", "adamw")
    ):
        yield "optim"
    yield from (key for key in _OPTIMIZERS if values.get(key) and key in entries)


def _is_set(config: DeepSpeedConfig, key: str) -> bool:
    """Return whether a key is set to another value than its default."""
    known = config.context.catalogue.get(key)
    value = config.context.instance.config.get(key)
    return value is not None and (key == "learning_rate" or known is None or value != known.default)


def _finding(config: DeepSpeedConfig, code: str, key: str, **values: object) -> Finding:
    entry = config.context.entries[key]
    written = config.context.source_text(entry)
    where = config.where(str(values["block"]))
    return at_key(code, entry, {"key": key, "written": written, "where": where, **values})
