"""The shapes of batches, counted beside real torch: the same numbers, and none of its threads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.oracle.environments import ensure

pytestmark = pytest.mark.oracle

ROOT = Path(__file__).resolve().parents[2]
COUNTING = """
import json, sys
sys.path[:0] = ["bench", "lint", "schemas"]
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from ftbench.measure.batches import numbers, tensors_of

class Calls(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = []
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))

torch.manual_seed(3)
rows, length = 40, 1024
ids = torch.randint(5, 900, (rows, length))
labels = torch.where(torch.rand(rows, length) < 0.4, -100, ids)
lengths = torch.randint(1, length + 1, (rows, 1))
padded = (torch.arange(length)[None] < lengths).long()
packed = torch.where(padded == 0, 0, 1 + torch.arange(length)[None] // 300)
found = []
for mask in (padded, padded.bool(), packed, None):
    batch = {"input_ids": ids, "labels": labels, "attention_mask": mask}
    with Calls() as calls:
        counted = tensors_of(batch)
    stretches = (
        torch.full((rows,), length) if mask is None
        else torch.stack([(mask == n).sum(1) for n in range(1, 1 + int(mask.max()))])
    )
    real = rows * length if mask is None else int((mask != 0).sum())
    right = [rows, length, real, int((labels != -100).sum()), int((stretches ** 2).sum())]
    found.append([numbers(counted), right, calls.names])
print(json.dumps(found))
"""


def test_batches_on_the_cpu_are_counted_without_torch() -> None:
    done = subprocess.run(
        [ensure("0.9.5"), "-c", COUNTING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert [(counted, right) for counted, right, _ in found] == [
        (right, right) for _, right, _ in found
    ]
    views = {"aten.detach.default"}  # of a tensor as an array: nothing is computed
    assert all(set(calls) <= views for *_, calls in found)
