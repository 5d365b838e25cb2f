"""What a config keeps secret no report shows: not in an excerpt, not in a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.target.secrets import masked
from ftlint.target.variables import is_secret
from ftschemas.compiled import KEYS
from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

BASE = "model_name_or_path: m\nstage: sft\ndo_train: true\ntemplate: qwen\n"

WRITTEN = {
    "slip": "swanlab_api_ky: SECRETX",
    "slips-of-others": "hf_hub_tokn: SECRETX\nswanlab_lark_secrt: SECRETX\npasword: SECRETX",
    "webhook": "use_swanlab: true\nswanlab_lark_webhook_url: https://host/SECRETX\nfoo: 1",
    "webhook-unused": "swanlab_lark_webhook_url: https://host/SECRETX",
    "webhook-slip": "swanlab_lark_webhok_url: https://host/SECRETX",
    "joined": "swanlabapikey: SECRETX\nhfHubToken: SECRETX",
    "twice": "hf_hub_token: SECRETX\nhf_hub_token: SECRETX2",
    "wrong-type": "hf_hub_token: [SECRETX]\nhub_token: {a: SECRETX}",
    "variable": "WANDB_API_KEY: SECRETX",
    "in-a-row": "x_config: {a: 1, hub_tken: SECRETX}",
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("form", ["text", "concise", "json", "github"])
def test_no_report_shows_a_secret(name: str, form: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"{BASE}{WRITTEN[name]}\n", encoding="utf-8")
    done = invoke("--isolated", str(path), "--output-format", form)
    assert "FT" in done.out
    assert "SECRETX" not in done.out + done.err


def test_a_message_quotes_no_secret_of_its_key(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(
        '{"model_name_or_path": "m", "stage": "sft", "template": "q", "hf_hub_token": "SECRETX",'
        ' "learnig_rate": 1}',
        encoding="utf-8",
    )
    done = invoke("--isolated", str(tmp_path / "c.json"))
    assert "learnig_rate" in done.out
    assert "SECRETX" not in done.out


def test_the_secrets_among_the_keys_are_these() -> None:
    assert {name for name in KEYS if is_secret(name)} == {
        "hf_hub_token", "hub_token", "ms_hub_token", "om_hub_token", "push_to_hub_token",
        "swanlab_api_key", "swanlab_lark_secret", "swanlab_lark_webhook_url",
    }  # fmt: skip


def test_what_is_no_secret_is_shown() -> None:
    for line in ("max_tokens: 512", "learnig_rate: 1e-4", "tokenized_path: a", "x: [a, b]"):
        assert masked(line, 0, len(line)) == line
