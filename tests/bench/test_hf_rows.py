"""The hf runner's rows beside LLaMA Factory's own: token for token."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.oracle.environments import ensure

pytestmark = pytest.mark.oracle

BENCH = Path(__file__).resolve().parents[2] / "bench"
LONG = "one two three four five six seven eight nine ten " * 4
ALPACA: list[dict[str, Any]] = [
    {"instruction": "say one", "input": "", "output": "one"},
    {"instruction": "say", "input": "two", "output": LONG, "system": "You count.", "history": []},
    {"instruction": LONG, "input": "", "output": "three", "system": "",
     "history": [["first", "answer"], ["second " * 9, LONG]]},
    {"instruction": "none", "input": "", "output": None},
]  # fmt: skip
SAID = {
    "plain": [("human", "hello"), ("gpt", "hi there"), ("human", LONG), ("gpt", "yes")],
    "system": [("system", "Be brief."), ("human", "hello"), ("gpt", LONG)],
    "odd": [("human", "hello"), ("gpt", "hi"), ("human", "lost")],
    "out of turn": [("gpt", "hi"), ("human", "hello")],
    "late system": [("human", "a"), ("gpt", "b"), ("system", "c"), ("gpt", "d")],
    "nothing": [],
}
INFO = {
    "alpaca": {"file_name": "alpaca.json"},
    "columns": {"file_name": "alpaca.json", "columns": {
        "prompt": "instruction", "query": "input", "response": "output", "system": "system",
        "history": "history"}},
    "chats": {"file_name": "chats.jsonl", "formatting": "sharegpt"},
    "tags": {"file_name": "tags.json", "formatting": "sharegpt",
             "columns": {"messages": "messages"},
             "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "human",
                      "assistant_tag": "gpt"}},
    "same": {"file_name": "lines.jsonl"},
    "texts": {"file_name": "texts.json", "columns": {"prompt": "text"}},
}  # fmt: skip
TEMPLATES = ("qwen", "chatml", "llama3", "default", "empty")
CASES: list[dict[str, Any]] = [
    *({"dataset": "columns,chats", "template": name} for name in TEMPLATES),
    {"dataset": "alpaca,tags", "template": "qwen"},
    {"dataset": "columns,chats", "template": "llama3", "packing": True, "cutoff_len": 256},
    {"dataset": "chats", "template": "qwen", "max_samples": 2},
    {"dataset": "columns,chats", "template": "qwen", "val_size": 0.35},
    {"dataset": "columns,chats", "template": "qwen", "val_size": 3, "seed": 7},
    {"dataset": "columns,chats", "template": "qwen", "val_size": 0.2, "packing": True},
    {"dataset": "chats,chats, columns", "template": "qwen"},
    {"dataset": "same", "template": "chatml"},
    {"dataset": "columns,same", "template": "qwen", "packing": True,
     "preprocessing_num_workers": 2},
    {"dataset": "texts", "stage": "pt", "template": "empty"},
    {"dataset": "texts", "stage": "pt", "template": "qwen", "cutoff_len": 8,
     "preprocessing_num_workers": 3},
    {"dataset": "texts", "stage": "pt", "template": "llama3", "cutoff_len": 8,
     "preprocessing_batch_size": 2},
    {"dataset": "alpaca,columns,same", "stage": "pt", "template": "default", "cutoff_len": 8},
    {"dataset": "texts", "stage": "pt", "template": "empty", "packing": False},
    # last: LLaMA Factory keeps such a default for what follows in the same process
    {"dataset": "columns", "template": "chatml", "default_system": "Count."},
    {"dataset": "columns", "template": "qwen", "default_system": ""},
]  # fmt: skip


def _write(folder: Path) -> None:
    folder.mkdir()
    chats = list(SAID.values())
    files: dict[str, str] = {
        "alpaca.json": json.dumps([{"system": "", "history": [], **row} for row in ALPACA]),
        "chats.jsonl": "".join(
            json.dumps({"conversations": [{"from": who, "value": text} for who, text in chat]})
            + "\n" for chat in chats),
        "tags.json": json.dumps(
            [{"messages": [{"role": who, "content": text} for who, text in chat]}
             for chat in chats]),
        "lines.jsonl": "\n".join(
            json.dumps({"instruction": f"a\u2028b {at}", "input": None, "output": "c\x85d"},
                       ensure_ascii=False) for at in range(7)),
        "texts.json": json.dumps([{"text": LONG[:at]} for at in (30, 80, 120, 200)]),
        "dataset_info.json": json.dumps(INFO),
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def test_rows_are_those_of_llama_factory(tmp_path: Path) -> None:
    _write(tmp_path / "data")
    model = tmp_path / "model"
    model.mkdir()
    shutil.copy(BENCH / "ftbench/models/shapes/tiny.json", model / "config.json")
    (model / "text").write_text(json.dumps([ALPACA, SAID]), "utf-8")
    python = str(ensure("0.9.5"))
    call = [python, "-m", "ftbench.models.bpe", str(model)]
    subprocess.run(call, check=True, env={**os.environ, "PYTHONPATH": str(BENCH)})
    same = {"model_name_or_path": str(model), "dataset_dir": str(tmp_path / "data"),
            "stage": "sft", "cutoff_len": 64, "finetuning_type": "full"}  # fmt: skip
    done = subprocess.run(
        [python, str(Path(__file__).with_name("rows_by_both.py"))],
        input=json.dumps([{**same, **case} for case in CASES]),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    for case, (theirs, ours) in zip(CASES, json.loads(done.stdout.splitlines()[-1]), strict=True):
        assert ours == theirs, case
        assert len({token for ids, _ in theirs[0] for token in ids}) > 5, case
        assert bool(theirs[1]) == ("val_size" in case), case
