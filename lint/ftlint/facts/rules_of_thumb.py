"""The table of rules of thumb that FT3 judges by: ftlint's own, or a file of the user's."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.support.disk import Disk

MAX_BYTES = 1 << 18


class Span(NamedTuple):
    """From `low` to `high`, both included."""

    low: float
    high: float


class SizeBand(NamedTuple):
    """What runs on so many samples should be like; `above` is the first size of the band."""

    above: int
    below: int | None
    epochs: Span
    tolerated: Span
    beyond: float
    early_stopping: bool


class MethodBand(NamedTuple):
    """What a way of training should be like."""

    epochs: Span
    learning_rate: float | None


class Bands(NamedTuple):
    """The table for one stage."""

    margin: float
    trial: Mapping[str, int]
    sizes: tuple[SizeBand, ...]
    methods: Mapping[str, MethodBand]
    short: float
    rate_factor: float | None
    low_rate: float
    tiny_batches: Mapping[str, int] | None
    unseen: float | None

    def of_size(self, samples: float) -> SizeBand:
        """Return the band of a number of samples."""
        return next(band for band in self.sizes if band.below is None or samples < band.below)

    def near_size(self, samples: int) -> tuple[SizeBand, ...]:
        """Return the bands that may judge a size: its own and, near a limit, its neighbour."""
        sizes = (samples * (1 - self.margin), samples, samples * (1 + self.margin))
        return tuple(dict.fromkeys(map(self.of_size, sizes)))

    def stretches(self, low: int, high: int | None) -> tuple[int, ...]:
        """Return the last of each stretch of sizes that `near_size` tells apart, `low` to `high`.

        What is so of them, and of each size the more the smaller it is, is so of every size.
        Around a limit both sides are given, so that no rounding leaves a stretch out.
        """
        limits = [band.below for band in self.sizes if band.below is not None]
        near = (
            int(limit / (1 + part)) for limit in limits for part in (0, self.margin, -self.margin)
        )
        ends = {size + step for size in near for step in (-1, 0, 1, 2)} | {self.trial["samples"]}
        last = max(ends, default=low) + 1 if high is None else high
        return tuple(sorted({*(size for size in ends if low < size < last), max(last, low)}))


class BadBands(ValueError):
    """A table that cannot be used; the message names the file and what is wrong."""


def bands_of(table: Mapping[str, Any], stage: object) -> Bands | None:
    """Return the table of a stage, None where the stage is not to be judged."""
    data = table["stages"].get(stage) if isinstance(stage, str) else None
    if data is None:
        return None
    return Bands(
        table.get("margin", 0),
        table.get("trial", {"samples": 0, "steps": 0}),
        tuple(_sizes(data.get("sizes", []))),
        {name: _method(method) for name, method in data.get("methods", {}).items()},
        data.get("short", 1),
        data.get("rate", {}).get("factor"),
        data.get("rate", {}).get("low", 0),
        data.get("tiny_batches"),
        data.get("unseen"),
    )


def _sizes(data: list[dict[str, Any]]) -> list[SizeBand]:
    bands: list[SizeBand] = []
    for band in data:
        epochs = Span(*band["epochs"])
        above = bands[-1].below or 0 if bands else 0
        tolerated = Span(*band.get("tolerated", epochs))
        bands.append(SizeBand(
            above, band.get("below"), epochs, tolerated,
            band.get("beyond", 0), band.get("early_stopping", False),
        ))  # fmt: skip
    return bands


def _method(data: dict[str, Any]) -> MethodBand:
    return MethodBand(Span(*data["epochs"]), data.get("learning_rate"))


def load(path: str, disk: Disk) -> dict[str, Any]:
    """Return the table in a YAML or JSON file. Raises `BadBands`."""
    from ftlint.syntax.project_yaml import BadFile
    from ftlint.syntax.project_yaml import load as read
    from ftschemas.tables import BadTable, validate

    try:
        data = read(path, MAX_BYTES, disk)
        validate(data)
    except BadFile as error:
        raise BadBands(f"bands: {error}") from None
    except BadTable as error:
        raise BadBands(f"{path}: {error}") from None
    return data  # type: ignore[no-any-return]
