"""transformers' Trainer and peft, set up as LLaMA Factory 0.9.5 sets them up, where it is absent.

The same: weights as loaded, what is trained cast to fp32, adapters on every linear layer but the
head, checkpointing of the layers that train something, reentrant unless the config says otherwise,
rows padded to a multiple of 8. Stages sft and pt. What it does not do it refuses.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from ftbench.runners.errors import Unsupported
from ftbench.runners.hf_rows import fitted, train_and_held_out

if TYPE_CHECKING:
    from ftbench.runners.protocol import Tracker

ATTENTION = {"fa2": "flash_attention_2", "sdpa": "sdpa", "disabled": "eager", "auto": None}
REFUSED = tuple(
    """streaming neat_packing use_galore use_apollo use_badam use_adam_mini use_muon use_unsloth
    use_unsloth_gc use_llama_pro pissa_init adapter_name_or_path additional_target resize_vocab
    add_tokens add_special_tokens new_special_tokens_config split_special_tokens shift_attn
    mixture_of_depths moe_aux_loss_coef rope_scaling upcast_layernorm upcast_lmhead_output
    tokenized_path loraplus_lr_ratio mask_history train_on_prompt
    use_dft_loss use_asft_loss use_eaft_loss freeze_extra_modules eval_dataset eval_on_each_dataset
    disable_shuffling early_stopping_steps compute_accuracy predict_with_generate fp8 use_kt use_mca
    use_hyper_parallel use_v1_kernels enable_torch_profiler""".split()
)
"""Keys that change what is computed, or in which order, and are not simulated here."""
REFUSED_UNLESS = {"freeze_trainable_modules": "all", "quantization_method": "bnb",
                  "ignore_pad_token_for_loss": True}  # fmt: skip


def run(config: dict[str, Any], tracker: Tracker) -> None:
    """Train a config; raises `Unsupported` for what only LLaMA Factory does."""
    tracker.at("parse")
    _refuse(config)
    transformers: Any = importlib.import_module("transformers")
    arguments = _arguments(transformers, config)
    stage, kind = config.get("stage", "sft"), config.get("finetuning_type", "lora")
    tracker.method(
        {
            "stage": stage,
            "finetuning_type": kind,
            "quantization_bit": config.get("quantization_bit"),
            "quantization_method": "bnb" if config.get("quantization_bit") else None,
            "packing": bool(config.get("packing", stage == "pt")),
            "neat_packing": False,
            "cutoff_len": int(config["cutoff_len"]),
            "liger": bool(config.get("enable_liger_kernel")),
            "reentrant": bool(config.get("use_reentrant_gc", True)),
            "dtype": "bf16" if arguments.bf16 else "fp16" if arguments.fp16 else "fp32",
        }
    )
    tracker.at("data")
    name = config["model_name_or_path"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(name, padding_side="right")
    tokenizer = fitted(tokenizer, config)
    train, held_out = train_and_held_out(config, tokenizer)
    tracker.rows(_Lengths(train))
    tracker.at("model")
    model = _model(transformers, config, arguments)
    tracker.at("setup")
    collator = transformers.DataCollatorForSeq2Seq(
        tokenizer, model=None, padding=True, pad_to_multiple_of=8, label_pad_token_id=-100
    )
    trainer = transformers.Trainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=held_out or None,
        data_collator=_without_positions(collator),
        processing_class=tokenizer,
        callbacks=[tracker.watch.callback()],
    )
    result = trainer.train()
    trainer.save_model()
    trainer.log_metrics("train", result.metrics)
    trainer.save_state()
    if arguments.do_eval and held_out:
        trainer.evaluate()


class _Lengths:
    """Rows as a table with the one column that is asked for."""

    column_names = ("input_ids",)

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    def __getitem__(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def _refuse(config: dict[str, Any]) -> None:
    if config.get("stage", "sft") not in ("sft", "pt"):
        raise Unsupported(f"stage {config.get('stage')}: the hf runner trains sft and pt")
    if config.get("finetuning_type", "lora") not in ("lora", "full", "freeze"):
        raise Unsupported(f"finetuning_type {config['finetuning_type']} in the hf runner")
    for key in REFUSED:
        if config.get(key):
            raise Unsupported(f"{key}: the hf runner does not do this, LLaMA Factory does")
    for key, value in REFUSED_UNLESS.items():
        if config.get(key) not in (None, value):
            raise Unsupported(f"{key} other than {value}: only LLaMA Factory does this")


def _arguments(transformers: Any, config: dict[str, Any]) -> Any:
    kind = transformers.TrainingArguments
    known = {field.name for field in dataclasses.fields(kind) if field.init}
    values = {key: value for key, value in config.items() if key in known and value is not None}
    values["remove_unused_columns"] = False
    values["gradient_checkpointing"] = False  # switched on below, as LLaMA Factory does
    if config.get("finetuning_type", "lora") == "lora":
        values.setdefault("ddp_find_unused_parameters", False)
    if values.get("eval_strategy", "no") != "no":
        values["do_eval"] = True
    return kind(**values)


def _model(transformers: Any, config: dict[str, Any], arguments: Any) -> Any:
    torch: Any = importlib.import_module("torch")
    name = config["model_name_or_path"]
    shape = transformers.AutoConfig.from_pretrained(name)
    shape.use_cache = False
    attention = ATTENTION.get(str(config.get("flash_attn", "auto")))
    if attention is not None:
        shape._attn_implementation = attention
    if config.get("enable_liger_kernel"):
        liger: Any = importlib.import_module("liger_kernel.transformers")
        getattr(liger, f"apply_liger_kernel_to_{shape.model_type}")()
    options: dict[str, Any] = {"config": shape, "torch_dtype": "auto"}
    if not _sharded():
        options["device_map"] = {"": arguments.device}
    bits = config.get("quantization_bit")
    if bits:
        compute = torch.float16 if arguments.fp16 else torch.bfloat16
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_8bit=bits == 8,
            load_in_4bit=bits == 4,
            bnb_4bit_compute_dtype=compute,
            bnb_4bit_use_double_quant=config.get("double_quantization", True),
            bnb_4bit_quant_type=config.get("quantization_type", "nf4"),
            bnb_4bit_quant_storage=compute,
        )
    model = transformers.AutoModelForCausalLM.from_pretrained(name, **options)
    if not config.get("disable_gradient_checkpointing"):
        _checkpoint(torch, model, reentrant=bool(config.get("use_reentrant_gc", True)))
    model = _tuned(model, config)
    if not config.get("pure_bf16"):
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.to(torch.float32)
    model.train()
    return model


def _sharded() -> bool:
    """Return whether ZeRO-3 or FSDP places the weights."""
    found: Any = importlib.import_module("transformers.integrations")
    fsdp = os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"
    return fsdp or bool(found.is_deepspeed_zero3_enabled())


def _tuned(model: Any, config: dict[str, Any]) -> Any:
    kind = config.get("finetuning_type", "lora")
    if kind == "full":
        return model
    if kind == "freeze":
        wanted = int(config.get("freeze_trainable_layers", 2))
        layers = range(int(model.config.num_hidden_layers))
        chosen = layers[-wanted:] if wanted > 0 else layers[:-wanted]
        names = tuple(f".layers.{number}." for number in chosen)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(any(part in name for part in names))
        return model
    peft: Any = importlib.import_module("peft")
    rank = int(config.get("lora_rank", 8))
    return peft.get_peft_model(
        model,
        peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=rank,
            lora_alpha=config.get("lora_alpha") or 2 * rank,
            lora_dropout=config.get("lora_dropout", 0.0),
            use_rslora=bool(config.get("use_rslora")),
            use_dora=bool(config.get("use_dora")),
            target_modules=_targets(model, config.get("lora_target", "all")),
        ),
    )


def _targets(model: Any, wanted: Any) -> list[str]:
    names = [one.strip() for one in wanted.split(",")] if isinstance(wanted, str) else list(wanted)
    if names != ["all"]:
        return names
    head = model.get_output_embeddings()
    return sorted(
        {
            name.rpartition(".")[2]
            for name, module in model.named_modules()
            if "Linear" in type(module).__name__ and module is not head
        }
    )


def _checkpoint(torch: Any, model: Any, *, reentrant: bool) -> None:
    """Checkpoint each layer that has something to train, and only those."""
    saved = partial(torch.utils.checkpoint.checkpoint, use_reentrant=reentrant)

    def checkpoint(function: Any, *args: Any, **kwargs: Any) -> Any:
        if not any(parameter.requires_grad for parameter in _layer_of(function).parameters()):
            return function(*args, **kwargs)
        for one in args:
            if torch.is_tensor(one) and torch.is_floating_point(one):
                one.requires_grad_(True)  # else nothing inside would be given a gradient
                break
        return saved(function, *args, **kwargs)

    model._set_gradient_checkpointing(enable=True, gradient_checkpointing_func=checkpoint)


def _layer_of(function: Any) -> Any:
    """Return the layer whose forward is to be checkpointed.

    It is what the function is bound to, or, in transformers newer than LLaMA Factory takes, the
    first argument of the plain function.
    """
    called: Any = function.func if isinstance(function, partial) else function
    bound = getattr(called, "__self__", None)
    return function.args[0] if bound is None else bound


def _without_positions(collator: Any) -> Any:
    """Leave out positions where the collator pads: they are those of the padded row anyway."""

    def collate(rows: list[dict[str, Any]]) -> Any:
        positions = [row.get("position_ids") for row in rows]
        plain = [{key: row[key] for key in row if key != "position_ids"} for row in rows]
        batch = collator(plain)
        if all(positions) and batch["input_ids"].shape[1] == len(positions[0] or ()):
            torch: Any = importlib.import_module("torch")
            batch["position_ids"] = torch.tensor(positions)
        return batch

    return collate
