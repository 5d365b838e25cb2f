"""Two keys that stand for one: equal ones are mended, and between others no edit chooses."""

from __future__ import annotations

import pytest

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.syntax.source import of_text
from tests.rules.configs import HEAD
from tests.rules.guessing import fixed, found, options

DIFFER = [
    ("max_epochs: 100", "epochs: 3", "num_train_epochs"),
    ("lr: 1.0e-4", "base_lr: 2.0e-4", "learning_rate"),
    ("lr: 1.0e-4", "learing_rate: 2.0e-4", "learning_rate"),
    ("max_seq_length: 8192", "block_size: 1024", "cutoff_len"),
    ("load_in_4bit: true", "load_in_8bit: true", "quantization_bit"),
    ("mask_prompt: true", "train_on_inputs: true", "train_on_prompt"),
    ("batch_size: 8", "micro_batch_size: 2", "per_device_train_batch_size"),
]


@pytest.mark.parametrize(("one", "other", "to"), DIFFER)
@pytest.mark.parametrize("turned", [False, True])
def test_between_two_values_no_edit_chooses(one: str, other: str, to: str, turned: bool) -> None:
    lines = (other, one) if turned else (one, other)
    text = "\n".join(lines) + "\n"
    keys = [line.partition(":")[0] for line in lines]
    told = found(text)
    said = f"`{keys[0]}` and `{keys[1]}` differ: keep one as `{to}`"
    assert said in told[keys[0]].message
    assert fixed(text, unsafe=True) == text


@pytest.mark.parametrize(
    ("left", "text"),
    [
        ("model_name_or_path", "model: a/b\nmodel_path: a/c\n"),
        ("finetuning_type", "use_peft: true\nfull_finetuning: true\n"),
        ("finetuning_type", "use_lora: false\nuse_peft: true\n"),
    ],
)
def test_between_two_values_of_a_key_that_most_files_have(left: str, text: str) -> None:
    head = "".join(line for line in HEAD.splitlines(True) if not line.startswith(left))
    source = of_text("c.yaml", head + text)
    told = [one for one in lint(source, options()).diagnostics if one.code == "FT101"]
    assert [f"keep one as `{left}`" in one.message for one in told] == [True, True]
    assert fix(source, options(), unsafe=True).source.text == source.text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("epochs: 3\nmax_epochs: 3\n", "num_train_epochs: 3\n"),
        ("epochs: 3\nmax_epochs: 3.0\n", "num_train_epochs: 3\n"),
        ("mask_prompt: true\ntrain_on_inputs: false\n", "train_on_prompt: false\n"),
        ("load_in_4bit: true\nload_in_8bit: false\n", "quantization_bit: 4\n"),
        ("torch_dtype: bfloat16\nfp16: false\n", "bf16: true\nfp16: false\n"),
        ("torch_dtype: auto\nbf16: true\n", "bf16: true\n"),
        (
            "use_gradient_checkpointing: true\ndisable_gradient_checkpointing: false\n",
            "disable_gradient_checkpointing: false\n",
        ),
    ],
)
def test_what_says_the_same_twice_is_mended(text: str, after: str) -> None:
    assert fixed(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "use_gradient_checkpointing: true\ndisable_gradient_checkpointing: true\n",
        "activation_checkpointing: false\nuse_gradient_checkpointing: true\n",
        "shuffle: true\ndisable_shuffling: true\n",
        "load_in_8bit: false\nquantization_bit: 8\n",
        "load_in_8bit: false\nbits: 8\n",
        "bits: 16\nload_in_4bit: true\n",
        "neft_alpha: 0\nneftune_noise_alpha: 5\n",
    ],
)
def test_a_switch_is_not_left_out_where_something_says_the_opposite(text: str) -> None:
    told = found(text)
    assert told
    assert all("contradict each other" in one.message for one in told.values())
    assert fixed(text, unsafe=True) == text


@pytest.mark.parametrize(
    "text",
    [
        "torch_dtype: bfloat16\nfp16: true\n", "bf16: true\ndtype: float16\n",
        "torch_dtype: bfloat16\nuse_fp16: true\n", "val_split: 0.1\neval_dataset: held_out\n",
    ],
)  # fmt: skip
def test_no_key_is_written_beside_one_that_excludes_it(text: str) -> None:
    told = found(text)
    assert told
    assert all("cannot be combined" in one.message for one in told.values())
    assert fixed(text, unsafe=True) == text


def test_two_parts_of_one_mapping_and_two_words_of_a_list_are_no_rivals() -> None:
    parts = "fsdp_min_num_params: 2\nfsdp_transformer_layer_cls_to_wrap: A\n"
    assert fixed(parts).startswith("fsdp_config: {min_num_params: 2}\n")
    told = found("use_wandb: true\nuse_tensorboard: true\n")["use_wandb"]
    assert "keep one, or list both as `report_to`" in told.message
