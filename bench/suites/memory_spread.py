"""The runs of bench/suites/memory.py --gpus N: how each is spread over the GPUs of one host."""

from __future__ import annotations

from typing import Any

from memory_runs import EVALUATED, LIGER, PLAIN, TWICE, Spec  # type: ignore[import-not-found]

AUTO = "auto"


def _zero(stage: int, *, offload: bool = False) -> dict[str, Any]:
    """Return the keys of a run under ZeRO, by the values of LLaMA Factory's own examples.

    torch's AdamW makes the steps on the host too: that of DeepSpeed wants a compiler.
    """
    host = {"device": "cpu", "pin_memory": True}
    zero: dict[str, Any] = {
        "stage": stage, "overlap_comm": False, "contiguous_gradients": True,
        **({"offload_optimizer": host} if offload else {}),
    }  # fmt: skip
    if stage < 3:
        zero |= {
            "allgather_partitions": True, "allgather_bucket_size": 500_000_000,
            "reduce_scatter": True, "reduce_bucket_size": 500_000_000,
            "round_robin_gradients": True,
        }  # fmt: skip
    else:
        zero |= {
            "sub_group_size": 1_000_000_000, "reduce_bucket_size": AUTO,
            "stage3_prefetch_bucket_size": AUTO, "stage3_param_persistence_threshold": AUTO,
            "stage3_max_live_parameters": 1_000_000_000,
            "stage3_max_reuse_distance": 1_000_000_000,
            "stage3_gather_16bit_weights_on_model_save": True,
            **({"offload_param": host} if offload else {}),
        }  # fmt: skip
    return {"deepspeed": {
        "train_batch_size": AUTO, "train_micro_batch_size_per_gpu": AUTO,
        "gradient_accumulation_steps": AUTO, "gradient_clipping": AUTO,
        "zero_allow_untested_optimizer": True, "bf16": {"enabled": AUTO},
        "zero_force_ds_cpu_optimizer": False, "zero_optimization": zero,
    }}  # fmt: skip


SPREADS: dict[str, dict[str, Any]] = {
    "ddp": {},
    "zero1": _zero(1), "zero2": _zero(2), "zero3": _zero(3),
    "zero2-offload": _zero(2, offload=True), "zero3-offload": _zero(3, offload=True),
    "fsdp": {"fsdp": "full_shard auto_wrap"},
}  # fmt: skip
"""By the name of the way, the keys that bring it about."""

FULL, LORA, QLORA = ("qwen2.5-1.5b", "full"), ("qwen3-8b", "lora"), ("qwen3-8b", "qlora4")
RUNS = (
    Spec(*FULL, "sft", 2, 1024, spread="zero2"),
    Spec(*LORA, "sft", 2, 1024, spread="zero3"),
    Spec(*FULL, "sft", 2, 1024, spread="zero3"),
    Spec(*LORA, "sft", 2, 1024, spread="ddp"),
    Spec(*FULL, "sft", 2, 1024, spread="fsdp"),
    Spec(*QLORA, "sft", 2, 1024, spread="zero2"),
    Spec(*FULL, "sft", 2, 1024, spread="ddp"),
    Spec(*LORA, "sft", 2, 1024, spread="zero2"),
    Spec(*FULL, "sft", 2, 1024, spread="zero1"),
    Spec(*LORA, "sft", 2, 1024, spread="fsdp"),
    Spec(*FULL, "sft", 2, 2048, {**LIGER, **PLAIN}, "zero2"),
    Spec(*QLORA, "sft", 2, 1024, spread="ddp"),
    Spec(*FULL, "sft", 4, 1024, {**LIGER, **EVALUATED}, "zero3"),
    Spec(*LORA, "sft", 1, 2048, {**LIGER, **PLAIN}, "zero2"),
    Spec(*FULL, "sft", 2, 1024, LIGER, "zero2-offload"),
    Spec(*QLORA, "sft", 1, 2048, LIGER, "fsdp"),
    Spec(*LORA, "sft", 1, 2048, LIGER, "zero3"),
    Spec(*FULL, "sft", 2, 1024, LIGER, "zero3-offload"),
    Spec(*FULL, "sft", 2, 2048, {**LIGER, **EVALUATED}, "ddp"),
    Spec(*FULL, "sft", 1, 2048, LIGER, "fsdp"),
    Spec(*LORA, "sft", 1, 1024, spread="zero1"),
    Spec(*QLORA, "sft", 1, 1024, spread="zero1"),
    Spec(*LORA, "sft", 1, 2048, LIGER, "zero3-offload"),
    Spec(*FULL, "sft", 4, 1024, TWICE, "zero1"),
)
"""In order of importance."""
SMALL = tuple(
    Spec("tiny", method, "sft", 2, 256, spread=spread)
    for method in ("full", "lora")
    for spread in ("ddp", "zero2", "fsdp")
)
