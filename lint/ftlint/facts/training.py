"""How a config trains, in the terms of `ftlint.memory`; what it does not know is said.

Source: hparams/parser.py, model/adapter.py, model/patcher.py, model/model_utils [LLaMA Factory
0.9.3 to 0.9.5].
"""

from __future__ import annotations

from ftlint.facts.effective import words
from ftlint.memory.method import Method, Sharding
from ftlint.memory.shape import Unknown
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.memory.shape import Shape
    from ftlint.target.releases import Target

_UNTOLD = (
    ("use_unsloth", "`use_unsloth` brings kernels of its own"),
    ("use_kt", "`use_kt` keeps experts on the host"),
    ("use_llama_pro", "`use_llama_pro` trains chosen blocks"),
    ("use_galore", "what GaLore keeps depends on the layers that it projects"),
    ("use_apollo", "what APOLLO keeps depends on the layers that it projects"),
    ("use_badam", "what BAdam keeps depends on the block that is trained"),
    ("use_adam_mini", "what Adam-mini keeps depends on how it divides the model"),
    ("use_muon", "what Muon keeps is not known to ftlint"),
    ("mixture_of_depths", "mixture of depths changes the layers"),
    ("shift_attn", "`shift_attn` changes the attention"),
    ("use_fp8", "`fp8` is not known to ftlint"),
    ("fp8", "`fp8` is not known to ftlint"),
    ("resize_vocab", "`resize_vocab` changes the vocabulary"),
    ("use_mca", "Megatron divides the model itself"),
)
"""Switches under which memory is another, and why it is not told."""

NOTES = {
    "flash": "`flash_attn: fa2` was read from source, not measured",
    "sharded": "ZeRO and FSDP were read from source, not measured",
    "adapter": "the adapter in `adapter_name_or_path` is taken to be of this file's rank",
    "generate": "`predict_with_generate`: what generating keeps is not counted",
}


def method_of(
    values: Mapping[str, Any],
    shape: Shape,
    target: Target,
    world: int,
    deepspeed: Mapping[str, Any] | None,
) -> tuple[Method, list[str]] | Unknown:
    """Return how a config trains a model, with what was taken for granted; or why it is not told.

    `values` is the config over its defaults, `deepspeed` the content of the file that it names.
    """
    untold = next((why for key, why in _UNTOLD if values.get(key)), None)
    stage, kind = values.get("stage"), values.get("finetuning_type")
    if stage not in ("sft", "pt", "dpo", "kto", "rm"):
        untold = untold or f"the memory of `stage: {stage}` is not known to ftlint"
    if kind not in ("full", "freeze", "lora"):
        untold = untold or f"the memory of `finetuning_type: {kind}` is not known to ftlint"
    bits = values.get("quantization_bit") or 16
    if bits not in (4, 8, 16) or (bits != 16 and values.get("quantization_method") != "bnb"):
        untold = untold or "only quantization by bitsandbytes is known to ftlint"
    if values.get("fsdp"):
        untold = untold or "FSDP is not known to ftlint"
    if untold is not None:
        return Unknown(untold)
    notes: list[str] = []
    sharding = _sharding(world, deepspeed)
    if sharding.stage:
        notes.append(NOTES["sharded"])
    if values.get("adapter_name_or_path") and kind == "lora":
        notes.append(NOTES["adapter"])
    if values.get("predict_with_generate"):
        notes.append(NOTES["generate"])
    attention = _attention(values, shape, notes)
    layers = values.get("freeze_trainable_layers")
    if kind == "freeze" and not _names(values.get("freeze_trainable_modules")) <= {"all"}:
        return Unknown("`freeze_trainable_modules` other than `all` is not known to ftlint")
    if kind == "freeze" and _count(layers, 0) == 0:
        return Unknown("`freeze_trainable_layers` below 1 is not known to ftlint")
    targets = _targets(values, shape) if kind == "lora" else frozenset()
    ends = _names(values.get("additional_target" if kind == "lora" else "freeze_extra_modules"))
    known = {"lm_head"} if kind == "freeze" else {"embed_tokens", "lm_head"}
    if targets is None or not ends <= known:
        return Unknown(
            "`lora_target` or `additional_target` names modules that ftlint does not know"
        )
    mixed = bool(values.get("bf16") or values.get("fp16")) and not sharding.stage
    pure = bool(values.get("pure_bf16")) or bool(sharding.stage)
    reference = stage in ("dpo", "kto") and values.get("pref_loss") not in ("orpo", "simpo")
    own = reference and (kind != "lora" or bool(values.get("ref_model")))
    checkpointing = not values.get("disable_gradient_checkpointing")
    return Method(
        stage=str(stage),
        kind=str(kind),
        rank=_count(values.get("lora_rank"), 8),
        targets=targets,
        dropout=bool(values.get("lora_dropout")),
        dora=bool(values.get("use_dora")),
        layers=_count(layers, 2),
        ends=frozenset(ends),
        bits=bits,
        double_quantized=bool(values.get("double_quantization", True)),
        autocast=mixed and not values.get("pure_bf16"),
        casts=not pure,
        upcast_norms=bool(values.get("upcast_layernorm")),
        upcast_logits=bool(values.get("upcast_lmhead_output")),
        checkpointing=checkpointing,
        liger=bool(values.get("enable_liger_kernel")) and shape.family.liger,
        attention=attention,
        optimizer=str(values.get("optim")),
        accumulation=_count(values.get("gradient_accumulation_steps"), 1),
        reference=reference,
        reference_weights=own,
        caches=not checkpointing and target.versions[1] < (5,),
        offloads_inputs=bool(values.get("use_unsloth_gc")) and checkpointing,
        sharding=sharding,
    ), notes  # fmt: skip


def _count(value: object, otherwise: int) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if whole else otherwise  # type: ignore[return-value]


def _names(value: object) -> set[str]:
    return set() if value is None else {str(one) for one in words(value) if one}


def _targets(values: Mapping[str, Any], shape: Shape) -> frozenset[str] | None:
    """Return the linears with an adapter: all of the layers, or those whose name ends so."""
    known = {one.name for one in shape.linears}
    named = _names(values.get("lora_target"))
    if named == {"all"}:
        return frozenset(known)
    return frozenset(named) if named <= known else None


def _attention(values: Mapping[str, Any], shape: Shape, notes: list[str]) -> str:
    """Return which attention runs: what transformers takes by itself is torch's own."""
    asked = values.get("flash_attn")
    if asked == "fa2":
        notes.append(NOTES["flash"])
        return "flash"
    if asked == "disabled":
        return "eager"
    return "eager" if shape.model_type == "gemma2" and asked == "auto" else "sdpa"


def _sharding(world: int, deepspeed: Mapping[str, Any] | None) -> Sharding:
    """Return how the model is divided; a value that says `auto` is DeepSpeed's own."""
    zero = (deepspeed or {}).get("zero_optimization")
    if not isinstance(zero, dict) or not zero.get("stage"):
        return Sharding(world)

    def number(name: str, otherwise: int) -> int:
        value = zero.get(name)
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        return int(value) if whole else otherwise  # type: ignore[arg-type]

    def offloaded(name: str) -> bool:
        part = zero.get(name)
        return isinstance(part, dict) and part.get("device") in ("cpu", "nvme")

    return Sharding(
        world, zero["stage"] if zero["stage"] in (1, 2, 3) else 0,
        number("reduce_bucket_size", 500_000_000), number("stage3_max_live_parameters", 10**9),
        offloaded("offload_optimizer"), offloaded("offload_param"),
    )  # fmt: skip
