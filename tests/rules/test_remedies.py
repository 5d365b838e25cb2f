"""What a message advises changes something: no remedy is what the file says already."""

from __future__ import annotations

import pytest

from ftlint.engine import Options, lint
from ftlint.facts import Given
from ftlint.source import of_text
from ftlint.target import resolve_target

HEAD = """model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
finetuning_type: lora
dataset: alpaca
template: qwen
output_dir: saves/run
"""


def said(code: str, text: str, *facts: tuple[str, object], target: str = "0.9.5") -> list[str]:
    options = Options(resolve_target(target), Given(facts=facts))
    found = lint(of_text("c.yaml", HEAD + text), options).diagnostics
    return [one.message for one in found if one.code == code]


@pytest.mark.parametrize(
    ("lengths", "fires"),
    [
        ("max_length: 512\ncutoff_len: 512\n", False),
        ("max_length: 2048\n", False),
        ("max_length: 2048\ncutoff_len: 2048\n", False),
        ("max_length: 512\n", True),
        ("max_length: 512\ncutoff_len: 1024\n", True),
    ],
)
def test_a_length_that_rows_are_cut_at_is_not_asked_to_be_written(
    lengths: str, fires: bool
) -> None:
    assert bool(said("FT127", lengths)) == fires
