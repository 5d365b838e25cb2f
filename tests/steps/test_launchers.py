"""Steps under each launcher, by the arithmetic of the trainer that it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.steps import Count, DatasetRows, NoPlan, SampleCount, StepPlan, World, exactly, plan
from tests.steps import launched
from tests.steps.short import FOUR, NEW, outcome, planned, refused

if TYPE_CHECKING:
    from typing import Any

BRIDGE = ((0, 9, 6), (5, 6, 0))
PARALLEL = ("tensor_model_parallel_size", "pipeline_model_parallel_size", "context_parallel_size")
EXPERTS = "expert_model_parallel_size"


def mca(gpus: int = 1, nodes: int = 1) -> World:
    return World(gpus, nodes, "mca")


class TestRay:
    def test_it_takes_its_own_number_of_workers(self) -> None:
        assert planned(100, NEW, World(gpus=8, launcher="ray")).world_size == 1
        found = planned(100, NEW, World(gpus=8, launcher="ray"), ray_num_workers=4)
        assert found.world_size == 4

    def test_nobody_asks_for_the_gpus(self) -> None:
        world = World(launcher="ray", note="assumes one GPU")
        assert planned(100, NEW, world, ray_num_workers=4).assumptions == ()

    @pytest.mark.parametrize("workers", [0, -1, 1.5, "2", None])
    def test_workers_that_are_no_number(self, workers: object) -> None:
        assert refused(9, NEW, World(launcher="ray"), ray_num_workers=workers).key


class TestKTransformers:
    def test_one_process_takes_a_batch_for_each_gpu(self) -> None:
        found = planned(100, NEW, World(4, 2, "kt"), use_kt=True, num_train_epochs=1)
        assert (found.world_size, found.effective_batch_size) == (1, 32)
        assert found.total_steps == exactly(4)

    def test_torchrun_starts_a_process_for_each(self) -> None:
        found = planned(100, NEW, World(4, 2), use_kt=True, num_train_epochs=1)
        assert (found.world_size, found.effective_batch_size) == (8, 64)
        assert found.total_steps == exactly(2)


class TestMegatron:
    def test_ranks_that_share_rows_are_one(self) -> None:
        sizes = dict.fromkeys(PARALLEL[:2], 2)
        found = planned(
            8_006, FOUR, mca(8), per_device_train_batch_size=1, gradient_accumulation_steps=4,
            **sizes,
        )  # fmt: skip
        assert (found.world_size, found.effective_batch_size) == (2, 8)
        assert (found.steps_per_epoch, found.updates_per_epoch) == (exactly(1000), exactly(1001))
        assert found.total_steps == found.executed_steps == exactly(3000)

    def test_experts_do_not_divide_the_rows(self) -> None:
        assert planned(800, NEW, mca(8), **{EXPERTS: 4}).world_size == 8

    def test_processes_that_cannot_be_grouped(self) -> None:
        assert refused(800, NEW, mca(6), **{PARALLEL[1]: 4}).key == PARALLEL[1]
        unstated = World(1, 1, "mca", note="assumes one GPU")
        assert planned(800, NEW, unstated, **{PARALLEL[1]: 4}).world_size == 1

    def test_a_stage_that_it_does_not_train_goes_to_the_usual_trainer(self) -> None:
        found = planned(100, NEW, mca(4), stage="rm", num_train_epochs=1, **{PARALLEL[0]: 4})
        assert (found.world_size, found.total_steps) == (4, exactly(4))

    def test_it_evaluates_neither_first_nor_last(self) -> None:
        config = {"eval_dataset": "e", "eval_strategy": "steps", "eval_steps": 5, "max_steps": 12}
        assert planned(100, FOUR, mca(), eval_on_start=True, **config).eval_events == exactly(2)

    def test_fewer_batches_than_a_step_takes(self) -> None:
        sizes = {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 4}
        assert refused(31, NEW, mca(), **sizes).key == "gradient_accumulation_steps"
        assert refused(7, NEW, mca(), **sizes).key == "gradient_accumulation_steps"
        assert planned(32, NEW, mca(), num_train_epochs=1, **sizes).total_steps == exactly(1)

    def test_sequence_packing_packs(self) -> None:
        found = planned(100, NEW, mca(), sequence_packing=True, cutoff_len=128)
        assert found.samples.total == Count(1, 100)

    @settings(max_examples=400, deadline=None)
    @given(
        st.integers(1, 300), st.sampled_from([1, 2, 4, 8]), st.integers(1, 5), st.integers(1, 5),
        st.one_of(st.integers(1, 5), st.floats(0.01, 5), st.none()), st.integers(1, 60),
    )  # fmt: skip
    def test_equal_to_the_loop_gone_through(
        self, rows: int, gpus: int, batch: int, accumulation: int, epochs: float | None, most: int
    ) -> None:
        config: dict[str, Any] = {
            "per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation,
            **({"max_steps": most} if epochs is None else {"num_train_epochs": epochs}),
        }  # fmt: skip
        found = outcome(rows, NEW, mca(gpus), **config)
        trace = launched.mca(rows, gpus, config)
        assert (trace is None) == isinstance(found, NoPlan)
        if isinstance(found, StepPlan):
            assert launched.Trace(
                *(one.exact or 0 for one in (found.total_steps, found.executed_steps,
                                             found.epochs_entered, found.samples_seen))
            ) == trace  # fmt: skip

    @settings(max_examples=200, deadline=None)
    @given(st.integers(1, 400), st.integers(0, 2_000), st.integers(1, 4), st.integers(1, 4))
    def test_bounds_hold_for_every_number_of_rows(
        self, low: int, width: int, batch: int, accumulation: int
    ) -> None:
        config: dict[str, Any] = {
            "per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation
        }  # fmt: skip
        bounded = outcome(Count(low, low + width), NEW, mca(2), **config)
        for rows in (low, low + width // 3, low + width):
            single = outcome(rows, NEW, mca(2), **config)
            if isinstance(single, StepPlan):
                assert isinstance(bounded, StepPlan)
                for name in ("total_steps", "epochs_entered", "samples_seen", "checkpoints"):
                    within, one = getattr(bounded, name), getattr(single, name).exact
                    assert within.low <= one <= (within.high or one), name


class TestBridge:
    def test_one_rounding_over_the_whole_run(self) -> None:
        found = planned(
            10, BRIDGE, World(2, 1, "megatron_bridge"), per_device_train_batch_size=1,
            gradient_accumulation_steps=1, num_train_epochs=2.5, **{PARALLEL[0]: 2},
        )  # fmt: skip
        assert (found.effective_batch_size, found.total_steps) == (1, exactly(25))
        assert found.epochs.exact == 2.5

    def test_rows_are_not_packed_before_they_are_counted(self) -> None:
        for stage in ("pt", "sft"):
            found = planned(64, BRIDGE, World(1, 1, "megatron_bridge"), stage=stage, packing=True)
            assert found.samples.total == exactly(64)

    def test_rows_that_preprocessing_would_drop_count(self) -> None:
        samples = SampleCount((DatasetRows("d0", exactly(64), exactly(60)),))
        found = planned(None, BRIDGE, World(1, 1, "megatron_bridge"), samples, max_steps=-1)
        assert found.samples.total == exactly(64)

    def test_a_batch_that_megatron_cannot_divide(self) -> None:
        world, experts = World(4, 1, "megatron_bridge"), {EXPERTS: 2}
        single = {"gradient_accumulation_steps": 1, **experts}
        assert refused(64, BRIDGE, world, **single).key == "gradient_accumulation_steps"
        found = planned(64, BRIDGE, world, gradient_accumulation_steps=2, **experts)
        assert (found.world_size, found.gradient_accumulation_steps) == (4, 1)

    def test_a_stream_has_no_rows_to_count(self) -> None:
        config = {"streaming": True, "max_steps": 5, "dataloader_num_workers": 1}
        assert refused(64, BRIDGE, World(1, 1, "megatron_bridge"), **config).key == "streaming"

    @pytest.mark.parametrize(
        ("extra", "steps"),
        [
            ({"train.train_iters": 5}, 5),
            ('{"train.train_iters": 5}', 5),
            ({"logger.log_interval": 1}, 24),
            ("extra.json", 24),
        ],
    )
    def test_extra_settings_go_over_all_that_was_reckoned(self, extra: object, steps: int) -> None:
        found = planned(64, BRIDGE, World(1, 1, "megatron_bridge"), extra_config=extra)
        assert found.total_steps == exactly(steps)
        told = any("extra_config" in note for note in found.assumptions)
        assert told == (extra == "extra.json")

    def test_transformers_5_hands_a_warmup_ratio_on_as_steps(self) -> None:
        world = World(1, 1, "megatron_bridge")
        older = ((0, 9, 6), (4, 57, 1))
        assert planned(640, BRIDGE, world, warmup_ratio=0.1).warmup_steps == exactly(0)
        assert planned(640, BRIDGE, world, warmup_steps=10).warmup_steps == exactly(10)
        assert planned(640, older, world, warmup_ratio=0.1).warmup_steps == exactly(24)

    @settings(max_examples=300, deadline=None)
    @given(
        st.integers(1, 5_000), st.sampled_from([1, 2, 4, 8, 16]), st.integers(1, 5),
        st.integers(1, 8), st.one_of(st.integers(1, 4), st.floats(0.01, 4)),
        st.sampled_from([1, 2, 4]), st.sampled_from([1, 2]), st.sampled_from([1, 2]),
    )  # fmt: skip
    def test_equal_to_its_schedule(
        self, rows: int, gpus: int, batch: int, accumulation: int, epochs: float, tensor: int,
        context: int, experts: int,
    ) -> None:  # fmt: skip
        config: dict[str, Any] = {
            "per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation,
            "num_train_epochs": epochs, PARALLEL[0]: tensor, PARALLEL[2]: context,
            EXPERTS: experts,
        }  # fmt: skip
        found = outcome(rows, BRIDGE, World(gpus, 1, "megatron_bridge"), **config)
        group = tensor * context * experts
        together, iterations = launched.bridge(rows, gpus, config)
        if gpus % group or together % (batch * gpus // (tensor * context)):
            assert isinstance(found, NoPlan)
            return
        assert isinstance(found, StepPlan)
        assert (found.effective_batch_size, found.total_steps) == (together, exactly(iterations))


V1: dict[str, object] = {
    "micro_batch_size": 1, "global_batch_size": None, "num_train_epochs": 3, "max_steps": None,
    "batching_strategy": "normal", "dist_config": None, "cp_size": 1, "dp_size": None,
    "save_steps": None, "save_epochs": None, "save_total_limit": None, "logging_steps": 1,
}  # fmt: skip


def v1(
    rows: int | None, gpus: int = 1, release: Any = (0, 9, 5), **config: object
) -> StepPlan | NoPlan:
    return plan(
        {**V1, **config}, samples=SampleCount((), merged=None if rows is None else exactly(rows)),
        world=World(gpus, 1, "v1"), llamafactory=release, transformers=(5, 6, 0),
    )  # fmt: skip


class TestV1:
    def test_a_rest_is_left_out_twice(self) -> None:
        """Of 1,003 samples on 4 ranks each draws 250, in 62 steps of 4 and 2 that are left."""
        found = v1(1_003, 4, micro_batch_size=2, global_batch_size=16)
        assert isinstance(found, StepPlan)
        assert (found.world_size, found.gradient_accumulation_steps) == (4, 2)
        assert (found.steps_per_epoch, found.total_steps) == (exactly(62), exactly(186))

    def test_steps_by_tokens_are_planned_by_rows(self) -> None:
        found = v1(10, micro_batch_size=4, batching_strategy="dynamic_padding_free")
        assert isinstance(found, StepPlan)
        assert (found.steps_per_epoch, found.total_steps) == (exactly(3), exactly(9))
        assert found.samples_seen.exact is None

    def test_sequence_parallel_ranks_share_samples(self) -> None:
        found = v1(100, 4, dist_config={"name": "fsdp2", "cp_size": 2})
        assert isinstance(found, StepPlan)
        assert found.world_size == 2
        found = v1(100, 4, (0, 9, 6), cp_size=2)
        assert isinstance(found, StepPlan)
        assert found.world_size == 2

    def test_a_single_process_has_no_parallel_sizes(self) -> None:
        found = v1(100, 1, (0, 9, 6), cp_size=2)
        assert isinstance(found, StepPlan)
        assert found.world_size == 1

    @pytest.mark.parametrize(
        ("key", "config"),
        [
            ("global_batch_size", {"global_batch_size": 6, "micro_batch_size": 1}),
            ("cp_size", {"cp_size": 3}),
            ("cp_size", {"cp_size": 2, "dp_size": 4}),
            ("micro_batch_size", {"micro_batch_size": 30}),
            ("batching_strategy", {"batching_strategy": "packed"}),
            ("max_steps", {"max_steps": 1.5}),
            ("num_train_epochs", {"num_train_epochs": "three"}),
            ("logging_steps", {"logging_steps": 0}),
        ],
    )
    def test_what_it_cannot_train_is_named(self, key: str, config: dict[str, object]) -> None:
        found = v1(100, 4, (0, 9, 6), **config)
        assert isinstance(found, NoPlan)
        assert found.key == key

    def test_its_first_release_trains_nothing(self) -> None:
        assert isinstance(v1(100, 4, (0, 9, 4)), NoPlan)

    def test_checkpoints_by_epochs(self) -> None:
        for config, saved in (
            ({"save_steps": 7}, 4),
            ({"save_steps": 7, "save_total_limit": 2}, 4),
            ({"save_epochs": 0.5, "save_steps": 7}, 6),
            ({}, 0),
        ):
            found = v1(10, **config)
            assert isinstance(found, StepPlan)
            assert found.checkpoints == exactly(saved)

    def test_without_rows_the_limit_counts(self) -> None:
        found = v1(None, 2, max_steps=7)
        assert isinstance(found, StepPlan)
        assert (found.total_steps, found.limited_by) == (exactly(7), "max_steps")

    @settings(max_examples=300, deadline=None)
    @given(
        st.integers(1, 500), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4),
        st.integers(1, 4), st.one_of(st.none(), st.integers(1, 40)),
    )  # fmt: skip
    def test_equal_to_the_loop_gone_through(
        self, samples: int, gpus: int, micro: int, times: int, epochs: int, most: int | None
    ) -> None:
        config: dict[str, Any] = {
            "micro_batch_size": micro, "global_batch_size": micro * gpus * times,
            "num_train_epochs": epochs, "max_steps": most,
        }  # fmt: skip
        found, trace = v1(samples, gpus, **config), launched.v1(samples, gpus, config)
        assert (trace is None) == isinstance(found, NoPlan)
        if isinstance(found, StepPlan):
            counts = (found.total_steps, found.executed_steps, found.epochs_entered,
                      found.samples_seen)  # fmt: skip
            assert launched.Trace(*(one.exact or 0 for one in counts)) == trace
