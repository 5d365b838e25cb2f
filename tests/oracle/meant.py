"""For every key: a value that is plainly meant by it, and the base config in which it matters."""

from __future__ import annotations

from typing import Any

MEANT: dict[str, Any] = {
    "model_name_or_path": "tiny",
    "adapter_name_or_path": "adapter",
    "adapter_folder": ".",
    "cache_dir": "cache",
    "add_tokens": "x1,x2",
    "add_special_tokens": "<x>,<y>",
    "new_special_tokens_config": "tokens.yaml",
    "rope_scaling": "linear",
    "flash_attn": "sdpa",
    "infer_dtype": "float32",
    "offload_folder": "offload",
    "moe_aux_loss_coef": 0.5,
    "quantization_bit": 4,
    "ref_model_quantization_bit": 4,
    "reward_model_quantization_bit": 4,
    "export_quantization_bit": 4,
    "image_max_pixels": 589824,
    "image_min_pixels": 1024,
    "video_max_pixels": 65536,
    "video_min_pixels": 256,
    "template": "empty",
    "dataset": "alpaca",
    "eval_dataset": "held_out",
    "dataset_dir": "data",
    "media_dir": "data",
    "cutoff_len": 64,
    "mix_strategy": "interleave_over",
    "interleave_probs": "0.5,0.5",
    "preprocessing_num_workers": 2,
    "max_samples": 16,
    "val_size": 0.25,
    "tool_format": "default",
    "default_system": "w1 w2",
    "tokenized_path": "tokenized",
    "output_dir": "out",
    "learning_rate": 1.0e-4,
    "lr_scheduler_type": "cosine",
    "lr_scheduler_kwargs": {"num_cycles": 1},
    "optim": "adamw_torch",
    "optim_args": "a=1",
    "adam_beta1": 0.9,
    "adam_beta2": 0.999,
    "adam_epsilon": 1.0e-8,
    "max_steps": 2,
    "gradient_checkpointing_kwargs": {"use_reentrant": False},
    "torch_compile_backend": "eager",
    "torch_compile_mode": "default",
    "liger_kernel_config": {"rope": True},
    "torch_empty_cache_steps": 1,
    "save_total_limit": 1,
    "logging_dir": "logs",
    "log_level": "warning",
    "log_level_replica": "warning",
    "report_to": "none",
    "run_name": "w1",
    "eval_strategy": "epoch",
    "eval_delay": 1,
    "eval_accumulation_steps": 1,
    "include_for_metrics": ["loss"],
    "include_num_input_tokens_seen": "all",
    "save_strategy": "epoch",
    "metric_for_best_model": "eval_loss",
    "data_seed": 7,
    "accelerator_config": {"split_batches": False},
    "dataloader_num_workers": 1,
    "dataloader_prefetch_factor": 2,
    "label_names": ["labels"],
    "train_sampling_strategy": "sequential",
    "ddp_backend": "gloo",
    "ddp_bucket_cap_mb": 25,
    "fsdp": "",
    "fsdp_config": {"min_num_params": 0},
    "deepspeed": {"zero_optimization": {"stage": 2}},
    "debug": "underflow_overflow",
    "resume_from_checkpoint": "ran/checkpoint-1",
    "generation_max_length": 24,
    "generation_num_beams": 1,
    "eval_num_beams": 1,
    "generation_config": "tiny",
    "ray_init_kwargs": {"num_cpus": 1},
    "profile_modules": "model",
    "profiler_output_dir": "profile",
    "freeze_trainable_modules": "self_attn",
    "freeze_extra_modules": "lm_head",
    "additional_target": "lm_head",
    "oft_target": "q_proj,v_proj",
    "lora_target": "q_proj,v_proj",
    "lora_rank": 4,
    "lora_alpha": 8,
    "loraplus_lr_ratio": 16.0,
    "pref_loss": "hinge",
    "ld_alpha": 0.5,
    "ref_model": "tiny",
    "ref_model_adapters": "adapter",
    "reward_model": "tiny",
    "reward_model_adapters": "adapter",
    "reward_model_type": "full",
    "early_stopping_steps": 2,
    "badam_start_block": 1,
    "max_length": 24,
    "max_new_tokens": 4,
    "top_k": 5,
    "vllm_config": {"max_model_len": 64},
    "sglang_config": {"context_length": 64},
    "resources_per_worker": {"CPU": 1},
}
"""Where the default says it less well: paths of the fixture, small sizes, values for null."""

WHOLE: dict[str, int] = {
    "adam_beta1": 0,
    "adam_beta2": 0,
    "adam_epsilon": 1,
    "val_size": 4,
    "lora_dropout": 0,
    "module_dropout": 0,
    "label_smoothing_factor": 0,
    "dpo_label_smoothing": 0,
    "warmup_ratio": 0,
}
"""A whole number that a number key can take where 1 cannot be (or would be something else)."""

MAPPING: dict[str, dict[str, Any]] = {"dataset_dir": {"alpaca": {"hf_hub_url": "hub/alpaca"}}}
"""A mapping that a key for text can take."""

FRACTION: dict[str, float] = {"logging_steps": 0.5, "eval_steps": 0.5, "save_steps": 0.5}

_BY_BASE: dict[str, str] = {
    "full": "use_adam_mini use_asft_loss",
    "galore": "use_galore galore_target galore_rank galore_update_interval galore_scale "
    "galore_proj_type galore_layerwise",
    "apollo": "use_apollo apollo_target apollo_rank apollo_update_interval apollo_scale "
    "apollo_proj apollo_proj_type apollo_scale_type apollo_layerwise apollo_scale_front",
    "badam": "use_badam badam_mode badam_start_block badam_switch_mode badam_switch_interval "
    "badam_verbose",
    "badam_ratio": "badam_update_ratio badam_mask_mode",
    "quantized": "quantization_bit quantization_method quantization_type double_quantization "
    "upcast_layernorm upcast_lmhead_output",
    "freeze": "freeze_trainable_layers freeze_trainable_modules freeze_extra_modules use_llama_pro",
    "oft": "oft_rank oft_block_size oft_target module_dropout",
    "adapter": "adapter_name_or_path adapter_folder create_new_adapter offload_folder cache_dir "
    "model_revision",
    "loraplus": "loraplus_lr_ratio loraplus_lr_embedding",
    "pissa": "pissa_init pissa_iter pissa_convert",
    "dpo": "pref_beta pref_ftx pref_bco_weight pref_loss dpo_label_smoothing ld_alpha",
    "dpo_full": "ref_model ref_model_adapters ref_model_quantization_bit",
    "simpo": "simpo_gamma",
    "kto": "kto_chosen_weight kto_rejected_weight",
    "ppo": "ppo_buffer_size ppo_epochs ppo_score_norm ppo_target ppo_whiten_rewards reward_model "
    "reward_model_adapters reward_model_quantization_bit reward_model_type",
    "asft": "asft_alpha",
    "eaft": "eaft_alpha",
    "eval": "eval_strategy eval_steps eval_delay per_device_eval_batch_size "
    "per_gpu_eval_batch_size eval_do_concat_batches eval_on_start eval_use_gather_object "
    "eval_accumulation_steps predict_with_generate bf16_full_eval fp16_full_eval "
    "use_legacy_prediction_loop jit_mode_eval eval_on_each_dataset do_eval past_index",
    "accuracy": "prediction_loss_only include_for_metrics batch_eval_metrics "
    "include_inputs_for_metrics compute_accuracy",
    "best": "load_best_model_at_end metric_for_best_model greater_is_better early_stopping_steps",
    "saving": "save_only_model save_strategy save_steps save_on_each_node save_total_limit "
    "save_safetensors enable_jit_checkpoint",
    "predict": "do_predict do_sample temperature top_p top_k num_beams "
    "max_length max_new_tokens repetition_penalty length_penalty skip_special_tokens "
    "eval_num_beams",
    "generate": "generation_max_length generation_num_beams generation_config",
    "mix": "mix_strategy interleave_probs",
    "packing": "packing neat_packing",
    "streaming": "streaming buffer_size",
    "workers": "dataloader_num_workers dataloader_prefetch_factor dataloader_persistent_workers "
    "dataloader_pin_memory",
    "resume": "resume_from_checkpoint ignore_data_skip restore_callback_states_from_checkpoint",
    "restarts": "lr_scheduler_kwargs",
    "checkpointing": "gradient_checkpointing gradient_checkpointing_kwargs use_reentrant_gc",
    "profiler": "enable_torch_profiler profiler_output_dir profiler_wait_steps "
    "profiler_warmup_steps profiler_active_steps profiler_repeat profiler_record_shapes "
    "profiler_profile_memory profiler_with_stack",
    "tokens": "init_special_tokens",
}
BASE_OF = {key: name for name, keys in _BY_BASE.items() for key in keys.split()}
"""Keys that do nothing in the plain LoRA base -> the base in which they do."""

BESIDE: dict[str, dict[str, Any]] = {
    "rope_scaling": {"cutoff_len": 8192},
    "oft_rank": {"oft_block_size": 0},
    "max_length": {"max_new_tokens": 0},
    "length_penalty": {"num_beams": 2},
    "init_special_tokens": {"add_special_tokens": "<x>"},
    "predict_with_generate": {"cutoff_len": 24},
    "export_quantization_bit": {"export_quantization_dataset": "alpaca"},
    "split_special_tokens": {"use_fast_tokenizer": False},
}
"""What else has to be said for a key to matter."""

HANDED_ON = (
    *("do_sample", "temperature", "top_p", "top_k", "num_beams", "max_length", "max_new_tokens"),
    *("repetition_penalty", "length_penalty", "bf16"),
)
"""Keys that matter though nobody reads them after parsing: those of `generate` are copied out of
their object together, bf16 becomes the precision while arguments are parsed."""


IDLE = frozenset(
    """moe_aux_loss_coef image_max_pixels image_min_pixels image_do_pan_and_scan crop_to_patches
    video_max_pixels video_min_pixels video_fps video_maxlen use_audio_in_video audio_sampling_rate
    infer_dtype ddp_find_unused_parameters ddp_bucket_cap_mb ddp_broadcast_buffers
    ddp_static_graph freeze_vision_tower freeze_multi_modal_projector freeze_language_model
    trust_remote_code hf_hub_token""".split()
)
"""Keys that are looked at, but whose value cannot matter here: no experts, pictures or sound, one
process, no hub."""


def meant(key: str, schema: dict[str, Any]) -> Any:
    """A value that a practitioner would write, of the kind that the key is declared to take."""
    if key in MEANT:
        return MEANT[key]
    default, kinds = schema.get("default"), _kinds(schema)
    if "boolean" in kinds:
        return not default
    if "enum" in schema and (default is None or default == ""):
        return next(choice for choice in schema["enum"] if choice)
    if "integer" in kinds:
        return default if default and default > 0 else 2
    if "number" in kinds:
        return default or 0.1
    if "object" in kinds and "string" not in kinds:
        return {}
    if "array" in kinds and "string" not in kinds:
        return ["w1"]
    return default or "w1"


def values(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Kind of value -> a value of that kind, as near to what is meant as the kind allows."""
    plain, kinds = meant(key, schema), _kinds(schema)
    number = isinstance(plain, (int, float)) and not isinstance(plain, bool)
    whole = WHOLE.get(key, int(plain) if number and plain == int(plain) else 1)
    fraction = plain if number and plain != int(plain) else FRACTION.get(key, whole + 0.5)
    found = {
        "null": None,
        "true": True,
        "false": False,
        "int": whole,
        "whole_float": float(whole),
        "float": fraction,
        "int_text": str(whole),
        "float_text": f"{fraction:g}",
        "text": plain if isinstance(plain, str) else None,
        "word": "banana",
        "true_text": "true",
        "false_text": "false",
        "empty_text": "",
        "list": plain if isinstance(plain, list) else [plain],
        "mapping": plain if isinstance(plain, dict) else MAPPING.get(key, {"a": 1}),
    }
    if isinstance(plain, str) and "array" in kinds:
        found["list"] = plain.split(",")
    if not isinstance(plain, str):
        del found["text"]
    return found


def _kinds(schema: dict[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)
