"""A plan as JSON has it."""

from __future__ import annotations

import json

from ftlint.steps import as_object

from .short import planned

# design.md, `ftlint steps --output-format json`, but for path, target and time.
FIELDS = {
    "world_size", "per_device_train_batch_size", "gradient_accumulation_steps",
    "effective_batch_size", "samples", "steps_per_epoch", "total_steps", "epochs", "limited_by",
    "samples_seen", "warmup_steps", "logging_events", "eval_events", "checkpoints", "assumptions",
}  # fmt: skip


def test_exact() -> None:
    record = as_object(planned([500, 100], per_device_train_batch_size=8, num_train_epochs=5))
    assert record.keys() >= FIELDS
    assert record["total_steps"] == 375
    assert record["epochs"] == 5.0
    assert record["samples"] == {
        "total": 600, "per_dataset": {"d0": 500, "d1": 100}, "held_out": 0, "evaluated": 0,
            "source": "declared",
    }  # fmt: skip
    assert json.loads(json.dumps(record)) == record


def test_bounded_and_unknown() -> None:
    record = as_object(planned(300, packing=True, preprocessing_batch_size=50))
    samples = record["samples"]
    assert isinstance(samples, dict)
    assert samples["total"] is None
    assert record["bounds"]["samples"] == [6, 300]
    unknown = as_object(planned(None))
    assert unknown["steps_per_epoch"] is None
    assert unknown["total_steps"] is None
    assert unknown["bounds"]["total_steps"] == [3, None]
