"""Where a run ends on a value of a wrong type: among its steps only where something reads it."""

from __future__ import annotations

import pytest

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.stating import stating

TRAINS = (
    "model_name_or_path: tiny\nstage: sft\ndo_train: true\nfinetuning_type: lora\ndataset: d\n"
    "template: empty\noutput_dir: out\n"
)
EVALUATES = f"{TRAINS}eval_strategy: steps\nval_size: 0.1\n"


def ends(text: str, release: str) -> list[str]:
    result = lint(of_text("c.yaml", text), Options(resolve_target(release), stating()))
    told = [one.message for one in result.diagnostics if one.code == "FT105"]
    return [one.partition("; ")[2] for one in told]


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4", "0.9.5"])
@pytest.mark.parametrize(
    ("text", "end"),
    [
        (f"{TRAINS}save_total_limit: '3'\n", "when the first checkpoint is saved (TypeError)."),
        (f"{EVALUATES}eval_delay: '3'\n", "at the first evaluation (TypeError)."),
        (f"{TRAINS}max_grad_norm: '1.0'\n", "in the first steps (TypeError)."),
    ],
)
def test_what_reads_a_value_is_what_ends_the_run(text: str, end: str, release: str) -> None:
    assert ends(text, release) == [f"crashes {end}"]


@pytest.mark.parametrize(
    "text",
    [
        f"{TRAINS}save_strategy: 'no'\nsave_total_limit: '3'\n",
        f"{TRAINS}eval_delay: '3'\n",
    ],
)
def test_what_nothing_reads_ends_no_run(text: str) -> None:
    assert ends(text, "0.9.5") == []
