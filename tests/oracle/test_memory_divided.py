"""The law of FSDP against two real processes on a CPU."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ftbench.runners.launch import Processes, command
from ftlint.memory.manner import Batch
from ftlint.memory.method import Method
from ftlint.memory.peak import WORKSPACE, training_moments
from ftlint.memory.shape import Shape, Unknown, read_shape
from ftlint.memory.sharding import Sharding

from . import environments

pytestmark = pytest.mark.oracle

SHAPE: dict[str, Any] = {
    "model_type": "qwen2", "hidden_size": 512, "intermediate_size": 1536, "num_hidden_layers": 6,
    "vocab_size": 12_000, "num_attention_heads": 8, "num_key_value_heads": 2,
    "tie_word_embeddings": True,
}  # fmt: skip
ALIKE = 0.015


def said(kind: str, config: dict[str, Any]) -> int:
    """Return what the law says."""
    shape = read_shape(config)
    assert isinstance(shape, Shape)
    names = (one.name for one in shape.linears) if kind == "lora" else ()
    method = Method(
        kind=kind, rank=16, targets=frozenset(names), casts=False, sharding=Sharding(2, fsdp=True)
    )
    moments = training_moments(shape, method, Batch(2, 256, masked=False))
    assert not isinstance(moments, Unknown)
    return max(one.total for one in moments) - WORKSPACE


@pytest.mark.parametrize(("kind", "vocab"), [("full", 12_000), ("full", 600), ("lora", 12_000)])
def test_each_process_holds_what_the_law_says(kind: str, vocab: int) -> None:
    config = {**SHAPE, "vocab_size": vocab}
    runner = Path(__file__).with_name("divided_runner.py")
    case = json.dumps({"kind": kind, "shape": config, "rows": 2, "length": 256})
    start = command(str(environments.ensure("0.9.5")), Path("request"), Processes(2))
    arguments = [*start[: start.index("-m", 2)], str(runner), case]
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "DISABLE_VERSION_CHECK": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = [*map(int, re.findall(r"PEAK (\d+)", done.stdout))]
    assert len(found) == 2
    assert max(found) == pytest.approx(said(kind, config), rel=ALIKE)
