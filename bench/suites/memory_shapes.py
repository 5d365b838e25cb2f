"""The models of the suites of memory that no bundled shape has: in dimensions of nobody's."""

from __future__ import annotations

from typing import Any

_UNTIED: dict[str, Any] = {"tie_word_embeddings": False, "torch_dtype": "bfloat16"}
_TIED: dict[str, Any] = {"tie_word_embeddings": True, "torch_dtype": "bfloat16"}


def _model(
    kind: str, class_name: str, hidden: int, mlp: int, layers: int, heads: tuple[int, int],
    vocab: int, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return a config.json; `heads` are those of queries and of keys."""
    return {
        "architectures": [f"{class_name}ForCausalLM"], "model_type": kind, "hidden_size": hidden,
        "intermediate_size": mlp, "num_hidden_layers": layers, "num_attention_heads": heads[0],
        "num_key_value_heads": heads[1], "vocab_size": vocab, **more,
    }  # fmt: skip


SHAPES: dict[str, dict[str, Any]] = {
    "gemma-3-wide": _model(
        "gemma3_text", "Gemma3", 1280, 6400, 22, (8, 2), 200_000, head_dim=192,
        sliding_window=512, hidden_activation="gelu_pytorch_tanh", torch_dtype="bfloat16",
    ),
    "olmo-2-wide": _model("olmo2", "Olmo2", 1792, 9728, 18, (14, 7), 100_352, **_UNTIED),
    "gemma-1-wide": _model(
        "gemma", "Gemma", 1536, 9216, 16, (6, 1), 256_000, head_dim=256,
        hidden_act="gelu_pytorch_tanh", torch_dtype="bfloat16",
    ),
    "granite-wide": _model(
        "granite", "Granite", 1792, 7168, 28, (28, 7), 49_160, embedding_multiplier=12.0,
        residual_multiplier=0.22, attention_multiplier=0.015625, logits_scaling=8.0, **_TIED,
    ),
    "smollm-3-wide": _model("smollm3", "SmolLM3", 1792, 9472, 26, (14, 2), 128_256, **_TIED),
    "glm-4-wide": _model(
        "glm4", "Glm4", 2560, 8704, 20, (20, 2), 151_552, head_dim=128, attention_bias=True,
        partial_rotary_factor=0.5, **_UNTIED,
    ),
    "ernie-4.5-wide": _model(
        "ernie4_5", "Ernie4_5", 1280, 3584, 22, (16, 4), 103_424, head_dim=128, **_TIED
    ),
    "hunyuan-wide": _model(
        "hunyuan_v1_dense", "HunYuanDenseV1", 2048, 6656, 26, (16, 4), 120_832, head_dim=128,
        max_position_embeddings=8192, **_TIED,
    ),
    "exaone-4-wide": _model(
        "exaone4", "Exaone4", 1920, 5120, 24, (30, 6), 102_400, sliding_window=4096,
        sliding_window_pattern=4, max_position_embeddings=8192, **_TIED,
    ),
    "olmo-3-wide": _model(
        "olmo3", "Olmo3", 2304, 8192, 20, (18, 6), 100_352, sliding_window=1024,
        max_position_embeddings=8192, **_UNTIED,
    ),
    "phi-4-mini-wide": _model(
        "phi3", "Phi3", 2304, 6400, 24, (18, 6), 200_064, partial_rotary_factor=0.75,
        sliding_window=None, max_position_embeddings=8192, pad_token_id=0, **_TIED,
    ),
    "llama-mha-wide": _model(
        "llama", "Llama", 4096, 11_008, 30, (32, 32), 102_400, max_position_embeddings=8192,
        **_UNTIED,
    ),
    "glm-tall": _model(
        "glm", "Glm", 2048, 6144, 26, (16, 4), 59_264, head_dim=128, attention_bias=True,
        partial_rotary_factor=0.5, pad_token_id=0, **_UNTIED,
    ),
    "gemma-1-tall": _model(
        "gemma", "Gemma", 2304, 12_288, 12, (9, 9), 128_000, head_dim=256,
        hidden_act="gelu_pytorch_tanh", torch_dtype="bfloat16",
    ),
    "granite-tall": _model(
        "granite", "Granite", 2816, 8448, 20, (22, 2), 49_160, embedding_multiplier=12.0,
        residual_multiplier=0.22, attention_multiplier=0.0078125, logits_scaling=16.0, **_UNTIED,
    ),
    "smollm-3-small": _model(
        "smollm3", "SmolLM3", 1024, 4096, 20, (8, 8), 64_000, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, **_TIED,
    ),
    "glm-4-small": _model(
        "glm4", "Glm4", 1536, 5120, 24, (12, 4), 96_000, head_dim=128, attention_bias=True,
        partial_rotary_factor=0.5, pad_token_id=0, **_UNTIED,
    ),
    "ernie-4.5-tall": _model(
        "ernie4_5", "Ernie4_5", 2560, 9216, 14, (20, 2), 60_000, head_dim=128, **_UNTIED
    ),
    "hunyuan-small": _model(
        "hunyuan_v1_dense", "HunYuanDenseV1", 1024, 3584, 24, (8, 2), 80_000, head_dim=128,
        max_position_embeddings=8192, **_TIED,
    ),
    "exaone-4-tall": _model(
        "exaone4", "Exaone4", 2560, 8192, 16, (20, 5), 102_400, sliding_window=1024,
        sliding_window_pattern=4, max_position_embeddings=8192, **_UNTIED,
    ),
    "olmo-3-small": _model(
        "olmo3", "Olmo3", 1280, 5120, 20, (10, 10), 60_000, sliding_window=4096,
        max_position_embeddings=8192, **_UNTIED,
    ),
    "tiny": _model(
        "llama", "Llama", 64, 128, 2, (4, 2), 2048, max_position_embeddings=8192, **_UNTIED
    ),
}  # fmt: skip
