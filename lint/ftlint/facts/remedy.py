"""What would make a run fit the GPU that is stated.

A remedy is tried before it is named: the run with it is one that fits, and one that the release
takes.
"""

from __future__ import annotations

from ftlint.facts import known
from ftlint.facts.batches import BATCH, EVAL_BATCH
from ftlint.facts.effective import effective
from ftlint.facts.lengths import UNKNOWN
from ftlint.facts.memory import run_by
from ftlint.facts.plan import inputs_of, plan_of
from ftlint.memory.estimate import enough, largest_batch, largest_evaluation, largest_length
from ftlint.memory.gpus import CONTEXT
from ftlint.memory.shape import Unknown
from ftlint.rulebook.condition import equal
from ftlint.steps import NoPlan
from ftlint.support.messages import plural, show
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.facts.context import Context
    from ftlint.facts.lengths import RowLengths
    from ftlint.facts.memory import MemoryInputs
    from ftlint.rulebook.condition import Instance
    from ftlint.steps import StepPlan

    Keys = dict[str, Any]

SIZES = (EVAL_BATCH, BATCH, "cutoff_len")
GRAVEST = ("finetuning_type", "quantization_bit", "deepspeed", "cutoff_len", BATCH)
"""Keys that a message names first."""
LONGEST = 84
"""Characters that a message has room for."""
CHECKPOINTING = "disable_gradient_checkpointing"
LEAST, FRACTION = 256, 4
"""Tokens: to fewer no row is cut, nor at first to less than one in so many of its own."""
ZERO: dict[int, Keys] = {
    stage: {
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "zero_optimization": {
            "stage": stage, "overlap_comm": True, "contiguous_gradients": True,
            "reduce_bucket_size": 5e8 if stage == 2 else "auto",
            "stage3_prefetch_bucket_size": "auto", "stage3_param_persistence_threshold": "auto",
        },
    }
    for stage in (2, 3)
}  # fmt: skip
"""What decides memory in the files of LLaMA Factory's own examples/deepspeed."""
MORE = (2, 4, 8)
"""GPUs to divide a model among, where nobody says how many there are."""


class Remedy(NamedTuple):
    """What to set so that a run fits: values by key, and GPUs where nobody says how many."""

    keys: Keys
    gpus: int | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """Each change in words.

        >>> Remedy({"finetuning_type": "lora", "quantization_bit": 4}).changes
        ('`finetuning_type: lora`', '`quantization_bit: 4`')
        """
        on = "" if self.gpus is None else f" on {self.gpus} GPUs"
        return tuple(_named(key, value) + on for key, value in self.keys.items())

    @property
    def told(self) -> str:
        """All changes; of many the first, after which the others come to light.

        >>> Remedy({"finetuning_type": "lora", "quantization_bit": 4, "cutoff_len": 512}).told
        '`finetuning_type: lora`, `quantization_bit: 4` with `cutoff_len: 512` fits'
        """
        changes = self.changes
        for shown in range(len(changes), 0, -1):
            others = len(changes) - shown
            rest = [f"{others} further {plural('change', others)}"] if others else []
            *first, last = *changes[:shown], *rest
            told = f"{', '.join(first)} with {last} fits" if first else f"{last} fits"
            if len(told) <= LONGEST:
                break
        return told


def remedy(
    context: Context, run: MemoryInputs, plan: StepPlan | NoPlan, total: int,
    lengths: RowLengths = UNKNOWN,
) -> Remedy | None:  # fmt: skip
    """Return what makes a run fit so many bytes, or None where nothing does."""
    if lengths.training is not None:  # which batch is the longest changes with its rows
        lengths = lengths._replace(training=lengths.training._replace(batch=None))
    return _Search(context, run, total, lengths, {_dealt({}, None): plan}, {}).remedy()


class _Step(NamedTuple):
    """A change to a run: a value for a key, of a size the smallest that it may become."""

    key: str
    value: Any


class _Search(NamedTuple):
    """A run that does not fit a GPU of so many bytes.

    `plans` were made so far, by what they rest on (`_dealt`), and `tried` was what is sure to be
    enough, by all that is changed.
    """

    context: Context
    run: MemoryInputs
    total: int
    lengths: RowLengths
    plans: dict[tuple[object, ...], StepPlan | NoPlan]
    tried: dict[tuple[int | None, str], int | None]

    def remedy(self) -> Remedy | None:
        """Return what makes it fit, the gravest change first.

        Of the steps that are enough those are taken back, the gravest first, without which it fits
        as well.
        """
        if self._is_out_of_reach():
            return self._among_more()
        # What divides a model may need more until others are taken, and so is tried again with all.
        taken = self._enough(all_steps=False) or self._enough(all_steps=True)
        if taken is None:
            return self._among_more()
        for key in reversed([*taken]):
            fewer = {one: value for one, value in taken.items() if one != key}
            taken = fewer if self._fits(self._needs(fewer)) else taken
        keys = self._largest(taken)
        return Remedy({**{key: keys[key] for key in GRAVEST if key in keys}, **keys})

    def _is_out_of_reach(self) -> bool:
        """Return whether not even the weights fit, in 4 bit and divided among the GPUs there are.

        Nothing else need be tried then.
        """
        shape, how = self.run.dimensions.shape, self.run.method.sharding
        numbers = shape.layers * sum(one.into * one.out for one in shape.linears)
        return not how.parameters_offloaded and numbers // 2 // how.world > self.total

    def _enough(self, *, all_steps: bool) -> Keys | None:
        """Return steps, the mildest first, with which it fits: all, or those that need no more."""
        taken: Keys = {}
        least = self._needs(taken)
        for key, value in self._steps():
            tried = {**{one: taken[one] for one in taken if one != key}, key: value}
            needs = self._needs(tried)
            if needs is None or not (all_steps or least is None or needs <= least):
                continue
            taken, least = tried, needs
            if self._fits(needs):
                return taken
        return None

    def _steps(self) -> Iterator[_Step]:
        """Yield what may be changed so that the run needs less, the mildest first.

        What learns the same of the same rows, what of fewer or shorter ones, what has other weights
        learn. Only adapters are quantized: 4 bit is refused of others, and tried again with them.
        """
        values, load = self.context.instance.effective, self.run.load
        length = max(batch.length for batch in load.batches)
        divides = max(inputs_of(self.context).launch.shape) > 1 and not values.get("fsdp")
        for step, is_open in (
            (_Step(EVAL_BATCH, 1), load.evaluation is not None and load.evaluation.rows > 1),
            (_Step(CHECKPOINTING, value=False), values.get(CHECKPOINTING)),
            (_Step("flash_attn", "auto"), values.get("flash_attn") == "disabled"),
            (_Step("enable_liger_kernel", value=True), True),
            (_Step(BATCH, 1), load.training.rows > 1),
            (_Step("cutoff_len", max(LEAST, length // FRACTION // 8 * 8)), length > LEAST),
            *((_Step("deepspeed", content), divides) for content in ZERO.values()),
            (_Step("quantization_bit", 4), True),
            (_Step("finetuning_type", "lora"), True),
            (_Step("quantization_bit", 4), True),
            (_Step("cutoff_len", LEAST), length > LEAST),
        ):
            if not is_open or equal(values.get(step.key), step.value):
                continue
            if self.context.catalogue.get(step.key) is not None:
                yield step

    def _largest(self, keys: Keys) -> Keys:
        """Return keys that make the run fit with sizes as large as they may be."""
        run = self._with({key: value for key, value in keys.items() if key not in SIZES})
        if run is None:
            return keys
        shape, method, load = run.dimensions.shape, run.method, run.load
        found = {**keys}
        if EVAL_BATCH in keys:
            found[EVAL_BATCH] = max(largest_evaluation(shape, method, load, self.total) or 0, 1)
        if BATCH in keys:
            found[BATCH] = max(largest_batch(shape, method, load, self.total) or 0, 1)
        if "cutoff_len" in keys:
            load = load.with_rows(found.get(BATCH), found.get(EVAL_BATCH))
            length = largest_length(shape, method, load, self.total) or 0
            found["cutoff_len"] = max(length, keys["cutoff_len"])
        return found if self._fits(self._needs(found)) else keys

    def _with(self, keys: Keys, gpus: int | None = None) -> MemoryInputs | None:
        """Return the run with these keys; None where it is refused or not known."""
        now = inputs_of(self.context)
        launch = now.launch._replace(overrides=(*now.launch.overrides, *keys.items()))
        if gpus is not None:
            launch = launch._replace(gpus=gpus)
        then = now._replace(launch=launch, deepspeed=keys.get("deepspeed", now.deepspeed))
        dealt = _dealt(keys, gpus)
        if dealt not in self.plans:
            self.plans[dealt] = plan_of(then)
        plan = self.plans[dealt]
        if isinstance(plan, NoPlan) and not isinstance(self.plans[_dealt({}, None)], NoPlan):
            return None
        run = run_by(self.context, then, self.lengths, plan, self.run.dimensions)
        return None if isinstance(run, Unknown) or self._is_refused(keys) else run

    def _is_refused(self, keys: Keys) -> bool:
        """Return whether the release refuses the run with these keys, and not for what it has."""
        context = self.context
        now = context.instance
        config = {**now.config, **keys}
        values = effective(config, context.catalogue)
        more = known.facts(
            values, config, context.target, context.given, context.stated,
            context.source.path, context.disk,
        )  # fmt: skip
        then = now._replace(config=config, effective=values, facts={**now.facts, **more})
        refusals = context.rules.rejections(context.target, context.command, changed(now, then))
        return any(holds(then) and not holds(now) for holds in refusals)

    def _needs(self, keys: Keys, gpus: int | None = None) -> int | None:
        """Return with how many bytes the run with these keys is sure to fit; None if refused."""
        asked = gpus, str(sorted(keys.items()))
        if asked not in self.tried:
            run = self._with(keys, gpus)
            found = None if run is None else enough(run.dimensions.shape, run.method, run.load)
            refused = found is None or isinstance(found, Unknown)
            self.tried[asked] = None if refused else CONTEXT + found  # type: ignore[operator]
        return self.tried[asked]

    def _fits(self, needs: int | None) -> bool:
        """Return whether so many bytes are there."""
        return needs is not None and needs <= self.total

    def _among_more(self) -> Remedy | None:
        """Return how many GPUs would do, where nobody says how many there are."""
        launch, keys = inputs_of(self.context).launch, {"deepspeed": ZERO[3]}
        if launch.gpus is not None or self.context.instance.effective.get("fsdp"):
            return None
        for gpus in MORE:
            if self._fits(self._needs(keys, gpus)):
                return Remedy(keys, gpus)
        return None


def changed(now: Instance, then: Instance) -> set[str]:
    """Return the keys and facts of which another value is written, in force or known."""
    return {
        name
        for before, after in (
            (now.config, then.config),
            (now.effective, then.effective),
            (now.facts, then.facts),
        )
        for name, value in after.items()
        if name not in before or (before[name] is not value and before[name] != value)
    }


def _dealt(keys: Keys, gpus: int | None) -> tuple[object, ...]:
    """Return what of changed keys a plan rests on: how rows are dealt out."""
    return gpus, "deepspeed" in keys, *map(keys.get, SIZES)


def _named(key: str, value: Any) -> str:
    """Return a key with its value; of a DeepSpeed file what it is to say."""
    if key == "deepspeed":
        return f"ZeRO-{value['zero_optimization']['stage']} (`deepspeed`)"
    return f"`{key}: {show(value)}`"
