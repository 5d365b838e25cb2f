"""GaLore and APOLLO: the states of matrices are kept of a projection of their gradients.

Source: galore_torch adamw.py, galore_projector.py [1.0]; apollo_torch apollo.py,
random_projector.py, svd_projector.py [1.0.3]; torch/ATen/native/cuda/linalg [2.11].
"""

from __future__ import annotations

from ftlint.memory.manner import FULL
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.shape import Linear


class Projection(NamedTuple):
    """How gradients are projected to a `rank`.

    `kind`: `std` takes the shorter side, `reverse_std` the longer; `left`, `right` or `full`.
    `singular`: by singular vectors, of which a view is kept, and so all of them; else by chance.
    """

    rank: int
    targets: frozenset[str]
    kind: str = "std"
    singular: bool = True

    def _sides(self, one: Linear) -> tuple[bool, bool]:
        """Return whether a matrix is projected from the left, and from the right."""
        tall = one.out >= one.into
        left = {"std": not tall, "reverse_std": tall}.get(self.kind, self.kind != "right")
        return left, self.kind == "full" or not left

    def state(self, one: Linear, width: int) -> int:
        """Return the bytes that are kept of the matrix of a linear, of numbers of `width` bytes."""
        left, right = self._sides(one)
        short = min(one.into, one.out)
        rank = min(self.rank, short) if self.singular else self.rank
        # In float32 the vectors are views of all of them; from others a copy is made.
        vectors = short if self.singular and width == FULL else rank
        kept = (one.out if left else 0) + (one.into if right else 0)
        inner = (rank if left else one.out) * (rank if right else one.into)
        return (kept * vectors + 2 * inner) * width

    def decomposed(self, one: Linear) -> int:
        """Return the bytes of tensors while the singular vectors of a matrix are found.

        A copy of it, both sides, and one of them turned around; not what the solver takes itself.
        """
        if not self.singular:
            return 0
        short = min(one.into, one.out)
        return FULL * (one.into * one.out + short * (2 * one.into + one.out))
