"""A slip of the fingers is one letter, wherever it is; two are another word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftlint.resemblance import is_slip, slips_of

WORD = st.text("abc_", max_size=6)


def distance(one: str, other: str) -> int:
    """Count letters changed, added, lost or swapped with a neighbour, by the whole table."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@given(WORD, WORD)
def test_one_letter_is_a_slip_and_two_are_not(one: str, other: str) -> None:
    assert is_slip(one, other) == (distance(one, other) <= 1)


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
