"""Packing in the observed runs of the reference: bounds become exact once tokens are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ftlint import api
from ftlint.loading import Config, load_text
from ftlint.project.options import Options
from ftlint.steps import StepPlan
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from ftlint.tokens.measure import TokenRequest
from tests.shared import REFERENCE
from tests.stating import stating
from tests.steps.reference import cases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.steps.reference import Case

pytestmark = pytest.mark.shared
tokenizers = pytest.importorskip("tokenizers")

PACKED = [
    case
    for case in cases()
    if case.config.get("packing") or case.config.get("neat_packing") or case.config["stage"] == "pt"
    if case.observed.get("n_train") and not case.config.get("streaming")
    if case.llamafactory in ("0.9.3", "0.9.4", "0.9.5") and case.config["stage"] != "dpo"
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tokenizer that those runs had: whole words of a short list."""
    words = ["<unk>", "<s>", "</s>", "<pad>", *(f"w{number}" for number in range(100))]
    words += ["Human:", "Assistant:", "System:", "\n"]
    vocabulary = {word: place for place, word in enumerate(words)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(["<s>", "</s>", "<pad>", "<unk>"])
    folder = tmp_path_factory.mktemp("model")
    made.save(str(folder / "tokenizer.json"))
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(marks), "utf-8")
    return folder


@pytest.mark.parametrize("case", PACKED, ids=lambda case: f"{case.id}-{case.llamafactory}")
def test_packed_runs_have_the_steps_that_were_seen(case: Case, model: Path) -> None:
    values = {"model_name_or_path": str(model), "output_dir": "o", **case.config}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items())
    given = stating(dataset_dir=str(REFERENCE / "step_data")).launched(case.world_size)
    target = resolve_target(case.llamafactory, case.transformers)
    config = load_text(of_text("run.yaml", text), Options(target, given))
    assert isinstance(config, Config)
    run = api.plan(config, TokenRequest())
    made = run.plan
    if not isinstance(made, StepPlan):
        assert case.observed["error"], run.refused
        return
    assert made.samples.total.exact == case.observed["n_train"]
    assert made.total_steps.exact == case.observed["state_max_steps"]


def test_every_such_run_is_looked_at() -> None:
    assert len(PACKED) >= 20
