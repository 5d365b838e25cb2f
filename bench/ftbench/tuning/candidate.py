"""A way to run a training: the values of all that may be varied, and the keys that say so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEGMENTS = ("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
"""The allocator's setting, which is a variable of the environment and no key of a config."""


class Candidate(NamedTuple):
    """Values of the axes. `batch` and `accumulation` are those of one GPU."""

    batch: int
    accumulation: int
    liger: bool
    checkpointing: bool
    attention: str
    workers: int
    segments: bool = False
    packing: bool = False
    grouped: bool = False

    def with_batch(self, batch: int) -> Candidate:
        """Return the same with another split of as many rows."""
        return self._replace(batch=batch, accumulation=self.batch * self.accumulation // batch)

    @property
    def effective(self) -> int:
        """Rows of a step on one GPU."""
        return self.batch * self.accumulation


def as_written(values: Mapping[str, Any]) -> Candidate:
    """Return how a config, over its defaults, runs its training."""
    conf = os.environ.get(SEGMENTS[0], "")
    return Candidate(
        batch=int(values["per_device_train_batch_size"]),
        accumulation=int(values.get("gradient_accumulation_steps") or 1),
        liger=bool(values.get("enable_liger_kernel")),
        checkpointing=not values.get("disable_gradient_checkpointing"),
        attention=str(values.get("flash_attn") or "auto"),
        workers=int(values.get("dataloader_num_workers") or 0),
        segments=SEGMENTS[1] in conf,
        packing=bool(values.get("packing")),
        grouped=groups(values),
    )


def groups(values: Mapping[str, Any]) -> bool:
    """Return whether rows of like length come together."""
    by_name = values.get("train_sampling_strategy") == "group_by_length"
    return bool(values.get("group_by_length")) or by_name


def changed(
    candidate: Candidate, written: Candidate, *, names: bool
) -> tuple[tuple[str, Any], ...]:
    """Return the keys by which a candidate differs from the config.

    `names`: the release groups rows by `train_sampling_strategy` [transformers 5], not by
    `group_by_length`.
    """
    return tuple(_changed(candidate, written, names))


def _changed(candidate: Candidate, written: Candidate, names: bool) -> Iterator[tuple[str, Any]]:
    grouping: tuple[str, Any] = ("group_by_length", True)
    if names:
        grouping = ("train_sampling_strategy", "group_by_length")
    keys: dict[str, tuple[tuple[str, Any], ...]] = {
        "batch": (("per_device_train_batch_size", candidate.batch),),
        "accumulation": (("gradient_accumulation_steps", candidate.accumulation),),
        "liger": (("enable_liger_kernel", candidate.liger),),
        "checkpointing": (("disable_gradient_checkpointing", not candidate.checkpointing),),
        "attention": (("flash_attn", candidate.attention),),
        "workers": (("dataloader_num_workers", candidate.workers),),
        "packing": (("packing", True), ("neat_packing", True)),
        "grouped": (grouping,),
    }
    for name, pairs in keys.items():
        if getattr(candidate, name) != getattr(written, name):
            yield from pairs


def variables(candidate: Candidate, written: Candidate) -> tuple[tuple[str, str], ...]:
    """Return the variables of the environment by which a candidate differs."""
    return (SEGMENTS,) if candidate.segments and not written.segments else ()


def told(candidate: Candidate) -> str:
    """Return a candidate in a few words.

    >>> told(Candidate(8, 1, True, False, "auto", 0))
    '8 × 1, Liger, no checkpointing'
    """
    parts = [
        f"{candidate.batch} × {candidate.accumulation}",
        "Liger" if candidate.liger else "",
        "checkpointing" if candidate.checkpointing else "no checkpointing",
        "" if candidate.attention == "auto" else f"flash_attn {candidate.attention}",
        f"{candidate.workers} workers" if candidate.workers else "",
        "expandable segments" if candidate.segments else "",
        "packing" if candidate.packing else "",
        "grouped by length" if candidate.grouped else "",
    ]
    return ", ".join(part for part in parts if part)
