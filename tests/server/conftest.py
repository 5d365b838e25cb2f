"""Editors with a project open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.server.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = """\
model_name_or_path: Qwen/Qwen3-8B
stage: sft
do_train: true
finetuning_type: lora
dataset: faq
template: qwen3
output_dir: out
bf16: true
learning_rate: 1.0e-4
num_train_epochs: 3.0
logging_steps: 10
"""
"""A config of which nothing is said."""


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file of a project, with the folders that it lies in."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def project(folder: Path) -> Path:
    """Make a project with 500 rows of data."""
    (folder / ".git").mkdir(parents=True)
    table = {"faq": {"file_name": "faq.json"}, "chats": {"hf_hub_url": "team/chats"}}
    rows = [{"instruction": "a", "input": "", "output": "b"}] * 500
    write(folder, "data/dataset_info.json", json.dumps(table))
    write(folder, "data/faq.json", json.dumps(rows))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An editor that the tests of one file share: each opens documents of its own."""
    with Client(project(tmp_path_factory.mktemp("shared") / "project")) as client:
        yield client
        assert client.stop() == 0
