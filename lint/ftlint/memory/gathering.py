"""Which weights ZeRO-3 has gathered when: the coordinator of DeepSpeed over the modules of a step.

It releases what is not used again soon, and gathers ahead what comes next and is not there. Where
weights are kept until they are used again, it gathers ever further ahead, up to a limit: the most
that lies there follows from no formula, so its rules are followed module by module: of those that
have no large weights only how many there are counts, and how many numbers they have.

Source: deepspeed/runtime/zero/partitioned_param_coordinator.py [0.18.4], seen at work in a run.
"""

from __future__ import annotations

from functools import lru_cache

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ftlint.memory.method import Method
    from ftlint.memory.shape import Linear, Shape


class Gathered(NamedTuple):
    """Numbers that are gathered: at the loss, and while each layer, from the first, goes back."""

    loss: int
    layers: tuple[int, ...]


class GatherLimits(NamedTuple):
    """Numbers: of weights that are gathered ahead at once, or are there at most; within which one
    that is used again is kept; up to which one is never divided. DeepSpeed's own.
    """

    ahead: int = 50_000_000
    live: int = 1_000_000_000
    reuse: int = 1_000_000_000
    small: int = 100_000


class Module(NamedTuple):
    """A module: its own weights by number, and the modules in it, in the order of their use."""

    weights: tuple[int, ...] = ()
    inside: tuple[Module, ...] = ()

    def forward(self) -> Iterator[tuple[int, ...]]:
        """Yield the weights of the modules as they are entered."""
        yield self.weights
        for one in self.inside:
            yield from one.forward()

    def backward(self) -> Iterator[tuple[int, ...]]:
        """Yield them as they go back: that around the others is entered first here as well."""
        yield self.weights
        for one in reversed(self.inside):
            yield from one.backward()


class _Stretch(NamedTuple):
    """One module that has so `many` large weights, or a `run` of modules that have none.

    `numbers` of all their weights, the small ones as well.
    """

    many: int
    run: int
    numbers: int


class _Path(NamedTuple):
    """A way through modules, and the large weights that are used on it, in their order."""

    stretches: list[_Stretch]
    weights: list[int]


def _path(visits: Iterable[tuple[int, ...]], sizes: Sequence[int], small: int) -> _Path:
    """Return a way, with modules that have no large weights put together."""
    found = _Path([], [])
    for weights in visits:
        large = [one for one in weights if sizes[one] > small]
        numbers = sum([sizes[one] for one in weights])
        last = found.stretches[-1] if found.stretches else None
        if large or last is None or last.many:
            found.stretches.append(_Stretch(len(large), 1, numbers))
            found.weights.extend(large)
        else:
            found.stretches[-1] = _Stretch(0, last.run + 1, last.numbers + numbers)
    return found


def _layer(shape: Shape, targets: frozenset[str], rank: int, *, fused: bool) -> _Layer:
    """Return a layer; Liger's MLP does without a module for the activation."""
    sizes: list[int] = []

    def weight(size: int) -> int:
        sizes.append(size)
        return len(sizes) - 1

    def linear(one: Linear) -> Module:
        """Return a linear; with an adapter it looks at that one's first weight before its own."""
        own = (weight(one.into * one.out), *([weight(one.out)] if one.bias else ()))
        if one.name not in targets:
            return Module(own)
        down, up = weight(one.into * rank), weight(one.out * rank)
        return Module((down,), (Module(own), Module(), Module((down,)), Module((up,))))

    norm, attention, mlp = Module((weight(shape.hidden),)), [], []
    for one in shape.linears:
        if one.part == "mlp":
            activated = one.name == ("down_proj" if "mlp" in shape.family.fused else "up_proj")
            mlp += [Module()] if activated and not fused else []
            mlp.append(linear(one))
        else:
            attention.append(linear(one))
            normed = shape.family.head_norm and one.name in ("q_proj", "k_proj")
            attention += [Module()] if normed else []
    second = Module((weight(shape.hidden),))
    inside = (norm, Module(inside=tuple(attention)), second, Module(inside=tuple(mlp)))
    return _Layer(Module(inside=inside), tuple(sizes))


class _Layer(NamedTuple):
    module: Module
    sizes: tuple[int, ...]


class _Step(NamedTuple):
    """The way of a training step, and the sizes of its weights; one of them is `held`.

    `marks`: the layer that goes back in each stretch; `LOSS` where the loss is made, else None.
    """

    path: _Path
    marks: list[int | None]
    sizes: list[int]
    held: int | None


LOSS = -1


def _step(shape: Shape, layer: _Layer, *, again: bool, fused: bool, small: int) -> _Step:
    """Return a training step; under checkpointing layers go forward `again`.

    Where the loss is `fused` with the head, the weight of the head is taken from outside of it:
    DeepSpeed then counts it to the whole model, which is entered first and never left.
    """
    forward = _path(layer.module.forward(), layer.sizes, small)
    backward = _path(layer.module.backward(), layer.sizes, small)
    sizes = [*layer.sizes * shape.layers, shape.embedding_size, shape.hidden]
    embedding, norm = len(sizes) - 2, len(sizes) - 1
    head = embedding
    if not shape.tied:
        head = len(sizes)
        sizes.append(shape.embedding_size)
    made = _Step(_Path([], []), [], sizes, head if fused else None)

    def enter(path: _Path, mark: int | None = None, first: int = 0) -> None:
        made.path.stretches.extend(path.stretches)
        made.path.weights.extend([first + one for one in path.weights])
        made.marks.extend([mark] * len(path.stretches))

    def single(weight: int, mark: int | None = None) -> None:
        enter(_path([(weight,)], sizes, small), mark)

    firsts = [number * len(layer.sizes) for number in range(shape.layers)]
    if fused:
        single(head)
    single(embedding)
    for first in firsts:
        enter(forward, first=first)
    single(norm, LOSS if fused else None)
    single(head, None if fused else LOSS)
    if not fused:
        single(head)
    single(norm)
    for number in range(shape.layers - 1, -1, -1):
        if again:
            enter(forward, number, firsts[number])
        enter(backward, number, firsts[number])
    single(embedding)
    return made


def gathered(shape: Shape, method: Method, limits: GatherLimits) -> Gathered:
    """Return what is gathered in a step once DeepSpeed knows the order of its modules."""
    fused = method.fuses_loss(shape)
    return _gathered(shape, method.targets, method.rank, method.checkpointing, fused, limits)


@lru_cache(maxsize=128)
def _gathered(
    shape: Shape, targets: frozenset[str], rank: int, again: bool, fused: bool, limits: GatherLimits
) -> Gathered:
    layer = _layer(shape, targets, rank, fused=fused)
    step = _step(shape, layer, again=again, fused=fused, small=limits.small)
    loss, layers = 0, [0] * shape.layers
    for mark, there in zip(step.marks, _follow(step, limits)):
        if mark is None:
            continue
        if mark == LOSS:
            loss = there
        elif there > layers[mark]:
            layers[mark] = there
    return Gathered(loss, tuple(layers))


def _follow(step: _Step, limits: GatherLimits) -> Iterator[int]:
    """Yield how many numbers are gathered at the end of each stretch."""
    sizes, held, (stretches, queue) = step.sizes, step.held, step.path
    before: list[int] = []  # by place in the queue, the numbers that were passed until then
    passed = 0
    for many, _, numbers in stretches:
        before.extend([passed] * many)
        passed += numbers
    uses = len(queue)
    again, last = [-1] * uses, [-1] * len(sizes)  # by place, that of its weight's next use
    for place in range(uses - 1, -1, -1):
        weight = queue[place]
        again[place] = last[weight]
        last[weight] = place
    _, live, reuse, small = limits
    there = [size <= small for size in sizes]
    total = at = end = passed = 0
    for many, run, numbers in stretches:
        start, end = end, end + many
        passed += numbers
        for weight in queue[start:end]:
            if not there[weight]:
                there[weight] = True
                total += sizes[weight]
        if at < end:
            at = end
        while run and at < uses and total < live:
            run, ahead = run - 1, 0
            room = min(live - total, limits.ahead)
            while at < uses and ahead < room:
                weight = queue[at]
                at += 1
                if not there[weight]:
                    there[weight] = True
                    ahead += sizes[weight]
            total += ahead
        yield total
        for place in range(start, end):
            weight, later = queue[place], again[place]
            if weight == held or 0 <= later < at:
                continue
            if later < 0 or before[later] - passed >= reuse:
                there[weight] = False
                total -= sizes[weight]
