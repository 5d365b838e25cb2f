"""Rows on their way from the files to the trainer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.steps import UNKNOWN, Count, DatasetRows, NoPlan, SampleCount, StepPlan, exactly
from ftlint.steps.mixing import OVER, UNDER, draw
from ftlint.steps.rows import ALL_LEFT_OUT

from .short import CARRY, FOUR, NEW, Versions, outcome, planned, refused

NEWEST = ((0, 9, 6), (5, 6, 0))


class TestMixing:
    @pytest.mark.parametrize(
        ("strategy", "total"),
        [("concat", 180), ("interleave_under", 90), ("interleave_over", 300)],
    )
    def test_without_probabilities(self, strategy: str, total: int) -> None:
        assert planned([100, 30, 50], mix_strategy=strategy).samples.total == exactly(total)

    def test_a_misspelt_strategy_over_samples_before_0_9_5(self) -> None:
        assert planned([30, 50], FOUR, mix_strategy="interleave_ov").samples.total == exactly(100)
        assert refused([30, 50], NEW, mix_strategy="interleave_ov").key == "mix_strategy"
        assert refused([30, 50], FOUR, mix_strategy="mixed").key == "mix_strategy"
        assert refused([30, 50], NEW, mix_strategy="interleave_once").key == "mix_strategy"

    def test_one_dataset_is_not_mixed(self) -> None:
        assert planned(30, mix_strategy="anything").samples.total == exactly(30)

    def test_the_same_name_twice_counts_once(self) -> None:
        same = SampleCount((DatasetRows("a", exactly(30)), DatasetRows("a", exactly(30))))
        assert planned(None, samples=same).samples.total == exactly(30)

    def test_probabilities(self) -> None:
        for wrong in ("0.5,0.6", "0.5", "1.5,-0.5"):
            found = refused([30, 50], mix_strategy="interleave_under", interleave_probs=wrong)
            assert found.key == "interleave_probs"
        endless = {"mix_strategy": "interleave_over", "interleave_probs": [1, 0]}
        assert refused([30, 50], **endless).key == "interleave_probs"

    def test_probabilities_over_unknown_rows_are_bounds(self) -> None:
        found = planned(
            [Count(30, 60), 50], mix_strategy="interleave_under", interleave_probs="0.5,0.5"
        )
        assert found.samples.total == Count(30, 109)

    def test_too_many_rows_to_draw_are_bounds(self) -> None:
        found = planned(
            [3_000_000, 3_000_000], mix_strategy="interleave_over", interleave_probs="0.5,0.5"
        )
        assert found.samples.total == Count(6_000_000, None)

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.integers(1, 60), min_size=2, max_size=4),
        st.lists(st.floats(0.05, 1), min_size=4, max_size=4),
        st.integers(0, 2**40),
        st.sampled_from([UNDER, OVER]),
    )
    def test_drawing_ends_as_it_should(
        self, lengths: list[int], weights: list[float], seed: int, way: str
    ) -> None:
        weights = weights[: len(lengths)]
        given_rows = draw(lengths, [weight / sum(weights) for weight in weights], seed, way)
        used_up = [rows >= length for rows, length in zip(given_rows, lengths, strict=True)]
        assert all(used_up) if way == OVER else sum(used_up) == 1


class TestValidationSplit:
    @pytest.mark.parametrize(
        ("val_size", "held_out"),
        [(0.1, 10), (0.07, 8), (0.29, 29), (10, 10), (10.7, 10), (1.5, 1), (1, 1), (1e-7, 0),
         (-0.5, 0), (True, 1)],
    )  # fmt: skip
    def test_held_out(self, val_size: float, held_out: int) -> None:
        """0.07 x 100 is 7.000000000000001 in doubles, and so 8 rows."""
        found = planned(100, val_size=val_size)
        assert found.samples.held_out == exactly(held_out)
        assert found.samples.total == exactly(100 - held_out)

    @pytest.mark.parametrize("val_size", [1.0, 0.999, 100, 1000, "0.1", None])
    def test_refused(self, val_size: object) -> None:
        assert refused(100, val_size=val_size).key == "val_size"
        assert refused(100, val_size=0.1, eval_dataset="e").key == "val_size"

    def test_bounds(self) -> None:
        found = planned(Count(50, 100), val_size=0.1)
        assert found.samples.total == Count(45, 90)


class TestSampling:
    def test_num_samples_is_exact_up_and_down(self) -> None:
        for wanted in (30, 250):
            data = SampleCount((DatasetRows("a", exactly(100), num_samples=wanted),))
            assert planned(None, samples=data).samples.total == exactly(wanted)

    @pytest.mark.parametrize("wanted", [0, -3, "10", 2.5])
    def test_num_samples_of_no_number(self, wanted: object) -> None:
        data = SampleCount((DatasetRows("a", exactly(100), num_samples=wanted),))
        assert refused(None, samples=data).key == "dataset"

    def test_max_samples_is_for_each_dataset(self) -> None:
        assert planned([100, 30, 50], max_samples=40).samples.total == exactly(110)
        assert planned([UNKNOWN, 30], max_samples=40).samples.total == Count(30, 70)

    def test_stated_as_a_whole(self) -> None:
        data = SampleCount((DatasetRows("a"), DatasetRows("b")), merged=exactly(500))
        found = planned(None, samples=data, val_size=0.1)
        assert (found.samples.total, found.samples.source) == (exactly(450), "declared")

    def test_tokenized_rows_win(self) -> None:
        data = SampleCount((DatasetRows("a", exactly(10)),), tokenized=exactly(97))
        found = planned(None, samples=data, tokenized_path="t", max_samples=3, val_size=0.5)
        assert found.samples.total == exactly(97)

    @pytest.mark.parametrize("lost", [{"fault": "it is broken"}, {"rows": exactly(0)}])
    def test_rows_that_may_be_tokenized_elsewhere(self, lost: Any) -> None:
        """Where tokenized_path is there, nothing of the datasets is looked at."""
        data = SampleCount((DatasetRows("a", **{"rows": exactly(10), **lost}),))
        assert refused(None, samples=data).code == "FT204"
        found = planned(None, samples=data, tokenized_path="t")
        assert found.samples.total == Count(1, None)
        assert any("`tokenized_path` does not exist" in note for note in found.assumptions)

    def test_rows_to_be_tokenized_are_counted(self) -> None:
        found = planned(10, tokenized_path="t")
        assert found.samples.total == exactly(10)
        assert any("`tokenized_path` does not exist" in note for note in found.assumptions)
        few = planned(4, tokenized_path="t", dataloader_drop_last=True)
        assert few.samples.total == Count(1, None)


class TestDropped:
    @staticmethod
    def total(target: Versions = NEW, **config: Any) -> Count:
        data = SampleCount((DatasetRows("a", exactly(60), exactly(20)),))
        found = outcome(None, target, samples=data, **config)
        assert isinstance(found, StepPlan), found
        return found.samples.total

    def test_without_a_split(self) -> None:
        assert self.total() == exactly(40)
        assert self.total(stage="pt", packing=False) == exactly(60)

    def test_the_split_comes_first_from_0_9_4(self) -> None:
        """54 rows are split off, and 14 to 20 of the dropped ones are among them."""
        assert self.total(val_size=0.1) == Count(34, 40)
        assert self.total(FOUR, val_size=0.1) == Count(34, 40)
        assert self.total(CARRY, val_size=0.1) == exactly(36)

    @pytest.mark.parametrize(
        ("rows", "bad", "held_out", "said"),
        [(13, 3, 1, True), (13, 3, 3, True), (13, 3, 4, False), (3, 2, 1, True), (13, 0, 1, False)],
    )
    def test_that_none_may_be_left_is_said(
        self, rows: int, bad: int, held_out: int, said: bool
    ) -> None:
        """Which rows are held out is drawn before it is known which of them can be used."""
        data = SampleCount((DatasetRows("a", exactly(rows), exactly(bad)),))
        found = outcome(None, NEW, samples=data, val_size=held_out)
        assert isinstance(found, StepPlan), found
        assert (ALL_LEFT_OUT in found.assumptions) == said
        dropped_first = outcome(None, CARRY, samples=data, val_size=held_out)
        assert ALL_LEFT_OUT not in getattr(dropped_first, "assumptions", ())

    def test_a_random_sample_holds_unknown_ones(self) -> None:
        data = SampleCount((DatasetRows("a", exactly(60), exactly(20), num_samples=30),))
        assert planned(None, samples=data).samples.total == Count(1, 30)

    def test_none_left(self) -> None:
        data = SampleCount((DatasetRows("a", exactly(60), exactly(60)),))
        assert refused(None, samples=data).key == "dataset"

    def test_over_sampling_repeats_them(self) -> None:
        data = SampleCount((
            DatasetRows("a", exactly(10), exactly(2)), DatasetRows("b", exactly(30)),
        ))  # fmt: skip
        found = planned(None, samples=data, mix_strategy="interleave_over")
        assert found.samples.total == Count(54, 60)


class TestPacking:
    def test_bounds(self) -> None:
        """300 rows in calls of 50 are 6 packs at least."""
        found = planned(300, packing=True, preprocessing_batch_size=50)
        assert found.samples.total == Count(6, 300)
        assert any("tokenizer" in note for note in found.assumptions)

    def test_workers_cut_the_rows_first(self) -> None:
        found = planned(300, packing=True, preprocessing_num_workers=7)
        assert found.samples.total == Count(7, 300)

    def test_neat_packing_switches_it_on(self) -> None:
        assert planned(300, neat_packing=True, packing=False).samples.total == Count(1, 300)
        assert refused(300, FOUR, neat_packing=True).key == "neat_packing"
        assert refused(300, neat_packing=True, stage="dpo").key == "neat_packing"

    @pytest.mark.parametrize("stage", ["dpo", "rm", "kto"])
    def test_other_stages_ignore_it(self, stage: str) -> None:
        assert planned(300, packing=True, stage=stage).samples.total == exactly(300)

    def test_blocks_of_pre_training(self) -> None:
        """A token is a byte at least, and every document ends with a mark."""
        data = SampleCount((DatasetRows("a", exactly(100), size=10_000),))
        found = planned(None, samples=data, stage="pt", cutoff_len=64)
        assert found.samples.total == Count(1, (10_000 + 100) // 63)
        rows = planned(None, samples=data, stage="pt", cutoff_len=64, packing=False)
        assert rows.samples.total == exactly(100)

    def test_packs_that_may_fill_no_batch(self) -> None:
        """Seen: `max_steps must be set to a positive value`, as the loader came out empty."""
        found = planned(300, packing=True, dataloader_drop_last=True)
        assert any("too few" in note or "fewer rows" in note for note in found.assumptions)
        assert not any("fewer rows" in note for note in planned(300, packing=True).assumptions)

    def test_max_steps_is_exact_whatever_is_packed(self) -> None:
        found = planned(300, NEWEST, packing=True, max_steps=50)
        assert found.total_steps == found.executed_steps == exactly(50)


def test_ppo_is_for_older_releases() -> None:
    config = {"stage": "ppo", "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}
    found = planned(23, CARRY, num_train_epochs=2, logging_steps=3, **config)
    assert found.steps_per_epoch == exactly(5)
    assert found.total_steps == exactly(10)
    assert found.logging_events == exactly(3)
    assert planned(23, CARRY, ppo_buffer_size=2, num_train_epochs=1, **config).total_steps == (
        exactly(2)
    )
    assert planned(16, CARRY, num_train_epochs=1.5, **config).total_steps == exactly(6)
    assert refused(3, CARRY, max_steps=5, **config).key == "per_device_train_batch_size"
    assert refused(23, FOUR, **config).key == "stage"


class TestDatasetsOfAnotherType:
    """What nothing but left-out rows is converted to has lists of nothing for its columns."""

    mixed = SampleCount((
        DatasetRows("good", exactly(9)), DatasetRows("bad", exactly(2), dropped=exactly(2)),
    ))  # fmt: skip

    @pytest.mark.parametrize("stage", ["sft", "dpo"])
    def test_it_cannot_be_joined_with_others(self, stage: str) -> None:
        assert "no row of dataset bad" in refused(None, samples=self.mixed, stage=stage).reason

    def test_one_row_that_stays_is_enough(self) -> None:
        some = self.mixed._replace(datasets=(
            self.mixed.datasets[0], DatasetRows("bad", exactly(2), dropped=exactly(1)),
        ))  # fmt: skip
        assert isinstance(outcome(None, samples=some), StepPlan)

    def test_documents_are_never_left_out(self) -> None:
        assert isinstance(outcome(None, samples=self.mixed, stage="pt"), StepPlan)


class TestEvaluation:
    """The rows that are evaluated on: held out by val_size, or those of eval_dataset."""

    @staticmethod
    def plan(*evaluation: DatasetRows, target: Versions = NEW, **config: Any) -> StepPlan | NoPlan:
        train = (DatasetRows("a", exactly(30)),)
        names = [one.name for one in evaluation] or None
        data = SampleCount(train, evaluation=evaluation)
        return outcome(None, target, samples=data, eval_dataset=names, **config)

    def rows(self, *evaluation: DatasetRows, **config: Any) -> Count:
        found = self.plan(*evaluation, **config)
        assert isinstance(found, StepPlan), found
        return found.samples.evaluated

    def key(self, *evaluation: DatasetRows, **config: Any) -> str | None:
        found = self.plan(*evaluation, **config)
        assert isinstance(found, NoPlan), found
        return found.key

    def test_held_out(self) -> None:
        assert planned(30, val_size=0.1).samples.evaluated == exactly(3)
        assert planned(30).samples.evaluated == exactly(0)
        dropped = SampleCount((DatasetRows("a", exactly(60), exactly(2)),))
        by_release = {NEW: Count(4, 6), FOUR: Count(4, 6), CARRY: exactly(6)}
        for target, rows in by_release.items():
            found = outcome(None, target, samples=dropped, val_size=0.1)
            assert isinstance(found, StepPlan)
            assert found.samples.evaluated == rows

    def test_of_eval_dataset(self) -> None:
        b, c = DatasetRows("b", exactly(20)), DatasetRows("c", exactly(9), exactly(4))
        assert self.rows(b) == exactly(20)
        assert self.rows(b, c) == exactly(25)
        assert self.rows(b, c, eval_on_each_dataset=True) == exactly(25)
        assert self.rows(b, c, max_samples=8) == exactly(12)
        assert self.rows(b, c, mix_strategy="interleave_under") == exactly(14)
        assert self.rows(b, packing=True) == Count(1, 20)
        assert self.rows(b, stage="pt") == Count(1, None)
        assert self.rows(DatasetRows("b", num_samples=7)) == exactly(7)
        assert planned(30, eval_dataset="b").samples.evaluated == UNKNOWN

    def test_the_train_rows_are_left_alone(self) -> None:
        found = self.plan(DatasetRows("b", exactly(20)))
        assert isinstance(found, StepPlan)
        assert (found.samples.total, found.samples.held_out) == (exactly(30), exactly(0))

    def test_what_does_not_load_ends_the_run(self) -> None:
        good, bad = DatasetRows("b", exactly(20)), DatasetRows("c", fault="has no rows")
        assert self.key(good, bad) == "eval_dataset"
        assert self.key(good, bad, eval_strategy="no") == "eval_dataset"
        assert self.key(DatasetRows("b", exactly(5), num_samples=0)) == "eval_dataset"

    @pytest.mark.parametrize("each", [True, False])
    def test_rows_that_are_all_left_out_end_the_run(self, each: bool) -> None:
        """Joined with others they have another type, and each for itself is empty."""
        good, empty = DatasetRows("b", exactly(20)), DatasetRows("c", exactly(9), exactly(9))
        assert self.key(empty, eval_on_each_dataset=each) == "eval_dataset"
        assert self.key(good, empty, eval_on_each_dataset=each) == "eval_dataset"
        assert self.rows(good, empty, stage="pt", packing=False) == exactly(29)

    def test_a_stream_of_fewer_rows_than_shards(self) -> None:
        stream = {"streaming": True, "max_steps": 3, "dataloader_num_workers": 4}
        assert self.key(DatasetRows("b", exactly(3)), **stream) == "dataset"
        assert self.rows(DatasetRows("b", exactly(4)), **stream) == exactly(4)

    def test_no_batch_to_look_for_the_loss_on(self) -> None:
        few: dict[str, Any] = {
            "dataloader_drop_last": True, "per_device_eval_batch_size": 8, "eval_strategy": "steps",
            "eval_steps": 2, "metric_for_best_model": "eval_loss",
        }  # fmt: skip
        found = self.plan(DatasetRows("b", exactly(7)), **few)
        assert not isinstance(found, NoPlan)
        assert "the run crashes at its first evaluation" in found.assumptions[0]
        assert self.rows(DatasetRows("b", exactly(8)), **few) == exactly(8)
        stream = {"streaming": True, "max_steps": 9, "dataloader_num_workers": 1}
        assert self.rows(DatasetRows("b", exactly(7)), **few, **stream) == exactly(7)
