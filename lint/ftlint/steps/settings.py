"""Read from a config's values what decides the number of steps, in the types the trainer needs.

A value that the trainer itself could not compute with gives a `NoPlan` that names the key. Source:
LLaMA Factory `hparams/*.py`, transformers `training_args.py` (0.9.3 to 0.9.5; 4.45 to 5.8).
"""

from __future__ import annotations

from math import isfinite

from ftlint.steps.counts import NoPlan
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, ...]

STAGES = ("pt", "sft", "rm", "ppo", "dpo", "kto")

OF_EVAL_LOSS = ("metric_for_best_model", "load_best_model_at_end", "early_stopping_steps")
"""Keys that have the trainer look at the loss of every evaluation."""

INTERVALS = ("no", "steps", "epoch")
PACKING_STAGES = ("sft", "pt")


class Schedule(NamedTuple):
    """When the trainer logs, evaluates and saves. Intervals below 1 are fractions of the total."""

    logging_strategy: str
    logging_steps: float
    logging_first_step: bool
    eval_strategy: str
    eval_steps: float
    eval_delay: float
    eval_on_start: bool
    do_eval: bool
    eval_passes: int  # evaluations at a time: one a dataset under eval_on_each_dataset
    save_strategy: str
    save_steps: float
    save_total_limit: int
    early_stopping: int | None  # patience in evaluations
    warmup_steps: float
    warmup_ratio: float | None


class RunSettings(NamedTuple):
    """Everything of a config that the step count depends on."""

    stage: str
    per_device_batch: int
    gradient_accumulation: int
    epochs: float
    max_steps: int
    drop_last: bool
    split_batches: bool
    even_batches: bool
    dispatch_batches: bool  # one process reads for all, as of a stream
    streaming: bool
    loader_workers: int  # of a stream each reads a shard; datasets together have as many as one
    seed: int
    max_samples: int | None
    mix_strategy: str
    probabilities: tuple[float, ...] | None
    val_size: float
    eval_dataset: bool  # one is named
    eval_batch: int  # 0: not known
    needs_eval_loss: bool  # the run dies where an evaluation gives none
    tokenized: bool  # tokenized_path is set
    packing: bool  # rows are packed: elsewhere the key has no effect
    generates: bool  # the model answers when it is evaluated, on rows that are not packed
    cutoff_len: int  # 0: not known
    map_batch: int | None  # rows that one map call packs together; None: all of them
    map_workers: int | None
    template: str
    ppo_buffer: int
    auto_batch: bool
    schedule: Schedule
    trainer: str = ""  # empty: transformers' own; else the launcher whose trainer takes its place


def read(
    values: Mapping[str, object], llamafactory: Version, transformers: Version
) -> RunSettings | NoPlan:
    """Return the settings, or the first value that the trainer stops at.

    `values` is the config over the defaults of its release: there is no second copy of those here.
    """
    reader = _Reader(values)
    settings = _read(reader, llamafactory, transformers)
    return reader.problem or settings


def _read(reader: _Reader, llamafactory: Version, transformers: Version) -> RunSettings:
    if not reader.flag("do_train"):
        reader.fail("do_train", "`do_train` is not set, so nothing is trained")
    stage = reader.word("stage", STAGES)
    streaming = reader.flag("streaming")
    accelerator = reader.mapping("accelerator_config")
    batch, accumulation = _batch(reader, accelerator, transformers)
    max_steps = _max_steps(reader, streaming)
    packing = _packing(reader, stage, llamafactory, transformers)
    map_batch = reader.whole_if_set("preprocessing_batch_size")
    max_samples = reader.whole_if_set("max_samples", 1)
    map_workers = None if streaming else reader.whole_if_set("preprocessing_num_workers", 1)
    val_size = reader.number("val_size")
    probabilities = _sources(reader, streaming, max_samples, val_size)
    return RunSettings(
        stage=stage,
        per_device_batch=batch,
        gradient_accumulation=accumulation,
        epochs=0.0 if max_steps > 0 else reader.number("num_train_epochs"),
        max_steps=max_steps,
        drop_last=reader.flag("dataloader_drop_last"),
        split_batches=bool(accelerator.get("split_batches", False)),
        even_batches=bool(accelerator.get("even_batches", True)),
        dispatch_batches=_is_dispatched(accelerator.get("dispatch_batches"), streaming=streaming),
        streaming=streaming,
        loader_workers=reader.whole("dataloader_num_workers"),
        seed=reader.whole("seed"),
        max_samples=max_samples,
        mix_strategy=str(reader.get("mix_strategy")),  # of one dataset nobody reads it
        probabilities=probabilities,
        val_size=val_size,
        eval_dataset=reader.get("eval_dataset") is not None,
        eval_batch=reader.whole_or_none("per_device_eval_batch_size") or 0,
        needs_eval_loss=stage == "pt" or any(map(reader.get, OF_EVAL_LOSS)),
        tokenized=bool(reader.get("tokenized_path")),
        packing=packing,
        generates=stage == "sft" and reader.flag("predict_with_generate"),
        cutoff_len=reader.whole("cutoff_len")
        if packing
        else reader.whole_or_none("cutoff_len") or 0,
        map_batch=map_batch if map_batch and map_batch > 0 else None,
        map_workers=map_workers,
        template=reader.text("template") if reader.get("template") is not None else "",
        ppo_buffer=reader.whole("ppo_buffer_size", 1) if stage == "ppo" else 1,
        auto_batch=reader.flag("auto_find_batch_size"),
        schedule=_schedule(reader, transformers),
    )


def _batch(
    reader: _Reader, accelerator: Mapping[str, object], transformers: Version
) -> tuple[int, int]:
    """Return the batch of a device, and how many of them make a step."""
    batch = reader.whole("per_device_train_batch_size", 1)
    if reader.get("per_gpu_train_batch_size") and transformers < (5,):  # the old name wins
        batch = reader.whole("per_gpu_train_batch_size", 1)
    accumulation = reader.whole("gradient_accumulation_steps", 1)
    nested = accelerator.get("gradient_accumulation_kwargs")
    if isinstance(nested, dict) and isinstance(nested.get("num_steps"), int) and accumulation == 1:
        accumulation = max(nested["num_steps"], 1)
    return batch, accumulation


def _packing(reader: _Reader, stage: str, llamafactory: Version, transformers: Version) -> bool:
    """Return whether rows are packed, which stage pt does unless it is written."""
    neat = reader.flag("neat_packing")
    if neat and stage != "sft":
        reader.refuse("neat_packing", "FT415")
    if neat and (0, 9, 4) <= llamafactory < (0, 9, 5) and transformers >= (4, 53):
        reader.refuse("neat_packing", "FT416")
    if reader.get("packing") is None and stage == "pt":
        return True
    return stage in PACKING_STAGES and (neat or reader.flag("packing"))


def _sources(
    reader: _Reader, streaming: bool, max_samples: int | None, val_size: float
) -> tuple[float, ...] | None:
    """Return the shares of the datasets; refuse what cannot be held out of them, or limited."""
    if reader.get("dataset") is None:
        reader.refuse("dataset", "FT401")
    probabilities = reader.probabilities()
    if reader.get("eval_dataset") is not None and val_size > 1e-6:
        reader.refuse("val_size", "FT402")
    if streaming and max_samples is not None:
        reader.refuse("max_samples", "FT411")
    if streaming and 1e-6 < val_size < 1:
        reader.refuse("val_size", "FT410")
    return probabilities


def _max_steps(reader: _Reader, streaming: bool) -> int:
    value = reader.get("max_steps")
    if isinstance(value, float):
        reader.fail("max_steps", f"`max_steps: {value}` is not an integer: the trainer loads "
                                 "the model and crashes at the first epoch")  # fmt: skip
        return -1
    steps = reader.whole("max_steps")
    if streaming and steps <= 0:
        reader.refuse("max_steps", "FT412")
    return steps


def _schedule(reader: _Reader, transformers: Version) -> Schedule:
    saves = ("no", "steps", "epoch", "best")
    logging = reader.number("logging_steps")
    logging_strategy = reader.word("logging_strategy", INTERVALS)
    if logging_strategy == "steps" and logging == 0:
        reader.refuse("logging_steps", "FT465")
    evaluation = reader.number("eval_steps") if reader.get("eval_steps") is not None else 0
    names = reader.names("eval_dataset")
    each = reader.flag("eval_on_each_dataset") and names is not None
    limit = reader.get("save_total_limit")
    patience = reader.get("early_stopping_steps")
    eval_strategy = reader.word("eval_strategy", INTERVALS)
    warmup_steps, ratio = _warmup(reader, transformers)
    return Schedule(
        logging_strategy=logging_strategy,
        logging_steps=logging,
        logging_first_step=reader.flag("logging_first_step"),
        eval_strategy=eval_strategy,
        eval_steps=evaluation or logging,  # null and 0 both mean: as often as logging
        eval_delay=reader.number("eval_delay") if eval_strategy != "no" else 0,
        eval_on_start=reader.flag("eval_on_start"),
        do_eval=reader.flag("do_eval") or eval_strategy != "no",
        eval_passes=len(set(names)) if each and names is not None else 1,
        save_strategy=reader.word("save_strategy", saves),
        save_steps=reader.number("save_steps"),
        save_total_limit=reader.whole("save_total_limit") if limit is not None else 0,
        early_stopping=reader.whole("early_stopping_steps") if patience is not None else None,
        warmup_steps=warmup_steps,
        warmup_ratio=ratio,
    )


def _warmup(reader: _Reader, transformers: Version) -> tuple[float, float | None]:
    if transformers >= (5,):
        ratio = reader.number("warmup_ratio") if reader.get("warmup_ratio") is not None else None
        steps = reader.number("warmup_steps")
        if (steps if ratio is None else ratio) < 0:
            key = "warmup_steps" if ratio is None else "warmup_ratio"
            reader.refuse(key, "FT464" if ratio is None else "FT463")
        return steps, ratio
    ratio = reader.number("warmup_ratio")
    if not 0 <= ratio <= 1:
        reader.refuse("warmup_ratio", "FT463")
    return reader.whole("warmup_steps", 0), ratio


def _is_dispatched(asked: object, *, streaming: bool) -> bool:
    """Return whether one process reads batches for all: of a stream, unless it is written."""
    return streaming if asked is None else asked == 1


class _Reader:
    """Takes typed values out of a config's and keeps the first that cannot be taken."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values
        self.problem: NoPlan | None = None

    def fail(self, key: str, reason: str) -> None:
        if self.problem is None:
            self.problem = NoPlan(reason, key)

    def refuse(self, key: str, code: str) -> None:
        """Leave the words to the rule that refuses this."""
        if self.problem is None:
            self.problem = NoPlan("", key, code)

    def get(self, key: str) -> object:
        return self.values.get(key)

    def flag(self, key: str) -> bool:
        return bool(self.get(key))  # Python truth, as the trainer tests it: "False" is true

    def number(self, key: str) -> float:
        value = self.get(key)
        if isinstance(value, (int, float)) and isfinite(value):
            return value
        self.fail(key, f"`{key}: {value}` is not a number")
        return 0

    def whole(self, key: str, least: int | None = None) -> int:
        value = self.get(key)
        if not isinstance(value, int):
            self.fail(key, f"`{key}: {value}` is not an integer")
            return least or 0
        if least is not None and value < least:
            self.fail(key, f"`{key}: {value}` is below {least}")
            return least
        return int(value)

    def whole_if_set(self, key: str, least: int | None = None) -> int | None:
        return None if self.get(key) is None else self.whole(key, least)

    def whole_or_none(self, key: str) -> int | None:
        """Return a number that no step depends on."""
        value = self.get(key)
        return int(value) if isinstance(value, int) else None

    def text(self, key: str) -> str:
        value = self.get(key)
        if isinstance(value, str):
            return value
        self.fail(key, f"`{key}: {value}` is not a string")
        return ""

    def word(self, key: str, words: tuple[str, ...]) -> str:
        value = self.get(key)
        if isinstance(value, str) and value in words:
            return value
        self.fail(key, f"`{key}: {value}` is not one of {', '.join(words)}")
        return words[0]

    def mapping(self, key: str) -> Mapping[str, object]:
        value = self.get(key)
        if isinstance(value, str) and value.startswith("{"):
            import json

            try:
                value = json.loads(value)
            except ValueError:
                self.refuse(key, "FT477")
        return value if isinstance(value, dict) else {}

    def probabilities(self) -> tuple[float, ...] | None:
        value = self.get("interleave_probs")
        if value is None:
            return None
        try:
            words = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
            found = tuple(float(word) for word in words)
        except (TypeError, ValueError):
            self.refuse("interleave_probs", "FT409")
            return None
        for key in ("dataset", "eval_dataset"):  # a name counts as often as it is written
            names = self.names(key)
            if names is not None and len(names) != len(found):
                self.refuse("interleave_probs", "FT408")
        return found

    def names(self, key: str) -> list[str] | None:
        """Return the names that a key lists; None where it is no list."""
        value = self.get(key)
        listed = value.split(",") if isinstance(value, str) else value
        return [str(name).strip() for name in listed] if isinstance(listed, list) else None
