"""What a message advises changes something: no remedy is what the file says already."""

from __future__ import annotations

import pytest

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.rules.configs import HEAD
from tests.stating import stating


def said(code: str, text: str, *facts: tuple[str, object], target: str = "0.9.5") -> list[str]:
    options = Options(resolve_target(target), stating(facts=facts))
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


NAMED = "resume_from_checkpoint: saves/old/checkpoint-500\n"


@pytest.mark.parametrize(
    ("text", "facts", "remedy"),
    [
        (
            NAMED,
            (),
            "to start from its weights set `adapter_name_or_path`.",
        ),
        (
            NAMED.replace("old", "run"),
            (),
            "Increase epochs or steps, or remove `resume_from_checkpoint` and change `output_dir`.",
        ),
        (
            "resume_from_checkpoint: true\n",
            (("output_dir_holds", "checkpoint-500"),),
            "Increase epochs or steps, or remove `resume_from_checkpoint` and change `output_dir`.",
        ),
        (
            "",
            (("output_dir_holds", "checkpoint-500"),),
            "Increase epochs or steps, or change `output_dir`.",
        ),
    ],
)
def test_what_puts_a_run_at_its_end_is_what_has_to_change(
    text: str, facts: tuple[tuple[str, object], ...], remedy: str
) -> None:
    (message,) = said("FT626", f"max_steps: 100\n{text}", *facts)
    assert "nothing is left to train. " in message
    assert message.endswith(remedy)
    assert len(message) <= 160


def test_whole_models_start_from_model_name_or_path() -> None:
    head = HEAD.replace("lora", "full")
    options = Options(resolve_target("0.9.5"))
    found = lint(of_text("c.yaml", f"{head}max_steps: 100\n{NAMED}"), options).diagnostics
    (message,) = [one.message for one in found if one.code == "FT626"]
    assert message.endswith("to start from its weights set `model_name_or_path`.")


@pytest.mark.parametrize(("steps", "fires"), [(100, False), (101, True)])
def test_a_trial_run_needs_no_checkpoints_on_the_way(steps: int, fires: bool) -> None:
    assert bool(said("FT621", f"max_steps: {steps}\nsave_steps: 500\n")) == fires
