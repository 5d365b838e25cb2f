"""The GPUs that CUDA_VISIBLE_DEVICES leaves to a process started from here."""

from __future__ import annotations

import os


def visible_devices() -> list[str] | None:
    """Return their names, numbers or UUIDs, in CUDA's order; None where all of them are left.

    CUDA ends the list at the first name that is none, such as -1.
    """
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return None
    names = [name.strip() for name in shown.split(",")]
    ended = next((at for at, name in enumerate(names) if name in {"", "-1"}), len(names))
    return names[:ended]
