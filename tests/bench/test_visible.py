"""Which GPU a run would use: the first of those that CUDA_VISIBLE_DEVICES leaves to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ftbench.local_gpu import local_gpu
from ftbench.runners.interpreter import visible_gpus
from ftbench.visible_devices import visible_devices

if TYPE_CHECKING:
    from pathlib import Path

TWO_GPUS = """#!/bin/sh
case "$*" in
  -L) echo "GPU 0: NVIDIA A"; echo "GPU 1: NVIDIA B" ;;
  *"--id 1") echo "NVIDIA B, GPU-bbbb, 350.00" ;;
  *"--id GPU-aaaa") echo "NVIDIA A, GPU-aaaa, 700.00" ;;
  *) echo "NVIDIA A, GPU-aaaa, 700.00"; echo "NVIDIA B, GPU-bbbb, 350.00" ;;
esac
"""


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a nvidia-smi that knows of two GPUs first on the path."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(TWO_GPUS, "utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("shown", "names", "count", "gpu"),
    [
        (None, None, 2, "NVIDIA A"),
        ("1", ["1"], 1, "NVIDIA B"),
        ("1, 0", ["1", "0"], 2, "NVIDIA B"),
        ("GPU-aaaa", ["GPU-aaaa"], 1, "NVIDIA A"),
        ("1,-1,0", ["1"], 1, "NVIDIA B"),
        ("-1", [], 0, None),
        ("", [], 0, None),
    ],
)
@pytest.mark.usefixtures("two_gpus")
def test_first_of_the_visible_gpus(
    monkeypatch: pytest.MonkeyPatch,
    shown: str | None,
    names: list[str] | None,
    count: int,
    gpu: str | None,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert visible_devices() == names
    assert visible_gpus() == count
    found = local_gpu()
    assert (None if found is None else found["name"]) == gpu
