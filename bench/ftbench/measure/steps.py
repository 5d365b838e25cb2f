"""What each optimizer step took, and of what it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftbench.measure.batches import Counted, numbers
from ftbench.measure.clock import Clock, Mark, best_seconds, device_seconds, host_seconds

if TYPE_CHECKING:
    from ftbench.results.record import Held, Step

Span = tuple[Mark, Mark]


class Steps:
    """Collects marks from step end to step end. Nothing is waited for until `records`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.counted = Counted()
        self.last: Mark | None = None
        self.rows: list[tuple[Span, dict[str, list[Span]], list[list[Any]], Held]] = []
        self._clear()

    def _clear(self) -> None:
        self.spans: dict[str, list[Span]] = {}
        self.shapes: list[list[Any]] = []

    def begin(self) -> None:
        """Training begins: the first step is counted from here."""
        self.last = self.clock.mark()
        self._clear()

    def span(self, name: str, begin: Mark) -> None:
        """Add a span of the step that is under way."""
        self.spans.setdefault(name, []).append((begin, self.clock.mark()))

    def batches(self, batches: list[Any]) -> None:
        """Note the shapes of the micro-batches of the step that is under way."""
        self.shapes += [found for batch in batches if (found := self.counted.of(batch)) is not None]

    def end(self, held: Held) -> None:
        """A step ends that held so much memory."""
        now = self.clock.mark()
        if self.last is not None:
            self.rows.append(((self.last, now), self.spans, self.shapes, held))
        self.last = now
        self._clear()

    def under_way(self) -> tuple[int, list[int] | None, bool]:
        """Return the step that is under way, its micro-batch, and whether none before was as large.

        Counted from 1. Between two batches there is none.
        """
        done = len(self.spans.get("forward_backward", ()))
        before = [numbers(one) for _, _, shapes, _ in self.rows for one in shapes]
        if done >= len(self.shapes):
            return len(self.rows) + 1, None, False
        before += [numbers(one) for one in self.shapes[:done]]
        found = numbers(self.shapes[done])
        largest = max((one[0] * one[1] for one in before), default=0)
        return len(self.rows) + 1, found, found[0] * found[1] > largest

    def records(self) -> list[Step]:
        """Return one record a step. Waits for the device."""
        self.clock.settle()
        return [
            {
                "seconds": host_seconds(*whole),
                "gpu_seconds": device_seconds(*whole),
                "data": _sum(spans.get("data"), on_host=True),
                "forward_backward": _sum(spans.get("forward_backward")),
                "each": [best_seconds(*span) for span in spans.get("forward_backward", ())],
                "optimizer": _sum(spans.get("optimizer")),
                "other": _sum(spans.get("other"), on_host=True),
                "micro_batches": [numbers(shape) for shape in shapes],
                "held": held,
            }
            for whole, spans, shapes, held in self.rows
        ]


def _sum(spans: list[Span] | None, *, on_host: bool = False) -> float | None:
    if not spans:
        return None
    seconds = host_seconds if on_host else best_seconds
    return sum(seconds(*span) for span in spans)
