"""How a config trains, in the terms of `ftlint.memory`; what it does not know is said.

Source: hparams/parser.py, model/adapter.py, model/patcher.py, model/model_utils [LLaMA Factory
0.9.3 to 0.9.5].
"""

from __future__ import annotations

from ftlint.facts.effective import words
from ftlint.memory.gathering import GatherLimits
from ftlint.memory.method import Method
from ftlint.memory.projection import Projection
from ftlint.memory.rotation import Rotation
from ftlint.memory.shape import Unknown
from ftlint.memory.sharding import Sharding
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.memory.shape import Shape
    from ftlint.target.releases import Target

_UNTOLD = (
    ("use_unsloth", "`use_unsloth` brings kernels of its own"),
    ("use_kt", "`use_kt` keeps experts on the host"),
    ("use_llama_pro", "`use_llama_pro` trains chosen blocks"),
    ("galore_layerwise", "GaLore that steps layer by layer is not known to ftlint"),
    ("apollo_layerwise", "APOLLO that steps layer by layer is not known to ftlint"),
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

STAGES = ("sft", "pt", "dpo", "kto", "rm")
KINDS = ("full", "freeze", "lora", "oft")


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
    untold = _untold(values)
    if untold is not None:
        return Unknown(untold)
    kind = str(values["finetuning_type"])
    parts = _parts(values, shape, kind)
    if isinstance(parts, Unknown):
        return parts
    targets, ends = parts
    sharding = _sharding(values, shape, world, deepspeed)
    if isinstance(sharding, Unknown):
        return sharding
    projection = _projection(values, shape)
    if isinstance(projection, Unknown):
        return projection
    if sharding.divides and (kind == "oft" or values.get("use_badam") or projection is not None):
        return Unknown("OFT, GaLore, APOLLO and BAdam of a divided model are not known to ftlint")
    method = _method(values, shape, target, targets, ends, sharding, projection)
    return method, list(_notes(values, method))


def _method(
    values: Mapping[str, Any],
    shape: Shape,
    target: Target,
    targets: frozenset[str],
    ends: frozenset[str],
    sharding: Sharding,
    projection: Projection | None,
) -> Method:
    """Return a method whose parts are known."""
    kind, stage = str(values["finetuning_type"]), str(values["stage"])
    block = bool(values.get("use_badam"))
    mixed = bool(values.get("bf16") or values.get("fp16")) and not values.get("pure_bf16")
    reference = stage in ("dpo", "kto") and values.get("pref_loss") not in ("orpo", "simpo")
    checkpointing = not values.get("disable_gradient_checkpointing")
    return Method(
        stage=stage,
        kind="block" if block else kind,
        rank=_count(values.get("lora_rank"), 8),
        rotation=_rotation(values) if kind == "oft" else None,
        targets=targets,
        dropout=bool(values.get("lora_dropout")),
        dora=kind == "lora" and bool(values.get("use_dora")),
        layers=_count(values.get("freeze_trainable_layers"), 2),
        ends=ends,
        bits=values.get("quantization_bit") or 16,
        double_quantized=bool(values.get("double_quantization", True)),
        autocast=mixed and not sharding.stage,
        casts=not (values.get("pure_bf16") or block or sharding.divides),
        upcast_norms=bool(values.get("upcast_layernorm")),
        upcast_logits=bool(values.get("upcast_lmhead_output")),
        checkpointing=checkpointing,
        liger=bool(values.get("enable_liger_kernel") and shape.family.liger),
        attention=_attention(values, shape),
        optimizer=str(values.get("optim")),
        projection=projection,
        accumulation=_count(values.get("gradient_accumulation_steps"), 1),
        reference=reference,
        reference_weights=reference and (kind != "lora" or bool(values.get("ref_model"))),
        caches=not checkpointing and target.versions[1] < (5,),
        offloads_inputs=bool(values.get("use_unsloth_gc")) and checkpointing,
        sharding=sharding,
    )


def _untold(values: Mapping[str, Any]) -> str | None:
    """Return why memory is not told, whatever the model is; None where it is."""
    stage, kind = values.get("stage"), values.get("finetuning_type")
    bits = values.get("quantization_bit") or 16
    objections = (
        *(why if values.get(key) else None for key, why in _UNTOLD),
        None if stage in STAGES else f"the memory of `stage: {stage}` is not known to ftlint",
        None
        if kind in KINDS
        else f"the memory of `finetuning_type: {kind}` is not known to ftlint",
        None if bits in (4, 8, 16) else "only quantization to 4 or 8 bit is known to ftlint",
        "only quantization by bitsandbytes is known to ftlint"
        if bits != 16 and values.get("quantization_method") != "bnb"
        else None,
        "peft takes either `oft_rank` or `oft_block_size`"
        if kind == "oft" and bool(values.get("oft_rank")) is bool(values.get("oft_block_size"))
        else None,
        "LLaMA Factory trains no adapters with GaLore or APOLLO"
        if kind not in ("full", "freeze") and (values.get("use_galore") or values.get("use_apollo"))
        else None,
        "of BAdam only `badam_mode: layer` with `finetuning_type: full` is known to ftlint"
        if values.get("use_badam") and (kind != "full" or values.get("badam_mode") != "layer")
        else None,
    )
    return next((why for why in objections if why is not None), None)


def _rotation(values: Mapping[str, Any]) -> Rotation:
    """Return how OFT divides what goes into a linear."""
    return Rotation(_count(values.get("oft_rank"), 0), _count(values.get("oft_block_size"), 0))


def _projection(values: Mapping[str, Any], shape: Shape) -> Projection | Unknown | None:
    """Return how GaLore or APOLLO projects gradients; None where neither does."""
    name = next((one for one in ("galore", "apollo") if values.get(f"use_{one}")), None)
    if name is None:
        return None
    if values.get("optim") != "adamw_torch":
        return Unknown(f"of `use_{name}` only `optim: adamw_torch` is known to ftlint")
    asked = _names(values.get(f"{name}_target"))
    chosen = {
        one.name for one in shape.linears
        if asked == {"all"} or any(text in f"layers.0.{one.part}.{one.name}" for text in asked)
    }  # fmt: skip
    if not chosen or any("head" in text for text in asked):
        return Unknown(f"which matrices `{name}_target` means is not known to ftlint")
    return Projection(
        _count(values.get(f"{name}_rank"), 16), frozenset(chosen),
        str(values.get(f"{name}_proj_type")),
        name == "galore" or values.get("apollo_proj") == "svd",
    )  # fmt: skip


def _parts(
    values: Mapping[str, Any], shape: Shape, kind: str
) -> tuple[frozenset[str], frozenset[str]] | Unknown:
    """Return which linears have an adapter, and which of embedding and head learn whole."""
    if kind == "full":
        return frozenset(), frozenset()
    known = {one.name for one in shape.linears}
    if kind == "freeze":
        if not _names(values.get("freeze_trainable_modules")) <= {"all"}:
            return Unknown("`freeze_trainable_modules` other than `all` is not known to ftlint")
        if _count(values.get("freeze_trainable_layers"), 0) == 0:
            return Unknown("`freeze_trainable_layers` below 1 is not known to ftlint")
        targets, ends = set(), _names(values.get("freeze_extra_modules"))
        others = ends - {"lm_head"}
    else:
        named = _names(values.get("lora_target"))
        targets, ends = (
            known if named == {"all"} else named,
            _names(values.get("additional_target")),
        )
        others = (targets - known) | (ends - {"embed_tokens", "lm_head"})
    if others:
        return Unknown(f"`{min(others)}` is not a module that ftlint knows of this model")
    return frozenset(targets), frozenset(ends)


def _notes(values: Mapping[str, Any], method: Method) -> Iterator[str]:
    """Yield what was taken for granted."""
    if method.kind == "block":
        yield "BAdam: as while the lowest layer learns, when those above it keep all they need"
    if method.bits == 8:
        yield "8 bit keeps columns of inputs with values above 6: after a norm they are not counted"
    if method.projection is not None and method.projection.singular:
        yield "what cuSOLVER takes to find singular vectors is not counted"
    if method.sharding.stage == 3 and values.get("eval_strategy") not in ("no", None, False):
        yield "what ZeRO-3 keeps from batch to batch of an evaluation was read, not measured"
    if method.attention == "flash":
        yield "`flash_attn: fa2` was read from source, not measured"
    if values.get("adapter_name_or_path") and method.adapts:
        yield "the adapter in `adapter_name_or_path` is taken to be of the rank that this file sets"
    if values.get("predict_with_generate"):
        yield "`predict_with_generate`: what generating keeps is not counted"


def _count(value: object, otherwise: int) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if whole else otherwise  # type: ignore[return-value]


def _names(value: object) -> set[str]:
    return set() if value is None else {str(one) for one in words(value) if one}


def _attention(values: Mapping[str, Any], shape: Shape) -> str:
    """Return which attention runs: what transformers takes by itself is torch's own."""
    asked = values.get("flash_attn")
    if asked == "fa2":
        return "flash"
    if asked == "disabled":
        return "eager"
    return "eager" if shape.family.softcaps and asked == "auto" else "sdpa"


def _sharding(
    values: Mapping[str, Any], shape: Shape, world: int, deepspeed: Mapping[str, Any] | None
) -> Sharding | Unknown:
    """Return how the model is divided, or why that is not known."""
    if values.get("fsdp"):
        return _fsdp(values, world)
    zero = (deepspeed or {}).get("zero_optimization")
    if not isinstance(zero, dict) or zero.get("stage") not in (1, 2, 3):
        return Sharding(world)

    def number(name: str, otherwise: int, filled: int | None = None) -> int:
        """Return a value of the file; for `auto` what transformers fills in."""
        value = zero.get(name)
        if value == "auto" and filled is not None:
            return filled
        whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        return int(value) if whole else otherwise  # type: ignore[arg-type]

    def offloaded(name: str) -> bool:
        part = zero.get(name)
        return isinstance(part, dict) and part.get("device") in ("cpu", "nvme")

    if zero["stage"] < 3 and zero.get("contiguous_gradients") is False:
        return Unknown("what ZeRO keeps with `contiguous_gradients: false` is not known to ftlint")
    return Sharding(
        world, zero["stage"], bucket=number("reduce_bucket_size", 500_000_000, shape.hidden**2),
        overlap=bool(zero.get("overlap_comm")), group=number("sub_group_size", 10**9),
        limits=GatherLimits(
            number("stage3_prefetch_bucket_size", 50_000_000, int(0.9 * shape.hidden**2)),
            number("stage3_max_live_parameters", 10**9),
            number("stage3_max_reuse_distance", 10**9),
            number("stage3_param_persistence_threshold", 100_000, 10 * shape.hidden),
        ),
        optimizer_offloaded=offloaded("offload_optimizer"),
        parameters_offloaded=offloaded("offload_param"),
    )  # fmt: skip


def _fsdp(values: Mapping[str, Any], world: int) -> Sharding | Unknown:
    """Return how torch divides a model, where ftlint knows it.

    Source: transformers training_args.py `_process_fsdp_args` [5.6.0], accelerate 1.11.
    """
    asked = values["fsdp"]
    options = set(asked.split() if isinstance(asked, str) else words(asked))
    given = values.get("fsdp_config")
    more = given if isinstance(given, dict) else {}
    version = more.get("version", more.get("fsdp_version", 1))
    mixed = bool(values.get("bf16") or values.get("fp16")) and not values.get("pure_bf16")
    objections = (
        None
        if options == {"full_shard", "auto_wrap"}
        else "of FSDP only `full_shard auto_wrap` is known to ftlint",
        None
        if (given is None or more) and str(version) == "1"
        else "FSDP by a file, or of version 2, is not known to ftlint",
        None if mixed else "FSDP without mixed precision is not known to ftlint",
        "what FSDP keeps of accumulated gradients is not known to ftlint"
        if _count(values.get("gradient_accumulation_steps"), 1) > 1
        else None,
        "FSDP cannot divide weights of 8 bit" if values.get("quantization_bit") == 8 else None,
    )
    why = next((one for one in objections if one is not None), None)
    return Sharding(world, fsdp=True) if why is None else Unknown(why)
