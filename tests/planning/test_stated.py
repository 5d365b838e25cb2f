"""Step counts in authors' comments: compared where they can be, left alone where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.planning.helpers import HEAD, NOTHING, found
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.facts.layers import Given

BATCH = "per_device_train_batch_size: 2\ngradient_accumulation_steps: 4\n"


def judged(
    comment: str, body: str = BATCH, epochs: float = 5.0, given: Given = NOTHING
) -> list[str]:
    text = f"{HEAD}{body}num_train_epochs: {epochs}  # {comment}\n"
    return [one.message for one in found(text, given) if one.code == "FT213"]


@pytest.mark.parametrize(
    "comment",
    [
        "63 samples, 5 epochs ≈ 315 steps",
        "训练轮数（63 条数据，5 轮约 315 步）",
        "63개 샘플, 5 에포크 = 315 스텝",
        "63 examples / 1 = 63 steps per epoch",
        "63 个样本，每轮 63 步",
    ],
)
def test_counts_that_the_file_does_not_make(comment: str) -> None:
    (message,) = judged(comment)
    assert "÷ 8" in message


def test_the_message_names_both_counts() -> None:
    (message,) = judged("63 samples, 5 epochs ≈ 315 steps")
    assert "says 315 steps; this config trains 40 (63 samples ÷ 8 × 5 epochs on one GPU)" in message


@pytest.mark.parametrize(
    "comment",
    [
        "63 samples, 5 epochs: 40 steps",
        "63 samples, 5 epochs: 39.4, about 39 steps",  # not rounded an epoch
        "63 samples on 4 GPUs: 10 steps in all",  # nobody told us how many GPUs
        "358 条 / 8 ≈ 45 步/轮",
        "saved every 500 steps, 63 samples each",
        "每 10 步打印一次，63 条数据",
        "前 5% 步数预热，63 条",
        "100 steps",  # of what?
        "eval_steps: 500",
        "5 epochs of 63 samples",
        "step-by-step: 63 samples, see 7 steps-guide",
        "11 rollouts of robots -> 63 samples after a review dropped 25 steps",  # of the data
        "63 samples (4 rollouts x ~16 steps x 1 arm), batch=2",
        "63 samples (7 集 x ~9 步), batch=2",
        "5 rows x 9 steps each, 63 samples, 5 epochs",
        "was 5; about 2500 steps per epoch with 20000 samples",  # of other settings
    ],
)
def test_comments_that_say_nothing_wrong(comment: str) -> None:
    assert judged(comment) == []


def test_gpus_that_are_stated_leave_one_reading() -> None:
    comment = "63 samples: 10 steps in all"
    assert judged(comment, given=stating(gpus=4)) == []
    assert len(judged(comment, given=stating(gpus=1))) == 1


def test_rows_held_out_may_have_been_forgotten() -> None:
    body = BATCH + "val_size: 0.1\n"
    assert judged("80 samples, 5 epochs: 50 steps", body) == []  # 72 are trained on: 45 steps
    assert judged("80 samples, 5 epochs: 45 steps", body) == []
    assert len(judged("80 samples, 5 epochs: 400 steps", body)) == 1


def test_known_data_count_more_than_the_comment() -> None:
    given = stating(gpus=1, dataset_sizes=(("faq", 400),))
    assert len(judged("63 samples, 5 epochs: 40 steps", given=given)) == 1
    assert judged("400 samples, 5 epochs: 250 steps", given=given) == []
    assert len(judged("共约 40 步", given=given)) == 1


def test_samples_may_stand_in_another_comment() -> None:
    text = f"{HEAD}# 63 samples\n{BATCH}num_train_epochs: 5  # in all 315 steps\n"
    assert [one.code for one in found(text) if one.code == "FT213"] == ["FT213"]
    several = text.replace("# 63 samples", "# 63 samples\n# 80 samples")
    assert [one for one in found(several) if one.code == "FT213"] == []
