"""Secrets in a config are told, with where they belong; what stands in their place is none."""

from __future__ import annotations

import pytest

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.stating import stating

HEAD = """model_name_or_path: Qwen/Qwen2.5-7B-Instruct
stage: sft
do_train: true
finetuning_type: lora
dataset: x
template: qwen
output_dir: saves/run
"""
DRAWN = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7"
HEX = "0123456789abcdef" * 2 + "01234567"


def _told(text: str) -> list[tuple[str | None, str]]:
    options = Options(resolve_target("0.9.5"), stating())
    found = lint(of_text("c.yaml", HEAD + text), options).diagnostics
    return [(one.key, one.message) for one in found if one.code == "FT129"]


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        (f"hub_token: hf_{DRAWN}", "hub_token", "`HF_TOKEN`"),
        ("hub_token: SECRETVAL", "hub_token", "`HF_TOKEN`"),
        (f"swanlab_api_key: {DRAWN}", "swanlab_api_key", "`SWANLAB_API_KEY`"),
        (f"WANDB_API_KEY: {HEX}", "WANDB_API_KEY", "`WANDB_API_KEY`"),
        (f"wandb_api_key: {HEX}", "wandb_api_key", "`WANDB_API_KEY`"),
        (f"ms_hub_token: {DRAWN}", "ms_hub_token", "when the run is launched"),
        (f"hub_model_id: https://me:{DRAWN}@host/x", "hub_model_id", "secret"),
        (f"run_name: ghp_{DRAWN}00", "run_name", "GitHub"),
        (f"cache_dir: s3://AKIA{DRAWN[:16].upper()}/x", "cache_dir", "AWS"),
        (f"ray_init_kwargs: {{runtime_env: {{HF_TOKEN: hf_{DRAWN}}}}}", "ray_init_kwargs", "HF_"),
        (f"run_name: sk-proj-{DRAWN}", "run_name", "API key"),
        (f"run_name: sk-{DRAWN}", "run_name", "API key"),
        (f"run_name: sk-ant-api03-ab_{DRAWN}-x", "run_name", "API key"),
        (f"run_name: sk-{HEX[:32]}", "run_name", "API key"),
        (f"run_name: sk-or-v1-{HEX}", "run_name", "API key"),
        (f"# the old one: hf_{DRAWN}", None, "A comment contains a Hugging Face token"),
    ],
)
def test_a_secret_is_told_once_and_not_shown(text: str, key: str | None, says: str) -> None:
    ((at, message),) = _told(text + "\n")
    assert at == key
    assert says in message
    assert DRAWN not in message
    assert HEX not in message


@pytest.mark.parametrize(
    "value",
    [
        "hf_xxx", "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "<token>", "your_token", "'***'", "null",
        "${oc.env:HF_TOKEN}", "${HF_TOKEN}", "$HF_TOKEN", "YOUR_HF_TOKEN", "hf_your_token_here",
        "hf_YourTokenHere", "hf_...", "'{{ token }}'", "replace_me_123", "true", "''",
        "<your-hf-token>", "EMPTY", "none", "dummy", "sk-dummy",
    ],
)  # fmt: skip
def test_a_placeholder_is_none(value: str) -> None:
    assert _told(f"hub_token: {value}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "add_tokens: <a>,<b>",
        "max_new_tokens: 512",
        "adapter_folder: saves/hf_models/llama-3",
        "cache_dir: /data/sk-learn/and/some-other-long-names-2024",
        "run_name: sk-learn-baseline-run-v2-2024-experiment-01",
        "run_name: sk-qwen25-7b-lora-r16-lr1e-4-bs32",
        "run_name: sk-Qwen25-7B-Instruct-LoRA-r16-lr1e-4-bs32-run-2024",
        "media_dir: /home/sk-user-data-2024-experiments-of-the-group",
        "resize_vocab: true",
        "model_revision: 0123456789abcdef0123456789abcdef01234567",
        "run_name: task-sk-a1b2c3d4e5f6g7h8i9j0k1l2m3",
        "MASTER_PORT: 29500",
        "ranking_key: chosen",
    ],
)
def test_what_is_no_secret_is_not_told(text: str) -> None:
    assert _told(text + "\n") == []
