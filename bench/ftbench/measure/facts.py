"""The architecture that was trained and how: read from the model and the parsed arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftbench.results.record import Method, Model


def model_facts(model: Any, source: str) -> Model:
    """Return the architecture of a model as it is when training begins."""
    inner = unwrapped(model)
    config = inner.config
    config = getattr(config, "text_config", None) or config
    hidden, heads = int(config.hidden_size), int(config.num_attention_heads)
    sizes = [(_elements(one), one.requires_grad) for one in model.parameters()]
    return {
        "source": source,
        "layers": int(config.num_hidden_layers),
        "hidden": hidden,
        "heads": heads,
        "kv_heads": int(getattr(config, "num_key_value_heads", None) or heads),
        "head_dim": int(getattr(config, "head_dim", None) or hidden // heads),
        "mlp": int(getattr(config, "intermediate_size", None) or 4 * hidden),
        "vocab": int(config.vocab_size),
        "gated": any(name.endswith("gate_proj") for name, _ in inner.named_modules()),
        "tied": bool(getattr(config, "tie_word_embeddings", False)),
        "experts": getattr(config, "num_experts", getattr(config, "num_local_experts", None)),
        "parameters": sum(size for size, _ in sizes),
        "trainable": sum(size for size, trains in sizes if trains),
    }


def _elements(parameter: Any) -> int:
    """Return how many numbers a parameter holds; in 4 bit, or under ZeRO-3, it says fewer."""
    if hasattr(parameter, "ds_numel"):
        return int(parameter.ds_numel)
    state = getattr(parameter, "quant_state", None)
    if type(parameter).__name__ == "Params4bit" and state is not None:
        return int(state.shape.numel())
    return int(parameter.numel())


def unwrapped(model: Any) -> Any:
    """Return the model inside DDP, DeepSpeed, a value head and peft."""
    model = _adapted(model)
    base = getattr(model, "get_base_model", None)
    return base() if base is not None else model


def _adapted(model: Any) -> Any:
    """Return the model with its adapters, inside DDP, DeepSpeed and a value head."""
    while hasattr(model, "module") and hasattr(model.module, "parameters"):
        model = model.module
    return getattr(model, "pretrained_model", model)


def method_facts(model: Any, arguments: dict[str, Any]) -> Method:
    """Return how a model is trained.

    `arguments`: stage, finetuning_type, quantization_bit, quantization_method, packing,
    neat_packing, cutoff_len, liger, reentrant and dtype, as parsed; pref_loss of stage dpo.
    """
    inner = unwrapped(model)
    adapters = getattr(_adapted(model), "peft_config", None)
    rank, targets = None, set()
    if adapters:
        first = next(iter(adapters.values()))
        rank = getattr(first, "r", None)
        targets = {
            name.rpartition(".lora_A")[0].rpartition(".")[2]
            for name, _ in model.named_modules()
            if name.endswith(".lora_A")
        }
    return {
        "stage": arguments["stage"],
        "finetuning_type": arguments["finetuning_type"],
        "pref_loss": arguments.get("pref_loss"),
        "quantization_bit": arguments["quantization_bit"],
        "quantization_method": arguments["quantization_method"],
        "lora_rank": rank,
        "lora_targets": sorted(targets),
        "trainable_layers": _layers(inner) if arguments["finetuning_type"] == "freeze" else None,
        "whole_modules": _whole_modules(inner, arguments["finetuning_type"]),
        "gradient_checkpointing": bool(getattr(inner, "is_gradient_checkpointing", False)),
        "reentrant": arguments["reentrant"],
        "dtype": arguments["dtype"],
        "attention": str(getattr(inner.config, "_attn_implementation", "unknown")),
        "liger": arguments["liger"],
        "packing": arguments["packing"],
        "neat_packing": arguments["neat_packing"],
        "cutoff_len": arguments["cutoff_len"],
    }


def _whole_modules(model: Any, method: str) -> list[str]:
    """Return the modules that learn whole beside adapters, or beside the layers of freeze."""
    if method == "full":
        return []
    found = set()
    for name, parameter in model.named_parameters():
        chosen = method == "freeze" and "layers" in name.split(".")
        if parameter.requires_grad and not chosen and "lora_" not in name:
            path, saved, _ = name.partition(".modules_to_save.")
            owner = path if saved else path.rpartition(".")[0]
            found.add(owner.rpartition(".")[2])
    return sorted(found)


def _layers(model: Any) -> list[int]:
    """Return the numbers of the layers that have something to train."""
    found = set()
    for name, parameter in model.named_parameters():
        parts = name.split(".")
        if parameter.requires_grad and "layers" in parts:
            found.add(int(parts[parts.index("layers") + 1]))
    return sorted(found)
