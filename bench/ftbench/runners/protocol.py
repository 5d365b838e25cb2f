"""What a runner is: something that trains one config inside the process made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from ftbench.measure.callback import Watch

LLAMAFACTORY = "llamafactory"
HF = "hf"
RUNNERS = (LLAMAFACTORY, HF)


class _Shape(TypedDict):
    rows: int
    length: int
    steps: int


class StepShape(_Shape, total=False):
    """So many steps of synthetic micro-batches of one shape (rows x length).

    `masked` pads the last token of every row: a batch with padding runs other attention kernels
    than one without.
    """

    masked: bool


class Sample(TypedDict):
    """The rows of a trial, see `chosen_rows`: `per_step` of them a step on each process together.

    `timed`: steps that are timed, `block` how many of them have the lengths of an epoch between
    them. `again`: the longest rows come once more at the end. `grouped`: by length.
    """

    per_step: int
    timed: int
    block: int
    again: bool
    grouped: bool


class Enough(TypedDict):
    """When a run may end early: after so many steps, and so many seconds after the first.

    For one process: several would have to agree on it at every step.
    """

    steps: int
    seconds: float


class _Request(TypedDict):
    """What the child is asked to do, as JSON in a file.

    `config` has LLaMA Factory's keys and is trained as it is. With a `schedule` the train set is
    replaced by random tokens in these shapes, in this order. `measure` false leaves out all that is
    recorded step by step. `count_lengths` records the tokenised length of each train row.
    """

    config: dict[str, Any]
    runner: str
    model: str
    out: str
    progress: str
    schedule: list[StepShape] | None
    measure: bool
    count_lengths: bool


class Request(_Request, total=False):
    """A request; `memory_limit`: bytes that the allocator may take, as on a smaller GPU.

    With `unsaved` nothing is written of the model, not even at the end. With a `sample` only these
    rows are trained on, in their order. `traced` records loss and gradient norm of each step;
    `still` takes every dropout out of the model. `env` are variables of the run's own. A run
    that ends because it has `enough` evaluates and saves first, where the config does either.
    """

    memory_limit: int | None
    unsaved: bool
    sample: Sample | None
    traced: bool
    still: bool
    env: dict[str, str]
    enough: Enough | None


class Tracker(Protocol):
    """What a runner tells of its way."""

    watch: Watch

    def at(self, phase: str) -> None:
        """Say that a phase begins: import, parse, data, model, train, end."""

    def rows(self, dataset: Any) -> Any:
        """Hand over the tokenised train set, and return what to train on."""

    def method(self, arguments: dict[str, Any]) -> None:
        """Hand over what was parsed (see `measure.facts.method_facts`)."""
