"""What is there at one moment of a step, by part."""

from __future__ import annotations

from ftschemas.named import NamedTuple


class Moment(NamedTuple):
    """What is there at one moment of a step, by part, in bytes."""

    name: str
    weights: int = 0
    adapters: int = 0
    gradients: int = 0
    optimizer: int = 0
    activations: int = 0
    logits: int = 0
    buffers: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self[1:])

    @property
    def comes_and_goes(self) -> int:
        """Bytes that are not there all the time."""
        return self.activations + self.logits

    def parts(self) -> dict[str, int]:
        """The bytes by part."""
        return dict(zip(self._fields[1:], self[1:]))
