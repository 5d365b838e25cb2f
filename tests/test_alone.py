"""`steps`, `edits` and `syntax` are of use alone, with the rooms that they say they import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.rooms import room_of, stated

SYNTAX = """
from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.nodes import Document
from ftlint.syntax.parse import compose

text = "a: 1  # one\\nb: [x, 'y']\\n"
document = compose(text)
assert isinstance(document, Document)
made = construct(document.root, OMEGACONF)
assert {name: entry.value for name, entry in made.entries.items()} == {"a": 1, "b": ["x", "y"]}
assert text[slice(*made.entries["b"].value_span)] == "[x, 'y']"
assert [comment.text for comment in document.comments] == ["# one"]
"""
STEPS = """
from ftlint.steps import DatasetRows, NoPlan, SampleCount, World, as_object, exactly, plan

values = {
    "do_train": True, "stage": "sft", "dataset": "d", "per_device_train_batch_size": 4,
    "per_device_eval_batch_size": 8, "gradient_accumulation_steps": 2, "num_train_epochs": 3.0,
    "max_steps": -1, "dataloader_num_workers": 0, "val_size": 0.0, "mix_strategy": "concat",
    "seed": 42, "cutoff_len": 2048, "preprocessing_batch_size": 1000, "warmup_steps": 0,
    "logging_strategy": "steps", "logging_steps": 500, "eval_strategy": "no", "eval_delay": 0,
    "save_strategy": "steps", "save_steps": 500, "ppo_buffer_size": 1,
}
known = {"samples": SampleCount((DatasetRows("d", exactly(10_000), exactly(0)),)),
         "world": World(gpus=2), "llamafactory": (0, 9, 5), "transformers": (5, 6, 0)}
assert as_object(plan(values, **known))["total_steps"] == 1875
del values["seed"]
lacking = plan(values, **known)
assert isinstance(lacking, NoPlan) and lacking.key == "seed"
"""
EDITS = """
from ftlint.edits import pairs
from ftlint.edits.page import Page, read_page
from ftlint.edits.plan import splice
from ftlint.edits.rewrite import rename
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.source import of_text

page = read_page(of_text("c.yaml", "a: 1  # kept\\nb: 2\\n"), OMEGACONF)
assert isinstance(page, Page)
assert splice(page.text, rename(page, "a", "c").edits) == "c: 1  # kept\\nb: 2\\n"
assert splice(page.text, pairs.delete(page, "b").edits) == "a: 1  # kept\\n"
"""
ROOMS = "print(*sorted(name for name in __import__('sys').modules if name.startswith('ftlint.')))"


@pytest.mark.parametrize(
    ("room", "code"),
    [("syntax", SYNTAX), ("steps", STEPS), ("edits", EDITS)],
    ids=["syntax", "steps", "edits"],
)
def test_a_room_is_of_use_alone(room: str, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code + ROOMS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rooms = {room_of(module) for module in done.stdout.split()}
    assert room in rooms
    assert rooms <= {room, *(stated(room) or ()), "diagnostics"}
