"""Near names: what is written, what is only named, and what is never taken for another."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.target.keys import Catalogue
from ftlint.target.releases import resolve_target
from ftlint.target.slips import COMPOUNDS, SPLITS, guess
from ftschemas import compiled

KEYS = Catalogue(resolve_target("0.9.5"), "train").names()
TEMPLATES = [
    str(choice)
    for variant in compiled.KEYS["template"]
    if variant[2] == len(compiled.LLAMAFACTORY) - 1
    for choice in variant[5]
]

WRITTEN = {
    "learnig_rate": "learning_rate", "outptu_dir": "output_dir", "eval_stpes": "eval_steps",
    "Learning-Rate": "learning_rate", "perDeviceTrainBatchSize": "per_device_train_batch_size",
    "logging_stepss": "logging_steps", "save_step": "save_steps", "loar_rank": "lora_rank",
    "quantisation_bit": "quantization_bit", "flash_atn": "flash_attn", "do_tran": "do_train",
    "gradientaccumulationsteps": "gradient_accumulation_steps", "datset": "dataset",
    "trust_remote_cod": "trust_remote_code", "finetuning_typ": "finetuning_type",
}  # fmt: skip
NAMED = {
    "gradient_acumulation_step": "gradient_accumulation_steps", "sed": "seed",
    "load_best_model_end": "load_best_model_at_end", "lora_rnk": "lora_rank",
    "per_device_batch_size_train": "per_device_train_batch_size",
    "resume_checkpoint": "resume_from_checkpoint", "evl_steps": "eval_steps",
}  # fmt: skip
NEITHER = """use_emft_loss use_sft_loss use_aeft_los use_dara learning_rate_enc top_q tf16 bf15 fp61
adam_beta3 val_dataset test_dataset train_steps emft_alpha wandb_api_key galore_rank2 lora_dims
eval_train do_test dpo_label no_such_key x unfreeze_vision_tower unfreeze_extra_modules
unlearning_rate eval_on_steps enable_shuffling disable_liger_kernel preprocess_seed""".split()


def test_one_slip_is_written_and_more_is_only_named() -> None:
    assert {one: guess(one, KEYS) for one in WRITTEN} == {
        one: (near, True) for one, near in WRITTEN.items()
    }
    assert {one: guess(one, KEYS) for one in NAMED} == {
        one: (near, False) for one, near in NAMED.items()
    }
    assert {one: guess(one, KEYS) for one in NEITHER} == dict.fromkeys(NEITHER)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("unfreeze", "freeze"), ("nonlinear", "linear"), ("disconnect", "connect"),
        ("unable", "able"), ("include", "exclude"), ("encode", "decode"), ("import", "export"),
        ("upload", "download"), ("online", "offline"), ("inactive", "active"),
    ],
)  # fmt: skip
def test_the_opposite_is_another_word(one: str, other: str) -> None:
    for written, name in ((one, other), (other, one)):
        assert guess(f"{written}_model_layers", [f"{name}_model_layers"]) is None


def test_a_link_is_left_out_unless_another_name_goes_on_from_it() -> None:
    assert guess("eval_on_steps", ["eval_steps", "save_steps"]) == ("eval_steps", False)
    assert guess("eval_on_steps", ["eval_steps", "eval_on_start"]) is None
    assert guess("load_best_model_end", ["load_best_model_at_end"]) is not None


def test_beside_a_forks_own_names_only_slips_count_and_none_of_its_words() -> None:
    assert guess("learnig_rate", KEYS, ["tent_len"]) == ("learning_rate", True)
    assert guess("evl_steps", KEYS, ["tent_len"]) is None
    assert guess("use_galor", KEYS, ["tent_len"]) == ("use_galore", True)
    assert guess("use_galor", KEYS, ["galor_rank"]) is None


def test_models_are_told_apart() -> None:
    right = {
        "lama3": "llama3", "qwen3vl": "qwen3_vl", "Qwen": "qwen", "deepseek-r1": "deepseekr1",
        "qwen3-nothink": "qwen3_nothink", "mistrall": "mistral", "defualt": "default",
    }  # fmt: skip
    assert {one: guess(one, TEMPLATES) for one in right} == {
        one: (near, True) for one, near in right.items()
    }
    others = "qwen4 qwen25 qwen2_5_vl llama3_web gemma5 llama33 qwem glm gpt phi5 yi3_vl".split()
    assert {one: guess(one, TEMPLATES) for one in others} == dict.fromkeys(others)


def test_datasets_are_told_apart() -> None:
    names = (
        "kid-v2_test reasoning_demo alpaca_en_demo faq part_a part_c news_fr 客服 trainA".split()
    )
    right = {"fqa": "faq", "faqs": "faq", "alpaca-en-demo": "alpaca_en_demo"}
    assert {one: guess(one, names) for one in right} == {
        one: (near, True) for one, near in right.items()
    }
    others = "kid-v2 kid-v2_train kid-v3_test reasoning_train alpaca_en part_b news_de 客户 trainB"
    assert {one: guess(one, names) for one in others.split()} == dict.fromkeys(others.split())
    assert guess("fak", names) is None
    assert guess("evalset", ["valset"]) is None
    assert guess("faq", ["faqs", "faqz"]) == ("faqs", True)
    assert guess("faq", ["faqs", "fqa"]) is None, "two are as near"
    assert guess("datset", ["datasets", "dataset", "datset2", "dat_set"]) == ("dat_set", True)
    assert guess("oranges", ["orange", "orangess"]) is None, "two are as near"


WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=9)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map("_".join)


@given(NAMES, st.sampled_from(sorted(SPLITS)), st.sampled_from(sorted(SPLITS)), st.booleans())
def test_nothing_is_proposed_across_splits(name: str, one: str, other: str, first: bool) -> None:
    if one.rstrip("s") == other.rstrip("s"):
        return
    ours, theirs = (f"{word}_{name}" if first else f"{name}_{word}" for word in (one, other))
    assert guess(ours, [theirs]) is None
    if len(name) > 3:  # nor from a name without any
        assert guess(name, [theirs]) is None
        assert guess(ours, [name]) is None


@given(NAMES, st.integers(0, 99), st.integers(0, 99))
def test_nothing_is_proposed_across_numbers(name: str, one: int, other: int) -> None:
    if one != other:
        assert guess(f"{name}{one}", [f"{name}{other}"]) is None
        assert guess(f"{name}_{one}_x", [f"{name}_{other}_x"]) is None
    assert guess(name, [f"{name}{one}"]) is None
    assert guess(f"{name}_v{one}", [name]) is None


@given(st.sampled_from(KEYS), st.data())
def test_a_key_with_one_letter_slipped_is_that_key_or_none(key: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(key) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    slipped = data.draw(
        st.sampled_from([
            key[:at] + key[at + 1 :], key[:at] + letter + key[at:],
            key[:at] + letter + key[at + 1 :], key[:at] + key[at : at + 2][::-1] + key[at + 2 :],
        ])
    )  # fmt: skip
    found = guess(slipped, KEYS)
    assert slipped in KEYS or found is None or found.name == key or not found.slip


def test_a_slip_of_two_keys_is_written_for_neither() -> None:
    assert guess("loca_rank", KEYS) is None, "local_rank and lora_rank are as near"
    assert guess("use_aeft_loss", KEYS) is None


def test_compounds_are_splits() -> None:
    assert set(COMPOUNDS) <= SPLITS


@pytest.mark.parametrize("pair", [("eaft", "emft"), ("sft", "dft"), ("bf", "tf"), ("ipo", "dpo")])
def test_short_words_are_other_words(pair: tuple[str, str]) -> None:
    one, other = pair
    assert guess(f"use_{one}_loss", [f"use_{other}_loss"]) is None
    assert guess(one, [other]) is None
