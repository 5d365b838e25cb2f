"""OFT: what goes into a linear is turned, a block of numbers at a time, before the frozen weight.

Source: peft/tuners/oft layer.py, bnb.py [0.18.1].
"""

from __future__ import annotations

from ftlint.memory.manner import FULL, HALF
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.tape import Tape, Tensor
COPIES, WIDE_COPIES = 7, 4
"""Matrices as large as a rotation that its series keeps: under autocast the skew matrix is copied
for each product."""


class Rotation(NamedTuple):
    """How what goes into a linear is divided: into so many blocks, or in blocks of a size."""

    blocks: int = 0
    size: int = 32

    def block(self, into: int) -> int:
        """Return the numbers of a block of `into` numbers, which it must divide.

        >>> Rotation().block(4096), Rotation().block(1000), Rotation(8, 0).block(4096)
        (32, 25, 512)
        """
        return into // _divisor(into, self.blocks) if self.blocks else _divisor(into, self.size)

    def numbers(self, into: int) -> int:
        """Return how many numbers learn: the upper triangle of each block."""
        return into * (self.block(into) - 1) // 2


def _divisor(whole: int, wanted: int) -> int:
    """Return what divides `whole` and is nearest to what is wanted, the smaller of two."""
    if wanted >= whole:
        return whole
    below = next(one for one in range(wanted, 0, -1) if whole % one == 0)
    above = next(one for one in range(wanted, whole + 1) if whole % one == 0)
    return below if wanted - below <= above - wanted else above


def turned(
    tape: Tape, value: Tensor, into: int, rotation: Rotation, *, autocast: bool, quantized: bool
) -> Tensor:
    """Write the rotation of a linear's input down and return what the linear is given."""

    def cast(one: Tensor, width: int) -> Tensor:
        return one if one.width == width else tape.op((one,), one.elements, width)

    inside, numbers = HALF if autocast else FULL, into * rotation.block(into)
    wide = cast(value, FULL)
    narrow = cast(wide, inside)
    made = tape.op(
        (narrow,), value.elements, inside, kept=(narrow,),
        held=numbers * (COPIES * HALF if autocast else WIDE_COPIES * FULL),
        gradients=rotation.numbers(into) * FULL,
    )  # fmt: skip
    tape.hold(wide, made)
    rows = tape.op((made,), value.elements, inside)  # the blocks beside each other again
    if not (quantized and autocast):
        rows = cast(rows, FULL)
    tape.drop(2)
    return cast(rows, value.width)
