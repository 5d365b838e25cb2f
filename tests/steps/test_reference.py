"""Every observed run of the reference: exact, or inside bounds where nothing can be decided."""

from __future__ import annotations

import pytest

from ftlint.steps import NoPlan

from .reference import Case, cases, holds, planned

pytestmark = pytest.mark.shared

# Where bounds are all there is: packing and pre-training blocks depend on the tokenizer, early
# stopping on the losses, a tokenized_path that is there already on what made it.
UNDECIDED = ("packing", "neat_packing", "early_stopping_steps")
UNDECIDED_IDS = {"g11"}

# The reference's own prediction and the run disagree in 11 records, 5 of them in the public part:
# g04 (4 environments): early stopping ended the run, so only an upper bound was predicted; here the
#     bounds also say when it can stop at the earliest.
# d04 on transformers 4.45: an empty loader was predicted to be refused and died in the loop; here
#     there is no plan for either.
# Held back: g14 (negative accumulation: nothing is run; no plan here) and x14 (a misspelt
# mix_strategy, which old releases take for over-sampling; reproduced here), see test_mixing.py.
MISMATCHED = {"g04", "d04"}

# Why no plan is given although the run went further than data loading.
NO_PLAN_LATER = {
    "m05": "max_steps",  # a fraction stops the loop
    "h29": "max_steps",  # and so does 10.0
    "d04": "dataloader_drop_last",  # 4.45 stops in the loop, later ones before it
}

# Refused for a reason that a step count has no part in; a plan may be given or not.
NOT_ABOUT_STEPS = {
    "h02", "h03", "h04", "h07", "h09", "h10", "h15", "h16", "h17", "h22", "h31", "h36", "l03",
    "g10", "g11",  # datasets 3.6 cannot read the cache that 4.0 wrote
}  # fmt: skip

REFUSED = {
    "d04": "dataloader_drop_last", "g08": "gradient_accumulation_steps",
    "g09": "per_device_train_batch_size", "h11": "stage", "h18": "max_samples",
    "h19": "val_size", "h21": "max_samples", "h37": "preprocessing_num_workers",
    "h46": "warmup_steps", "k11": "neat_packing", "k12": "neat_packing", "k13": "neat_packing",
    "p09": "dataloader_num_workers", "q06": "dataset", "r01": "dataloader_num_workers",
    "r02": "dataloader_num_workers", "r03": "dataloader_num_workers", "r05": "max_steps",
    "r06": "dataloader_num_workers", "r07": "dataloader_num_workers", "r14": "max_steps",
    "r15": "max_steps", "r21": "mix_strategy", "s08": "max_samples", "v05": "val_size",
    "v12": "val_size", "v18": "val_size", "w04": "warmup_steps", "w05": "warmup_ratio",
    "w08": "warmup_steps", "x13": "mix_strategy",
}  # fmt: skip


def undecided(case: Case) -> bool:
    config = case.config
    written = any(config.get(key) not in (None, False) for key in UNDECIDED)
    blocks = config["stage"] == "pt" and config.get("packing") is not False
    return written or blocks or case.id in UNDECIDED_IDS


def named(case: Case) -> str:
    return f"{case.id}-{case.run.replace(' ', '-').replace('/', '-')}"


def test_known_mismatches() -> None:
    assert {case.id for case in cases() if case.match is False} == MISMATCHED


def test_every_refusal_is_listed() -> None:
    refused = {case.id for case in cases() if case.kind == "rejected_before_training"}
    assert refused == set(REFUSED) | NOT_ABOUT_STEPS


@pytest.mark.parametrize("case", cases(), ids=named)
def test_run(case: Case) -> None:
    outcome = planned(case)
    if case.kind == "no_training":
        assert outcome == NoPlan("`do_train` is not set, so nothing is trained", "do_train")
        return
    if case.kind == "rejected_before_training":
        if case.id not in NOT_ABOUT_STEPS:
            assert isinstance(outcome, NoPlan), outcome
            assert outcome.key == REFUSED[case.id]
        return
    if case.id in NO_PLAN_LATER:
        assert isinstance(outcome, NoPlan), outcome
        assert outcome.key == NO_PLAN_LATER[case.id]
        return
    assert not isinstance(outcome, NoPlan), outcome
    seen = case.observed
    counts = {
        "state_max_steps": outcome.total_steps,
        "n_train": outcome.samples.total,
        "len_dl": outcome.batches_per_epoch,
        "warmup_steps": outcome.warmup_steps,
    }
    if case.kind == "full_run":
        counts["ts_global_step"] = outcome.executed_steps
    for name, count in counts.items():
        value = seen.get(name)
        if value is None:  # a stream has no length
            continue
        assert isinstance(value, int)
        assert holds(count, value), (name, value, count)
        if not undecided(case):
            assert count.exact == value, (name, value, count)


# A resumed run repeats only part of its events; its totals are held to above.
STARTED_FRESH = [
    case for case in cases() if case.kind == "full_run" and "resume" not in case.run
]  # fmt: skip


@pytest.mark.parametrize("case", STARTED_FRESH, ids=named)
def test_events(case: Case) -> None:
    outcome = planned(case)
    assert not isinstance(outcome, NoPlan), outcome
    lists = {
        "evals": outcome.eval_events,
        "epoch_steps": outcome.epochs_entered,
        "ckpt_dirs": outcome.checkpoints_kept,
    }
    if outcome.stage != "ppo":  # its loop calls no epoch end
        lists["saves"] = outcome.checkpoints
    else:
        del lists["epoch_steps"]
    for name, count in lists.items():
        value = seen_length(case, name)
        assert holds(count, value), (name, value, count)
        if not undecided(case):
            assert count.exact == value, (name, value, count)


def seen_length(case: Case, name: str) -> int:
    value = case.observed.get(name) or []
    assert isinstance(value, list)
    return len(value)
