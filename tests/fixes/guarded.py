"""Keys whose value no repair may change by itself: data, loss, rate, length, model, secret."""

from __future__ import annotations

import re
from typing import Literal

Guard = Literal["data", "loss", "rate", "length", "model", "secret"]

_GUARDED: dict[Guard, str] = {
    "data": """dataset eval_dataset dataset_dir media_dir image_dir tokenized_path template val_size
        max_samples mix_strategy interleave_probs streaming packing neat_packing train_on_prompt
        mask_history default_system tool_format split_special_tokens overwrite_cache
        ignore_pad_token_for_loss add_tokens add_special_tokens new_special_tokens seed data_seed
        disable_shuffling enable_thinking do_train do_eval do_predict""",
    "loss": """stage pref_beta pref_ftx pref_loss pref_bco_weight dpo_label_smoothing simpo_gamma
        ld_alpha kto_chosen_weight kto_rejected_weight use_dft_loss use_asft_loss asft_alpha
        use_eaft_loss eaft_alpha label_smoothing_factor ref_model ref_model_adapters reward_model
        reward_model_adapters reward_model_type moe_aux_loss_coef neftune_noise_alpha
        ppo_epochs ppo_target ppo_score_norm ppo_whiten_rewards""",
    "rate": """learning_rate lr_scheduler_type lr_scheduler_kwargs warmup_steps warmup_ratio
        num_train_epochs max_steps per_device_train_batch_size gradient_accumulation_steps optim
        optim_args weight_decay max_grad_norm adam_beta1 adam_beta2 adam_epsilon loraplus_lr_ratio
        loraplus_lr_embedding train_sampling_strategy group_by_length resume_from_checkpoint
        overwrite_output_dir bf16 fp16 pure_bf16""",
    "length": """cutoff_len max_length max_new_tokens generation_max_length image_max_pixels
        image_min_pixels image_resolution video_max_pixels video_min_pixels video_resolution
        video_fps video_maxlen audio_sampling_rate rope_scaling""",
    "model": """model_name_or_path adapter_name_or_path finetuning_type lora_rank lora_alpha
        lora_target lora_dropout additional_target freeze_trainable_layers freeze_trainable_modules
        freeze_extra_modules create_new_adapter use_dora use_rslora pissa_init quantization_bit
        quantization_method quantization_type freeze_vision_tower freeze_multi_modal_projector
        freeze_language_model use_galore use_apollo use_badam""",
}
_OF: dict[str, Guard] = {key: guard for guard, keys in _GUARDED.items() for key in keys.split()}
_SECRET = re.compile(
    r"(^|_)(api_key|apikey|secret|password|passwd|webhook_url)$|^token$"
    r"|(^|_)(hub|hf|ms|om|auth|access|api|login)_token$",
    re.I,
)
_SPELLINGS = {"none": "null", "nil": "null", "~": "null", "": "null"}


def guard_of(key: str) -> Guard | None:
    """Return what a key decides that no repair may change by itself, if it does."""
    return "secret" if _SECRET.search(key) else _OF.get(key)


def same_value(old: str | None, new: str | None) -> bool:
    """Return whether two values as written are one in two spellings: `1e-4`, "1e-4" and 1.0e-4."""
    return old is not None and new is not None and _plain(old) == _plain(new)


def _plain(text: str) -> object:
    bare = text.split(" #")[0].strip().strip("'\"").replace("_", "")
    try:
        return float(bare)
    except ValueError:
        folded = bare.lower()
        return _SPELLINGS.get(folded, folded)
