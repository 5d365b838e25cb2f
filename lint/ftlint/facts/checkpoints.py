"""Where a run begins: the checkpoint that it names, or that its output folder holds."""

from __future__ import annotations

import os
import re

from ftlint.facts.paths import json_file
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.support.disk import Disk

MODEL = "model"
HELD = f"{MODEL}|checkpoint-[0-9]{{1,18}}"
"""What is said of an output folder: its newest checkpoint, or that it only holds weights."""

INTERVALS = ("logging_steps", "eval_steps", "save_steps")
"""What a resumed run takes from the checkpoint, whatever its config says."""
MOST_STATE = 1 << 23
"""Characters of a trainer_state.json, which has a line for each thing that was logged."""

_WEIGHTS = (
    *("adapter_model.safetensors", "adapter_model.bin", "model.safetensors", "pytorch_model.bin"),
    *("model.safetensors.index.json", "pytorch_model.bin.index.json"),
)


def newest_in(output_dir: object, disk: Disk) -> str | None:
    """Return the newest checkpoint of an output folder, or `model` where it only holds weights.

    Source: LLaMA Factory's `CHECKPOINT_NAMES`, transformers' `get_last_checkpoint` [0.9.5].
    """
    if not isinstance(output_dir, str) or "\0" in output_dir:
        return None
    folder = os.path.expanduser(output_dir)  # as transformers does, of this key alone
    try:
        names = disk.names(folder)
    except OSError:
        return None
    steps = {name: step for name in names if (step := step_of(name)) is not None}
    known = [name for name in steps if disk.is_folder(os.path.join(folder, name))]
    if known:
        return max(known, key=steps.__getitem__)
    weights = (os.path.join(folder, name) for name in _WEIGHTS if name in names)
    return MODEL if any(not disk.is_folder(path) for path in weights) else None


def checkpoint_of(values: Mapping[str, Any], held: object) -> str | None:
    """Return the checkpoint that a training config goes on from.

    `held`: what its output folder holds. Source: LLaMA Factory `get_train_args` takes the newest
    one in there by itself, but for value heads of whole models, which are never resumed [0.9.0 to
    0.9.5].
    """
    whole = values.get("finetuning_type") in ("full", "freeze")
    if whole and values.get("stage") in ("rm", "ppo"):
        return None
    named = values.get("resume_from_checkpoint")
    if isinstance(named, str):
        return named
    if named is False or (named is None and values.get("overwrite_output_dir")):
        return None
    if not isinstance(held, str) or held == MODEL:
        return None
    return os.path.join(os.path.expanduser(str(values.get("output_dir") or "")), held)


def state_of(checkpoint: str | None, path: str, disk: Disk) -> dict[str, int]:
    """Return the step and the intervals in a checkpoint's trainer_state.json, if it is in reach.

    Source: transformers `Trainer._init_training_state`, which loads the state over what it has
    computed of the arguments [4.45 to 5.6].
    """
    if not checkpoint or placeholder_in(checkpoint) is not None:
        return {}
    name = os.path.join(checkpoint, "trainer_state.json")
    found = json_file(name, path, disk, MOST_STATE).content
    if not isinstance(found, dict):
        return {}
    return {
        key: value
        for key in ("global_step", *INTERVALS)
        if isinstance(value := found.get(key), int) and not isinstance(value, bool) and value >= 0
    }


def way_out(values: Mapping[str, Any]) -> str:
    """Return what to do about a run that resumes at its end: what puts it there has to change."""
    longer = "Increase epochs or steps, or"
    named, folder = values.get("resume_from_checkpoint"), values.get("output_dir")
    if not named:
        return f"{longer} change `output_dir`"
    if named is True or os.path.dirname(_normal(named)) == _normal(folder):
        # in there the newest one is taken
        return f"{longer} remove `resume_from_checkpoint` and change `output_dir`"
    whole = values.get("finetuning_type") in ("full", "freeze")
    key = "model_name_or_path" if whole else "adapter_name_or_path"
    return f"Remove `resume_from_checkpoint`; to start from its weights set `{key}`"


def _normal(path: object) -> str:
    return os.path.normpath(os.path.expanduser(str(path)))


def step_of(checkpoint: object) -> int | None:
    """Return the step that a checkpoint's folder is named after; None for another name."""
    if not isinstance(checkpoint, str):
        return None
    named = re.fullmatch("checkpoint-([0-9]{1,18})", os.path.basename(checkpoint.rstrip("/")))
    return int(named[1]) if named else None
