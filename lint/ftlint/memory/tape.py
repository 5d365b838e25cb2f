"""What autograd keeps of a piece of the model, and what its backward pass takes on top.

The operations of the forward pass are written down in their order. Each says what it makes and what
it keeps for its gradient. Going back over them, gradients come and go and what was kept is freed:
the largest sum on that way is what the piece needs.
"""

from __future__ import annotations

from ftschemas.named import NamedTuple


class Tensor:
    """A tensor: its bytes, its dtype in bytes, and whether a gradient flows back to it."""

    __slots__ = ("bytes", "grad", "width")

    def __init__(self, elements: int, width: int, *, grad: bool = True) -> None:
        self.bytes = elements * width
        self.width = width
        self.grad = grad

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return self.bytes // self.width


class _Step(NamedTuple):
    inputs: tuple[Tensor, ...]
    output: Tensor
    kept: tuple[Tensor, ...]
    held: int
    scratch: int
    gradients: int
    alias: bool
    overwrites: bool


class _Gradient:
    __slots__ = ("bytes", "users")

    def __init__(self, size: int) -> None:
        self.bytes = size
        self.users = 1


class Cost(NamedTuple):
    """Bytes of a piece, counted above what was there before it.

    `kept` between its forward and its backward pass; `forward` the most while going forward, with
    what is kept, `plain` the same where nothing is; `backward` the most while going back;
    `gradients` of weights that stay.
    """

    kept: int
    forward: int
    plain: int
    backward: int
    gradients: int


class Moments(NamedTuple):
    """What a piece needs at each of its moments, of which `Cost` has the most."""

    kept: int
    forward: set[int]
    plain: set[int]
    backward: set[int]
    gradients: int


class Tape:
    """Operations in the order of the forward pass.

    `already` is there before and after, and counts nothing. What Python's frames hold on to
    (`hold`) lives while they run, whether or not a gradient needs it.
    """

    def __init__(self, already: tuple[Tensor, ...] = ()) -> None:
        self.steps: list[_Step] = []
        self.already = frozenset(map(id, already))
        self.frames: list[Tensor] = []
        self.kept: set[int] = set()
        self.known = self.held = 0
        self.forward, self.plain = {0}, {0}

    def hold(self, *values: Tensor) -> None:
        """Note that a frame holds on to tensors from here."""
        self.frames += values

    def drop(self, count: int = 1) -> None:
        """Let go of the last `count` that are held."""
        del self.frames[len(self.frames) - count :]

    def op(
        self,
        inputs: tuple[Tensor, ...],
        elements: int,
        width: int,
        *,
        kept: tuple[Tensor, ...] = (),
        keeps_output: bool = False,
        held: int = 0,
        scratch: int = 0,
        gradients: int = 0,
        alias: bool = False,
        overwrites: bool = False,
    ) -> Tensor:
        """Note an operation and return its output.

        Args:
            inputs: what it is made of.
            elements: numbers in the output.
            width: bytes of each.
            kept: tensors that its gradient needs.
            keeps_output: the output is one of them.
            held: bytes of what else it keeps, known to no other operation.
            scratch: bytes that its backward pass takes for itself.
            gradients: bytes of the gradients of its weights.
            alias: the gradient of the output is that of each input, nothing new.
            overwrites: the gradients of the inputs are written over what was kept of them.
        """
        grads = any(one.grad for one in inputs) or gradients > 0
        output = Tensor(elements, width, grad=grads)
        if grads:
            self.held += held
            for one in (*kept, output) if keeps_output else kept:
                if id(one) not in self.kept and id(one) not in self.already:
                    self.kept.add(id(one))
                    self.known += one.bytes
        plain = new = 0
        seen: set[int] = set()
        for one in (*self.frames, *inputs, output):
            key = id(one)
            if key not in seen and key not in self.already:
                seen.add(key)
                plain += one.bytes
                new += 0 if key in self.kept else one.bytes
        self.plain.add(plain)
        self.forward.add(self.known + self.held + new)
        if grads:
            own = (*kept, output) if keeps_output else kept
            self.steps.append(
                _Step(inputs, output, own, held, scratch, gradients, alias, overwrites)
            )
        return output

    def passing(self, size: int) -> None:
        """Note bytes that are there for a moment of the forward pass."""
        there = {id(one): one.bytes for one in self.frames if id(one) not in self.already}
        self.plain.add(size + sum(there.values()))
        new = sum(one for key, one in there.items() if key not in self.kept)
        self.forward.add(self.known + self.held + new + size)

    def cost(self, output: Tensor, *, accumulated: bool = False) -> Cost:
        """Return the bytes of going forward and back.

        `accumulated`: gradients of weights are there from an earlier batch and are added to.
        """
        found = self.moments(output, accumulated=accumulated)
        return Cost(
            found.kept, max(found.forward), max(found.plain), max(found.backward), found.gradients
        )

    def moments(self, output: Tensor, *, accumulated: bool = False) -> Moments:
        """Return the bytes of each moment of going forward and back, as `cost` has the most."""
        uses: dict[int, int] = {}
        live = 0
        known = self.already
        for step in self.steps:
            live += step.held
            for value in step.kept:
                if id(value) not in known:
                    if not uses.get(id(value)):
                        live += value.bytes
                    uses[id(value)] = uses.get(id(value), 0) + 1
        kept = live
        gradients = 0
        grads: dict[int, _Gradient] = {id(output): _Gradient(output.bytes)}
        live += output.bytes
        peaks = {live}
        for step in reversed(self.steps):
            own = grads.pop(id(step.output), None)
            if own is None:
                continue
            peaks.add(live + step.scratch + step.gradients)
            if step.gradients and not accumulated:
                live += step.gradients
                gradients += step.gradients
            made = 0
            for value in step.inputs:
                if value.grad:
                    made += self._pass_on(step, value, own, grads)
            if step.overwrites:
                peaks.add(live + step.scratch)
                live += made
            else:
                live += made
                peaks.add(live + step.scratch)
            live -= step.held
            for value in step.kept:
                if id(value) in uses:
                    uses[id(value)] -= 1
                    if not uses[id(value)]:
                        live -= value.bytes
            own.users -= 1
            if not own.users:
                live -= own.bytes
            # Where a tensor was used twice, its two gradients become one.
            live -= sum(one.merge() for one in grads.values() if isinstance(one, _Sum))
            for key, one in list(grads.items()):
                if isinstance(one, _Sum):
                    grads[key] = one.total
        return Moments(kept, self.forward, self.plain, peaks, gradients)

    @staticmethod
    def _pass_on(step: _Step, value: Tensor, own: _Gradient, grads: dict[int, _Gradient]) -> int:
        """Give a gradient to an input; return the bytes that are new."""
        there = grads.get(id(value))
        if step.alias:
            own.users += 1
            new, made = own, 0
        else:
            new = _Gradient(value.bytes)
            made = value.bytes
        if there is None:
            grads[id(value)] = new
            return made
        total = _Sum(there, new)
        grads[id(value)] = total
        return made + total.made


class _Sum(_Gradient):
    """Two gradients of one tensor, added in place where one of them has no other user."""

    __slots__ = ("made", "parts", "total")

    def __init__(self, one: _Gradient, other: _Gradient) -> None:
        super().__init__(max(one.bytes, other.bytes))
        self.parts = (one, other)
        alone = next((part for part in self.parts if part.users == 1), None)
        self.made = 0 if alone is not None else self.bytes
        self.total = alone if alone is not None else _Gradient(self.bytes)

    def merge(self) -> int:
        """Return the bytes that are free once the two are one."""
        freed = 0
        for part in self.parts:
            if part is not self.total:
                part.users -= 1
                if not part.users:
                    freed += part.bytes
        return freed
