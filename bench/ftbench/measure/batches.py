"""The shape of a micro-batch: rows, length, real tokens, loss tokens, attended lengths squared."""

from __future__ import annotations

import importlib
from typing import Any

IGNORED = -100


def tensors_of(batch: Any) -> list[Any] | None:
    """Return the five numbers of a batch, each a number or a tensor of one; None if it is no text.

    Nothing is read from the device, so on a GPU this costs a few small kernels and no wait.
    """
    if not hasattr(batch, "get"):
        return None
    ids = batch.get("input_ids")
    if getattr(ids, "ndim", 0) != 2:
        return None
    rows, length = int(ids.shape[0]), int(ids.shape[1])
    labels = batch.get("labels")
    trained = rows * length if labels is None else (_plain(labels) != IGNORED).sum()
    real, squares = _attended(batch.get("attention_mask"), rows, length)
    return [rows, length, real, trained, squares]


def _plain(tensor: Any) -> Any:
    """Return a numpy view of what lies on the CPU.

    For more than 32,768 numbers torch wakes a pool of threads, and where other work keeps the
    cores busy that took 10 ms an operation: a tenth of a step of a small model.
    """
    return tensor.numpy() if tensor.device.type == "cpu" else tensor


def _attended(mask: Any, rows: int, length: int) -> tuple[Any, Any]:
    """Return the tokens that are attended to, and the sum of the squares of their stretches.

    A mask of two dimensions has a 1 for each token; with `neat_packing` the number of the sample
    that it belongs to. One of four dimensions has an entry for each pair of tokens.
    """
    if mask is None:
        return rows * length, rows * length * length
    if mask.ndim == 4:
        allowed = mask if mask.dtype.is_floating_point is False else mask == 0
        allowed = allowed.bool()
        real = allowed.diagonal(dim1=-2, dim2=-1).sum()
        return real, 2 * allowed.sum() - real  # a stretch of n has n(n+1)/2 pairs
    numbered = mask.device.type == "cpu"
    mask = _plain(mask)
    present = mask != 0
    real = present.sum()
    if not numbered or int(mask.max()) <= 1:
        return real, (present.sum(axis=1) ** 2).sum()
    numpy: Any = importlib.import_module("numpy")
    samples = mask + (mask.max() + 1) * numpy.arange(rows)[:, None]
    return real, (numpy.bincount(samples[present]) ** 2).sum()


def numbers(shapes: list[Any]) -> list[int]:
    """Return the five numbers as integers; waits for the device."""
    return [int(one) for one in shapes]


class Counted:
    """The shapes of training batches, counted on the CPU before they go to the device.

    accelerate hands each batch over in `send_to_device`: what comes out there is what the trainer
    gets. A batch that went another way is counted where it is; so are all where one process reads
    for the others, which hand over room for a batch of all of them before there is anything in it.
    """

    def __init__(self) -> None:
        self.shapes: dict[int, list[Any]] = {}
        self.paused = self.dispatched = False

    def install(self, loading: Any) -> None:
        """Wrap the hand-over in accelerate's module `data_loader`."""
        original = getattr(loading, "send_to_device", None)
        if original is None:
            return

        def counted(batch: Any, *args: Any, **kwargs: Any) -> Any:
            found = None if self.paused or self.dispatched else tensors_of(batch)
            moved = original(batch, *args, **kwargs)
            if found is not None:
                if len(self.shapes) > 1000:
                    self.shapes.clear()
                self.shapes[id(moved)] = found
            return moved

        loading.send_to_device = counted
        fetch = loading.DataLoaderDispatcher._fetch_batches

        def fetched(loader: Any, iterator: Any) -> Any:
            self.dispatched = True
            return fetch(loader, iterator)

        loading.DataLoaderDispatcher._fetch_batches = fetched

    def of(self, batch: Any) -> list[Any] | None:
        """Return the shape of a batch that the trainer got."""
        return self.shapes.pop(id(batch), None) or tensors_of(batch)
