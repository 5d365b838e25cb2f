from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftbench.models.source import Source
from ftbench.runners.short import RunLocation, as_lines, short, whole

RANDOM = Source("random:tiny", "asked for", shape=None)
MINE = Source("weights", "they are here", path="mine")
CONFIG: dict[str, Any] = {
    "model_name_or_path": "mine", "output_dir": "saves/mine", "do_train": True, "bf16": True,
    "num_train_epochs": 3.0, "eval_strategy": "steps", "eval_steps": 10, "save_steps": 5,
    "val_size": 0.1, "load_best_model_at_end": True, "push_to_hub": True, "deepspeed": "ds.json",
    "adapter_name_or_path": "old", "quantization_bit": 4, "overwrite_output_dir": True,
    "per_device_train_batch_size": 4, "learning_rate": 1e-4, "report_to": "wandb",
}  # fmt: skip


def place(source: Source = MINE, *, on_gpu: bool = True) -> RunLocation:
    return RunLocation(source, source.path or "cache/tiny", "work/output", on_gpu, {})


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        key: (before.get(key), after.get(key))
        for key in {*before, *after}
        if before.get(key) != after.get(key)
    }


@given(
    st.dictionaries(st.sampled_from(sorted(CONFIG)), st.just(None), max_size=len(CONFIG)),
    st.booleans(),
    st.sampled_from([MINE, RANDOM]),
    st.booleans(),
)
def test_every_difference_is_told_and_nothing_else(
    left_out: dict[str, None], on_gpu: bool, source: Source, full: bool
) -> None:
    config = {key: value for key, value in CONFIG.items() if key not in left_out}
    where = place(source, on_gpu=on_gpu)
    made = whole(config, where) if full else short(config, 20, 100, where)
    told = {one["key"]: (one["from"], one["to"]) for one in made.changes}
    assert told == differences(config, made.values)
    assert len(told) == len(made.changes)
    assert all(one["why"] for one in made.changes)
    assert made.values["output_dir"] == "work/output"


def test_a_short_run_is_not_longer_than_the_whole() -> None:
    assert short(CONFIG, 30, 12, place()).values["max_steps"] == 12
    assert short(CONFIG, 30, 100, place()).values["max_steps"] == 30
    assert short(CONFIG, 30, None, place()).values["max_steps"] == 30


def test_a_short_run_neither_evaluates_nor_saves_but_keeps_its_rows() -> None:
    values = short(CONFIG, 30, 100, place()).values
    assert (values["eval_strategy"], values["save_strategy"]) == ("no", "no")
    assert values["val_size"] == 0.1
    assert "load_best_model_at_end" not in values


def test_a_whole_run_keeps_its_evaluations_and_checkpoints() -> None:
    values = whole(CONFIG, place()).values
    assert (values["eval_steps"], values["save_steps"], values["num_train_epochs"]) == (10, 5, 3.0)
    assert "max_steps" not in values


@pytest.mark.parametrize("on_gpu", [True, False])
def test_without_a_gpu_what_needs_one_is_left_out(on_gpu: bool) -> None:
    values = whole(CONFIG, place(on_gpu=on_gpu)).values
    assert (values.get("use_cpu") is True) is not on_gpu
    assert [key in values for key in ("bf16", "deepspeed", "quantization_bit")] == [on_gpu] * 3


def test_lines_say_what_and_why() -> None:
    lines = as_lines(short(CONFIG, 30, 100, place()).changes)
    assert "max_steps: – → 30  (a short run)" in lines
    assert "push_to_hub: true → –  (results and logs go nowhere but to bench's own folder)" in lines
