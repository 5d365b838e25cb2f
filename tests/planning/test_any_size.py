"""What is said of epochs and steps where nobody knows how many rows there are.

A verdict given for unknown rows is the mildest of those for each number of rows, and none is given
where these do not agree: both ways, over generated configs.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.helpers import HEAD, codes, found
from tests.searches import tries
from tests.stating import stating

EPOCHS = {"FT301": 2, "FT306": 1, "FT307": -1, "FT302": -2}
"""Verdicts on epochs, from too many to too few; 0 where nothing is said."""
METHODS = {
    "lora": ("finetuning_type: lora\n", 1e-4),
    "qlora": ("finetuning_type: lora\nquantization_bit: 4\n", 2e-4),
    "full": ("finetuning_type: full\n", 1e-5),
}
WATCHED = (
    "val_size: 0.1\neval_strategy: epoch\nsave_strategy: epoch\nload_best_model_at_end: true\n"
)
SIZES = sorted(
    {1, 2, 3, 7, 10, 30, 99, 100, 101, 250, 500, 1500, 3000, 5000, 20_000, 10**5, 10**6, 10**8}
    | {limit + step for limit in (900, 909, 910, 1000, 1100, 1111, 1112, 9000, 9090, 9091, 10_000,
                                  11_000, 11_111, 11_112) for step in (-1, 0, 1)}
)  # fmt: skip
"""Sizes on both sides of each limit of the table, and of where its margins begin and end."""


def text_of(method: str, **keys: object) -> str:
    written, rate = METHODS[method]
    head = HEAD.replace("finetuning_type: lora\n", written)
    lines = {"learning_rate": rate, **keys}
    return head + "".join(f"{name}: {value}\n" for name, value in lines.items())


def verdict(text: str, rows: int | None) -> int:
    sizes = () if rows is None else (("faq", rows),)
    found_codes = codes(text, stating(1, dataset_sizes=sizes))
    said = [EPOCHS[code] for code in found_codes if code in EPOCHS]
    assert len(said) <= 1
    assert "FT904" not in found_codes
    return said[0] if said else 0


def common(verdicts: list[int]) -> int:
    if 0 in verdicts or min(verdicts) < 0 < max(verdicts):
        return 0
    return min(verdicts, key=abs)


@pytest.mark.parametrize(
    ("method", "epochs", "code"),
    [
        ("lora", 1000, "FT301"), ("lora", 30, "FT301"), ("lora", 11, "FT301"),
        ("full", 50, "FT301"), ("full", 8, "FT301"), ("qlora", 10, "FT301"),
        ("lora", 10, "FT306"), ("lora", 6, "FT306"), ("full", 5, "FT306"),
        ("lora", 5, None), ("lora", 3, None), ("lora", 1, None), ("full", 1, None),
        ("lora", 0.9, "FT307"), ("full", 0.7, "FT307"), ("lora", 0.5, "FT302"),
    ],
)  # fmt: skip
def test_epochs_are_judged_without_rows(method: str, epochs: float, code: str | None) -> None:
    said = [one for one in codes(text_of(method, num_train_epochs=epochs)) if one in EPOCHS]
    assert said == ([code] if code else [])


@pytest.mark.search
@settings(max_examples=tries(30))
@given(
    st.sampled_from(sorted(METHODS)),
    st.one_of(
        st.sampled_from([0.5, 0.6, 1, 1.8, 2, 3, 4, 5, 5.5, 6, 7, 8, 9, 10, 10.5, 12, 1000]),
        st.floats(0.01, 40, allow_nan=False).map(lambda number: round(number, 2)),
    ),
    st.sampled_from([0.02, 0.15, 0.4, 0.5, 0.9, 1, 5]),
    st.sampled_from([None, 3, 100, 101, 950, 1000, 1050, 5000, 10**6]),
    st.booleans(),
)
def test_without_rows_is_said_what_every_number_of_rows_has_in_common(
    method: str, epochs: float, rate: float, limit: int | None, goes_on: bool
) -> None:
    keys: dict[str, object] = {"num_train_epochs": epochs}
    keys["learning_rate"] = f"{METHODS[method][1] * rate:.8f}"
    if limit is not None:
        keys["max_samples"] = limit
    if goes_on:
        keys["adapter_name_or_path"] = "saves/before"
    text = text_of(method, **keys)
    assert verdict(text, None) == common([verdict(text, rows) for rows in SIZES])


@pytest.mark.search
@settings(max_examples=tries(8))
@given(
    st.sampled_from(sorted(METHODS)),
    st.integers(101, 20_000),
    st.sampled_from([1, 2, 8, 64]),
    st.sampled_from([50, 100, 101, 640, 1000, 1200, 4000, 12_000]),
)
def test_steps_are_judged_on_as_many_rows_as_there_may_be(
    method: str, steps: int, batch: int, limit: int
) -> None:
    keys = {"max_steps": steps, "per_device_train_batch_size": batch, "max_samples": limit}
    text = text_of(method, **keys)
    sizes = [rows for rows in SIZES if rows < limit] + [limit]
    assert verdict(text, None) == common([verdict(text, rows) for rows in sizes])


def test_steps_on_rows_without_a_bound_are_not_judged() -> None:
    assert verdict(text_of("lora", max_steps=10**6), None) == 0


def test_what_is_said_names_the_rows_that_there_may_be() -> None:
    (finding,) = found(text_of("lora", num_train_epochs=30))
    assert finding.message.startswith(
        "30 epochs will likely overfit: 3–5 epochs are usual for LoRA, at most 8 for any number of "
        "samples. Set `num_train_epochs: 5` or fewer, or "
    )
    assert finding.key == "num_train_epochs"
    text = text_of("lora", max_steps=5000, per_device_train_batch_size=8, max_samples=1000)
    (finding,) = found(text, stating(1))
    assert "(at least 40 epochs of at most 1,000 samples) will likely overfit" in finding.message
    assert "Set `max_steps: 625` or fewer" in finding.message
    (finding,) = found(text_of("lora", num_train_epochs=10))
    assert "Even with fewer than 1,000 samples, let evaluation" in finding.message


@pytest.mark.parametrize(
    "keys",
    [
        {"do_train": "false", "do_eval": "true", "val_size": 0.1},
        {"stage": "dpo"},
        {"finetuning_type": "freeze"},
        {"max_steps": 500},
        {"foo_weight": 1, "latent_thinking_tokens": 2, "abkl_gamma": 3},
    ],
    ids=["evaluation only", "another stage", "another method", "max_steps", "a fork's"],
)
def test_what_is_no_such_run_is_not_judged(keys: dict[str, object]) -> None:
    text = HEAD + "num_train_epochs: 1000\n"
    for key, value in keys.items():
        old = [line for line in text.splitlines(True) if line.startswith(f"{key}:")]
        text = text.replace(old[0], "") if old else text
        text += f"{key}: {value}\n"
    assert not {*codes(text)} & {*EPOCHS}


def test_epochs_that_are_misread_are_not_judged() -> None:
    assert "FT301" not in codes(HEAD + "num_train_epochs: '1000 epochs'\n")
    assert "FT301" in codes(HEAD + "num_train_epochs: 1000\n# 1,000 epochs of a joke\n")


def test_an_end_by_evaluation_is_a_remedy_and_the_best_checkpoint_half_of_one() -> None:
    text = text_of("lora", num_train_epochs=50) + WATCHED
    assert codes(text) == ["FT310"]
    assert codes(text + "early_stopping_steps: 3\n") == []
    assert codes(text.replace("50", "10")) == []  # some number of rows may take them


def test_rows_that_the_examples_leave_out_are_told() -> None:
    text = HEAD + "max_samples: 1000\n"
    known = stating(1, dataset_sizes=(("faq", 50_000),))
    (finding,) = found(text, known)
    assert (finding.code, finding.key) == ("FT311", "max_samples")
    assert "uses 1,000 of 50,000 rows (`faq`)" in finding.message
    for quiet in (
        "max_samples: 1000  # a first look\n", "max_samples: 2000\n", "max_samples: 50_000\n",
        "max_samples: 1000\nmax_steps: 200\nper_device_train_batch_size: 4\n",
    ):  # fmt: skip
        assert "FT311" not in codes(HEAD + quiet, known)
    assert "FT311" not in codes(text, stating(1, dataset_sizes=(("faq", 1050),)))
    assert "FT311" not in codes(text)


def test_a_warmup_longer_than_the_longest_run_is_told() -> None:
    text = HEAD + "per_device_train_batch_size: 8\nmax_samples: 1000\nwarmup_steps: {}\n"
    (finding,) = found(text.format(400), stating(1))
    assert finding.code == "FT210"
    assert "in a run of at most 375 steps" in finding.message
    assert codes(text.format(100), stating(1)) == ["FT211"]
    assert codes(text.format(75), stating(1)) == []
    assert codes(text.format(400).replace("max_samples: 1000\n", ""), stating(1)) == []
