"""Plain configs that really train in the fixture: one for every way of training that a CPU can do.

They are where the probe changes one key at a time, and where the generator starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

COMMON: dict[str, Any] = {
    "model_name_or_path": "tiny",
    "stage": "sft",
    "do_train": True,
    "finetuning_type": "lora",
    "dataset": "alpaca",
    "template": "empty",
    "output_dir": "out",
    "report_to": "none",
    "logging_steps": 1,
    "learning_rate": 1.0e-4,
    "num_train_epochs": 1.0,
    "per_device_train_batch_size": 8,
}

_EVALUATED = {
    "eval_dataset": "held_out",
    "eval_strategy": "steps",
    "eval_steps": 1,
    "per_device_eval_batch_size": 2,
}
_OTHER_OPTIMIZER = {"finetuning_type": "full", "optim": "adamw_torch"}
"""GaLore, APOLLO and BAdam's ratio mode cannot stand in for the default, adamw_torch_fused."""
_DPO = {"stage": "dpo", "dataset": "pairs"}
_BEST = {
    "save_strategy": "steps",
    "save_steps": 1,
    "load_best_model_at_end": True,
    "metric_for_best_model": "eval_loss",
}

BASES: dict[str, dict[str, Any]] = {
    "lora": {},
    "full": {"finetuning_type": "full"},
    "freeze": {"finetuning_type": "freeze"},
    "oft": {"finetuning_type": "oft"},
    "adapter": {"adapter_name_or_path": "adapter"},
    "dora": {"use_dora": True},
    "loraplus": {"loraplus_lr_ratio": 16.0},
    "pissa": {"pissa_init": True},
    "quantized": {"quantization_bit": 4},
    "galore": {"use_galore": True, **_OTHER_OPTIMIZER},
    "apollo": {"use_apollo": True, **_OTHER_OPTIMIZER},
    "badam": {"use_badam": True, **_OTHER_OPTIMIZER},
    "badam_ratio": {"use_badam": True, "badam_mode": "ratio", **_OTHER_OPTIMIZER},
    "adam_mini": {"use_adam_mini": True, "finetuning_type": "full"},
    "pt": {"stage": "pt", "dataset": "corpus", "cutoff_len": 32},
    "rm": {"stage": "rm", "dataset": "pairs"},
    "kto": {"stage": "kto", "dataset": "labelled"},
    "dpo": _DPO,
    "dpo_full": {**_DPO, "finetuning_type": "full", "ref_model": "tiny"},
    "simpo": {**_DPO, "pref_loss": "simpo"},
    "ppo": {
        "stage": "ppo",
        "reward_model": "tiny",
        "reward_model_type": "full",
        "max_new_tokens": 4,
        "per_device_train_batch_size": 4,
    },
    "asft": {"use_asft_loss": True, "finetuning_type": "full"},
    "eaft": {"use_eaft_loss": True},
    "eval": _EVALUATED,
    "val": {"val_size": 0.25, "eval_strategy": "epoch"},
    "best": {**_EVALUATED, **_BEST},
    "accuracy": {**_EVALUATED, "compute_accuracy": True},
    "predict": {
        "eval_dataset": "held_out",
        "do_predict": True,
        "predict_with_generate": True,
        "max_new_tokens": 4,
    },
    # While training, generation goes on to generation_max_length whatever max_new_tokens says.
    "generate": {**_EVALUATED, "predict_with_generate": True, "cutoff_len": 24},
    "mix": {"dataset": "alpaca,alpaca_b", "mix_strategy": "interleave_under"},
    "packing": {"packing": True, "cutoff_len": 64},
    "streaming": {"streaming": True, "max_steps": 3, "dataloader_num_workers": 1},
    "workers": {"dataloader_num_workers": 1},
    "saving": {"save_strategy": "steps", "save_steps": 1},
    "resume": {"output_dir": "ran", "resume_from_checkpoint": "ran/checkpoint-1"},
    "cosine_min": {
        "lr_scheduler_type": "cosine_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr": 0.0},
    },
    "restarts": {
        "lr_scheduler_type": "cosine_with_restarts",
        "lr_scheduler_kwargs": {"num_cycles": 1},
    },
    "checkpointing": {"gradient_checkpointing": True},
    "profiler": {"enable_torch_profiler": True},
    "length": {"train_sampling_strategy": "group_by_length"},
    "group_by_length": {"group_by_length": True},
    "tokens": {"add_tokens": "x1,x2"},
}


def base(name: str) -> dict[str, Any]:
    """The whole config of a base."""
    return {**COMMON, **BASES[name]}


def trains(name: str, release: str, keys: Collection[str]) -> bool:
    """Return whether a base can train under a release that accepts `keys`.

    LLaMA Factory 0.9.4 and later cannot run ppo: they ask for a trl that their own pins exclude.
    The transformers beside 0.9.3 knows no quantized model on a CPU.
    """
    if name in (("oft", "quantized") if release < "0.9.4" else ("ppo",)):
        return False
    return all(key in keys for key in BASES[name])
