"""Whether a run like this one ends on a wrong value: only if it looks at the key at all."""

from __future__ import annotations

from math import isfinite, isnan

from ftlint.rulebook.condition import equal
from ftlint.rules.observed_types import (
    counts_as_nothing,
    detail_of,
    observed_failure,
    observed_with,
)
from ftlint.target.keys import TRANSFORMERS
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ftlint.facts.context import Context
    from ftlint.rulebook.condition import Instance
    from ftlint.target.keys import Key
    from ftschemas.rule import Check, Rule

_UNREAD = {
    "export": ("stage", "mix_strategy", "infer_backend", "sglang_lora_backend", "swanlab_mode"),
    "chat": ("mix_strategy", "sglang_lora_backend", "swanlab_mode"),
    "train": ("sglang_lora_backend", "placement_strategy"),
}
"""Keys that a command parses and never looks at, unless to compare them with one word."""

_FOR_TRAINING = frozenset(["use_v1_kernels"])
"""Keys of the model that are looked at when it is to be trained."""

_COMPARED = ("max_new_tokens", ("sft", "ppo"))
"""A key that is compared with 0 whether or not anything is generated, and the stages that do so.

Source: hparams/generating_args.py to_dict, train/sft/workflow.py; run with 0.9.5.
"""

_ANSWERING = {"max_new_tokens": "model", "skip_special_tokens": "answer"}
"""Keys that end a chat on the values that end a prediction, and where.

Source: chat/hf_engine.py, 0.9.3 to 0.9.5; run with 0.9.5.
"""

_BETAS = frozenset(["adam_beta1", "adam_beta2"])
"""Keys that torch's AdamW wants as floats, where other optimizers reckon false as 0.

Source: run with 0.9.3 to 0.9.5 (tests/oracle/test_optimizers.py).
"""


def failure_stage(context: Context, key: Key, value: object) -> str | None:
    """Return `refused` or where the run crashes on such a value, if it does in this config."""
    if key.name == "cutoff_len" and isinstance(value, float) and _cuts_by_integers(context):
        return "data: TypeError"
    release = context.target.release
    met = observed_failure(release, key.name, detail_of(value))
    if met is None or key.name in _UNREAD.get(context.command, ()):
        return None
    if _is_unlike_probed(release, key, value, met):
        return None
    if context.command == "chat" and _answers_with(context, key):
        return f"{_ANSWERING[key.name]}: {met.partition(': ')[2]}"
    if _is_compared(context, key):
        return met
    if met == "refused":
        return met if _is_as_seen(context, key, strategy=True) else None
    values = context.instance.effective
    if _ppo_reckons_with(values, key.name) and isinstance(value, (str, list, dict)):
        return "trainer_init: TypeError" if _comes_to(context, key, met) else None
    if _goes_another_way(values, key, value) or exceeds_rows(context, key):
        return None
    return met if _comes_to(context, key, met) and affects_run(context, key) else None


def _answers_with(context: Context, key: Key) -> bool:
    backend = context.instance.effective.get("infer_backend")
    return key.name in _ANSWERING and equal(backend, "huggingface")


def _is_compared(context: Context, key: Key) -> bool:
    name, stages = _COMPARED
    if key.name != name or context.command != "train":
        return False
    launcher = context.instance.facts.get("launcher")
    return launcher in (None, "ray") and context.instance.effective.get("stage") in stages


def _cuts_by_integers(context: Context) -> bool:
    """Return whether rows are cut, or packed, by what takes integers alone.

    Every value was tried with sft, which reckons with a length where it does not pack. Source:
    data/processor/pretrain.py, supervised.py; run with 0.9.3 to 0.9.5, packed and not.
    """
    values = context.instance.effective
    if context.command != "train" or values.get("tokenized_path"):
        return False
    packs = values.get("stage") == "sft" and values.get("do_train") and values.get("packing")
    return values.get("stage") == "pt" or bool(packs)


_COUNTS = frozenset(["num_train_epochs", "warmup_ratio", "warmup_steps"])
"""Numbers that the trainer makes steps of, rounded up, when training starts."""


def endless_failure(context: Context, key: Key, number: float) -> str | None:
    """Return where the run ends on `.nan` or an infinite number, None where it counts with it.

    Source: transformers TrainingArguments.get_warmup_steps, Trainer.set_initial_training_values;
    run with 0.9.3 to 0.9.5. NaN passes every comparison of the parser.
    """
    values = context.instance.effective
    if isfinite(number) or key.name not in _COUNTS or not values.get("do_train"):
        return None
    of_epochs = key.name == "num_train_epochs"
    if of_epochs and isinstance(most := values.get("max_steps"), int) and most > 0:
        return None
    if not of_epochs and not isnan(number) and (number < 0 or context.target.versions[1] < (5,)):
        return None  # it is out of bounds, as other rules say
    if context.command != "train" or not is_live(context, key):
        return None
    return f"train_begin: {'ValueError' if isnan(number) else 'OverflowError'}"


def _is_unlike_probed(release: str, key: Key, value: object, met: str) -> bool:
    """Return whether a value is of the kind that was probed, but says something else."""
    if value in ([], {}) and met != "refused":
        # probed were lists and mappings with something in them
        return not observed_failure(release, key.name, "empty_text")
    if not {"int", "float"} & {*key.kinds} and counts_as_nothing(release, key.name, value):
        return True  # and numbers other than 0
    return key.name == "max_steps" and isinstance(value, float) and value <= 0  # no limit


_OF_PPO = frozenset(
    """max_steps num_train_epochs per_device_train_batch_size gradient_accumulation_steps
    learning_rate""".split()
)
"""Keys that the trainer of ppo multiplies or compares when it is made.

Source: train/ppo/trainer.py CustomPPOTrainer.__init__; run with 0.9.3 (tests/oracle/test_ends.py).
"""


def _ppo_reckons_with(values: Mapping[str, Any], key: str) -> bool:
    limit = values.get("max_steps")
    limited = not isinstance(limit, (int, float)) or limit > 0
    unread = key == "num_train_epochs" and limited
    return values.get("stage") == "ppo" and key in _OF_PPO and not unread


def _goes_another_way(values: Mapping[str, Any], key: Key, value: object) -> bool:
    """Return whether the run does not use the key in the way of the runs that were seen."""
    if key.name in _BETAS and isinstance(value, bool) and _reckons_with(values, key.name, value):
        return True
    if values.get("stage") == "ppo" and key.layer == TRANSFORMERS:
        return True  # its trainer is another one, and no run of it was seen to end on such a key
    if key.name == "default_system" and values.get("stage") == "pt":
        return True  # documents have no system message
    if key.name == "additional_target" and values.get("adapter_name_or_path"):
        return not values.get("create_new_adapter")  # an adapter goes on as it was made
    if key.name == "data_seed" and _keeps_order(values):
        return True  # it is the seed of the random sampler alone
    # a stream is loaded and mapped in another way, but in shards that its workers number
    streamed = key.name.startswith(("dataloader_", "preprocessing_num_"))
    numbers = key.name == "dataloader_num_workers" and isinstance(value, (float, str, list, dict))
    return bool(values.get("streaming")) and streamed and not numbers


def _keeps_order(values: Mapping[str, Any]) -> bool:
    """Return whether rows are not drawn at random: in order, by length, or as a stream has them.

    Source: transformers Trainer._get_train_sampler, accelerate data_loader.py; run with 0.9.3 to
    0.9.5 (tests/oracle/test_ends.py).
    """
    by_length = values.get("group_by_length") or values.get("streaming")
    strategy = values.get("train_sampling_strategy", "random")
    return bool(by_length or values.get("disable_shuffling")) or strategy != "random"


def exceeds_rows(context: Context, key: Key) -> bool | None:
    """Return whether the value is a fraction above the rows that take its place; None: unknown."""
    values = context.instance.effective
    if not isinstance(values.get(key.name), float):
        return False
    from ftlint.facts import plan

    return plan.exceeds_rows(key.name, values, plan.inputs_of(context).samples)


def _reckons_with(values: Mapping[str, Any], beta: str, value: bool) -> bool:
    """Return whether the optimizer takes true or false for a number as a beta of Adam's.

    BAdam's ratio mode checks nothing, and only divides by what the first one lacks of 1.
    """
    if values.get("use_badam") and values.get("badam_mode") == "ratio":
        return beta == "adam_beta2" or not value
    others = ("use_galore", "use_apollo", "use_adam_mini", "use_muon")
    return not value and any(values.get(name) for name in others)


def _comes_to(context: Context, key: Key, met: str) -> bool:
    """Return whether the run gets to where the value crashed.

    Data and model are loaded for whatever is done with them, adapters made for training alone.
    """
    if context.command != "train":
        return False
    if context.instance.effective.get("do_train") or met.startswith("data:"):
        return True
    if ("do_predict", True) in observed_with(context.target.release, key.name):
        return True  # where it predicts, which is asked besides
    of_model = met.startswith("model:") and key.group in ("model", "data")
    return of_model and key.name not in _FOR_TRAINING


def affects_run(context: Context, key: Key) -> bool:
    """Return whether the config is of those that were seen to end on the key, and looks at it."""
    return _is_as_seen(context, key) and is_live(context, key)


def _is_as_seen(context: Context, key: Key, strategy: bool = False) -> bool:
    """Return whether the config is of those that were seen to end on the key.

    `strategy`: as to the strategy of an interval alone, on which it depends whether that is looked
    at while arguments are parsed.
    """
    own = key.name.replace("_steps", "_strategy")
    return all(
        _is_given(context, name, wanted, exactly=name == own)
        for name, wanted in observed_with(context.target.release, key.name)
        if not strategy or name == own
    )


def _is_given(context: Context, name: str, wanted: object, *, exactly: bool) -> bool:
    """Return whether a config has another key as it was seen, or comes to the same by it.

    Rows for evaluation may come from val_size, and evaluations and checkpoints with the epochs.
    """
    values, known = context.instance.effective, context.instance.facts
    if wanted == 2:
        return bool(known.get("dataset_count", 0) > 1)
    if wanted is None:
        held_out = name == "eval_dataset" and values.get("val_size")
        return bool(values.get(name) or held_out)
    if wanted == "steps" and not exactly:
        return values.get(name) in ("steps", "epoch")
    return equal(values.get(name), wanted)


def is_live(context: Context, key: Key) -> bool:
    """Return whether the run looks at the key at all: no rule says that it is ignored.

    A wrong value of a key that nothing reads hurts nobody. The rules are asked about a right value
    in its place, since a wrong one may be none that they speak of.
    """
    if key.name in _UNREAD.get(context.command, ()):
        return False
    instance, rules = _with_another(context.instance, key), context.rules
    for code, check, holds in rules.conditions(context.target, context.command, "ignored"):
        if key.name in _ignored_by(rules[code], check) and holds(instance):
            return False
    return True


def ignored_keys(context: Context) -> frozenset[str]:
    """Return the keys, of those that the file has not, which a run like this one would ignore."""
    found: set[str] = set()
    instance, rules = context.instance, context.rules
    for code, check, holds in rules.conditions(context.target, context.command, "ignored"):
        for name in _ignored_by(rules[code], check):
            key = None if name in found or name in instance.config else context.catalogue.get(name)
            if key is None:
                continue
            if holds(_with_another(instance, key)):
                found.add(name)
    return frozenset(found)


def _ignored_by(rule: Rule, check: Check) -> Sequence[str]:
    """Return the keys that a run ignores by one condition of a rule: those that it points at."""
    return [name.replace("$key", check.key or name) for name in rule.at]


def _with_another(instance: Instance, key: Key) -> Instance:
    """Return a run with another value of a key than its default."""
    other = {key.name: _some_other(key)}
    return instance._replace(config=instance.config | other, effective=instance.effective | other)


def _some_other(key: Key) -> object:
    """Return a value that the key takes and that is not its default."""
    for choice in key.choices or ():
        if choice is not None and not equal(choice, key.default):
            return choice
    if "bool" in key.kinds:
        return not key.default
    if "int" in key.kinds or "float" in key.kinds:
        return (key.default if isinstance(key.default, (int, float)) else 0) + 1
    return "x" if "text" in key.kinds else ["x"] if "list" in key.kinds else {"x": 1}
