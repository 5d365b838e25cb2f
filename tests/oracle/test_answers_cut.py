"""FT740 against what LLaMA Factory's own preprocessing leaves of the answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.oracle import lengths
from tests.oracle.contents import RELEASES, Real

from ftlint.cli.commands import cli
from ftlint.rules.plan.tokens import MUCH

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle
pytest.importorskip("tokenizers")

FORMS = ("alpaca", "sharegpt", "thoughts", "openai")
TEMPLATES = ("alpaca", "chatml", "gemma", "llama3", "mistral", "qwen3")
CUTOFFS = (48, 96, 160, 256, 384, 512, 768, 1024)
ENOUGH = 100_000


def _learned(real: Real, folder: Path, config: dict[str, Any], cutoff: int) -> int | None:
    """Return the tokens that the release learns from of all rows; None where it refuses one."""
    asked = {
        "folder": str(folder / "data"), "model": str(folder / "tokenizer"),
        "config": {**config, "cutoff_len": cutoff},
    }  # fmt: skip
    rows = real.ask(asked, 120).get("lengths")
    return None if rows is None else sum(row[-1] for row in rows)


def _said(release: str, config: dict[str, Any], cutoff: int, *arguments: str) -> bool:
    """Return whether ftlint says that too much is cut."""
    keys = {**config, "cutoff_len": cutoff, "model_name_or_path": "tokenizer",
            "dataset_dir": "data", "output_dir": "out"}  # fmt: skip
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
    options = ("--select", "FT740", "--target", release, "--no-cache", "--output-format", "json")
    done = CliRunner().invoke(cli, ["check", *options, *arguments, "-"], input=text)
    return bool(json.loads(done.stdout)["diagnostics"])


@pytest.mark.parametrize("release", RELEASES)
def test_it_is_said_of_those_that_lose_a_tenth_and_of_no_others(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    lengths.write(tmp_path / "data", seed=int(release[-1]))
    lengths.build_tokenizer(tmp_path / "tokenizer")
    wrong, much, judged = [], 0, 0
    with Real(release, str(tmp_path)) as real:
        for form in FORMS if release != "0.9.3" else FORMS[:-1]:
            for template in TEMPLATES:
                config = {"stage": "sft", "do_train": True, "finetuning_type": "lora",
                          "template": template, "dataset": form}  # fmt: skip
                whole = _learned(real, tmp_path, config, ENOUGH)
                for cutoff in CUTOFFS:
                    left = _learned(real, tmp_path, config, cutoff)
                    if not whole or left is None:
                        continue
                    lost = 1 - left / whole
                    judged, much = judged + 1, much + (lost > MUCH)
                    if _said(release, config, cutoff, "--here") is not (lost > MUCH):
                        wrong.append((form, template, cutoff, lost))
    print(f"{release}: {judged} configs, {much} lose more than a tenth, {len(wrong)} misjudged")
    assert wrong == []
    assert 0.3 < much / judged < 0.9
