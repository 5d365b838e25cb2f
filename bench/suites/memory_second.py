"""The runs of bench/suites/memory.py --set second: made after the law was mended by `families`.

Other dimensions, lengths and batches than there, real shapes that no run was of, and optimizers. In
order of importance.
"""

from __future__ import annotations

from memory_families import PURE  # type: ignore[import-not-found]
from memory_runs import EVALUATED, LIGER, PLAIN, TWICE, Spec  # type: ignore[import-not-found]

GLM, GLM4, GEMMA, GRANITE = "glm-tall", "glm-4-small", "gemma-1-tall", "granite-tall"
SMOLLM, ERNIE, HUNYUAN = "smollm-3-small", "ernie-4.5-tall", "hunyuan-small"
EXAONE, OLMO = "exaone-4-tall", "olmo-3-small"


def _optim(name: str) -> dict[str, str]:
    return {"optim": name}


RUNS = (
    Spec(EXAONE, "full", "sft", 1, 1536, _optim("adafactor")),
    Spec(GLM4, "lora", "sft", 6, 1536, LIGER),
    Spec(GRANITE, "full", "pt", 3, 1536),
    Spec(HUNYUAN, "oft", "sft", 5, 768),
    Spec("qwen3-4b", "lora", "sft", 3, 1536, PLAIN),
    Spec(SMOLLM, "full", "sft", 8, 768, LIGER),
    Spec(ERNIE, "qlora4", "sft", 3, 3072),
    Spec(GEMMA, "full", "sft", 3, 768, {**LIGER, **_optim("adafactor")}),
    Spec(OLMO, "full", "sft", 6, 768, _optim("rmsprop")),
    Spec("qwen2.5-3b", "dora", "sft", 1, 1536),
    Spec(GLM, "full", "sft", 2, 1536, TWICE),
    Spec(HUNYUAN, "full", "dpo", 3, 768),
    Spec("llama-3-8b", "qlora4", "sft", 3, 1536, LIGER),
    Spec(EXAONE, "freeze", "sft", 3, 1536, EVALUATED),
    Spec(GRANITE, "freeze", "sft", 6, 768, LIGER),
    Spec(GLM4, "oft", "sft", 3, 768, {**LIGER, **PLAIN}),
    Spec(SMOLLM, "lora", "kto", 6, 768),
    Spec(ERNIE, "full", "pt", 3, 768, _optim("adamw_8bit")),
    Spec(OLMO, "badam", "sft", 6, 1536),
    Spec(GEMMA, "lora", "sft", 5, 1536, {"packing": True}),
    Spec("qwen2.5-7b", "freeze", "sft", 1, 1536, LIGER),
    Spec(HUNYUAN, "apollo", "sft", 5, 1536),
    Spec(GLM, "lora", "dpo", 2, 768, EVALUATED),
    Spec(EXAONE, "qlora8", "sft", 3, 768, PLAIN),
    Spec(GRANITE, "lora", "sft", 3, 3072, LIGER),
    Spec(GLM4, "full", "sft", 5, 768, PURE),
    Spec(SMOLLM, "galore", "sft", 5, 768),
    Spec(ERNIE, "lora", "sft", 2, 3072, {"lora_rank": 128}),
    Spec(OLMO, "dora", "pt", 3, 1536),
    Spec("gemma-2-9b", "qlora4", "sft", 1, 1536, {"flash_attn": "sdpa", **LIGER}),
    Spec(GEMMA, "freeze", "pt", 3, 1536, LIGER),
    Spec(HUNYUAN, "full", "sft", 16, 640, _optim("adamw_torch")),
    Spec(GLM, "qlora4", "kto", 3, 768),
    Spec(EXAONE, "badam", "sft", 2, 1536, PLAIN),
    Spec("qwen3-4b", "qlora8", "sft", 2, 1536, EVALUATED),
    Spec(GRANITE, "oft", "sft", 3, 1536),
    Spec(GLM4, "freeze", "sft", 6, 1536, LIGER),
    Spec(SMOLLM, "dora", "sft", 6, 768, LIGER),
    Spec(ERNIE, "full", "sft", 2, 1536, {"optim": "sgd", **TWICE}),
    Spec(OLMO, "lora", "dpo", 3, 768),
    Spec("llama-3-8b", "lora", "sft", 1, 3072, {**LIGER, **EVALUATED}),
    Spec(GEMMA, "galore", "sft", 2, 768, PURE),
    Spec(HUNYUAN, "qlora4", "sft", 16, 640, LIGER),
    Spec(GLM, "oft", "sft", 2, 1536, PLAIN),
    Spec(EXAONE, "lora", "pt", 3, 3072),
    Spec("qwen2.5-3b", "full", "sft", 1, 768, LIGER),
    Spec(GRANITE, "apollo", "sft", 2, 768, PURE),
    Spec(GLM4, "badam", "sft", 3, 1536, LIGER),
    Spec(SMOLLM, "full", "pt", 5, 1536, _optim("adagrad")),
    Spec(ERNIE, "dora", "sft", 2, 1536, EVALUATED),
    Spec(OLMO, "qlora8", "sft", 5, 1536),
    Spec(GEMMA, "oft", "sft", 3, 768, LIGER),
    Spec(HUNYUAN, "lora", "sft", 5, 1536, {"neat_packing": True, **PLAIN}),
    Spec(GLM, "freeze", "sft", 5, 768, PLAIN),
    Spec(EXAONE, "dora", "sft", 2, 768),
    Spec("qwen2.5-7b", "lora", "sft", 2, 1536, LIGER),
    Spec(GRANITE, "qlora4", "dpo", 2, 768),
    Spec(GLM4, "full", "kto", 3, 768),
    Spec(SMOLLM, "freeze", "sft", 6, 1536, _optim("lion_8bit")),
    Spec(ERNIE, "apollo", "pt", 3, 1536),
    Spec(OLMO, "full", "sft", 5, 1536, _optim("paged_adamw_8bit")),
    Spec(GEMMA, "lora", "rm", 3, 768),
    Spec(HUNYUAN, "lora", "rm", 5, 768, EVALUATED),
)
CAPPED = (5, 7, 10, 2, 12, 13, 20, 24, 31, 36, 40, 44, 45, 25, 53)
"""Runs that are made twice more, after all others."""
