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

HEAD, NORM = "head", "norm"


class Visit(NamedTuple):
    """A module that is entered: its own weights by number, and where in the step that is."""

    weights: tuple[int, ...]
    place: str = ""


class Gathered(NamedTuple):
    """Numbers that are gathered: at the loss, while the top layer goes back, and the bottom one."""

    loss: int
    top: int
    bottom: int


class Limits(NamedTuple):
    """Numbers: of weights that are gathered ahead at once, or are there at most; within which one
    that is used again is kept; up to which one is never divided. DeepSpeed's own.
    """

    ahead: int = 50_000_000
    live: int = 1_000_000_000
    reuse: int = 1_000_000_000
    small: int = 100_000


class _Model:
    """The modules of a model in the order in which they run, and the sizes of their weights."""

    def __init__(self, shape: Shape, targets: frozenset[str], rank: int) -> None:
        self.targets, self.rank = targets, rank
        self.sizes: list[int] = []
        embedding = self._weight(shape.embedding_size)
        self.embedding = [Visit((embedding,))]
        self.layers = [self._layer(shape) for _ in range(shape.layers)]
        norm = Visit((self._weight(shape.hidden),))
        head = embedding if shape.tied else self._weight(shape.embedding_size)
        self.head = [norm, Visit((head,), HEAD)]

    def _weight(self, size: int) -> int:
        self.sizes.append(size)
        return len(self.sizes) - 1

    def _layer(self, shape: Shape) -> list[Visit]:
        """Return the modules of a layer; those without weights are entered as well."""
        visits = [Visit(()), Visit((self._weight(shape.hidden),)), Visit(())]
        for one in shape.linears:
            if one.name in ("gate_proj", "gate_up_proj"):
                visits += [Visit((self._weight(shape.hidden),)), Visit(())]
            if one.name == "down_proj":
                visits.append(Visit(()))  # the activation
            visits += self._linear(one)
        return visits

    def _linear(self, one: Linear) -> Iterable[Visit]:
        own = [self._weight(one.into * one.out), *([self._weight(one.out)] if one.bias else ())]
        if one.name not in self.targets:
            return [Visit(tuple(own))]
        down, up = self._weight(one.into * self.rank), self._weight(one.out * self.rank)
        return [Visit(()), Visit(tuple(own)), Visit(()), Visit((down,)), Visit((up,))]


def _step(model: _Model, *, again: bool) -> list[Visit]:
    """Return the modules of a training step; under checkpointing layers go forward `again`."""
    visits = [*model.embedding]
    for layer in model.layers:
        visits += layer
    visits += model.head
    visits += reversed([one._replace(place="") for one in model.head])
    for number, layer in reversed([*enumerate(model.layers)]):
        place = {len(model.layers) - 1: "top", 0: "bottom"}.get(number, "")
        passes = ([*layer] if again else []) + [*reversed(layer)]
        visits += [one._replace(place=place) for one in passes]
    return [*visits, *model.embedding]


def gathered(shape: Shape, method: Method, limits: Limits) -> Gathered:
    """Return what is gathered in a step once DeepSpeed knows the order of its modules."""
    return _gathered(shape, method.targets, method.rank, method.checkpointing, limits)


@lru_cache(maxsize=16)
def _gathered(
    shape: Shape, targets: frozenset[str], rank: int, again: bool, limits: Limits
) -> Gathered:
    model = _Model(shape, targets, rank)
    visits = _step(model, again=again)
    most: dict[str, int] = {}
    for visit, there in zip(visits, _follow(visits, model.sizes, limits)):
        most[visit.place] = max(most.get(visit.place, 0), there)
    top, bottom = most.get("top", 0), most.get("bottom", 0)
    return Gathered(most[HEAD], max(top, bottom), bottom)


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
    total = at = 0
    for step, visit in enumerate(visits):
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
            if sizes[weight] <= limits.small or fetched[weight] > step:
                continue
            later = uses[weight][next_use[weight] :][:1]
            if not later or before[later[0]] - before[step + 1] >= limits.reuse:
                there[weight] = False
                total -= sizes[weight]
