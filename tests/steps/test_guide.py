"""Every number of the practitioner's guide."""

from __future__ import annotations

import pytest

from ftlint.steps import Amount, World, exactly

from .short import NEW, TARGETS, planned

# samples, batch, accumulation, GPUs, epochs → effective batch, steps per epoch, total
NUMBERS = [
    (10_000, 4, 2, 2, 3, 16, 625, 1_875),
    (500, 8, 1, 1, 5, 8, 63, 315),
    (5_000, 4, 2, 2, 3, 16, 313, 939),
    (50_000, 8, 2, 2, 2, 32, 1_563, 3_126),
    (3_000, 4, 2, 1, 4, 8, 375, 1_500),
    (10_000, 1, 1, 1, 2, 1, 10_000, 20_000),
    (10_000, 8, 2, 1, 2, 16, 625, 1_250),
]


@pytest.mark.parametrize("numbers", NUMBERS, ids=lambda numbers: f"{numbers[0]}x{numbers[4]}")
def test_epochs(numbers: tuple[int, ...]) -> None:
    samples, batch, accumulation, gpus, epochs, effective, per_epoch, total = numbers
    found = planned(
        samples,
        NEW,
        World(gpus=gpus),
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulation,
        num_train_epochs=epochs,
    )
    assert found.effective_batch_size == effective
    assert found.steps_per_epoch == exactly(per_epoch)
    assert found.total_steps == found.executed_steps == exactly(total)
    assert found.epochs == Amount(epochs, epochs)
    assert found.limited_by == "epochs"
    assert found.samples_seen == exactly(samples * epochs)


def test_prototype() -> None:
    """200 steps of batch 4 on 1,000 of the samples: 800 seen, 0.8 epochs."""
    for target in TARGETS:
        found = planned(
            25_000, target, max_steps=200, per_device_train_batch_size=4, max_samples=1_000
        )
        assert found.total_steps == exactly(200)
        assert found.samples_seen == exactly(800)
        assert found.epochs == Amount(0.8, 0.8)
        assert found.samples.total == exactly(1_000)
        assert found.limited_by == "max_steps"


def test_max_steps_wins_over_epochs() -> None:
    found = planned(1_000, max_steps=5_000, per_device_train_batch_size=8, num_train_epochs=3)
    assert found.total_steps == exactly(5_000)
    assert found.epochs == Amount(40, 40)


@pytest.mark.parametrize("value", [-1, None])
def test_epochs_decide(value: int | None) -> None:
    written = {} if value is None else {"max_steps": value}
    found = planned(1_000, per_device_train_batch_size=8, **written)
    assert found.total_steps == exactly(375)  # 3.0 epochs unless told otherwise
    assert found.limited_by == "epochs"


@pytest.mark.parametrize(("epochs", "total"), [(2.5, 313), (1.2, 150)])
def test_fractions_of_an_epoch(epochs: float, total: int) -> None:
    found = planned(1_000, per_device_train_batch_size=8, num_train_epochs=epochs)
    assert found.steps_per_epoch == exactly(125)
    assert found.total_steps == exactly(total)
