from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.steps.values import values_of

from ftbench.runners import configs
from ftbench.validation.checks import BOUNDED, EXACT, WRONG, checks, faults, verdict
from ftlint.steps import DatasetRows, NoPlan, SampleCount, StepPlan, World, exactly, plan
from suites.validation import FSDP, ONE, PAIR, STAGES, TWO, ZERO, write_suite

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = {"llamafactory": "0.9.5", "transformers": "5.6.0"}
SEEN: dict[str, Any] = {
    "max_steps": 26, "global_step": 26, "batches_per_epoch": 25, "rows": 100, "epochs": 2.0,
    "epochs_entered": 2, "warmup_steps": 3, "world_size": 1, "logs": 5, "evaluations": 0,
    "checkpoints": 1, "checkpoints_kept": 1, "train_steps_per_second": 1.0, "train_runtime": 1.0,
}  # fmt: skip


def planned(**more: Any) -> StepPlan:
    config = {
        "stage": "sft", "do_train": True, "dataset": "d", "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2, "num_train_epochs": 2, "warmup_ratio": 0.1,
        "logging_steps": 5, "output_dir": "out", **more,
    }  # fmt: skip
    rows = SampleCount((DatasetRows("d", exactly(100)),))
    values = values_of(config, "0.9.5", "5.6.0")
    made = plan(values, samples=rows, world=World(1), llamafactory=(0, 9, 5),
                transformers=(5, 6, 0))  # fmt: skip
    assert isinstance(made, StepPlan)
    return made


def test_a_plan_that_the_trainer_confirms_is_exact() -> None:
    found = checks(planned(), SEEN)  # type: ignore[arg-type]
    assert list(faults(found)) == []
    assert verdict(found) == EXACT
    assert len(found) == 12


def test_one_number_that_differs_is_named() -> None:
    for name in ("max_steps", "global_step", "rows", "warmup_steps", "logs", "checkpoints_kept"):
        found = checks(planned(), {**SEEN, name: SEEN[name] + 1})  # type: ignore[typeddict-item]
        assert verdict(found) == WRONG
        assert len(list(faults(found))) == 1


def test_what_a_plan_can_only_bound_is_not_exact() -> None:
    stopping = planned(
        val_size=10, eval_strategy="epoch", early_stopping_steps=1, load_best_model_at_end=True,
        save_strategy="epoch", num_train_epochs=4,
    )  # fmt: skip
    seen = {**SEEN, "rows": 90, "batches_per_epoch": 23, "max_steps": 48, "global_step": 48,
            "epochs": 4.0, "epochs_entered": 4, "warmup_steps": 5, "evaluations": 5,
            "checkpoints": 4, "checkpoints_kept": 4, "logs": 9}  # fmt: skip
    assert verdict(checks(stopping, seen)) == BOUNDED  # type: ignore[arg-type]
    assert verdict(checks(stopping, {**seen, "global_step": 49})) == WRONG  # type: ignore[typeddict-item]


def test_the_suite_is_the_same_each_time_and_covers_each_way(tmp_path: Path) -> None:
    paths = write_suite(tmp_path)
    texts = [path.read_bytes() for path in paths]
    write_suite(tmp_path)
    assert [path.read_bytes() for path in paths] == texts
    assert (ONE, TWO) == (52, 8)
    assert len(paths) == ONE + TWO + ZERO + FSDP + len(STAGES) + len(PAIR)
    one = [path for path in paths if path.parent.name == "one"]
    used: dict[str, set[str]] = {}
    for path in one:
        for line in path.read_text().splitlines():
            key, _, value = line.partition(": ")
            used.setdefault(key, set()).add(json.dumps(json.loads(value)))
    ways = ("max_steps", "val_size", "max_samples", "packing", "warmup_ratio", "warmup_steps",
            "eval_steps", "save_steps", "save_total_limit", "dataloader_drop_last",
            "mix_strategy", "logging_first_step")  # fmt: skip
    assert not [way for way in ways if way not in used]
    for key in ("num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps"):
        assert len(used[key]) >= 5
    assert {'"sft"', '"pt"', '"dpo"', '"kto"'} == used["stage"]


def test_every_config_of_the_suite_has_a_plan(tmp_path: Path) -> None:
    bounded = 0
    for path in write_suite(tmp_path):
        gpus = 1 if path.parent.name in ("one", "stages") else 2
        loaded = configs.load(str(path), VERSIONS, gpus)
        made = configs.plan(loaded, loaded.values)
        assert isinstance(made, StepPlan), made
        assert made.world_size == gpus
        bounded += made.samples.total.exact is None
    assert 5 <= bounded <= 23  # what is packed or comes as a stream


def test_rows_that_are_known_only_after_tokenising_make_a_plan_exact(tmp_path: Path) -> None:
    paths = write_suite(tmp_path)
    for path in paths:
        loaded = configs.load(str(path), VERSIONS, 1)
        first = configs.plan(loaded, loaded.values)
        if loaded.values.get("streaming"):
            continue  # its rows are never counted
        if isinstance(first, StepPlan) and first.samples.total.exact is None:
            again = configs.plan_with_rows(loaded, loaded.values, 17)
            assert not isinstance(again, NoPlan)
            assert again.samples.total.exact == 17
            assert again.total_steps.exact is not None
            assert again.eval_events.exact is not None
