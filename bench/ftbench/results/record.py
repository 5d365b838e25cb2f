"""The result of a run as JSON, version 1: what it holds.

Seconds are floats, sizes are bytes. What was not captured is null, never 0.
"""

from __future__ import annotations

from typing import Any, TypedDict

VERSION = 1
"""Raised when a field changes its meaning; new fields alone do not raise it."""

KIND = "run"


Change = TypedDict("Change", {"key": str, "from": object, "to": object, "why": str})
"""One way in which the run differs from the config; null stands for a key that is absent."""


def change(key: str, before: object, after: object, why: str) -> Change:
    """Return one difference between a config and its run."""
    return {"key": key, "from": before, "to": after, "why": why}


class ConfigRecord(TypedDict):
    """The config and what was made of it."""

    path: str
    sha256: str
    changes: list[Change]
    values: dict[str, Any]


class GpuIdentity(TypedDict):
    """Which device it is; a CPU has a name alone."""

    name: str
    uuid_hash: str | None
    power_limit_w: float | None


class Gpu(GpuIdentity):
    """The first GPU of the run, and how many of them it used on this node."""

    count: int
    memory_bytes: int
    capability: str


class Host(TypedDict, total=False):
    """What results did not hold at first."""

    threads: int
    """Threads over which torch spreads an operation on the CPU."""
    waking: float
    """Seconds that such an operation takes which copies 512 KiB: it should be far below 0.001."""


class Environment(Host):
    """What the run ran on."""

    gpu: Gpu | None
    driver: str | None
    cuda: str | None
    cpu: str
    packages: dict[str, str]
    python: str
    platform: str
    env: dict[str, str]
    git: str | None


def device_of(environment: Environment) -> GpuIdentity:
    """Return the device that a run was on; a CPU has a name alone."""
    cpu: GpuIdentity = {
        "name": f"CPU {environment['cpu']}", "uuid_hash": None, "power_limit_w": None
    }  # fmt: skip
    return environment["gpu"] or cpu


class Model(TypedDict):
    """The architecture as built; `mlp` is its inner width, `gated` if that has three matrices."""

    source: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp: int
    vocab: int
    gated: bool
    tied: bool
    experts: int | None
    parameters: int
    trainable: int


class Preference(TypedDict, total=False):
    """What methods did not hold at first."""

    pref_loss: str | None
    """The loss of stage dpo."""
    averaged: str
    """Over what the loss is averaged: the tokens of a `step`, of a `step of a GPU`, or a
    `micro-batch`."""


class Method(Preference):
    """How the model was trained."""

    stage: str
    finetuning_type: str
    quantization_bit: int | None
    quantization_method: str | None
    lora_rank: int | None
    lora_targets: list[str]
    trainable_layers: list[int] | None
    whole_modules: list[str]
    """What learns whole beside adapters or the chosen layers: lm_head, embed_tokens, norm."""
    gradient_checkpointing: bool
    reentrant: bool
    dtype: str
    attention: str
    liger: bool
    packing: bool
    neat_packing: bool
    cutoff_len: int


class Trainer(TypedDict):
    """The trainer's own numbers, at train begin and at the end."""

    max_steps: int
    global_step: int | None
    batches_per_epoch: int | None
    rows: int | None
    epochs: float | None
    epochs_entered: int | None
    warmup_steps: int | None
    world_size: int
    logs: int | None
    evaluations: int
    checkpoints: int
    checkpoints_kept: int | None
    train_steps_per_second: float | None
    train_runtime: float | None


class Trace(TypedDict, total=False):
    """What a step learned from, where that was asked for; of this process alone the loss."""

    loss: float | None
    gradient_norm: float | None


class Held(TypedDict, total=False):
    """Bytes of memory on the first rank.

    On a GPU the most that was allocated in the step, and what the allocator had reserved at its
    end; without one what the process had `resident` on the host.
    """

    allocated: int
    reserved: int
    resident: int


class _Step(Trace, total=False):
    each: list[float]
    held: Held


class Step(_Step):
    """One optimizer step, from the end of the one before to its own.

    `gpu_seconds` is the same span between CUDA events. `forward_backward` is the sum of `each`,
    one number a micro-batch; older results have neither that nor `held`. `other` holds what
    logging, evaluation and saving took inside the span. A micro-batch is [rows, length, real
    tokens, loss tokens, sum of squares of attended lengths].
    """

    seconds: float
    gpu_seconds: float | None
    data: float | None
    forward_backward: float | None
    optimizer: float | None
    other: float | None
    micro_batches: list[list[int]]


Phases = TypedDict(
    "Phases",
    {
        "import": float | None,
        "parse": float | None,
        "data": float | None,
        "model": float | None,
        "train": float | None,
        "total": float,
        "first_step": float | None,
        "after_first": float | None,
        "evaluations": list[float],
        "saves": list[float],
        "wall": float | None,
    },
)
"""Where the time went. `total` is from the start of the process to its last word, on its own
clock, `wall` the same on its parent's. `first_step` is the end of the first step after the training
loop began; `after_first` the time from there to the end of the last step, measured or not."""


class Peaks(TypedDict):
    """The most that the caching allocator gave out, and the most that it held."""

    peak_allocated: int
    peak_reserved: int


class Memory(TypedDict):
    """Peaks of the caching allocator on the first rank; `ranks` has the same of every rank.

    `phases`: of training and of evaluation, each by itself. `between_steps`: what is allocated when
    a step has ended. Older results have neither.
    """

    peak_allocated: int | None
    peak_reserved: int | None
    between_steps: int | None
    allocator_retries: int | None
    out_of_memory: int | None
    phases: dict[str, Peaks] | None
    ranks: list[dict[str, Any]]


class Device(TypedDict):
    """Samples of [seconds since the start, SM MHz, W, °C, throttle reasons] while training."""

    samples: list[list[float]]
    other_processes: int | None


class FailedBatch(TypedDict):
    """The batch for which there was no memory: `rows` of `length` tokens, in which step.

    `longest`: no batch before was as large. `evaluating`: it was one of the evaluation after the
    step, whose size is not known.
    """

    step: int
    rows: int | None
    length: int | None
    longest: bool
    evaluating: bool


class _Failure(TypedDict):
    kind: str
    message: str
    remedy: str


class Failure(_Failure, total=False):
    """Why there is no complete run.

    `kind`: out_of_memory, refused, crash, time_limit, interrupted or missing. Out of memory while
    training, `batch` says on which batch.
    """

    batch: FailedBatch


class Result(TypedDict):
    """One run. Every field is always present; after a failure what is not known is null."""

    version: int
    kind: str
    tool: dict[str, str]
    when: str
    command: list[str]
    config: ConfigRecord
    runner: str
    environment: Environment | None
    model: Model | None
    method: Method | None
    plan: dict[str, Any] | None
    trainer: Trainer | None
    steps: list[Step]
    phases: Phases | None
    memory: Memory | None
    device: Device | None
    lengths: list[int] | None
    schedule: list[dict[str, int | bool]] | None
    flags: list[str]
    error: Failure | None
