"""What is said of model and template, of media in rows, and of the layers that an adapter names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.engine import lint
from ftlint.facts.layers import Given
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.diagnostics import Diagnostic

HEAD = {
    "model_name_or_path": "Qwen/Qwen2.5-7B-Instruct",
    "stage": "sft",
    "do_train": True,
    "finetuning_type": "lora",
    "lora_target": "all",
    "dataset": "x",
    "template": "qwen",
    "output_dir": "saves/run",
}
OURS = re.compile(r"FT(41\d\d|57[789]|580|632|645|719|720)")
EXPORT = {**dict.fromkeys(HEAD.keys() - {"model_name_or_path", "template"}), "export_dir": "out"}
VISION = "Qwen/Qwen2.5-VL-7B-Instruct"


def everything(release: str = "0.9.5", **change: Any) -> list[Diagnostic]:
    config = {key: value for key, value in {**HEAD, **change}.items() if value is not None}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    options = Options(resolve_target(release), Given())
    return list(lint(of_text("run.yaml", text), options).diagnostics)


def found(release: str = "0.9.5", **change: Any) -> list[Diagnostic]:
    return [one for one in everything(release, **change) if OURS.fullmatch(one.code)]


def codes(release: str = "0.9.5", **change: Any) -> list[str]:
    return [one.code for one in found(release, **change)]


def zero(stage: int) -> dict[str, Any]:
    auto = "auto"
    return {"train_micro_batch_size_per_gpu": auto, "zero_optimization": {"stage": stage}}


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    columns = {"messages": "messages", "images": "images"}
    entries = {name: {"file_name": f"{name}.json", "formatting": "sharegpt", "columns": columns}
               for name in ("seen", "bare", "away")}  # fmt: skip
    turns = [{"from": "human", "value": "<image>What?"}, {"from": "gpt", "value": "A cat."}]
    for name, images in (("seen", ["a.jpg"]), ("bare", [])):
        rows = [{"messages": turns, "images": []}, {"messages": turns, "images": images}]
        (data / f"{name}.json").write_text(json.dumps(rows), "utf-8")
    (data / "dataset_info.json").write_text(json.dumps(entries), "utf-8")
    return data


@pytest.mark.parametrize("command", [{}, {"stage": "dpo"}, EXPORT])
def test_a_template_of_another_model(command: dict[str, Any]) -> None:
    (one,) = found(template="llama3", **command)
    assert (one.code, one.severity, one.key) == ("FT577", "warning", "template")
    assert "`template: qwen`" in one.message


def test_stage_pt_has_no_template() -> None:
    assert codes(stage="pt", template="llama3") == []


@pytest.mark.parametrize(
    "change",
    [{"template": "${oc.env:TEMPLATE}"}, {"model_name_or_path": "{{ model }}"}, {"template": None},
     {"model_name_or_path": ["a"]}, {"template": ["llama3"]}, {"model_name_or_path": None}],
)  # fmt: skip
def test_what_is_not_known_is_not_judged(change: dict[str, Any]) -> None:
    assert codes(**change) == []


def test_a_template_for_media_on_a_text_model() -> None:
    (one,) = found(template="qwen2_vl")
    assert (one.code, one.severity, one.key) == ("FT4100", "error", "template")
    assert codes(template="qwen2_vl", model_name_or_path=VISION) == []
    assert codes("0.9.0", template="qwen2_vl", model_name_or_path="Qwen/Qwen2-7B-Instruct") == []
    own = "mistralai/Mistral-Small-24B-Instruct-2501"
    assert codes(template="mistral_small", model_name_or_path=own) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "use a model with image input"),
        ({"model_name_or_path": VISION}, "`template: qwen2_vl`"),
        ({"model_name_or_path": VISION, "template": None}, "Without `template` the run crashes"),
        ({"model_name_or_path": "our/vision", "template": "llama3"}, "the template of the model"),
        ({"dataset": "bare", "eval_dataset": "seen", "eval_strategy": "epoch"}, "`seen`"),
    ],
)
def test_rows_with_images_under_a_text_template(
    photos: Path, change: dict[str, Any], says: str
) -> None:
    (one,) = found(**{"dataset": "seen", **change})
    assert (one.code, one.severity) == ("FT719", "error")
    assert "row 2" in one.message
    assert says in one.message


def test_rows_that_are_not_there_are_not_said_to_have_any(photos: Path) -> None:
    (one,) = [one for one in found(dataset="away") if one.code.startswith("FT7")]
    assert (one.code, one.severity) == ("FT720", "warning")


@pytest.mark.parametrize(
    "change",
    [{"dataset": "bare"}, {"max_samples": 1}, {"stage": "pt"}, {"tokenized_path": "ready"},
     {"template": "qwen2_vl", "model_name_or_path": VISION}, {"image_max_pixels": 589824,
      "dataset": "bare"}],
)  # fmt: skip
def test_no_image_no_finding(photos: Path, change: dict[str, Any]) -> None:
    assert codes(**{"dataset": "seen", **change}) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"finetuning_type": "full"}, "FT4101"),
        ({"finetuning_type": "freeze"}, "FT4101"),
        ({"pissa_init": True}, "FT4102"),
        ({"use_dora": True}, "FT4102"),
        ({"deepspeed": zero(3)}, "FT4103"),
        ({**EXPORT, "adapter_name_or_path": "saves/a"}, "FT4104"),
        ({"quantization_bit": 4}, "FT578"),
        ({}, None),
        ({"deepspeed": zero(2)}, None),
    ],
)
def test_a_model_that_comes_quantized(change: dict[str, Any], code: str | None) -> None:
    model = {"model_name_or_path": "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4"}
    assert codes(**model, **change) == [code] * bool(code)
    assert codes(**change) == []


@pytest.mark.parametrize(
    ("model", "target", "code", "says"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "q_porj,v_proj", "FT580", "write `q_proj`"),
        ("Qwen/Qwen2.5-7B-Instruct", ["q_proj", "v_porj"], "FT580", "write `v_proj`"),
        ("Qwen/Qwen2.5-7B-Instruct", "q_proj,query_key_value", "FT580", "use its layers (`q_proj`"),
        ("Qwen/Qwen2.5-7B-Instruct", "W_pack", "FT4110", "or `all`"),
        ("Qwen/Qwen2.5-7B-Instruct", "mlp,q_proj", "FT4111", "`gate_proj`"),
        ("Qwen/Qwen2.5-7B-Instruct", "self_attn.q_proj,lm_head", None, ""),
        ("microsoft/Phi-3-mini-4k-instruct", "q_proj,v_proj", "FT4110", "`qkv_proj`"),
        ("THUDM/chatglm3-6b", "q_proj,v_proj", "FT4110", "`query_key_value`"),
        ("THUDM/chatglm3-6b", "query_key_value", None, ""),
        ("internlm/internlm2_5-7b-chat", "wqkv", None, ""),
        ("our/model", "q_porj,v_proj", "FT580", "write `q_proj`"),
        ("our/model", "in_proj,x_proj", None, ""),
        ("our/model", "Q_proj,Up_Proj", None, ""),
        ("mosaicml/mpt-7b", "Wqkv", None, ""),
        ("our/model", "Wqkv,out_proj,q_a_proj,q_b_proj,kv_b_proj,c_fc,fc1,dt_proj", None, ""),
        ("Qwen/Qwen2.5-7B-Instruct", "Q_proj", "FT4110", "write `q_proj`"),
        ("THUDM/glm-4-9b-chat", "q_proj,v_proj", "FT4110", "`query_key_value`"),
        ("THUDM/glm-4-9b-chat-hf", "q_proj,k_proj,v_proj,gate_up_proj", None, ""),
        ("/models/glm-4-9b-chat-hf", "q_porj,v_proj", "FT580", "write `q_proj`"),
        ("meta-llama/Llama-2-7b-chat-hf", "W_pack", "FT4110", "or `all`"),
        ("microsoft/phi-4", "q_proj,v_proj", "FT4110", "`qkv_proj`"),
        ("unsloth/phi-4", "q_proj,v_proj,gate_proj", None, ""),
        ("unsloth/Phi-3-mini-4k-instruct-bnb-4bit", "q_proj,v_proj", None, ""),
        ("models--unsloth--phi-4/snapshots/0a1b2c", "q_proj,v_proj", None, ""),
        ("/models/phi-4-unsloth-bnb-4bit", "q_proj,v_proj", None, ""),
        ("Qwen/Qwen3-30B-A3B", "gate,q_proj", None, ""),
        (VISION, "q_pro,v_proj", None, ""),
        (VISION, "qkv,merger", None, ""),
        (VISION, "q_porj,v_proj", "FT580", "write `q_proj`"),
    ],
)
def test_names_of_layers(model: str, target: str | list[str], code: str | None, says: str) -> None:
    said = found(model_name_or_path=model, template=None, lora_target=target)
    assert [one.code for one in said] == [code] * bool(code)
    assert all(says in one.message and one.key == "lora_target" for one in said)


@pytest.mark.parametrize(
    "change",
    [{"adapter_name_or_path": "saves/a"}, {"finetuning_type": "full"}, {"use_unsloth": True},
     {"do_train": None, "do_predict": True, "eval_dataset": "x"}],
)  # fmt: skip
def test_names_that_make_no_adapter_are_not_judged(change: dict[str, Any]) -> None:
    assert codes(lora_target="q_porj,v_proj", **change) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"finetuning_type": "full"}, "FT4109"),
        ({"finetuning_type": "full", "freeze_multi_modal_projector": False}, None),
        ({"freeze_multi_modal_projector": False}, "FT4109 FT579"),
        ({"freeze_multi_modal_projector": False, "additional_target": "merger"}, "FT4109"),
        ({"lora_target": "linear_1", "freeze_multi_modal_projector": False}, None),
        ({"freeze_vision_tower": False}, None),
        ({"adapter_name_or_path": "saves/a"}, None),
    ],
)
def test_a_vision_model_with_nothing_left_to_train(
    change: dict[str, Any], code: str | None
) -> None:
    vision = {"model_name_or_path": VISION, "template": "qwen2_vl", "freeze_language_model": True}
    assert sorted(codes(**{**vision, **change})) == sorted((code or "").split())


def test_a_text_model_has_nothing_to_freeze() -> None:
    assert codes(freeze_language_model=True) == []
    assert codes(freeze_language_model=True, finetuning_type="full") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"add_tokens": "<a>,<b>"}, "FT632"),
        ({"add_special_tokens": "<a>", "additional_target": "embed_tokens"}, None),
        ({"resize_vocab": True, "finetuning_type": "full"}, None),
        ({"resize_vocab": True}, "FT632"),
        ({"resize_vocab": True, "add_tokens": "<a>"}, "FT632"),
    ],
)
def test_new_tokens(change: dict[str, Any], code: str | None) -> None:
    assert codes(**change) == [code] * bool(code)


def test_a_quantized_model_needs_no_bits_and_no_advice_on_them() -> None:
    bits: dict[str, Any] = {"quantization_bit": 4, "bf16": True}
    for model in (HEAD["model_name_or_path"], "our/model"):
        said = everything(**bits, model_name_or_path=model)
        assert [one.code for one in said if one.key == "quantization_bit"] == ["FT642"]
    quantized = {"model_name_or_path": "casperhansen/llama-3-8b-instruct-awq", "template": "llama3"}
    said = everything(**bits, **quantized)
    (one,) = [one for one in said if one.key == "quantization_bit"]
    assert one.code == "FT578"
    assert "a model quantized with AWQ" in one.message


@pytest.mark.parametrize(
    ("deepspeed", "code"),
    [
        (None, "FT4106"),
        (zero(2), "FT4106"),
        ({**zero(2), "scheduler": {"type": "WarmupLR"}}, None),
        ("configs/away.json", None),
    ],
)
def test_a_polynomial_schedule_that_deepspeed_replaces(
    deepspeed: dict[str, Any] | str | None, code: str | None
) -> None:
    said = codes(learning_rate=1e-8, lr_scheduler_type="polynomial", deepspeed=deepspeed)
    assert ("FT4106" in said) is (code is not None)
