"""Which listed model a name stands for, and which templates write what it knows."""

from __future__ import annotations

import pytest

from ftlint.target.models import basename, find_model, find_template, fits, quantized

NEWEST = "0.9.5"


@pytest.mark.parametrize(
    ("path", "templates"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", ("qwen",)),
        ("/data/models/Qwen2.5-7B-Instruct/", ("qwen",)),
        ("..\\models\\Qwen2.5-7B-Instruct", ("qwen",)),
        ("qwen2___5-7b_instruct", ("qwen",)),
        ("~/.cache/hub/models--Qwen--Qwen2.5-7B-Instruct/snapshots/0a1b2c", ("qwen",)),
        ("NousResearch/Meta-Llama-3-8B-Instruct", ("llama3",)),
        ("meta-llama/Llama-3.1-8B-Instruct", ("llama3",)),
        ("unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit", ("llama3",)),
        ("unsloth/llama-3-8b-Instruct-unsloth-bnb-4bit", ("llama3",)),
        ("Qwen/Qwen2.5-23B-Instruct", ("qwen",)),
        ("Qwen/Qwen2.5-23B-Instruct-GPTQ-Int4", ("qwen",)),
        ("meta-llama/Llama-2-7b-chat", ("llama2",)),
        ("google/gemma-2-9b-it", ("gemma2",)),
        ("bigscience/bloom-3b", ()),
    ],
)
def test_a_listed_model_is_known_however_it_is_called(
    path: str, templates: tuple[str, ...]
) -> None:
    found = find_model(path, NEWEST)
    assert found is not None
    assert found.templates == templates


@pytest.mark.parametrize(
    "path",
    ["", "/", "saves/qwen2.5-7b-instruct/lora/sft", "our-team/Qwen2.5-7B-Instruct-support",
     "NousResearch/Hermes-3-Llama-3.1-8B", "cognitivecomputations/dolphin-2.9-llama3-8b", "m",
     "Llama-3.1-8B-Instruct-merged", "checkpoint-500", "models/qwen"],
)  # fmt: skip
def test_what_somebody_trained_further_is_not_known(path: str) -> None:
    assert find_model(path, NEWEST) is None


def test_each_release_has_a_list_of_its_own() -> None:
    assert find_model("Qwen/Qwen3-VL-8B-Instruct", "0.9.3") is None
    assert find_model("Qwen/Qwen3-VL-8B-Instruct", "0.9.4") is not None
    older, newer = (find_model("google/gemma-2-9b-it", release) for release in ("0.9.3", "0.9.5"))
    assert older is not None
    assert newer is not None
    assert (older.templates, newer.templates) == (("gemma",), ("gemma2",))


def test_a_model_that_left_the_list_counts_with_the_templates_that_stayed() -> None:
    found = find_model("bigcode/starcoder2-3b", NEWEST)
    assert found is None or not found.templates
    assert find_model("baichuan-inc/Baichuan2-7B-Chat", "0.9.3") is not None
    assert find_model("baichuan-inc/Baichuan2-7B-Chat", NEWEST) is None  # its template left too


@pytest.mark.parametrize(
    ("path", "template", "expected"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "llama3", False),
        ("Qwen/Qwen2.5-7B-Instruct", "chatml", True),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen3_nothink", True),
        ("Qwen/Qwen2.5-7B-Instruct", "default", False),
        ("Qwen/Qwen2.5-7B-Instruct", "empty", None),
        ("Qwen/Qwen2.5-7B", "default", True),
        ("Qwen/Qwen2.5-7B", "alpaca", True),
        ("Qwen/Qwen2.5-7B", "vicuna", True),
        ("Qwen/Qwen2.5-7B", "llama3", False),
        ("Qwen/Qwen3-8B", "qwen3_nothink", True),
        ("Qwen/Qwen3-4B-Instruct-2507", "qwen3", True),
        ("Qwen/Qwen3-VL-8B-Instruct", "qwen3_vl", True),
        ("meta-llama/Llama-3.1-8B-Instruct", "qwen", False),
        ("meta-llama/Llama-2-7b-chat-hf", "llama3", False),
        ("meta-llama/Llama-2-7b-chat-hf", "mistral", True),
        ("mistralai/Mistral-7B-Instruct-v0.3", "llama2", True),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral_small", True),
        ("google/gemma-2-9b-it", "gemma", True),
        ("google/gemma-2-9b-it", "llama3", False),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseekr1", True),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek3", True),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "qwen", None),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "llama3", False),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "llama3", None),
        ("google/gemma-3-4b-it", "default", False),
        ("google/gemma-3-4b-pt", "default", True),
        ("google/gemma-3-4b-pt", "llama3", False),
        ("google/gemma-7b", "default", True),
        ("Qwen/Qwen2-VL-7B", "alpaca", True),
        ("Qwen/Qwen2-VL-7B-Instruct", "alpaca", False),
        ("Qwen/Qwen3.5-9B-Base", "default", True),
        ("meta-llama/Llama-3.2-11B-Vision", "default", True),
        ("meta-llama/Llama-3.2-11B-Vision-Instruct", "default", False),
        ("mistralai/Ministral-3-8B-Base-2512", "default", True),
        ("google/paligemma-3b-mix-448", "gemma", None),
        ("bigscience/bloom-3b", "llama3", None),
    ],
)
def test_templates_of_one_format_stand_for_one_another(
    path: str, template: str, expected: bool | None
) -> None:
    model = find_model(path, NEWEST)
    assert model is not None
    assert fits(model, template, NEWEST) is expected


def test_the_own_template_of_every_model_fits_in_every_release() -> None:
    from ftschemas.compiled import LLAMAFACTORY, MODELS

    judged = 0
    for release in LLAMAFACTORY:
        for name in MODELS:
            model = find_model(name, release)
            for template in model.templates if model is not None else ():
                assert fits(model, template, release) is not False, (name, template)  # type: ignore[arg-type]
                judged += 1
    assert judged > 3000


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "GPTQ"),
        ("casperhansen/llama-3-8b-instruct-awq", "AWQ"),
        ("unsloth/gemma-2-9b-it-bnb-4bit", "bitsandbytes"),
        ("Qwen/Qwen3-8B-FP8", None),
        ("our/hawq-7b", None),
        ("gptq/Qwen2.5-7B-Instruct", None),
    ],
)
def test_quantized_is_what_the_name_says(path: str, kind: str | None) -> None:
    assert quantized(path) == kind


def test_media_of_templates() -> None:
    found = {name: find_template(name, NEWEST) for name in ("qwen", "qwen2_vl", "minicpm_o", "x")}
    media = {name: one and one.media for name, one in found.items()}
    assert media == {"qwen": (), "qwen2_vl": ("image", "video"),
                     "minicpm_o": ("image", "video", "audio"), "x": None}  # fmt: skip
    assert find_template(["qwen"], NEWEST) is None


def test_a_cache_folder_names_its_model() -> None:
    assert basename("models--a--B-c/snapshots/x/") == "B-c"
    assert basename("models--x") == "models--x"
