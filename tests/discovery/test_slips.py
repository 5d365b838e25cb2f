"""What a file is, is told by keys one letter apart at most, wherever the letter is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.target.resemblance import slips_of
from ftlint.target.slips import distance, is_one_letter_apart

WORD = st.text("abc_", max_size=6)


@given(WORD, WORD)
def test_names_one_letter_apart_are_those_of_that_distance(one: str, other: str) -> None:
    assert is_one_letter_apart(one, other) == (distance(one, other) <= 1)


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("learnig_rate", ["learning_rate", "lora_rank"], ["learning_rate"]),
        ("Stage", ["stage"], ["stage"]),
        ("learning-rate", ["learning_rate"], ["learning_rate"]),
        ("eval_step", ["eval_steps", "eval_stop"], ["eval_steps", "eval_stop"]),
        ("OUTPUT_DIR", ["output_dir"], []),
        ("finetuning", ["finetuning_type"], []),
    ],
)
def test_slips_are_found_among_names(name: str, known: list[str], found: list[str]) -> None:
    assert slips_of(name, known) == found
