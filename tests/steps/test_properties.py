"""What holds for every config."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.steps import Amount, Count, NoPlan, StepPlan, World, exactly
from tests.searches import tries

from .short import CARRY, FLOOR, FOUR, NEW, TARGETS, Versions, outcome, planned
from .simulated import simulate

if TYPE_CHECKING:
    from typing import Any

OLDER = ((0, 9, 4), (4, 48, 3))
BEFORE_5_4 = ((0, 9, 5), (5, 3, 0))
EVERY_TARGET = (*TARGETS, OLDER, BEFORE_5_4)

targets = st.sampled_from(EVERY_TARGET)
intervals = st.one_of(st.integers(1, 30), st.sampled_from([0.1, 0.25, 0.3333, 0.5, 0.9, 1.0]))


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    config: dict[str, Any] = {
        "per_device_train_batch_size": draw(st.integers(1, 9)),
        "gradient_accumulation_steps": draw(st.integers(1, 9)),
        "dataloader_drop_last": draw(st.booleans()),
    }
    if draw(st.booleans()):
        config["max_steps"] = draw(st.integers(1, 60))
    else:
        config["num_train_epochs"] = draw(
            st.one_of(
                st.integers(1, 6),
                st.floats(0.01, 6, allow_nan=False),
                st.sampled_from([1.1, 2.2, 0.07, 2.5, 1.2]),
            )
        )
    config["logging_strategy"] = draw(st.sampled_from(["no", "steps", "epoch"]))
    config["logging_steps"] = draw(intervals)
    config["logging_first_step"] = draw(st.booleans())
    if draw(st.booleans()):
        config["eval_strategy"] = draw(st.sampled_from(["steps", "epoch"]))
        config["eval_dataset"] = "e"
        config["eval_steps"] = draw(st.one_of(st.none(), intervals))
        config["eval_delay"] = draw(st.sampled_from([0, 0, 1, 2, 1.5, 7]))
        config["eval_on_start"] = draw(st.booleans())
    config["save_strategy"] = draw(st.sampled_from(["no", "steps", "epoch"]))
    config["save_steps"] = draw(st.one_of(intervals, st.just(0)))
    return config


@pytest.mark.search
@settings(max_examples=tries(300))
@given(configs(), st.integers(1, 150), st.integers(1, 3), targets)
def test_equal_to_the_loop_gone_through(
    config: dict[str, Any], rows: int, world: int, target: Versions
) -> None:
    found = outcome(rows, target, World(gpus=world), **config)
    trace = simulate(rows, world, config, target[1])
    if trace is None:
        if isinstance(found, StepPlan):
            assert config.get("max_steps", 0) > 0
            assert found.executed_steps == exactly(0)
        return
    assert isinstance(found, StepPlan), found
    assert found.total_steps == exactly(trace.planned)
    assert found.executed_steps == exactly(trace.executed)
    assert found.epochs_entered == exactly(trace.epochs)
    assert found.epochs == Amount(trace.progress, trace.progress)
    assert found.logging_events == exactly(trace.logs)
    assert found.eval_events == exactly(trace.evaluations)
    assert found.checkpoints == exactly(trace.saves)
    assert found.samples_seen == exactly(trace.rows)


@pytest.mark.search
@settings(max_examples=tries(80))
@given(configs(), st.integers(1, 10_000), st.integers(1, 4), targets)
def test_more_rows_are_never_fewer_steps(
    config: dict[str, Any], rows: int, world: int, target: Versions
) -> None:
    fewer = outcome(rows, target, World(gpus=world), **config)
    more = outcome(rows + 1, target, World(gpus=world), **config)
    if isinstance(fewer, NoPlan):
        return
    assert isinstance(more, StepPlan)
    for name in ("batches_per_epoch", "steps_per_epoch", "total_steps", "executed_steps"):
        assert getattr(fewer, name).low <= getattr(more, name).low


@pytest.mark.search
@settings(max_examples=tries(120))
@given(
    configs(),
    st.integers(1, 400),
    st.one_of(st.none(), st.integers(0, 900)),
    st.integers(0, 900),
    st.integers(1, 3),
    targets,
    st.sampled_from([None, 1, 2]),
)
def test_bounds_hold_for_every_number_of_rows_between(
    config: dict[str, Any],
    low: int,
    width: int | None,
    place: int,
    world: int,
    target: Versions,
    patience: int | None,
) -> None:
    if patience is not None:
        config = {**config, "early_stopping_steps": patience}
    rows = Count(low, None if width is None else low + width)
    bounded = outcome(rows, target, World(gpus=world), **config)
    one = outcome(
        low + (place if width is None else min(place, width)), target, World(gpus=world), **config
    )
    if isinstance(one, NoPlan):
        return
    assert isinstance(bounded, StepPlan), (bounded, one)
    for name, value in one._asdict().items():
        if isinstance(value, Count | Amount):
            bound = getattr(bounded, name)
            assert bound.low <= value.low, (name, bound, value)
            if bound.high is not None:
                assert value.high is not None
                assert value.high <= bound.high, (name, bound, value)


junk = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=4),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers()),
    st.sampled_from(["1e-4", "${x}", "steps", "no", "epoch", "3", "inf"]),
)  # fmt: skip
KEYS = [
    "stage", "per_device_train_batch_size", "gradient_accumulation_steps", "num_train_epochs",
    "max_steps", "val_size", "max_samples", "mix_strategy", "interleave_probs", "seed",
    "cutoff_len", "packing", "neat_packing", "preprocessing_batch_size",
    "preprocessing_num_workers", "warmup_steps", "warmup_ratio", "logging_strategy",
    "logging_steps", "eval_strategy", "eval_steps", "eval_delay", "save_strategy", "save_steps",
    "save_total_limit", "early_stopping_steps", "streaming", "dataloader_num_workers",
    "accelerator_config", "parallelism_config", "deepspeed", "ppo_buffer_size", "tokenized_path",
    "eval_dataset", "eval_on_each_dataset", "dataset", "do_train", "ray_num_workers", "use_kt",
    "per_gpu_train_batch_size", "hyper_parallel_cp_size", "use_hyper_parallel", "template",
]  # fmt: skip


@pytest.mark.search
@settings(max_examples=tries(300))
@given(st.dictionaries(st.sampled_from(KEYS), junk, max_size=6), targets)
def test_no_value_raises(config: dict[str, Any], target: Versions) -> None:
    found = outcome([10, 20], target, World(gpus=2), **config)
    assert isinstance(found, StepPlan | NoPlan)


def test_targets_differ_where_the_releases_do() -> None:
    totals = [
        planned(97, target, per_device_train_batch_size=4, gradient_accumulation_steps=3)
        .total_steps.exact
        for target in (NEW, FOUR, FLOOR, CARRY)
    ]  # fmt: skip
    assert totals == [27, 27, 24, 24]


def test_early_stopping_may_come_sooner_with_more_rows() -> None:
    """Found by the property above: 36 batches end in a whole step and are marked, 33 do not."""
    config: dict[str, Any] = {
        "per_device_train_batch_size": 3, "gradient_accumulation_steps": 4, "max_steps": 19,
        "eval_strategy": "epoch", "eval_dataset": "e", "eval_delay": 1, "early_stopping_steps": 1,
        "logging_steps": 1, "save_steps": 1, "save_strategy": "steps",
    }  # fmt: skip
    target = ((0, 9, 3), (4, 45, 2))
    bounded, one = outcome(Count(97, None), target, **config), outcome(106, target, **config)
    assert isinstance(bounded, StepPlan)
    assert isinstance(one, StepPlan)
    assert bounded.executed_steps.low <= one.executed_steps.low == 18
    assert bounded.logging_events.low <= one.logging_events.low
    assert bounded.checkpoints.low <= one.checkpoints.low


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("stage", ["sft", "ppo"])
def test_epochs_beyond_floats_stop_the_trainer(stage: str, sign: int) -> None:
    """Found by the property above: 8.98846567431158e+307 epochs of three steps."""
    target = ((0, 9, 3), (4, 52, 4))
    found = outcome(30, target, num_train_epochs=sign * 8.98846567431158e307, stage=stage,
                    per_device_train_batch_size=1)  # fmt: skip
    assert isinstance(found, NoPlan)
    assert "overflows" in found.reason
