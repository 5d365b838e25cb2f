"""No output shows a secret that a config holds: no format, no difference, no kept result."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ftlint.report import FORMATS
from ftlint.target.secrets import masked, secrets_in
from tests.cli.forked import process

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "SECRETVAL"
TOKEN = f"hf_{VALUE}1{VALUE}2{VALUE}3"
HEAD = """model_name_or_path: m
stage: sft
do_train: true
finetuning_type: lora
dataset: d
template: qwen
output_dir: o
"""
TEXTS = {
    "twice.yaml": f"{HEAD}hub_token: {VALUE}\nhub_token: {VALUE}2\n",
    "grammar.yaml": f"{HEAD}hub_token: hf_{VALUE}${{x\n",
    "gap.yaml": f"{HEAD}hf_hub_token: <hf_{VALUE}>\nms_hub_token: ${{oc.env:FOO,{VALUE}}}\n",
    "beside.yaml": f"{HEAD}lerning_rate: 1.0e-4\nhub_token: {VALUE}\nlogging_steps: 10\n",
    "variable.yaml": f"{HEAD}WANDB_API_KEY: {VALUE}  # mine\nHF_TOKEN: '{VALUE}'\n",
    "flow.yaml": f"{HEAD}deepspeed: {{hf_hub_token: {VALUE}, x: 1}}\n"
    f"{{WANDB_API_KEY: {VALUE}}}: 1\n",
    "shell.yaml": f"{HEAD}export WANDB_API_KEY: {VALUE}\n",
    "address.yaml": f"{HEAD}https://user:{VALUE}@host: 1\nhub_model_id: https://a:{VALUE}@b\n",
    "block.yaml": f"{HEAD}foo: 1\nhub_token: |\n  {VALUE}\n  more {VALUE}\nbar: 1\n",
    "line.json": f'{{"model_name_or_path": "m", "stage": "sft", "template": "qwen", '
    f'"finetuning_type": "lora", "hf_hub_token": "{VALUE}", "api_key": "{VALUE}"}}',
    "form.yaml": f"{HEAD}# {TOKEN}\nresume_from_checkpoint: {TOKEN}\nlerning_rate: {TOKEN}\n"
    f"hub_token: [{TOKEN}]\neval_dataset: {TOKEN}\nsave_strategy: {TOKEN}\n",
    "edit.yaml": f"{HEAD}hub_token: {TOKEN}\nbf16: 'true'\nlora_alpha: '{TOKEN}'\n"
    f"additional_target: 'a:{TOKEN}'\n",
    "broken.yaml": f"{HEAD}hub_token: {VALUE}\n  x: [\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_shows_a_secret(folder: Path, form: str) -> None:
    done = process("--output-format", form, ".", folder=folder)
    assert done.status == 1
    assert "hub_token" in done.out
    assert VALUE not in done.out + done.err


OTHERS = {
    "ds.json": f'{{"train_micro_batch_size_per_gpu": "auto", "zero_optimization": '
    f'{{"stage": "{TOKEN}"}}, "scheduler": {{"type": "WarmupLR", "params": {{"{TOKEN}": 1}}}}}}',
    "deep.yaml": f"{HEAD}deepspeed: ds.json\n",
    "train.yaml": HEAD.replace("output_dir: o", "output_dir: saves/run").replace("qwen", TOKEN)
    + f"add_tokens: {TOKEN}\n",
    "export.yaml": "model_name_or_path: m\nadapter_name_or_path: saves/run\ntemplate: llama3\n"
    "finetuning_type: lora\nexport_dir: merged\n",
}
"""Files whose secrets are of other files than the one that is judged."""


@pytest.mark.parametrize("form", [*FORMATS, "steps", "steps-json"])
def test_no_secret_of_another_file_is_shown(tmp_path: Path, form: str) -> None:
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text, "utf-8")
    steps = {"steps": "text", "steps-json": "json"}.get(form)
    if steps is None:
        done = process("--output-format", form, "deep.yaml", "export.yaml", folder=tmp_path)
        said = {"FT658", "FT4123"} if form in ("text", "concise", "json") else set()
    else:
        done = process("steps", "deep.yaml", "--output-format", steps, folder=tmp_path)
        said = {"FT4123"}
    assert all(code in done.out for code in said)
    assert VALUE not in done.out + done.err


@pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes"])
def test_no_repair_tells_one(folder: Path, option: str) -> None:
    done = process(option, ".", folder=folder)
    assert VALUE not in done.out + done.err
    for name, text in TEXTS.items():
        assert (folder / name).read_text("utf-8").count(VALUE) == text.count(VALUE)


def test_a_plan_tells_none(folder: Path) -> None:
    for name in TEXTS:
        for form in ("text", "json"):
            done = process("steps", name, "--output-format", form, folder=folder)
            assert VALUE not in done.out + done.err


def test_no_kept_result_holds_one(folder: Path) -> None:
    process(".", folder=folder)
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name not in TEXTS]
    assert all(VALUE.encode() not in path.read_bytes() for path in kept)


def test_a_patch_shows_none_and_applies(tmp_path: Path) -> None:
    text = HEAD + "lerning_rate: 1.0e-4\nlogging_steps: 10\nbf16: true\n"
    (tmp_path / "c.yaml").write_text(f"{text}hub_token: {VALUE}\nsave_steps: 9\n", "utf-8")
    (tmp_path / "d.yaml").write_text(
        f"{HEAD}evaluation_strategy: 'no'\nhub_token: {VALUE}\nfp16: 1\n", "utf-8"
    )
    patch = process("--diff", ".", folder=tmp_path)
    assert VALUE not in patch.out + patch.err
    assert "the value of `hub_token`" in patch.err
    assert "d.yaml" not in patch.out
    subprocess.run(["git", "apply", "-p0", "-"], cwd=tmp_path, input=patch.out.encode(), check=True)
    assert "learning_rate: 1.0e-4" in (tmp_path / "c.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hub_token: abc  # mine", "hub_token: ***  * ****"),
        ("a: 1\nb: {api_key: 'x y', c: 2}", "a: 1\nb: {api_key: '* *', c: 2}"),
        ("learning_rate: 1.0e-4", "learning_rate: 1.0e-4"),
        ("dataset: x  # hf_A1b2C3d4E5f6G7h8I9j0K1l2M3n4", f"dataset: x  # {'*' * 31}"),
        ("dataset: hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "dataset: hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("a: task-sk-learn-and-a-long-name-of-2024-more", None),
        ("add_special_tokens: <a>", "add_special_tokens: <a>"),
        ("hub_token:\noutput_dir: o", "hub_token:\noutput_dir: o"),
    ],
)
def test_what_is_masked(text: str, shown: str | None) -> None:
    shown = text if shown is None else shown
    assert masked(text, 0, len(text)) == shown
    assert bool(secrets_in(text)) == (text != shown)
