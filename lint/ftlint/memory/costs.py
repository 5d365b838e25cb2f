"""What a decoder layer costs with a batch of any size.

How many bytes a moment of a layer takes is a sum of three parts: one for each position, one for
each pair of positions of a row, and one that is there anyway. The operations of a layer are written
down once for all batches, with the sums of its moments; of a batch the largest of them is told.
"""

from __future__ import annotations

from functools import lru_cache

from ftlint.memory.layer import DecoderLayer
from ftlint.memory.manner import Batch
from ftlint.memory.tape import Cost
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftlint.memory.manner import Manner
    from ftlint.memory.shape import Shape

_DIGITS = 80
"""Binary digits that no part of a sum has: so the three of them are told apart in one number."""
_UNIT = 1 << _DIGITS


class _Sum(NamedTuple):
    """Bytes a position, bytes a pair of positions of a row, and bytes that are there anyway."""

    position: int
    pair: int
    fixed: int


class _Law(NamedTuple):
    """The sums of the moments of a layer, of each kind of `Cost` those that can be the most."""

    kept: tuple[_Sum, ...]
    forward: tuple[_Sum, ...]
    plain: tuple[_Sum, ...]
    backward: tuple[_Sum, ...]
    gradients: tuple[_Sum, ...]


def layer_cost(
    shape: Shape, manner: Manner, batch: Batch, width: int, *,
    keeps_input: bool = False, accumulated: bool = False,
) -> Cost:  # fmt: skip
    """Return the bytes of a decoder layer; arguments are those of `DecoderLayer`."""
    if shape.window is not None:  # which counts once rows are as long
        shape = shape._replace(window=1 if batch.length >= shape.window else None)
    law = _law(shape, manner, width, batch.masked, keeps_input, accumulated)
    tokens = batch.tokens
    pairs = tokens * batch.length
    return Cost(*(
        max(one.position * tokens + one.pair * pairs + one.fixed for one in sums) for sums in law
    ))  # fmt: skip


@lru_cache(maxsize=1024)
def _law(
    shape: Shape, manner: Manner, width: int, masked: bool, keeps_input: bool, accumulated: bool
) -> _Law:
    """Write a layer down with a batch whose sizes are such that they are found again in sums."""
    batch = Batch(_UNIT, _UNIT, masked)
    layer = DecoderLayer(shape, manner, batch, width, keeps_input=keeps_input)
    kept, forward, plain, backward, gradients = layer.moments(accumulated=accumulated)
    return _Law(*map(_largest, ({kept}, forward, plain, backward, {gradients})))


def _largest(sums: Iterable[int]) -> tuple[_Sum, ...]:
    """Return the sums that can be the largest: none of their parts is smaller than in another."""
    found: list[_Sum] = []
    for number in sorted(sums, reverse=True):
        pair, rest = divmod(number, _UNIT**3)
        position, fixed = divmod(rest, _UNIT**2)
        for other in found:
            if position <= other.position and pair <= other.pair and fixed <= other.fixed:
                break
        else:
            found.append(_Sum(position, pair, fixed))
    return tuple(found)
