"""The runs of bench/suites/memory.py --set families: families and methods not seen before.

In order of importance: after the first 48 each of eight families has had six methods.
"""

from __future__ import annotations

from memory_runs import EVALUATED, LIGER, PLAIN, TWICE, Spec  # type: ignore[import-not-found]

PURE = {"pure_bf16": True, "bf16": False}
GEMMA, GRANITE, SMOLLM, GLM = "gemma-1-wide", "granite-wide", "smollm-3-wide", "glm-4-wide"
ERNIE, HUNYUAN, EXAONE, OLMO = "ernie-4.5-wide", "hunyuan-wide", "exaone-4-wide", "olmo-3-wide"
PHI, LLAMA = "phi-4-mini-wide", "llama-mha-wide"

RUNS = (
    Spec(GEMMA, "full", "sft", 2, 1024, LIGER),
    Spec(ERNIE, "oft", "sft", 8, 512),
    Spec(GRANITE, "lora", "sft", 8, 1024, {**LIGER, **PLAIN}),
    Spec(SMOLLM, "qlora4", "dpo", 2, 512),
    Spec(GLM, "full", "sft", 1, 2048, LIGER),
    Spec(HUNYUAN, "freeze", "sft", 4, 1024, PLAIN),
    Spec(EXAONE, "dora", "sft", 4, 1024),
    Spec(OLMO, "lora", "sft", 2, 2048, PLAIN),
    Spec(ERNIE, "full", "sft", 8, 1024, EVALUATED),
    Spec(GEMMA, "freeze", "sft", 4, 1024, PLAIN),
    Spec(SMOLLM, "lora", "rm", 4, 1024),
    Spec(GRANITE, "qlora4", "sft", 4, 2048),
    Spec(HUNYUAN, "full", "dpo", 1, 1024),
    Spec(GLM, "oft", "sft", 2, 1024, LIGER),
    Spec(EXAONE, "lora", "sft", 2, 4096),
    Spec(OLMO, "qlora4", "pt", 2, 2048),
    Spec(SMOLLM, "full", "sft", 2, 2048, TWICE),
    Spec(ERNIE, "lora", "kto", 4, 1024),
    Spec(GEMMA, "dora", "sft", 2, 1024),
    Spec(GRANITE, "freeze", "sft", 8, 1024, LIGER),
    Spec(EXAONE, "full", "sft", 4, 1024, PLAIN),
    Spec(HUNYUAN, "qlora4", "sft", 2, 4096),
    Spec(GLM, "lora", "sft", 4, 2048, {**LIGER, **EVALUATED}),
    Spec(OLMO, "oft", "sft", 2, 1024),
    Spec(GRANITE, "full", "pt", 2, 2048),
    Spec(ERNIE, "dora", "pt", 4, 1024),
    Spec(SMOLLM, "freeze", "pt", 2, 2048, EVALUATED),
    Spec(GEMMA, "qlora4", "sft", 4, 1024, {**LIGER, **EVALUATED}),
    Spec(OLMO, "full", "sft", 2, 1024, PURE),
    Spec(GLM, "dora", "sft", 1, 1024),
    Spec(HUNYUAN, "lora", "sft", 4, 2048, {"neat_packing": True}),
    Spec(EXAONE, "qlora4", "kto", 2, 1024),
    Spec(GEMMA, "lora", "dpo", 1, 1024),
    Spec(GRANITE, "oft", "kto", 2, 1024),
    Spec(ERNIE, "freeze", "sft", 8, 1024),
    Spec(SMOLLM, "dora", "sft", 1, 2048),
    Spec(GLM, "freeze", "sft", 2, 2048, PLAIN),
    Spec(OLMO, "dora", "sft", 2, 1024),
    Spec(HUNYUAN, "oft", "pt", 2, 1024),
    Spec(EXAONE, "freeze", "sft", 4, 2048),
    Spec(GEMMA, "oft", "sft", 2, 2048),
    Spec(GRANITE, "dora", "sft", 4, 512, PLAIN),
    Spec(SMOLLM, "oft", "sft", 4, 1024, PLAIN),
    Spec(ERNIE, "qlora4", "sft", 8, 512, PLAIN),
    Spec(GLM, "qlora4", "sft", 2, 2048, PLAIN),
    Spec(HUNYUAN, "dora", "sft", 2, 1024, PLAIN),
    Spec(OLMO, "freeze", "sft", 2, 2048, TWICE),
    Spec(EXAONE, "oft", "sft", 2, 2048, EVALUATED),
    Spec(PHI, "full", "sft", 2, 2048, LIGER),
    Spec(ERNIE, "badam", "sft", 4, 1024),
    Spec(LLAMA, "lora", "sft", 2, 2048),
    Spec(ERNIE, "apollo", "sft", 4, 1024),
    Spec(GRANITE, "qlora8", "sft", 4, 1024, LIGER),
    Spec(PHI, "lora", "sft", 4, 2048, {"packing": True}),
    Spec(ERNIE, "galore", "pt", 4, 1024),
    Spec(LLAMA, "qlora4", "sft", 4, 2048, LIGER),
    Spec(GEMMA, "badam", "sft", 2, 1024, LIGER),
    Spec(HUNYUAN, "apollo", "pt", 2, 1024),
    Spec(PHI, "qlora8", "sft", 2, 1024, PLAIN),
    Spec(LLAMA, "oft", "sft", 1, 2048),
    Spec(GEMMA, "apollo", "sft", 2, 1024, PURE),
    Spec(SMOLLM, "lora", "sft", 4, 1024, {"upcast_layernorm": True, **PLAIN}),
    Spec(PHI, "freeze", "pt", 2, 1024, PLAIN),
    Spec(LLAMA, "lora", "sft", 2, 1024, {**PLAIN, **LIGER}),
    Spec(GRANITE, "badam", "sft", 4, 1024, PLAIN),
    Spec(HUNYUAN, "lora", "sft", 2, 1024, {"flash_attn": "disabled"}),
    Spec(PHI, "lora", "dpo", 1, 1024, EVALUATED),
    Spec(OLMO, "full", "kto", 1, 1024),
    Spec(EXAONE, "full", "sft", 2, 1024, {"optim": "adafactor"}),
    Spec(GLM, "qlora8", "sft", 2, 1024, EVALUATED),
    Spec(LLAMA, "badam", "sft", 1, 1024),
    Spec(SMOLLM, "lora", "sft", 2, 1024, {"additional_target": "embed_tokens,lm_head"}),
    Spec(EXAONE, "lora", "sft", 4, 2048, {"lora_target": "q_proj,v_proj", "lora_rank": 64}),
    Spec(ERNIE, "galore", "sft", 4, 1024, PURE),
)
CAPPED = (0, 2, 9, 4, 16, 20, 7, 22, 44, 24, 50, 39, 54, 30, 48)
"""Runs that are made twice more, after all others: with what is said to be enough, and with less
than is allocated."""
SMALL = tuple(
    Spec("tiny", method, "sft", 2, 256, keys)
    for method, keys in (
        ("oft", {}), ("oft", PLAIN), ("galore", {}), ("apollo", EVALUATED), ("badam", {}),
    )
)  # fmt: skip
