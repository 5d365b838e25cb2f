"""Numbers that a run cannot count or cut with: what the real parser and trainer did with each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.facts.layers import Given

BASE = (
    "model_name_or_path: tiny\nstage: sft\ndo_train: true\nfinetuning_type: lora\ndataset: d\n"
    "template: empty\noutput_dir: out\neval_strategy: steps\nval_size: 0.1\n"
)
LATER = ("do_train", "eval_strategy", "val_size")
NOTHING = stating()
STARTS, PARSED = "crashes when training starts", "rejected at start-up"


def said(text: str, release: str, given: Given = NOTHING) -> list[tuple[str, str]]:
    result = lint(of_text("c.yaml", text), Options(resolve_target(release), given))
    return [(one.code, one.message) for one in result.diagnostics if one.severity == "error"]


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4", "0.9.5"])
@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("num_train_epochs: .nan", f"{STARTS} (ValueError)"),
        ("num_train_epochs: .inf", f"{STARTS} (OverflowError)"),
        ("num_train_epochs: -.inf", f"{STARTS} (OverflowError)"),
        ("warmup_ratio: .nan", f"{STARTS} (ValueError)"),
    ],
)
def test_it_is_an_error_where_the_run_ends_on_it(line: str, ends: str, release: str) -> None:
    key, _, number = line.partition(": ")
    message = f"`{key}` expects a finite number, got number `{number}`; {ends}."
    assert said(BASE + line + "\n", release) == [("FT105", message)]


@pytest.mark.parametrize(
    ("line", "release"),
    [
        ("save_steps: .nan", "0.9.5"),
        ("save_steps: -.inf", "0.9.3"),
        ("eval_steps: .nan", "0.9.4"),
        ("weight_decay: .inf", "0.9.5"),
        ("max_grad_norm: .nan", "0.9.3"),
        ("num_train_epochs: .nan\nmax_steps: 10", "0.9.5"),
        ("warmup_ratio: .nan\nwarmup_steps: 10", "0.9.3"),
        ("save_steps: .inf\nsave_strategy: epoch", "0.9.5"),
    ],
)
def test_it_is_none_where_nothing_counts_with_it(line: str, release: str) -> None:
    assert said(BASE + line + "\n", release) == []


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4", "0.9.5"])
@pytest.mark.parametrize("packing", ["true", "false"])
def test_text_of_pretraining_is_cut_at_an_integer(packing: str, release: str) -> None:
    text = BASE.replace("sft", "pt") + f"packing: {packing}\ncutoff_len: 64.0\n"
    message = (
        "`cutoff_len` expects an integer, got number `64.0`; crashes when the data is prepared"
    )
    assert said(text, release) == [("FT105", f"{message} (TypeError).")]
    packed = [] if packing == "false" else said(text, release)
    assert said(text.replace("stage: pt", "stage: sft"), release) == packed
    assert said(f"{text}tokenized_path: saved\n", release) == []


@pytest.mark.parametrize("number", [".nan", ".inf"])
def test_steps_of_warmup_are_a_number_since_transformers_5(number: str) -> None:
    error = "ValueError" if number == ".nan" else "OverflowError"
    message = f"`warmup_steps` expects a finite number, got number `{number}`; {STARTS} ({error})."
    assert said(f"{BASE}warmup_steps: {number}\n", "0.9.5") == [("FT105", message)]
    message = f"`warmup_steps` expects an integer, got number `{number}`; {PARSED}."
    assert said(f"{BASE}warmup_steps: {number}\n", "0.9.3") == [("FT105", message)]


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4", "0.9.5"])
@pytest.mark.parametrize("packs", ["packing", "neat_packing"])
@pytest.mark.parametrize("length", ["1.0", "64.0", "64.5"])
def test_packed_rows_are_padded_to_an_integer(length: str, packs: str, release: str) -> None:
    message = (
        f"`cutoff_len` expects an integer, got number `{length}`; crashes when the data is prepared"
        " (TypeError)."
    )
    packed = f"{BASE}{packs}: true\ncutoff_len: {length}\n"
    assert ("FT105", message) in said(packed, release)
    assert ("FT105", message) not in said(packed.replace("sft", "dpo"), release)


ENDS = {True: (), False: (".",), None: (", unless there are fewer rows.",)}
"""How the message ends where a run trains, where it does not, and where that is not known."""


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4", "0.9.5"])
@pytest.mark.parametrize(
    ("name", "number", "trains", "trains_on_any_rows"),
    [
        ("max_samples", "1000.5", True, None),
        ("max_samples", "60.5", True, None),
        ("max_samples", ".inf", True, True),
        ("max_samples", "60.0", False, None),
        ("max_samples", "50.5", False, None),
        ("max_samples", "0.5", False, False),
        ("max_samples", ".nan", False, False),
        ("max_samples", "-.inf", False, False),
        ("preprocessing_num_workers", "100.5", True, None),
        ("preprocessing_num_workers", "99.5", None, None),  # above each dataset, not above both
        ("preprocessing_num_workers", "50.5", False, None),
        ("preprocessing_num_workers", "0.5", False, False),
    ],
)
def test_a_fraction_above_the_rows_gives_way_to_them(
    name: str, number: str, trains: bool | None, trains_on_any_rows: bool | None, release: str
) -> None:
    text = BASE.replace("dataset: d", "dataset: faq,chat") + f"{name}: {number}\n"
    told = (
        f"`{name}` expects an integer or null, got number `{number}`;"
        " crashes when the data is prepared (TypeError)"
    )
    known = stating(1, dataset_sizes=(("faq", 60), ("chat", 40)))
    assert said(text, release, known) == [("FT105", told + end) for end in ENDS[trains]]
    assert said(text, release) == [("FT105", told + end) for end in ENDS[trains_on_any_rows]]


@pytest.mark.parametrize(
    ("more", "others"),
    [
        ("do_train: true\nval_size: 5000\n", ["FT204"]),
        ("do_eval: true\neval_dataset: faq\n", []),
        ("do_train: true\nper_device_train_batch_size: 0\n", ["FT494"]),
    ],
)
def test_it_is_none_where_the_run_ends_on_something_else(more: str, others: list[str]) -> None:
    text = "".join(f"{line}\n" for line in BASE.splitlines() if not line.startswith(LATER))
    known = stating(1, dataset_sizes=(("d", 60), ("faq", 60)))
    found = said(f"{text}{more}max_samples: 1000.5\n", "0.9.5", known)
    assert [code for code, _ in found] == others
