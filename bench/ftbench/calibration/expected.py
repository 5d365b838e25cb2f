"""What is expected of a model's micro-batches before any is timed, by its size and the GPU's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftbench.calibration import attention, liger_chunks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.calibration.attention import Attention
    from ftbench.calibration.liger_chunks import Chunk
    from ftbench.results.record import Model


class Expected(NamedTuple):
    """In how many chunks Liger takes the loss at least (see `chunks`), and prices beforehand.

    A price that is None is told by the measured shapes alone.
    """

    split: int = 0
    attention: Attention | None = None
    chunk: Chunk | None = None


def expected_of(model: Model | None, key: Mapping[str, Any], gpu: str) -> Expected:
    """Return what is expected for a calibration's model and key on a GPU of this name."""
    return Expected(
        liger_chunks.split_of(model, key),
        attention.expected(model, key),
        liger_chunks.expected(model, key, gpu),
    )
