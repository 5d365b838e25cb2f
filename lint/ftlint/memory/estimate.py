"""What a run needs and whether it fits: the front door of this room."""

from __future__ import annotations

from ftlint.memory.gpus import CONTEXT
from ftlint.memory.layer import merged_bytes
from ftlint.memory.manner import HALF
from ftlint.memory.peak import evaluation_moments, training_moments
from ftlint.memory.shape import Unknown
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ftlint.memory.manner import Batch
    from ftlint.memory.method import Method
    from ftlint.memory.moment import Moment
    from ftlint.memory.shape import Shape

# What the allocator holds, set with docs/benchmarks/raw in view: at least so much of what is
# allocated, and beside that at most so much of what comes and goes,
LOW = 0.99
EVEN = 0.8  # with batches of one length (0.79 under Adafactor, 2026-11-30-h200-drawn-2),
RAGGED = 6  # with batches of many (5.6 in 137 steps of 2026-11-30-h200-tune-2, room to spare),
EVALUATED = 2.0  # in an evaluation,
MERGED = 6  # and of what DoRA takes to merge a linear.
PIECES = 4  # Of embeddings, where gradients of each matrix are projected.
PASSING = 0.6  # Of gradients, buckets and gathered weights, where a run is divided.

ROOM, SCRAPS = 0.5, 0.06
"""What a run needs beside what is allocated, so that it fits for sure: of what comes and goes, and
of what stays. When memory is tight the allocator gives back the blocks that are free as a whole,
but none of which a part is in use, such as one that held logits and in which a state of Adam now
lies, nor the end of a block that a gradient all but fills. Under a limit 57 GiB of weights,
gradients and states were out of memory with 1.7 GiB free in pieces, and a run of 20 GiB for one
block of 1 GiB (docs/benchmarks/raw/2026-11-29-h200-memory)."""

MOST_ROWS = 4096
STRETCH, MOST_STRETCHES = 64, 1 << 14
"""Up to where a largest batch, or length in stretches of so many tokens, is looked for."""
SHORTEST = 8
"""Tokens: no row is shorter once it is padded."""


class Load(NamedTuple):
    """What a run feeds: its batches, and those of its evaluations.

    `ragged`: batches differ in length.
    """

    training: Batch
    evaluation: Batch | None = None
    ragged: bool = True

    @property
    def batches(self) -> tuple[Batch, ...]:
        """Those that there are, that of training first."""
        return (self.training,) if self.evaluation is None else (self.training, self.evaluation)

    def with_length(self, length: int) -> Load:
        """Return the same with rows of another length."""
        evaluation = self.evaluation
        if evaluation is not None:
            evaluation = evaluation._replace(length=length)
        return self._replace(training=self.training._replace(length=length), evaluation=evaluation)

    def with_rows(self, training: int | None, evaluation: int | None = None) -> Load:
        """Return the same with batches of no more rows than these, where there is a bound."""
        found, other = self.training, self.evaluation
        if training is not None:
            found = found._replace(rows=min(found.rows, training))
        if other is not None and evaluation is not None:
            other = other._replace(rows=min(other.rows, evaluation))
        return self._replace(training=found, evaluation=other)


class Phase(NamedTuple):
    """The peak of training or of an evaluation, in bytes; `low` to `high` is held of the GPU.

    `least`: what is allocated where no row is padded. `enough`: with so much it fits, however the
    allocator cuts its blocks.
    """

    moment: Moment
    allocated: int
    least: int
    low: int
    high: int
    enough: int


class Estimate(NamedTuple):
    """What a run needs; no evaluation where it has none."""

    training: Phase
    evaluation: Phase | None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Those that there are."""
        return (self.training,) if self.evaluation is None else (self.training, self.evaluation)

    @property
    def enough(self) -> int:
        """With so much the run fits, however the allocator cuts its blocks."""
        return max(phase.enough for phase in self.phases)


def estimate(
    shape: Shape, method: Method, load: Load, spare: float | None = None
) -> Estimate | Unknown:
    """Return what a run needs, or why that is not known.

    `spare`: what the allocator holds at most beside, of what comes and goes, where that was seen.
    """
    found = _peaks(shape, method, load, spare)
    if isinstance(found, Unknown):
        return found
    least = _unmasked(shape, method, load.training)
    training = _phase(found.training, least, found)
    if found.evaluation is None:
        return Estimate(training, None)
    least = max(one.total for one in found.evaluation)
    return Estimate(training, _phase(found.evaluation, least, found))


def enough(shape: Shape, method: Method, load: Load) -> int | Unknown:
    """Return with how many bytes a run fits, however the allocator cuts its blocks.

    It is that of `estimate`, told in half the time.
    """
    found = _peaks(shape, method, load, None)
    if isinstance(found, Unknown):
        return found
    return max(_enough(moments, found) for moments in (found.training, found.evaluation) if moments)


class _Peaks(NamedTuple):
    """The moments of both phases, what is reserved at most, and what is needed beside them all."""

    training: list[Moment]
    evaluation: list[Moment] | None
    high: int
    spare: int
    divided: bool


def _peaks(shape: Shape, method: Method, load: Load, spare: float | None) -> _Peaks | Unknown:
    moments = training_moments(shape, method, load.training)
    if isinstance(moments, Unknown):
        return moments
    merged = MERGED * merged_bytes(shape, method)
    moving = spare
    if moving is None:
        moving = RAGGED if load.ragged else EVEN
    block = _block(shape, method)
    high = max(_with_room(one, moving) for one in moments) + merged + block
    beside, divided = int(ROOM * merged) + block, method.sharding.divides
    if divided:
        high = max(high, _divided_room(moments, moving))
    if load.evaluation is None:
        return _Peaks(moments, None, high, beside, divided)
    others = evaluation_moments(shape, method, load.evaluation)
    if isinstance(others, Unknown):
        return others
    # What an evaluation took is held while training goes on, and the other way round.
    spread = high - max(one.total for one in moments)
    evaluated = max(one.total + int(EVALUATED * one.comes_and_goes) for one in others)
    if method.sharding.stage == 3 and not method.liger:
        # DeepSpeed keeps the weights that are to go back, which in an evaluation never happens,
        # and gathers others beside them with each batch, in the end all (read, not measured).
        evaluated += shape.size * HALF
    return _Peaks(moments, others, max(high, evaluated + spread), beside, divided)


def _unmasked(shape: Shape, method: Method, batch: Batch) -> int:
    """Return what is allocated where every row is as long as the longest, so that none is masked.

    Without checkpointing a mask costs 4 % of an 8B model (docs/benchmarks/raw).
    """
    moments = training_moments(shape, method, batch._replace(masked=False))
    assert not isinstance(moments, Unknown)
    return max(one.total for one in moments)


def _block(shape: Shape, method: Method) -> int:
    """Return the bytes of the gradient of an embedding or head, which has to be in one piece.

    Of what is free in pieces none may be as large: with 2.4 GiB to spare such a run was out of
    memory (docs/benchmarks/raw/2026-11-30-h200-families).
    """
    learns = method.kind == "full" or bool(method.ends)
    size = shape.embedding_size * method.learning_width if learns else 0
    return size if method.projection is None else PIECES * size


def _with_room(moment: Moment, moving: float) -> int:
    """Return what a moment holds with room: `moving` of what comes and goes, some of the rest."""
    going = moment.comes_and_goes
    return moment.total + int(moving * going + SCRAPS * (moment.total - going))


def _divided_room(moments: Sequence[Moment], moving: float) -> int:
    """Return what a divided run holds with room, where gradients and weights come and go as well.

    A block that one kind of them leaves may be of no use to another: they are made on other
    streams, and are of other sizes.
    """
    parts = [*zip(*(one.parts().values() for one in moments))]
    least: int = sum(map(min, parts))
    apart: int = sum(map(max, parts))
    passing = max(
        one.total + int(moving * one.comes_and_goes)
        + int(PASSING * (one.total - one.comes_and_goes - least))
        for one in moments
    )  # fmt: skip
    return max(apart, passing) + int(SCRAPS * least)


def _phase(moments: Sequence[Moment], least: int, found: _Peaks) -> Phase:
    """Return a phase; what needs the most room need not be the largest of its moments."""
    peak = max(moments, key=lambda one: one.total)
    needed = _enough(moments, found)
    return Phase(peak, peak.total, least, int(LOW * least), found.high, needed)


def _enough(moments: Sequence[Moment], found: _Peaks) -> int:
    """Return with how many bytes moments fit for sure.

    No divided run was made under a limit: it fits for sure where all that may be reserved does.
    """
    needed = max(_with_room(one, ROOM) for one in moments) + found.spare
    return max(needed, found.high) if found.divided else needed


def fits(found: Estimate, total: int) -> bool | None:
    """Return whether a run fits a GPU of so many bytes; None where that depends on the allocator.

    It does not when not even the least that is allocated fits.
    """
    room = total - CONTEXT
    if any(phase.least > room for phase in found.phases):
        return False
    return True if found.enough <= room else None


def largest_batch(shape: Shape, method: Method, load: Load, total: int) -> int | None:
    """Return the most rows of a micro-batch with which training fits; 0 where not even one does."""

    def holds(rows: int) -> bool | None:
        training = load.training._replace(rows=rows)
        return _does_fit(shape, method, Load(training, None, load.ragged), total)

    return _largest(holds, MOST_ROWS)


def largest_evaluation(shape: Shape, method: Method, load: Load, total: int) -> int | None:
    """Return the most rows with which an evaluation fits; None where there is none."""
    evaluation = load.evaluation
    if evaluation is None:
        return None
    one = load.training._replace(rows=1, length=SHORTEST)

    def holds(rows: int) -> bool | None:
        return _does_fit(shape, method, Load(one, evaluation._replace(rows=rows)), total)

    return _largest(holds, MOST_ROWS)


def largest_length(shape: Shape, method: Method, load: Load, total: int) -> int | None:
    """Return the longest rows, in whole stretches, that fit; 0 where not even one does."""

    def holds(stretches: int) -> bool | None:
        return _does_fit(shape, method, load.with_length(STRETCH * stretches), total)

    found = _largest(holds, MOST_STRETCHES)
    return None if found is None else STRETCH * found


def _does_fit(shape: Shape, method: Method, load: Load, total: int) -> bool | None:
    found = estimate(shape, method, load)
    return None if isinstance(found, Unknown) else fits(found, total) is True


def _largest(holds: Callable[[int], bool | None], most: int) -> int | None:
    """Return the largest number up to `most` that holds, where larger ones hold ever less."""
    first = holds(1)
    if not first:
        return None if first is None else 0
    low, high = 1, 2
    while high < most and holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
