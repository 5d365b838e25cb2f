"""A habit is written only with a value that the right key takes."""

from __future__ import annotations

import pytest

from tests.rules.guessing import fixed, found


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("validation_split: test", "use `val_size`, which takes numbers from 0 to 0.99"),
        ("val_split: 20", "numbers from 0 to 0.99"),
        ("rank: 0", "use `lora_rank`, which takes numbers of at least 1"),
        ("max_seq_length: -1", "use `cutoff_len`, which takes numbers of at least 1"),
        ("lr_scheduler: {type: cosine}", "takes one of the 12 values"),
        ("scheduler: no_such", "use `lr_scheduler_type`, which takes one of the 12 values"),
        ("num_epochs: three", "use `num_train_epochs`, which takes a number"),
        ("num_epochs: null", "takes a number"),
        ("gradient_accumulation: true", "takes an integer"),
        ("gradient_clipping: auto", "takes a number"),
        ("optimizer: {name: adamw}", "takes one of the 42 values"),
        ("adapters: [a, b]", "takes a string or null"),
        ("flash_attention: maybe", "takes one of auto, disabled, sdpa, fa2, fa3"),
    ],
)
def test_a_value_that_does_not_fit_is_told_and_left(written: str, says: str) -> None:
    (told,) = found(f"{written}\n").values()
    assert (says in told.message, told.fix) == (True, None), told.message
    assert fixed(f"{written}\n", unsafe=True) == f"{written}\n"


def test_a_list_of_mappings_names_no_data() -> None:
    (told,) = found("val_dataset: [{path: a}]\n").values()
    assert told.fix is None
    (told,) = found("val_dataset: [alpaca]\n").values()
    assert told.fix is not None


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("bits: 16", ""), ("quant_bits: 32", ""), ("bits: 4", "quantization_bit: 4\n"),
        ("rank: 8", "lora_rank: 8\n"), ("val_split: 0.1", "val_size: 0.1\n"),
        ("val_set_size: 500", "val_size: 500\n"), ("optimizer: AdamW", "optim: adamw_torch\n"),
        ("lr_scheduler: Cosine", "lr_scheduler_type: cosine\n"), ("r: '8'", "lora_rank: 8\n"),
        ("lora_r: ${rank}", "lora_rank: ${rank}\n"), ("lr: 1e-4", "learning_rate: 1e-4\n"),
        ("num_epochs: '3'", "num_train_epochs: 3\n"),
        ("resume_from: true", "resume_from_checkpoint: true\n"),
    ],
)  # fmt: skip
def test_a_value_that_fits_is_mended(written: str, after: str) -> None:
    assert fixed(f"{written}\n") == after


@pytest.mark.parametrize("bits", ["3", "nf4", "0", "true"])
def test_other_bits_are_by_hand(bits: str) -> None:
    (told,) = found(f"bits: {bits}\n").values()
    assert ("`quantization_bit`" in told.message, told.fix) == (True, None)


def test_a_slip_with_a_value_of_another_kind_is_named_alone() -> None:
    (told,) = found("learnig_rat: three\n").values()
    assert told.fix is None
    (told,) = found("learnin_rate: three\n").values()
    assert ("did you mean `learning_rate`?" in told.message, told.fix) == (True, None)
