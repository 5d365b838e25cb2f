"""What tells a script that may start LLaMA Factory before it is read."""

from __future__ import annotations

WORDS = (
    b"llamafactory", b"lmf ", b"train_bash", b"src/train", b"train.py", b"export_model",
    b"cli_demo", b"api_demo", b"finetuning_type",
)  # fmt: skip
"""One of these is in every script that starts LLaMA Factory."""


def may_launch(data: bytes) -> bool:
    """Return whether a script is worth its reading."""
    return any(word in data for word in WORDS)
