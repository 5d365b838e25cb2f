"""Memory where the tokens of rows are known: the longest batch in place of `cutoff_len`."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from ftlint.cli.commands import cli
from tests.tokens.helpers import INTRODUCTION, asked, config_of, write_data

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = {
    "model_type": "llama", "hidden_size": 1024, "intermediate_size": 4096, "vocab_size": 64_000,
    "num_hidden_layers": 4, "num_attention_heads": 8,
}  # fmt: skip
SHORT, LONG, EVALUATED = 100, 600, 300
END = 1


@pytest.fixture
def folder(project: Path) -> Path:
    """Rows of 100 words but one of 600, and others to evaluate on."""
    (project / "model/config.json").write_text(json.dumps(SHAPE), "utf-8")
    rows = [asked(10, SHORT - 11)] * 31 + [asked(10, LONG - 11)]
    write_data(project / "data", rows)
    (project / "data/held.json").write_text(json.dumps([asked(10, EVALUATED - 11)] * 4), "utf-8")
    info = {"faq": {"file_name": "faq.json"}, "held": {"file_name": "held.json"}}
    (project / "data/dataset_info.json").write_text(json.dumps(info), "utf-8")
    return project


def memory(folder: Path, **keys: Any) -> dict[str, Any]:
    keys = {"bf16": True, "per_device_train_batch_size": 4, **keys}
    (folder / "c.yaml").write_text(config_of(**keys), "utf-8")
    done = CliRunner().invoke(cli, ["memory", "--output-format", "json", "c.yaml"])
    (found,) = json.loads(done.stdout)
    assert done.exit_code == (1 if found["refused"] else 0), done.output
    return dict(found)


def allocated(found: dict[str, Any], phase: str = "training") -> int:
    return int(found[phase]["allocated"])


def of_length(folder: Path, length: int, **keys: Any) -> dict[str, Any]:
    """Return what is said of rows whose length is not known, under a cutoff_len of so many."""
    shutil.move(folder / "data", folder / "away")
    found = memory(folder, cutoff_len=length, dataset="elsewhere", **keys)
    shutil.move(folder / "away", folder / "data")
    return found


LONGEST = LONG + INTRODUCTION - 11 + 10 + END
PADDED = -(-LONGEST // 8) * 8


def test_the_longest_batch_counts_and_not_cutoff_len(folder: Path) -> None:
    found = memory(folder)
    assert LONGEST < PADDED < 2048
    assert allocated(found) == allocated(of_length(folder, PADDED))
    (said,) = (one for one in found["assumptions"] if "longest batch" in one)
    assert f"{PADDED:,} tokens" in said
    assert 1 <= int(said.rpartition(" ")[2]) <= 24
    # A cutoff_len below it cuts that row.
    assert allocated(memory(folder, cutoff_len=128)) == allocated(of_length(folder, 128))


def test_rows_to_evaluate_on_have_lengths_of_their_own(folder: Path) -> None:
    held = memory(folder, eval_dataset="held", eval_strategy="steps", eval_steps=2)
    longest = -(-(EVALUATED + INTRODUCTION + END) // 8) * 8
    other = of_length(
        folder, longest, eval_strategy="steps", eval_steps=2, per_device_eval_batch_size=4
    )
    assert allocated(held, "evaluation") == allocated(other, "evaluation")
    assert allocated(held) == allocated(of_length(folder, PADDED))
    assert any("evaluation: at most" in one for one in held["assumptions"])
    # What is split off may be any of the rows.
    split = memory(folder, val_size=8, eval_strategy="steps", eval_steps=2)
    other = of_length(folder, PADDED, eval_strategy="steps", eval_steps=2)
    assert allocated(split, "evaluation") == allocated(other, "evaluation")


def test_packed_blocks_are_as_long_as_cutoff_len(folder: Path) -> None:
    keys = {"packing": True, "neat_packing": True}
    packed = allocated(memory(folder, **keys, cutoff_len=1024))
    assert packed == allocated(of_length(folder, 1024, **keys))


def test_what_was_recorded_counts_where_nothing_can_be_counted(folder: Path) -> None:
    here = allocated(memory(folder))
    assert CliRunner().invoke(cli, ["record", "c.yaml"]).exit_code == 0
    (folder / "model/tokenizer.json").unlink()
    for name in ("faq.json", "held.json"):
        (folder / "data" / name).unlink()
    found = memory(folder)
    assert allocated(found) == here
    assert any("recorded on" in one for one in found["assumptions"])


def test_a_record_decides_whether_a_run_does_not_fit(folder: Path) -> None:
    (folder / "model/config.json").write_text(json.dumps({**SHAPE, "vocab_size": 256_000}))

    def codes() -> list[str]:
        done = CliRunner().invoke(cli, ["c.yaml", "--gpu", "6g", "--output-format", "json"])
        found = json.loads(done.stdout)["diagnostics"]
        return [one["code"] for one in found if one["code"].startswith("FT80")]

    memory(folder)
    assert codes() == ["FT804"]  # rows of cutoff_len do not fit, shorter ones would
    assert CliRunner().invoke(cli, ["record", "c.yaml"]).exit_code == 0
    assert codes() == ["FT803"]  # these rows do not
    memory(folder, per_device_train_batch_size=1)
    assert codes() == []


def test_without_a_tokenizer_a_token_for_each_byte_is_the_most(folder: Path) -> None:
    (folder / "model/tokenizer.json").unlink()
    found = memory(folder)
    assert allocated(found) == allocated(of_length(folder, 2048))
    assert allocated(memory(folder, cutoff_len=8192)) < allocated(of_length(folder, 8192))
