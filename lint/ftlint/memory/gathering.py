"""Which weights ZeRO-3 has gathered when: the coordinator of DeepSpeed over the modules of a step.

It releases what is not used again soon, and gathers ahead what comes next and is not there. Where
weights are kept until they are used again, it gathers ever further ahead, up to a limit: the most
that lies there follows from no formula, so its rules are followed module by module.

Source: deepspeed/runtime/zero/partitioned_param_coordinator.py [0.18.4], seen at work in a run.
"""

from __future__ import annotations

from functools import lru_cache

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ftlint.memory.method import Method
    from ftlint.memory.shape import Linear, Shape


class Visit(NamedTuple):
    """A module that is entered: its own weights by number, and where in the step that is.

    `back`: the layer that goes back meanwhile. `held`: the weights stay until the step ends.
    """

    weights: tuple[int, ...]
    at_loss: bool = False
    back: int | None = None
    held: bool = False


class Gathered(NamedTuple):
    """Numbers that are gathered: at the loss, and while each layer, from the first, goes back."""

    loss: int
    layers: tuple[int, ...]


class Limits(NamedTuple):
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

    def forward(self) -> Iterable[Visit]:
        """Yield the modules as they are entered."""
        yield Visit(self.weights)
        for one in self.inside:
            yield from one.forward()

    def backward(self) -> Iterable[Visit]:
        """Yield them as they go back: that around the others is entered first here as well."""
        yield Visit(self.weights)
        for one in reversed(self.inside):
            yield from one.backward()


class _Model:
    """The modules of a model in the order in which they run, and the sizes of their weights.

    Where the loss is `fused` with the head, the weight of the head is taken from outside of it:
    DeepSpeed then counts it to the whole model, which is entered first and never left.
    """

    def __init__(self, shape: Shape, targets: frozenset[str], rank: int, *, fused: bool) -> None:
        self.targets, self.rank = targets, rank
        self.sizes: list[int] = []
        embedding = self._weight(shape.embedding_size)
        self.embedding = [Visit((embedding,))]
        self.layers = [self._layer(shape, fused=fused) for _ in range(shape.layers)]
        norm = Visit((self._weight(shape.hidden),))
        head = Visit((embedding if shape.tied else self._weight(shape.embedding_size),))
        self.whole = [head._replace(held=True)] if fused else []
        self.head = [norm] if fused else [norm, head]

    def _weight(self, size: int) -> int:
        self.sizes.append(size)
        return len(self.sizes) - 1

    def _layer(self, shape: Shape, *, fused: bool) -> Module:
        """Return a layer; Liger's MLP does without a module for the activation."""
        norm, attention, mlp = Module((self._weight(shape.hidden),)), [], []
        for one in shape.linears:
            if one.part == "mlp":
                activated = one.name == ("down_proj" if "mlp" in shape.family.fused else "up_proj")
                mlp += [Module()] if activated and not fused else []
                mlp.append(self._linear(one))
            else:
                attention.append(self._linear(one))
                normed = shape.family.head_norm and one.name in ("q_proj", "k_proj")
                attention += [Module()] if normed else []
        second = Module((self._weight(shape.hidden),))
        inside = (norm, Module(inside=tuple(attention)), second, Module(inside=tuple(mlp)))
        return Module(inside=inside)

    def _linear(self, one: Linear) -> Module:
        """Return a linear; with an adapter it looks at that one's first weight before its own."""
        own = (self._weight(one.into * one.out), *([self._weight(one.out)] if one.bias else ()))
        if one.name not in self.targets:
            return Module(own)
        down, up = self._weight(one.into * self.rank), self._weight(one.out * self.rank)
        return Module((down,), (Module(own), Module(), Module((down,)), Module((up,))))


def _step(model: _Model, *, again: bool) -> list[Visit]:
    """Return the modules of a training step; under checkpointing layers go forward `again`."""
    visits = [*model.whole, *model.embedding]
    for layer in model.layers:
        visits += layer.forward()
    visits += [*model.head[:-1], model.head[-1]._replace(at_loss=True), *model.whole]
    visits += reversed(model.head)
    for number, layer in reversed([*enumerate(model.layers)]):
        passes = [*(layer.forward() if again else ()), *layer.backward()]
        visits += [one._replace(back=number) for one in passes]
    return [*visits, *model.embedding]


def gathered(shape: Shape, method: Method, limits: Limits) -> Gathered:
    """Return what is gathered in a step once DeepSpeed knows the order of its modules."""
    fused = method.fuses_loss(shape)
    return _gathered(shape, method.targets, method.rank, method.checkpointing, fused, limits)


@lru_cache(maxsize=16)
def _gathered(
    shape: Shape, targets: frozenset[str], rank: int, again: bool, fused: bool, limits: Limits
) -> Gathered:
    model = _Model(shape, targets, rank, fused=fused)
    visits = _step(model, again=again)
    loss, layers = 0, [0] * shape.layers
    for visit, there in zip(visits, _follow(visits, model.sizes, limits)):
        if visit.at_loss:
            loss = max(loss, there)
        if visit.back is not None:
            layers[visit.back] = max(layers[visit.back], there)
    return Gathered(loss, tuple(layers))


def _follow(visits: Sequence[Visit], sizes: Sequence[int], limits: Limits) -> Iterable[int]:
    """Yield how many numbers are gathered at each visit."""
    queue = [(weight, step) for step, one in enumerate(visits) for weight in one.weights]
    uses: list[list[int]] = [[] for _ in sizes]
    before = [0]  # numbers that were passed before each visit
    for step, one in enumerate(visits):
        before.append(before[-1] + sum(sizes[weight] for weight in one.weights))
        for weight in one.weights:
            uses[weight].append(step)
    next_use = [0] * len(sizes)
    there = [size <= limits.small for size in sizes]
    fetched = [-1] * len(sizes)  # the last use for which each weight was fetched
    held: set[int] = set()
    total = at = 0
    for step, visit in enumerate(visits):
        if visit.held:
            held.update(visit.weights)
        fresh = sum(fetched[weight] < step for weight in visit.weights)
        for weight in visit.weights:
            if not there[weight]:
                there[weight] = True
                total += sizes[weight]
        seen: set[int] = set()
        while at < len(queue) and len(seen) < fresh:
            weight, used = queue[at]
            fetched[weight] = used
            seen.add(weight)
            at += 1
        room, ahead = min(limits.live - total, limits.ahead), 0
        while at < len(queue) and ahead < room:
            weight, used = queue[at]
            at += 1
            fetched[weight] = max(fetched[weight], used)
            if not there[weight]:
                there[weight] = True
                ahead += sizes[weight]
        total += ahead
        yield total
        for weight in visit.weights:
            while next_use[weight] < len(uses[weight]) and uses[weight][next_use[weight]] <= step:
                next_use[weight] += 1
            if sizes[weight] <= limits.small or weight in held or fetched[weight] > step:
                continue
            later = uses[weight][next_use[weight] :][:1]
            if not later or before[later[0]] - before[step + 1] >= limits.reuse:
                there[weight] = False
                total -= sizes[weight]
