"""GPUs by the names that people give them."""

from __future__ import annotations

import pytest

from ftlint.memory.gpus import GIB, BadGpu, total_memory


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("24g", 24, 24), ("24GB", 24, 24), ("80 gib", 80, 80), ("81559mib", 79.6, 79.7),
        ("h100-80g", 79, 80), ("H100 80GB", 79, 80), ("NVIDIA_H200", 139, 141),
        ("a100-40g", 39, 40), ("rtx-4090", 23, 24), ("4090", 23, 24), ("rtx4090", 23, 24),
        ("GeForce RTX 3090", 23, 24), ("Tesla T4", 14, 15), ("Tesla V100-SXM2-32GB", 31, 32),
        ("NVIDIA RTX A6000", 47, 48), ("NVIDIA RTX 6000 Ada Generation", 47, 48),
    ],
)  # fmt: skip
def test_a_name_or_a_size_is_understood(name: str, least: float, most: float) -> None:
    assert least <= total_memory(name) / GIB <= most


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("8", "--gpus 8"), ("a100", "`a100-40g` or `a100-80g`"), ("a100-24g", "a100-40g"),
        ("banana", "unknown GPU: write its memory"), ("a100-80", "did you mean `a100-80g`?"),
        ("H100_80", "`h100-80g`"), ("a100x", "did you mean `a100-40g` or `a100-80g`?"),
        ("rtx-4090-ti", "did you mean `rtx-4090`? Or write its memory"),
        ("gtx-9000", "unknown GPU"), ("0g", "not the memory of a GPU: write it as `24g`"),
        ("", "unknown GPU"), ("99999999g", "from 1g to 10000g"),
        # A slip is meant for its neighbour, another card for none.
        ("rtx5900", "did you mean `rtx-5090`?"), ("a1oo-80g", "did you mean `a100-80g`?"),
        ("rtx-4060", "unknown GPU: write its memory"), ("GH200 480GB", "unknown GPU: write its"),
        ("RTX 4070 Ti", "unknown GPU: write its memory"),
    ],
)  # fmt: skip
def test_what_is_not_understood_says_what_to_write(name: str, said: str) -> None:
    with pytest.raises(BadGpu) as caught:
        total_memory(name)
    assert said in str(caught.value)
