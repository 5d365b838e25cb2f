"""What one process holds of a model that several divide, and what dividing takes besides.

Source: deepspeed/runtime/zero stage_1_and_2.py, stage3.py, partitioned_param_coordinator.py
[0.18.4]; torch/distributed/fsdp _runtime_utils.py, _flat_param.py [2.11]; accelerate
accelerator.py `prepare_model` [1.11].
"""

from __future__ import annotations

from ftlint.memory.gathering import GatherLimits, gathered
from ftlint.memory.manner import FULL, HALF
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.memory.method import Method
    from ftlint.memory.shape import Shape
    from ftlint.memory.states import States

DOUBLE = 8
"""Bytes of a number in float64, in which DeepSpeed takes norms."""
CHECKED = 11
"""Bytes a number while DeepSpeed looks for infinities: in float32, twice, and three masks."""
PIECE = 250_000_000
"""Numbers of which ZeRO-3 takes a norm at once."""
HOST = 10
"""Bytes of a number on the host beside the optimizer's states: master, gradient, half precision."""


class Sharding(NamedTuple):
    """How a run is spread over `world` processes.

    `stage`: 1 to 3 those of ZeRO, 0 none; `fsdp`: fully sharded by torch. With neither, DDP divides
    nothing. `bucket`: numbers that are reduced at once, in two buckets if they `overlap`. ZeRO-3
    gathers weights within `limits`, and steps over `group` numbers at a time. What is offloaded
    goes to the host.
    """

    world: int = 1
    stage: int = 0
    fsdp: bool = False
    bucket: int = 500_000_000
    overlap: bool = False
    limits: GatherLimits = GatherLimits()
    group: int = 1_000_000_000
    optimizer_offloaded: bool = False
    parameters_offloaded: bool = False

    @property
    def divides(self) -> bool:
        """Return whether a process holds but a part of anything."""
        return self.fsdp or self.stage > 0

    def part(self, numbers: int) -> int:
        """Return how many of some numbers one process holds."""
        return -(-numbers // self.world)


class Extra(NamedTuple):
    """A moment that there is because a run is divided: its gradients and buffers in bytes.

    `waiting`: the share of the layers that have yet to go back.
    """

    name: str
    gradients: int
    buffers: int = 0
    waiting: float = 0.0


class Division(NamedTuple):
    """What dividing takes beside what a process holds, in bytes.

    `always`: buffers that stay. `standing`: gradients that do; `accumulated`: those that wait for
    the next batch of a step. Gradients of a layer are `passed` on as they are made; `each` of a
    layer stays once it is done. Gathered weights: for the `head`, for a `layer` that runs; all that
    there is at the `loss`, and with the buckets while the `top` and the `bottom` layer go back, or
    `each_back` of the layers, the bottom one first.
    """

    always: int = 0
    standing: int = 0
    accumulated: int = 0
    passed: bool = False
    each: int | None = None
    head: int = 0
    layer: int = 0
    loss: int = 0
    top: int = 0
    bottom: int = 0
    each_back: tuple[int, ...] = ()
    moments: tuple[Extra, ...] = ()


def divided(method: Method, held: States) -> States:
    """Return what one process holds of all that there is; gradients are those that stay."""
    how, wide = method.sharding, method.learning_width
    own = how.part(held.learning)
    weights, adapters, optimizer = held.weights, held.adapters, how.part(held.optimizer)
    stepping = how.part(held.stepping) * FULL // wide
    if how.fsdp:
        whole = 0 if method.kind == "lora" else held.learning * wide
        weights = how.part(weights - whole - held.scales) + held.scales
        weights, adapters = (weights + own * FULL, 0) if whole else (weights, own * FULL)
        return held._replace(
            weights=weights, adapters=adapters, gradients=own * FULL, optimizer=optimizer,
            stepping=stepping,
        )  # fmt: skip
    if how.stage == 3:
        here = not how.parameters_offloaded
        weights, adapters = (how.part(one) if here else 0 for one in (weights, adapters))
    gradients = held.learning * HALF if how.stage == 1 else own * HALF
    optimizer += own * FULL
    if how.optimizer_offloaded:
        optimizer = stepping = 0
        gradients = gradients if how.stage == 1 else 0
    return held._replace(
        weights=weights, adapters=adapters, gradients=gradients, optimizer=optimizer,
        stepping=stepping,
    )  # fmt: skip


def division(shape: Shape, method: Method, held: States) -> Division:
    """Return what dividing takes beside `held`, which is what one process holds."""
    how = method.sharding
    if how.fsdp:
        return _of_fsdp(shape, method, held)
    if how.stage == 3:
        return _of_parameters(shape, method, held)
    return _of_gradients(shape, method, held)


def _largest(shape: Shape, method: Method) -> int:
    """Return the numbers of the largest matrix that learns."""
    if method.kind == "full" or method.ends:
        return shape.embedding_size
    if method.kind == "freeze":
        return max(one.into * one.out for one in shape.linears)
    sizes = [max(one.into, one.out) for one in shape.linears if one.name in method.targets]
    return method.rank * max(sizes, default=0)


def _of_gradients(shape: Shape, method: Method, held: States) -> Division:
    """Return what ZeRO 1 and 2 take: whole weights, and a bucket for gradients on their way."""
    how, numbers = method.sharding, held.learning
    part, largest = how.part(numbers), _largest(shape, method)
    own, filled = part * HALF, min(how.bucket, numbers) * HALF
    bucket = how.bucket * HALF * (2 if how.overlap else 1)
    often = numbers > how.bucket  # it is reduced while layers still go back
    waiting = 1 - how.bucket / numbers if often else 0.0
    step: tuple[Extra, ...] = (
        Extra("norm", own, DOUBLE * min(largest, part)),
        Extra("widened gradients", own, own + part * FULL),
        Extra("optimizer", part * FULL, held.stepping),
    )
    if how.stage == 1:
        reduced = bucket + (max(0, own - filled) if often else 0)
        # Between the batches of a step nothing is reduced, and the bucket stays.
        return Division(
            accumulated=held.gradients, top=bucket, bottom=bucket,
            loss=bucket if method.accumulation > 1 else 0,
            moments=(Extra("reduction", held.gradients, reduced), *step),
        )  # fmt: skip
    if how.optimizer_offloaded:
        passing = max(filled, CHECKED * largest)
        return Division(
            always=largest * HALF, passed=True, top=bucket, bottom=bucket,
            moments=(Extra("reduction", 0, bucket + passing, 0.0 if shape.tied else waiting),),
        )  # fmt: skip
    before = own if method.accumulation > 1 else 0
    rest = ((numbers - 1) % how.bucket + 1) * HALF
    last = own + rest if often else max(own, filled)
    return Division(
        accumulated=own, passed=True, top=bucket, bottom=bucket + (own if often else 0),
        moments=(
            Extra("reduction", before, bucket + filled, waiting),
            Extra("last reduction", before, bucket + last),
            *step,
        ),
    )  # fmt: skip


def _of_parameters(shape: Shape, method: Method, held: States) -> Division:
    """Return what ZeRO 3 takes: weights are gathered while they are used, or soon will be again."""
    how = method.sharding
    head = shape.embedding_size * HALF
    numbers = gathered(shape, method, how.limits)
    ends = 0
    if method.kind == "full" or method.ends:
        ends = head * (2 if shape.tied else 1)
    part, own = how.part(_largest(shape, method)), how.part(held.learning)
    standing, group = held.gradients, min(how.group, own)
    # The gradient of a matrix that is larger than the bucket waits for the next to come.
    matrix = max(one.into * one.out for one in shape.linears) if method.kind != "lora" else 0
    waiting = matrix * HALF if matrix > how.bucket else 0
    if waiting and how.optimizer_offloaded:
        waiting += how.part(matrix) * (HALF + DOUBLE)
    if how.optimizer_offloaded:
        passing = part * HALF + max(DOUBLE * min(PIECE, part), FULL * part)
        moments: tuple[Extra, ...] = (Extra("reduction", ends // 2, head + passing),)
    else:
        moments = (
            Extra("norm", standing, DOUBLE * part),
            Extra("widened gradients", standing, group * (HALF + FULL)),
            Extra("optimizer", standing, group * FULL + held.stepping),
        )
    return Division(
        always=how.bucket * HALF, standing=standing, passed=True, head=head,
        layer=max(one.size for one in shape.linears) * HALF, loss=numbers.loss * HALF,
        each_back=tuple(one * HALF + waiting for one in numbers.layers),
        moments=(Extra("end of backward", standing + ends, head), *moments),
    )  # fmt: skip


def _of_fsdp(shape: Shape, method: Method, held: States) -> Division:
    """Return what FSDP takes: a layer is gathered while it runs, embedding and head throughout."""
    ends = shape.embedding_size * (1 if shape.tied else 2) + shape.hidden
    root, layer = ends * HALF, shape.layer_size * method.bits // 8
    each, head = 0, 0
    if method.kind != "lora":
        each = method.sharding.part(shape.layer_size) * FULL
    if method.kind == "full":
        head = root
    # The gradients of a block come one by one, and are put together in one.
    joined = 2 * layer if each else 0
    return Division(
        each=each, head=root, layer=root + layer, loss=root, top=root + layer, bottom=root + layer,
        moments=(
            Extra("end of a layer", held.gradients - each + joined + head // 2, root + layer),
            Extra("end of backward", held.gradients + 2 * head, root),
            Extra("optimizer", held.gradients, held.stepping),
        ),
    )  # fmt: skip
