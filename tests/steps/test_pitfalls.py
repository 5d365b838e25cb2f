"""What a formula on one line gets wrong."""

from __future__ import annotations

import pytest

from ftlint.steps import Amount, Count, DatasetRows, SampleCount, World, exactly

from .short import CARRY, FLOOR, FOUR, NEW, TARGETS, planned, refused


@pytest.mark.parametrize(
    ("epochs", "samples", "total"), [(1.1, 100, 111), (2.2, 50, 111), (0.07, 1_000, 70)]
)  # fmt: skip
def test_epochs_times_steps_is_a_product_of_doubles(
    epochs: float, samples: int, total: int
) -> None:
    found = planned(samples, num_train_epochs=epochs, per_device_train_batch_size=1)
    assert found.total_steps == exactly(total)


@pytest.mark.parametrize(
    ("target", "per_epoch", "updates", "total"),
    [(NEW, 9, 9, 27), (FOUR, 9, 9, 27), (FLOOR, 8, 9, 24), (CARRY, 8, 8, 24)],
)
def test_rounding_by_release(
    target: tuple[tuple[int, ...], tuple[int, ...]], per_epoch: int, updates: int, total: int
) -> None:
    """97 rows by 4 are 25 batches, by 3 they are 8 steps and one batch more."""
    found = planned(
        97, target, per_device_train_batch_size=4, gradient_accumulation_steps=3
    )  # fmt: skip
    assert found.steps_per_epoch == exactly(per_epoch)
    assert found.updates_per_epoch.low == updates
    assert found.total_steps == found.executed_steps == exactly(total)


def test_the_last_epoch_is_cut_short_from_4_47_to_4_51() -> None:
    found = planned(
        100, FLOOR, per_device_train_batch_size=4, gradient_accumulation_steps=2,
        num_train_epochs=2,
    )  # fmt: skip
    assert found.total_steps == exactly(24)
    assert found.epochs == Amount(1 + 22 / 25, 1 + 22 / 25)
    assert any("ends early" in note for note in found.assumptions)


def test_leftover_batches_go_over_into_the_next_epoch_before_4_47() -> None:
    """10 batches by 4: steps end at batches 4, 8, 12, …, and the epochs at 2, 5 and 6 steps."""
    found = planned(
        40, CARRY, per_device_train_batch_size=4, gradient_accumulation_steps=4,
        num_train_epochs=3, logging_strategy="epoch", logging_first_step=True,
    )  # fmt: skip
    assert found.total_steps == exactly(6)
    assert found.epochs == Amount(2.4, 2.4)
    assert found.logging_events == exactly(4)
    assert found.samples_seen == exactly(96)


def test_an_epoch_keeps_a_step() -> None:
    for target in TARGETS:
        found = planned(
            7, target, per_device_train_batch_size=16, gradient_accumulation_steps=4,
            num_train_epochs=2,
        )  # fmt: skip
        assert found.total_steps == exactly(2)


def test_zero_max_steps() -> None:
    size = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
    for target in (NEW, FOUR, FLOOR):
        found = planned(100, target, max_steps=0, num_train_epochs=1, **size)
        assert (found.total_steps, found.executed_steps) == (exactly(0), exactly(1))
        assert found.limited_by == "max_steps"
    found = planned(100, CARRY, max_steps=0, num_train_epochs=1, **size)
    assert found.total_steps == exactly(12)
    assert refused(100, max_steps=0, logging_steps=0.1).key == "logging_steps"


def test_no_epochs_no_steps() -> None:
    for epochs in (0, 0.0, -1):
        found = planned(100, num_train_epochs=epochs, save_strategy="epoch")
        assert found.executed_steps == found.checkpoints == exactly(0)
        assert found.epochs == Amount(0, 0)


def test_a_loader_without_batches() -> None:
    size = {"per_device_train_batch_size": 8, "dataloader_drop_last": True}
    assert refused(3, **size).key == "dataloader_drop_last"
    found = planned(3, max_steps=5, **size)
    assert (found.total_steps, found.executed_steps) == (exactly(5), exactly(0))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gradient_accumulation_steps", -1), ("gradient_accumulation_steps", 2.0),
        ("per_device_train_batch_size", "4"), ("max_steps", 10.0), ("max_steps", "10"),
        ("num_train_epochs", "3"), ("num_train_epochs", float("inf")), ("val_size", None),
        ("logging_steps", 0), ("logging_strategy", False), ("save_strategy", "yes"),
        ("interleave_probs", "a,b"), ("stage", "${stage}"), ("seed", "x"),
        ("accelerator_config", "{split"), ("warmup_ratio", -0.1), ("eval_steps", "0.1"),
    ],
)  # fmt: skip
def test_a_value_the_trainer_stops_at_is_named(key: str, value: object) -> None:
    assert refused(100, **{key: value}).key == key


class TestRanks:
    def test_every_process_is_a_rank(self) -> None:
        for config in ({}, {"deepspeed": {"zero_optimization": {"stage": 3}}}, {"fsdp": "full"}):
            found = planned(1_000, NEW, World(gpus=4, nodes=2), **config)
            assert (found.world_size, found.effective_batch_size) == (8, 64)
            assert found.steps_per_epoch == exactly(16)

    def test_tensor_parallel_ranks_share_rows(self) -> None:
        content = {"tensor_parallel": {"autotp_size": 4}}
        for config, world in (
            ({"deepspeed": content}, World(gpus=8)),
            ({"deepspeed": "ds.json"}, World(gpus=8, deepspeed=content)),
            ({"parallelism_config": {"tp_size": 4, "dp_shard_size": 2}}, World(gpus=8)),
            ({"use_hyper_parallel": True, "hyper_parallel_cp_size": 4}, World(gpus=8)),
        ):
            found = planned(1_000, NEW, world, **config)
            assert (found.world_size, found.steps_per_epoch) == (2, exactly(63))

    def test_sequence_parallel_ranks_take_turns(self) -> None:
        found = planned(
            100, NEW, World(gpus=4), parallelism_config={"sp_size": 2},
            per_device_train_batch_size=1, num_train_epochs=1,
        )  # fmt: skip
        assert (found.world_size, found.batches_per_epoch) == (2, exactly(50))

    def test_split_batches_makes_the_batch_global(self) -> None:
        size = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
        split = {"accelerator_config": {"split_batches": True}}
        found = planned(100, NEW, World(gpus=2), num_train_epochs=1, **size, **split)
        assert (found.steps_per_epoch, found.effective_batch_size) == (exactly(13), 8)
        assert refused(100, NEW, World(gpus=3), **size, **split).key

    def test_an_elastic_launch_is_said(self) -> None:
        found = planned(100, NEW, World(gpus=2, elastic=True))
        assert any("elastic" in note for note in found.assumptions)

    def test_split_batches_divides_the_batch_to_evaluate_too(self) -> None:
        split = {"accelerator_config": {"split_batches": True}, "val_size": 9}
        evaluates = {**split, "eval_strategy": "steps", "eval_steps": 2}
        odd, even = ({"per_device_eval_batch_size": size} for size in (3, 4))
        two = World(gpus=2)
        assert "its evaluation crashes" in refused(40, NEW, two, **evaluates, **odd).reason
        assert planned(40, NEW, two, **evaluates, **even).largest_eval_batch == exactly(2)
        assert planned(40, NEW, two, **split, **odd)  # which evaluates nothing
        assert planned(40, NEW, None, **evaluates, **odd)


class TestLargestBatches:
    """Seen: the samplers of accelerate 1.7 and 1.11, dealing out up to 29 rows to 4 processes."""

    def test_one_process_has_no_more_rows_than_there_are(self) -> None:
        found = planned(40, per_device_train_batch_size=64, val_size=5)
        assert (found.largest_batch, found.largest_eval_batch) == (exactly(35), exactly(5))
        found = planned(40, per_device_train_batch_size=4, val_size=9)
        assert (found.largest_batch, found.largest_eval_batch) == (exactly(4), exactly(8))
        assert planned(None).largest_batch == Count(1, 8)

    def test_several_fill_theirs_up_from_the_first_rows(self) -> None:
        batch = {"per_device_train_batch_size": 64}
        two = World(gpus=2)
        assert planned(5, NEW, two, **batch).largest_batch == exactly(64)
        uneven = {"accelerator_config": {"even_batches": False}}
        assert planned(5, NEW, two, **batch, **uneven).largest_batch == exactly(5)
        split = {"accelerator_config": {"split_batches": True}}
        assert planned(5, NEW, two, **batch, **split).largest_batch == exactly(32)

    def test_one_that_reads_a_stream_for_all_shares_out_what_is_there(self) -> None:
        base = {"streaming": True, "max_steps": 10, "per_device_train_batch_size": 64}
        one, apart = (
            {"dataloader_num_workers": 1},
            {"accelerator_config": {"dispatch_batches": False}},
        )
        four = World(gpus=4)
        assert planned(10, NEW, four, **base, **one).largest_batch == exactly(3)
        assert planned(10, NEW, four, **base, **one, **apart).largest_batch == exactly(64)
        dispatched = {"accelerator_config": {"dispatch_batches": True}}
        batch = {"per_device_train_batch_size": 64}
        assert planned(10, NEW, four, **batch, **dispatched).largest_batch == exactly(3)
        workers = {"dataloader_num_workers": 2}
        assert planned(10, NEW, None, **base, **workers).largest_batch == Count(1, 10)

    def test_an_evaluation_of_each_dataset_has_the_rows_of_one(self) -> None:
        held = tuple(DatasetRows(f"e{rows}", exactly(rows)) for rows in (3, 40))
        samples = SampleCount((DatasetRows("d0", exactly(90)),), evaluation=held)
        keys = {"eval_dataset": "e3,e40", "per_device_eval_batch_size": 64}
        assert planned(None, samples=samples, **keys).largest_eval_batch == exactly(43)
        keys["eval_on_each_dataset"] = True
        assert planned(None, samples=samples, **keys).largest_eval_batch == exactly(40)

    def test_none_that_is_incomplete_is_left_where_the_last_is_dropped(self) -> None:
        keys = {"dataloader_drop_last": True, "val_size": 5, "per_device_eval_batch_size": 64}
        found = planned(40, per_device_train_batch_size=8, **keys)
        assert (found.largest_batch, found.largest_eval_batch) == (exactly(8), exactly(0))


class TestStreaming:
    def test_max_steps_is_all(self) -> None:
        found = planned(None, streaming=True, max_steps=200, dataloader_num_workers=1)
        assert found.total_steps == found.executed_steps == exactly(200)
        assert found.epochs.high is not None

    def test_leftover_batches_never_step(self) -> None:
        """Seen: 10 rows by 2 and 2 end their passes at steps 2, 4, 6, 8 and 10."""
        found = planned(
            10, streaming=True, max_steps=10, dataloader_num_workers=1,
            per_device_train_batch_size=2, gradient_accumulation_steps=2, save_strategy="epoch",
        )  # fmt: skip
        assert found.steps_per_epoch == exactly(2)
        assert found.epochs_entered == found.checkpoints == exactly(5)

    def test_refusals(self) -> None:
        base = {"streaming": True, "max_steps": 10, "dataloader_num_workers": 1}
        assert refused(10, **{**base, "max_steps": -1}).key == "max_steps"
        assert refused(10, **{**base, "dataloader_num_workers": 0}).key == "dataloader_num_workers"
        assert refused(10, **base, max_samples=5).key == "max_samples"
        assert refused(10, **base, val_size=0.1).key == "val_size"
        assert refused(10, **base, tokenized_path="t").key == "tokenized_path"

    def test_a_shard_needs_a_row(self) -> None:
        """Seen: `Unable to shard a dataset of size 1 into 2 shards`."""
        base = {"streaming": True, "max_steps": 10, "dataloader_num_workers": 2}
        assert refused([10, 1], **base).key == "dataset"
        assert planned([10, 2], **base).total_steps == exactly(10)

    def test_each_rank_of_a_stream_may_read_it_all(self) -> None:
        """Three workers each end with a batch, dealt out to the ranks or cut by each of them."""
        base = {"streaming": True, "max_steps": 10, "dataloader_num_workers": 3}
        base |= {"per_device_train_batch_size": 5, "gradient_accumulation_steps": 1}
        four, whole = World(gpus=4), {"accelerator_config": {"dispatch_batches": False}}
        assert planned(100, world=four, **base).batches_per_epoch == Count(5, 6)
        assert planned(100, world=four, **base, **whole).batches_per_epoch == Count(5, 7)

    def test_each_rank_of_a_stream_may_read_shards_of_its_own(self) -> None:
        """Seen: 3 shards fall to 2 ranks as 2 and 1, and a save at the end of an epoch hangs."""
        found = planned(
            100, world=World(gpus=2), streaming=True, max_steps=10, dataloader_num_workers=3,
            per_device_train_batch_size=5, accelerator_config={"dispatch_batches": False},
        )  # fmt: skip
        assert found.executed_steps == exactly(10)
        assert found.batches_per_epoch == Count(1, 22)
        assert any("may hang" in note for note in found.assumptions)

    def test_a_pass_over_a_stream_may_be_in_vain(self) -> None:
        """Seen: 2 rows and 2 workers, whose passes end at steps 0, 1, 2, 3 and 4."""
        found = planned(
            2, streaming=True, max_steps=4, dataloader_num_workers=2,
            per_device_train_batch_size=5, gradient_accumulation_steps=2,
        )  # fmt: skip
        assert found.executed_steps == exactly(4)
        assert found.epochs_entered == Count(4, None)
        assert found.batches_per_epoch == Count(1, 2)

    def test_a_packed_stream_may_hold_nothing(self) -> None:
        base = {"streaming": True, "max_steps": 10, "dataloader_num_workers": 1}
        found = planned(10, **base, stage="pt")
        assert any("text that fills no block crashes" in note for note in found.assumptions)

    def test_a_stream_of_documents_may_hold_more_blocks_than_rows(self) -> None:
        """Seen: 40 short documents fill 51 blocks of 16 tokens."""
        base = {"streaming": True, "max_steps": 50, "dataloader_num_workers": 1, "stage": "pt"}
        base |= {"cutoff_len": 16, "per_device_train_batch_size": 4}
        texts = SampleCount((DatasetRows("d0", exactly(40), size=2600),))
        found = planned(None, samples=texts, **base)
        assert found.samples.total.high == (2600 + 40) // 15
        unknown = SampleCount((DatasetRows("d0", exactly(40)),))
        assert planned(None, samples=unknown, **base).samples.total.high is None
        assert planned(None, samples=texts, **base, packing=False).samples.total == exactly(40)

    def test_a_hub_stream_needs_no_workers(self) -> None:
        hub = SampleCount((DatasetRows("d0", local=False, source="unknown"),))
        found = planned(None, samples=hub, streaming=True, max_steps=10)
        assert found.total_steps == exactly(10)


class TestEvents:
    def test_evaluation_without_a_batch(self) -> None:
        """Seen: KeyError eval_loss at the end of stage pt, and where a metric is looked for."""
        base = {"dataloader_drop_last": True, "eval_strategy": "epoch", "packing": False}
        two = World(gpus=2)

        def dies(*args: object, **config: object) -> list[str]:
            notes = planned(*args, **base, **config).assumptions  # type: ignore[arg-type]
            return [note for note in notes if note.startswith("the run crashes")]

        (late,) = dies(100, stage="pt", val_size=7)
        assert "after the last step" in late
        (soon,) = dies(100, metric_for_best_model="loss", val_size=7)
        assert "at its first evaluation" in soon
        assert dies(100, NEW, two, stage="pt", val_size=15)
        assert not dies(100, NEW, two, stage="pt", val_size=16)
        assert not dies(100, stage="pt", val_size=8)
        assert not dies(100, val_size=7)
        assert planned(100, stage="pt", val_size=7, **{**base, "dataloader_drop_last": False})

    def test_early_stopping_bounds_the_run(self) -> None:
        """Evaluations at 10, 20, 30, …: patience 2 can stop at the third."""
        found = planned(
            800, val_size=0.0, eval_dataset="e", eval_strategy="steps", eval_steps=10,
            early_stopping_steps=2, num_train_epochs=1,
        )  # fmt: skip
        assert found.total_steps == exactly(100)
        assert found.executed_steps == Count(30, 100)
        assert found.eval_events == Count(4, 11)

    def test_save_total_limit(self) -> None:
        found = planned(800, save_steps=30, save_total_limit=2, num_train_epochs=1)
        assert (found.checkpoints, found.checkpoints_kept) == (exactly(4), exactly(2))

    def test_best_saves_at_most_at_every_evaluation(self) -> None:
        found = planned(
            800, save_strategy="best", eval_strategy="epoch", eval_dataset="e",
            metric_for_best_model="loss",
        )  # fmt: skip
        assert found.checkpoints == Count(1, 3)

    def test_warmup_by_release(self) -> None:
        """39 steps: transformers 5 lets the ratio overwrite the steps, 4 the other way round."""
        size = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
        for target, steps, ratio, warmup in (
            (NEW, 7, 0.1, 4), (FOUR, 7, 0.1, 7), (NEW, 5, 0.0, 0), (FOUR, 5, 0.0, 5),
            (NEW, 0, 3, 3), (NEW, 1000, None, 1000),
        ):  # fmt: skip
            written = {} if ratio is None else {"warmup_ratio": ratio}
            found = planned(100, target, warmup_steps=steps, **written, **size)
            assert found.warmup_steps == exactly(warmup), (target, steps, ratio)
        assert planned(100, NEW, warmup_steps=0.1, **size).warmup_steps == exactly(4)


def test_unknown_rows_leave_what_max_steps_decides() -> None:
    found = planned(None, max_steps=200, per_device_train_batch_size=4, logging_steps=10)
    assert found.total_steps == exactly(200)
    assert found.logging_events == exactly(20)
    assert found.checkpoints == exactly(1)
    assert found.steps_per_epoch.high is None
    assert found.epochs.high is not None


def test_unknown_rows_leave_epochs_open() -> None:
    found = planned(None)
    assert found.total_steps == Count(3, None)
    assert found.epochs_entered == exactly(3)
    assert found.samples.source == "unknown"
    assert any("unknown" in note for note in found.assumptions)
