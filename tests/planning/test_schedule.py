"""Precedence, warmup, the last epoch, and runs that nothing comes of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.engine import lint
from ftlint.syntax.source import of_text
from tests.planning.helpers import HEAD, codes, found, options
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.facts.layers import Given

ROWS = stating(gpus=1, dataset_sizes=(("faq", 1000),))


def only(code: str, text: str, given: Given = ROWS, **target: str) -> list[str]:
    return [one.message for one in found(text, given, **target) if one.code == code]


def test_the_ignored_epochs_go_and_their_comment_stays() -> None:
    text = HEAD + "max_steps: 200\nnum_train_epochs: 3.0  # as agreed\nseed: 1\n"
    result = lint(of_text("c.yaml", text), options(ROWS))
    (fix,) = [one.fix for one in result.diagnostics if one.code == "FT201"]
    assert fix is not None
    assert (fix.applicability, "num_train_epochs: 3.0" in fix.message) == ("safe", True)
    edits = sorted(fix.edits, reverse=True)
    for edit in edits:
        text = text[: edit.start] + edit.text + text[edit.end :]
    assert text == HEAD + "max_steps: 200\n# as agreed\nseed: 1\n"


def test_what_the_steps_amount_to() -> None:
    both = HEAD + "max_steps: 200\nnum_train_epochs: 3.0\nper_device_train_batch_size: 4\n"
    assert "0.8 epochs of 1,000 samples at effective batch size 4." in only("FT201", both)[0]
    assert "0.8 epochs of 1,000 samples at effective batch size 4 on one GPU." in only(
        "FT201", both, stating(dataset_sizes=(("faq", 1000),))
    )[0]  # fmt: skip
    assert "dataset-size=N" in only("FT201", both, stating())[0]
    streamed = both + "streaming: true\ndataloader_num_workers: 1\n"
    assert "precedence." in only("FT201", streamed)[0]
    assert "dataset-size" not in only("FT201", streamed)[0]  # which would not tell either
    packed = both + "packing: true\n"
    assert "epochs of 1 to 1,000 samples" in only("FT201", packed)[0]


@pytest.mark.parametrize("steps", ["-1", "0", "-7"])
def test_steps_that_do_not_decide_are_silent(steps: str) -> None:
    assert only("FT201", HEAD + f"max_steps: {steps}\nnum_train_epochs: 3.0\n") == []


def test_a_run_that_does_not_train_is_not_judged() -> None:
    text = HEAD.replace("do_train: true", "do_train: false") + "max_steps: 5\nnum_train_epochs: 3\n"
    assert codes(text, ROWS) == ["FT214"]


def test_zero_steps_by_release() -> None:
    text = HEAD + "max_steps: 0\n"
    assert "FT202" in codes(text)
    assert "FT202" in codes(text, target="0.9.3", transformers="4.52.4")
    assert "FT202" not in codes(text, target="0.9.3", transformers="4.45.2")


def test_steps_that_are_meant_are_not_talked_over() -> None:
    steps = HEAD + "per_device_train_batch_size: 8\nmax_steps: 300{}\n"
    assert "FT205" in codes(steps.format(""), ROWS)
    assert "FT205" not in codes(steps.format("  # two hours"), ROWS)
    assert "FT205" not in codes(steps.format("\n# ftlint: budget=2h"), ROWS)
    assert "FT205" not in codes(steps.format("").replace("300", "100"), ROWS)


@pytest.mark.parametrize(
    ("warmup", "transformers", "expected"),
    [
        ("warmup_steps: 400", "5.6.0", "FT210"), ("warmup_steps: 375", "5.6.0", "FT210"),
        ("warmup_steps: 374", "5.6.0", "FT211"), ("warmup_steps: 75", "5.6.0", ""),
        ("warmup_ratio: 1.0", "4.57.1", "FT210"), ("warmup_ratio: 0.3", "4.57.1", "FT211"),
        ("warmup_ratio: 0.2", "4.57.1", ""), ("warmup_ratio: 0.3", "5.6.0", "FT211"),
        ("warmup_ratio: 1.0", "5.6.0", ""),  # one step there
        ("warmup_steps: 0.5", "5.6.0", "FT211"),
        ("warmup_steps: 400\nlr_scheduler_type: constant", "5.6.0", ""),
    ],
)  # fmt: skip
def test_warmup_against_the_run(warmup: str, transformers: str, expected: str) -> None:
    text = f"{HEAD}per_device_train_batch_size: 8\n{warmup}\nlearning_rate: 1.0e-4\n"
    release = "0.9.5" if transformers > "5" else "0.9.4"
    given = ROWS
    assert " ".join(codes(text, given, target=release, transformers=transformers)) == expected


def test_warmup_is_held_against_max_steps_without_any_data() -> None:
    text = HEAD + "max_steps: 50\nwarmup_steps: 100\n"
    assert codes(text) == ["FT210"]
    assert codes(text.replace("100", "5")) == []


@pytest.mark.parametrize(
    ("transformers", "accumulation", "reported"),
    [("4.51.3", 8, True), ("4.57.1", 8, False), ("4.45.2", 8, False), ("4.51.3", 5, False)],
)
def test_the_last_epoch_between_447_and_451(
    transformers: str, accumulation: int, reported: bool
) -> None:
    text = f"{HEAD}per_device_train_batch_size: 4\ngradient_accumulation_steps: {accumulation}\n"
    given = stating(gpus=1, dataset_sizes=(("faq", 100),))
    release = "0.9.3" if transformers == "4.45.2" else "0.9.4"
    assert bool(only("FT212", text, given, target=release, transformers=transformers)) == reported


def test_a_sliver_of_the_last_epoch_is_not_worth_a_word() -> None:
    text = HEAD + "per_device_train_batch_size: 1\ngradient_accumulation_steps: 3\n"
    given = stating(gpus=1, dataset_sizes=(("faq", 1000),))
    assert only("FT212", text, given, target="0.9.4", transformers="4.51.3") == []


@pytest.mark.parametrize(
    ("body", "rows", "reported"),
    [
        ("val_size: 50", 50, True), ("val_size: 0.999", 100, True), ("val_size: 0.5", 1, True),
        ("val_size: 49", 50, False), ("val_size: 0.1", 50, False),
        ("dataloader_drop_last: true\nper_device_train_batch_size: 16", 15, True),
        ("dataloader_drop_last: true\nper_device_train_batch_size: 16", 16, False),
        ("num_train_epochs: 0.001", 50, False),  # one step, still
    ],
)  # fmt: skip
def test_nothing_to_train_on(body: str, rows: int, reported: bool) -> None:
    assert (
        bool(only("FT204", HEAD + body + "\n", stating(gpus=1, dataset_sizes=(("faq", rows),))))
        == reported
    )


@pytest.mark.parametrize(
    "body",
    ["val_size: 0.1\neval_dataset: other\n", "val_size: tenth\n",
     "mix_strategy: interleave_under\ninterleave_probs: 0.5,0.5\n"],
)  # fmt: skip
def test_what_other_rules_see_without_data_is_not_said_again(body: str) -> None:
    assert only("FT204", HEAD + body, stating(gpus=1, dataset_sizes=(("faq", 1),))) == []


def test_probabilities_that_do_not_add_up() -> None:
    text = HEAD.replace("faq", "faq,chat") + "mix_strategy: interleave_under\n"
    given = stating(gpus=1, dataset_sizes=(("faq", 50), ("chat", 50)))
    for shares, times in (("0.5,0.6", 1), ("0.5,0.5", 0)):
        assert len(only("FT712", f"{text}interleave_probs: {shares}\n", given)) == times
        assert only("FT204", f"{text}interleave_probs: {shares}\n", given) == []
