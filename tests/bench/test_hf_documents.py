from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.runners.errors import Unsupported, Untrainable
from ftbench.runners.hf import REFUSED, REFUSED_UNLESS, _refuse
from ftbench.runners.hf_rows import _cut, train_and_held_out
from probe import keys_of

if TYPE_CHECKING:
    from pathlib import Path


class Characters:
    """A tokenizer with one token a character."""

    eos_token = "$"
    bos_token_id = None
    pad_token_id = 0

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        assert not add_special_tokens
        return [ord(one) for one in text]


def data(folder: Path, rows: list[dict[str, Any]], **entry: Any) -> dict[str, Any]:
    rows = [{"input": "", **row} for row in rows]
    (folder / "d.json").write_text(json.dumps(rows))
    (folder / "dataset_info.json").write_text(json.dumps({"d": {"file_name": "d.json", **entry}}))
    return {"dataset": "d", "dataset_dir": str(folder), "template": "empty", "cutoff_len": 16}


@pytest.mark.parametrize(
    ("source", "target", "room", "kept"),
    [
        (5, 5, 20, (5, 5)),
        (30, 5, 20, (15, 5)),  # a short answer is kept whole
        (5, 30, 20, (5, 15)),  # a short prompt is kept whole
        (30, 30, 20, (10, 10)),  # both are cut alike
        (30, 10, 20, (15, 5)),
    ],
)
def test_turns_are_cut_to_their_room(
    source: int, target: int, room: int, kept: tuple[int, int]
) -> None:
    assert _cut(source, target, room) == kept


def test_only_answers_are_trained_on(tmp_path: Path) -> None:
    config = data(tmp_path, [{"instruction": "ab", "input": "c", "output": "de"}])
    train, held = train_and_held_out(config, Characters())
    (row,) = train
    assert "".join(map(chr, row["input_ids"])) == "ab\ncde"
    assert row["labels"] == [-100] * 4 + [ord(one) for one in "de"]
    assert row["attention_mask"] == [1] * 6
    assert held == []


def test_packed_rows_are_full_and_lose_no_token(tmp_path: Path) -> None:
    rows = [{"instruction": "q" * size, "output": "a"} for size in (1, 2, 3, 5, 8, 9)]
    config = {**data(tmp_path, rows), "packing": True}
    train, _ = train_and_held_out(config, Characters())
    assert all(len(row["input_ids"]) == 16 == len(row["labels"]) for row in train)
    tokens = sum(one != 0 for row in train for one in row["input_ids"])
    assert tokens == sum(len(row["instruction"]) + 1 for row in rows)
    # 10 + 4, 9 + 6, 3 + 2: the longest first, each time with the longest that still fits
    assert sorted(sum(one != 0 for one in row["input_ids"]) for row in train) == [5, 14, 15]


def test_documents_become_blocks_without_a_border(tmp_path: Path) -> None:
    rows = [{"text": "x" * 20}] * 3
    config = {**data(tmp_path, rows, columns={"prompt": "text"}), "stage": "pt"}
    train, _ = train_and_held_out(config, Characters())
    assert [len(row["input_ids"]) for row in train] == [16] * 3  # 63 tokens: the rest is dropped


@pytest.mark.parametrize(
    ("keys", "entry", "named"),
    [
        ({"template": "gemma"}, {}, "template gemma"),
        ({"dataset": "e"}, {}, "'e'"),
        ({}, {"num_samples": 4}, "num_samples"),
        ({}, {"columns": {"prompt": "q", "response": "a", "images": "i"}}, "images"),
        ({}, {"split": "test"}, "only local JSON"),
        ({}, {"formatting": "openai"}, "formatting openai"),
    ],
)
def test_what_it_cannot_do_is_refused(
    tmp_path: Path, keys: dict[str, Any], entry: dict[str, Any], named: str
) -> None:
    config = data(tmp_path, [{"instruction": "q", "output": "a"}], **entry)
    with pytest.raises(Unsupported, match=named):
        train_and_held_out({**config, **keys}, Characters())


@pytest.mark.parametrize(
    ("rows", "entry", "why"),
    [
        ([{"instruction": "q"}], {}, "no column 'output'"),
        ([{"instruction": "q", "output": "a"}], {"columns": {"prompt": "p"}}, "no column 'p'"),
        ([{"instruction": "q", "output": "a"}], {"columns": {"prompt": "instruction"}}, "no row"),
        ([{"instruction": "q", "output": None}], {}, "no row"),
        ([], {}, "no rows"),
    ],
)
def test_data_that_nothing_can_be_trained_on_are_told(
    tmp_path: Path, rows: list[dict[str, Any]], entry: dict[str, Any], why: str
) -> None:
    with pytest.raises(Untrainable, match=why):
        train_and_held_out(data(tmp_path, rows, **entry), Characters())


def test_calls_of_functions_are_refused(tmp_path: Path) -> None:
    said = [{"from": "human", "value": "a"}, {"from": "function_call", "value": "{}"}]
    config = data(tmp_path, [{"conversations": said}], formatting="sharegpt")
    with pytest.raises(Unsupported, match="functions"):
        train_and_held_out(config, Characters())


@pytest.mark.parametrize("key", [*REFUSED, *REFUSED_UNLESS])
def test_keys_that_only_llama_factory_follows_are_refused(key: str) -> None:
    """And are keys that there are, off by default."""
    default = keys_of("0.9.5")[key].get("default")
    assert default in (None, False, 0, REFUSED_UNLESS.get(key))
    _refuse({key: default})
    with pytest.raises(Unsupported, match=key):
        _refuse({key: "other"})
