"""Below which key a new one belongs."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftlint.edits.page import Pair

_SECTIONS = tuple(
    tuple(row.split())
    for row in (
        "model_name_or_path adapter_name_or_path cache_dir trust_remote_code use_fast_tokenizer"
        " image_max_pixels image_min_pixels video_max_pixels flash_attn",
        "stage do_train do_predict finetuning_type quantization_bit quantization_method"
        " double_quantization lora_rank lora_alpha lora_dropout lora_target use_rslora use_dora"
        " pref_beta pref_loss pref_ftx ref_model reward_model reward_model_type"
        " freeze_vision_tower freeze_multi_modal_projector freeze_language_model deepspeed",
        "dataset dataset_dir media_dir template cutoff_len max_samples streaming mix_strategy"
        " interleave_probs packing neat_packing train_on_prompt mask_history overwrite_cache"
        " preprocessing_num_workers dataloader_num_workers dataloader_pin_memory tokenized_path",
        "output_dir logging_steps save_strategy save_steps save_total_limit plot_loss"
        " overwrite_output_dir save_only_model report_to run_name",
        "per_device_train_batch_size gradient_accumulation_steps learning_rate num_train_epochs"
        " max_steps lr_scheduler_type warmup_ratio warmup_steps weight_decay max_grad_norm optim"
        " bf16 fp16 tf32 ddp_timeout resume_from_checkpoint gradient_checkpointing"
        " disable_gradient_checkpointing enable_liger_kernel seed",
        "eval_dataset val_size per_device_eval_batch_size do_eval eval_strategy eval_steps"
        " predict_with_generate load_best_model_at_end metric_for_best_model greater_is_better"
        " early_stopping_steps compute_accuracy",
        "export_dir export_size export_device export_legacy_format export_quantization_bit"
        " export_quantization_dataset",
    )
)
"""Keys in the order and company in which published configs mostly have them."""


def place(name: str, pairs: list[Pair], group_of: Callable[[str], str | None]) -> Pair | None:
    """Return the pair to put `name` below; None in a file without any.

    The nearest key of its section, else the last that shares the first word of its name, else the
    last of its group among LLaMA Factory's arguments, else the last there is.
    """
    known = {pair.name: pair for pair in pairs}
    for section in _SECTIONS:
        if name in section:
            at = section.index(name)
            for other in (*reversed(section[:at]), *section[at + 1 :]):
                if other in known:
                    return known[other]
    group = group_of(name)
    word = name.partition("_")[0] + "_"
    same = [pair for pair in pairs if group is not None and group_of(pair.name) == group]
    kin = [pair for pair in same if pair.name.startswith(word)]
    return next((found[-1] for found in (kin, same, pairs) if found), None)
