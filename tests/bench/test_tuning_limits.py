"""What is ruled out untried: other numbers of steps, and what the memory law says cannot fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.runners import configs
from ftbench.tuning import edit
from ftbench.tuning.axes import Axes, Axis
from ftbench.tuning.candidate import Candidate
from ftbench.tuning.known import Known
from ftbench.tuning.limits import Circumstances, forecast, margin, too_large, total_steps
from ftlint.facts.effective import effective
from ftlint.target.keys import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
CONFIG = """\
### model
model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct  # gated

### method
stage: sft
do_train: true
finetuning_type: lora
lora_target: all

### dataset
dataset: rows
dataset_dir: {folder}
template: llama3
cutoff_len: 2048

### output
output_dir: {folder}/saves

### train
per_device_train_batch_size: 1   # as published
gradient_accumulation_steps: 8
num_train_epochs: 3.0
bf16: true
"""
NEWEST = {"llamafactory": "0.9.5", "transformers": "5.6.0"}


def loaded(
    folder: Path, more: str = "", rows: int = 1091, packages: dict[str, str] | None = None
) -> Circumstances:
    made = [{"instruction": "a", "input": "", "output": "b"}] * rows
    (folder / "rows.json").write_text(json.dumps(made), "utf-8")
    (folder / "dataset_info.json").write_text('{"rows": {"file_name": "rows.json"}}', "utf-8")
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(folder=folder) + more, "utf-8")
    found = configs.load(str(path), NEWEST if packages is None else packages, 1)
    return Circumstances(found, found.values, rows, 2048, 80 * GIB)


def split(batch: int, accumulation: int, **more: Any) -> tuple[tuple[str, Any], ...]:
    return (
        ("per_device_train_batch_size", batch), ("gradient_accumulation_steps", accumulation),
        *more.items(),
    )  # fmt: skip


PLAIN = {"disable_gradient_checkpointing": True}
LIGER = {"enable_liger_kernel": True}


def test_a_split_takes_the_same_steps(tmp_path: Path) -> None:
    of = loaded(tmp_path)
    assert total_steps(of, ()) == 3 * 137
    assert {total_steps(of, split(batch, 8 // batch)) for batch in (1, 2, 4, 8)} == {3 * 137}


def test_a_split_that_drops_rows_or_rounds_otherwise_does_not(tmp_path: Path) -> None:
    drops = loaded(tmp_path, "dataloader_drop_last: true\n")
    assert total_steps(drops, split(8, 1)) == 3 * 136
    assert total_steps(drops, split(1, 8)) == 3 * 137


def known(of: Circumstances) -> Known:
    values = effective(of.values, Catalogue(of.loaded.target, "train"))
    axes = Axes((Axis("batch", (1, 2, 4, 8)), Axis("checkpointing", (False, True)),
                 Axis("segments", (False, True), late=True)), ())  # fmt: skip
    return Known(of, values, 1, 4, axes=axes)


def test_the_search_is_offered_the_same_training_alone(tmp_path: Path) -> None:
    found = known(loaded(tmp_path, "dataloader_drop_last: true\n"))
    space = found.space()
    allowed = [one for one in space.everything() if space.allows(one)]
    assert {one.batch for one in allowed} == {1, 2}  # 4 and 8 drop rows that make a step


def test_the_memory_law_rules_out_what_cannot_hold_a_whole_run(tmp_path: Path) -> None:
    of = loaded(tmp_path)
    plain = split(8, 1, **PLAIN)
    needs = forecast(of, plain)
    assert needs is not None
    assert needs.training.allocated > of.total  # type: ignore[operator]
    assert "the GPU has 86 GB" in str(too_large(of, plain))
    assert too_large(of, split(8, 1, **LIGER)) is None
    assert too_large(of._replace(total=None), plain) is None
    assert too_large(of._replace(forecast=False), plain) is None
    shorter = of._replace(longest=512)
    assert too_large(shorter, plain) is None


def test_where_segments_expand_less_must_be_free(tmp_path: Path) -> None:
    of = loaded(tmp_path)
    keys = split(4, 2, **PLAIN, **LIGER)
    assert too_large(of, keys) is not None
    assert too_large(of, keys, segments=True) is None
    allocated = forecast(of, keys).training.allocated  # type: ignore[union-attr]
    assert "a whole run may need" in str(margin(of, keys, allocated))
    assert margin(of, keys, allocated, segments=True) is None
    assert margin(of, keys, int(0.98 * 80 * GIB), segments=True) is not None


def test_what_was_allocated_counts_for_more_than_the_law(tmp_path: Path) -> None:
    of = loaded(tmp_path)
    keys = split(8, 1, **LIGER)
    law = forecast(of, keys).training  # type: ignore[union-attr]
    assert margin(of, keys, law.allocated) is None
    assert margin(of, keys, 3 * law.allocated) is not None
    unknown = of._replace(forecast=False)
    assert margin(unknown, keys, 63 * GIB) is None
    assert margin(unknown, keys, 65 * GIB) is not None
    assert margin(unknown._replace(total=None), keys, 65 * GIB) is None


def test_a_step_of_a_trial_may_be_a_part_of_one(tmp_path: Path) -> None:
    found = known(loaded(tmp_path))
    assert found.share == 1
    many = found._replace(values={**found.values, "gradient_accumulation_steps": 128})
    assert many.share == 4
    best = many.written.with_batch(16)
    assert dict(many.keys(best))["gradient_accumulation_steps"] == 8
    assert dict(many.keys(best, trialled=True))["gradient_accumulation_steps"] == 2
    assert dict(many.keys(many.written, trialled=True)) == {"gradient_accumulation_steps": 32}
    assert many.sample()["per_step"] == 32


def edited(folder: Path, candidate: Candidate, more: str = "") -> edit.Edited:
    of = loaded(folder, more)
    config, _ = configs.read(of.loaded.path, NEWEST, 1)
    return edit.edited(config, known(of).keys(candidate))


def test_the_result_is_an_edit_that_leaves_comments_alone(tmp_path: Path) -> None:
    best = Candidate(4, 2, True, False, "auto", 0)
    found = edited(tmp_path, best, "flash_attn: auto  # stays\n")
    assert found.by_hand is None
    changed = [line for line in found.diff if line[0] in "+-"][2:]
    assert changed[:4] == [
        "-per_device_train_batch_size: 1   # as published\n",
        "-gradient_accumulation_steps: 8\n",
        "+per_device_train_batch_size: 4   # as published\n",
        "+gradient_accumulation_steps: 2\n",
    ]
    assert sorted(changed[4:]) == [
        "+disable_gradient_checkpointing: true\n", "+enable_liger_kernel: true\n",
    ]  # fmt: skip
    path = tmp_path / "config.yaml"
    before = path.read_bytes()
    assert edit.written(found, before) is None
    again = configs.load(str(path), NEWEST, 1)
    assert total_steps(Circumstances(again, again.values), ()) == 3 * 137
    assert again.values["per_device_train_batch_size"] == 4
    assert edit.written(found, before) is not None  # it has changed since


def test_a_key_that_is_there_is_replaced(tmp_path: Path) -> None:
    best = Candidate(1, 8, True, True, "auto", 0)
    found = edited(tmp_path, best, "enable_liger_kernel: false\n")
    assert [line for line in found.diff if line[0] in "+-"][2:] == [
        "-enable_liger_kernel: false\n", "+enable_liger_kernel: true\n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("comment", "stale"),
    [
        ("per_device_train_batch_size: 1   # as published", []),
        ("per_device_train_batch_size: 1  # 1 fits on my card", [20]),
        ("per_device_train_batch_size: 1  # no more than 1.", [20]),
        ("per_device_train_batch_size: 1  # 11 or 1.5 GB, x1", []),
        ("# one card\n# takes 1\nper_device_train_batch_size: 1", [21]),
        ("# takes 1\n\nper_device_train_batch_size: 1", []),
    ],
)
def test_a_comment_that_names_the_former_value_is_told(
    tmp_path: Path, comment: str, stale: list[int]
) -> None:
    of = loaded(tmp_path)
    path = tmp_path / "config.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("per_device_train_batch_size: 1   # as published", comment), "utf-8"
    )
    config, _ = configs.read(str(path), NEWEST, 1)
    found = edit.edited(config, known(of).keys(Candidate(4, 2, True, True, "auto", 0)))
    assert [int(one.split(":")[0].removeprefix("line ")) for one in found.comments] == stale
    assert all("`per_device_train_batch_size: 1`" in one for one in found.comments)
    assert all("#" in found.before.splitlines()[number - 1] for number in stale)
    assert all(line in found.after for line in comment.splitlines()[:-1])
    assert comment.splitlines()[-1].partition("#")[2] in found.after


@pytest.mark.parametrize("candidate", [Candidate(1, 8, False, True, "auto", 0)])
def test_what_is_as_written_has_no_difference(tmp_path: Path, candidate: Candidate) -> None:
    found = edited(tmp_path, candidate)
    assert found.diff == ()
    assert found.before == found.after
