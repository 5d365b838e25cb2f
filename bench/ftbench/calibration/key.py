"""What a calibration holds for: the parts of a config that decide a step's price.

The same function makes the key when calibrating and when predicting, from the config over its
defaults, so that nothing need be loaded to look one up.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from ftbench.models.source import WEIGHTS, identity
from ftbench.objective import objective_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ftlint.target.releases import Target

REFUSED = tuple(
    """model method objective learning_layers quantization checkpointing reentrant dtype attention
    liger unsloth world nodes sharding special""".split()
)
"""With another value of these, a step is another thing: no prediction."""

WIDENED = {
    "runner": 0.015,
    "lora_rank": 0.02,
    "lora_targets": 0.05,
    "modules": 0.05,
    "stage": 0.02,
    "pref_loss": 0.01,
    "masked": 0.04,
    "optimizer": 0.03,
    "dropout": 0.01,
    "workers": 0.01,
    "transformers": 0.03,
    "llamafactory": 0.02,
}
"""Declared relative uncertainty of a step (one standard deviation) where one of these differs."""
SPECIAL = tuple(
    """use_galore use_apollo use_badam use_adam_mini use_muon use_dft_loss use_asft_loss
    use_eaft_loss use_dora use_llama_pro use_unsloth_gc torch_compile shift_attn mixture_of_depths
    fp8 neftune_noise_alpha use_kt use_mca use_hyper_parallel use_v1_kernels upcast_layernorm
    upcast_lmhead_output enable_torch_profiler""".split()
)
"""Switches that change what a step is."""
OTHER_MINOR = 0.01
"""Another minor version of transformers: the layers are the same."""
OTHER_CARD = 0.025
"""The same model of GPU under the same power limit, but not this very card."""
OTHER_WORLD = 0.04
"""A run on several GPUs of a host by a calibration of one."""
OTHER_LIMIT = 0.08
"""The same model of GPU under another power limit."""


class Key(TypedDict, total=False):
    """What of a config decides a step's price. Older calibrations did not note all of it."""

    model: str
    method: str
    objective: str
    learning_layers: list[object] | None
    quantization: list[object] | None
    checkpointing: bool
    reentrant: bool
    dtype: str
    attention: str
    liger: bool
    unsloth: bool
    world: int
    nodes: int
    sharding: str | None
    special: list[str]
    runner: str
    lora_rank: object
    lora_targets: object
    modules: object
    stage: str
    pref_loss: object
    masked: bool
    optimizer: str
    dropout: bool
    workers: object
    transformers: str | None
    llamafactory: str | None


class Ranks(NamedTuple):
    """The processes of a run: GPUs in all, nodes, and the file of `accelerate launch` if any."""

    world: int = 1
    nodes: int = 1
    accelerate: str | None = None


def make(values: Mapping[str, Any], model: str, ranks: Ranks, runner: str, target: Target) -> Key:
    """Return the key of a config.

    Args:
        values: the config over its defaults.
        model: what `model_of` says.
        ranks: the processes.
        runner: llamafactory or hf.
        target: the versions that it is for.
    """
    return {
        "model": model,
        "method": str(values.get("finetuning_type") or "lora"),
        "objective": _objective(values),
        "learning_layers": _learning_layers(values),
        "quantization": [values.get("quantization_bit"), values.get("quantization_method")]
        if values.get("quantization_bit") else None,
        "checkpointing": not values.get("disable_gradient_checkpointing"),
        "reentrant": values.get("use_reentrant_gc", True) is not False,
        "dtype": _dtype(values),
        "attention": _attention(values.get("flash_attn")),
        "liger": bool(values.get("enable_liger_kernel")),
        "unsloth": bool(values.get("use_unsloth")),
        "world": ranks.world,
        "nodes": ranks.nodes,
        "sharding": _sharding(values, ranks.accelerate),
        "special": [name for name in SPECIAL if values.get(name)],
        "runner": runner,
        "lora_rank": values.get("lora_rank"),
        "lora_targets": values.get("lora_target"),
        "modules": values.get("additional_target"),
        "stage": str(values.get("stage") or "sft"),
        "pref_loss": values.get("pref_loss") if values.get("stage") == "dpo" else None,
        "masked": is_masked(values),
        "optimizer": str(values.get("optim") or "adamw_torch"),
        "dropout": bool(values.get("lora_dropout")),
        "workers": values.get("dataloader_num_workers") or 0,
        "transformers": minor(target.transformers),
        "llamafactory": minor(target.llamafactory, 3),
    }  # fmt: skip


def refusals(asked: Mapping[str, object], kept: Mapping[str, object]) -> Iterator[str]:
    """Yield why a calibration cannot answer for a key; what it did not note is no reason.

    Before objectives were noted there was one.
    """
    kept = {"objective": _objective({}), **kept}
    for name in REFUSED:
        if name in kept and asked.get(name) != kept[name]:
            if name == "world" and _is_copied(asked, kept):
                continue
            yield f"{name} is {_shown(asked.get(name))}, calibrated was {_shown(kept.get(name))}"


def widenings(
    asked: Mapping[str, object], kept: Mapping[str, object]
) -> Iterator[tuple[str, float]]:
    """Yield in what a key differs that a calibration answers for, with how unsure that makes it."""
    if _is_copied(asked, kept):
        yield f"calibrated on one GPU, not {asked['world']}: ± {2 * OTHER_WORLD:.0%}", OTHER_WORLD
    for name, share in WIDENED.items():
        ours, theirs = asked.get(name), kept.get(name)
        if name in kept and ours != theirs:
            if name == "transformers" and _major(ours) == _major(theirs):
                share = OTHER_MINOR
            yield (
                f"calibrated with {name} {_shown(theirs)}, not {_shown(ours)}: ± {2 * share:.0%}",
                share,
            )


def _is_copied(asked: Mapping[str, object], kept: Mapping[str, object]) -> bool:
    """Return whether each GPU of a run does what the one did that was calibrated.

    So it is where every GPU of a host has the whole model.
    """
    alone = kept.get("world") == kept.get("nodes") == asked.get("nodes") == 1
    return alone and asked.get("world") != 1 and asked.get("sharding") is None


def model_of(values: Mapping[str, Any], asked: str | None) -> str:
    """Return how a calibration names the model: a shape where one is known to be its own."""
    if asked is not None and asked != WEIGHTS:
        return identity(asked.removeprefix("random:"))
    return identity(str(values.get("model_name_or_path") or ""))


def is_packed(values: Mapping[str, Any]) -> bool:
    """Return whether rows are joined to one length; stage pt does so unless told otherwise."""
    if values.get("stage") not in (None, "sft", "pt"):
        return False
    if values.get("neat_packing"):
        return True
    packing = values.get("packing")
    return bool(packing) if packing is not None else values.get("stage") == "pt"


def is_masked(values: Mapping[str, Any]) -> bool:
    """Return whether attention gets a mask: of padding, or of the rows that share a packed one."""
    return not is_packed(values) or bool(values.get("neat_packing"))


def minor(version: object, parts: int = 2) -> str | None:
    """Return the first parts of a version."""
    return None if version is None else ".".join(str(version).split(".")[:parts])


def _objective(values: Mapping[str, Any]) -> str:
    found = objective_of(values)
    return str(values.get("stage")) if found is None else found.name


def _major(version: object) -> str:
    return str(version).partition(".")[0]


def _learning_layers(values: Mapping[str, Any]) -> list[object] | None:
    if values.get("finetuning_type") != "freeze":
        return None
    return [values.get("freeze_trainable_layers"), values.get("freeze_extra_modules")]


def _dtype(values: Mapping[str, Any]) -> str:
    half = "bf16" if values.get("bf16") else "fp16" if values.get("fp16") else "fp32"
    return f"pure {half}" if values.get("pure_bf16") else half


def _attention(value: object) -> str:
    """Return the attention that is used: torch's own where none is chosen."""
    return (
        "sdpa"
        if value in (None, "auto", "sdpa")
        else "eager"
        if value == "disabled"
        else str(value)
    )


def _sharding(values: Mapping[str, Any], accelerate: str | None) -> str | None:
    """Return what shares the model out between processes, settings that lie in files by content."""
    if accelerate is not None:
        return f"accelerate {_content(accelerate)}"
    if values.get("fsdp"):
        return f"fsdp {values['fsdp']} {_content(values.get('fsdp_config'))}".rstrip()
    deepspeed = values.get("deepspeed")
    return None if deepspeed is None else f"deepspeed {_content(deepspeed)}"


def _content(given: object) -> str:
    """Return settings in few letters, read from a file where they are the name of one."""
    if given is None:
        return ""
    if isinstance(given, str):
        try:
            text = Path(given).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return given
        try:
            given = json.loads(text)
        except ValueError:
            given = text
    return digest(given)


def digest(value: object) -> str:
    """Return plain data in a few letters, the same for the same data."""
    try:
        text = json.dumps(value, sort_keys=True)
    except TypeError:  # a date in a config, or keys of two kinds
        text = repr(value)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _shown(value: object) -> str:
    """Return a value as configs have it."""
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "not set" if value is None else str(value)
