"""What rules may ask beyond the values of a config: facts, of which only those that are known.

docs/rules/writing.md lists every fact for authors of rules.
"""

from __future__ import annotations

from ftlint.facts import models
from ftlint.facts.effective import words
from ftlint.facts.paths import json_file, missing, opened, tokenized
from ftlint.target.classify import placeholder_in
from ftschemas.launchers import KT, RAY
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.facts.launch import Launch
    from ftlint.facts.layers import Given, Stated
    from ftlint.support.disk import Disk
    from ftlint.target.releases import Target


def facts(
    values: Mapping[str, Any],
    written: Mapping[str, object],
    target: Target,
    given: Given,
    stated: Stated,
    path: str,
    disk: Disk,
) -> dict[str, object]:
    """Return what is known besides, and only that: a rule over an unknown fact does not fire.

    `values`: the effective config. `written`: the file's own values, before anything is made of
    them.
    """
    shares = _numbers(values.get("interleave_probs"))
    held = _held(values.get("output_dir"), stated, disk)
    known: dict[str, object | None] = {
        "llamafactory": target.label,
        "release": target.release,
        "transformers": target.transformers,
        "interleave_probs": shares,
        "interleave_probs_sum": None if shares is None else round(sum(shares), 9),
        "report_to": _report_to(values.get("report_to"), target),
        "repeated_datasets": _repeated(values.get("dataset")),
        "memory_optimizers": _memory_optimizers(written, target),
        "save_is_multiple_of_eval": _save_is_multiple_of_eval(values),
        "next_evaluated_save": _next_evaluated_save(values),
        "unreadable_json": _unreadable_json(values, path, disk) or None,
        "unfetched_json": _unfetched_json(values, path, disk) or None,
        **{f"{key}_count": _count(values.get(key)) for key in _COUNTED},
        **{fact: _words_of(values.get(key)) for fact, key in _LISTS.items()},
        **_rate(values, given.bands),
        **models.facts(values, target),
        **_versions(target, stated),
        **_trl(target, values),
        **_launch(stated.launch, target, values),
        **_deepspeed(values, path, disk),
        **_opened(values, stated, path, disk),
        **_resumed(values, held, path, disk),
        **tokenized(values.get("tokenized_path"), path, disk, here=stated.here is not None),
        **dict(stated.facts),
        "output_dir_holds": held,
    }
    return {name: value for name, value in known.items() if value is not None}


_COUNTED = ("dataset", "eval_dataset", "interleave_probs")
_LISTS = {
    "dataset_names": "dataset",
    "eval_dataset_names": "eval_dataset",
    "adapters": "adapter_name_or_path",
    "lora_targets": "lora_target",
}
_JSON_KEYS = tuple(
    """accelerator_config deepspeed fsdp_config gradient_checkpointing_kwargs lr_scheduler_kwargs
    liger_kernel_config parallelism_config ray_init_kwargs resources_per_worker sglang_config
    vllm_config""".split()
)
"""Keys whose text value is read as JSON when it starts with a brace."""
_JSON_FILES = ("accelerator_config", "deepspeed", "fsdp_config")
"""Keys whose other text names a JSON file."""


def _words_of(value: object) -> list[object] | None:
    return (
        words(value) if isinstance(value, (str, list)) and placeholder_in(value) is None else None
    )


def _repeated(value: object) -> list[str] | None:
    seen: set[str] = set()
    again: dict[str, None] = {}
    for word in _words_of(value) or ():
        if isinstance(word, str):
            if word in seen:
                again[word] = None
            seen.add(word)
    return list(again) or None


def _memory_optimizers(written: Mapping[str, object], target: Target) -> float | None:
    """Add up GaLore, APOLLO and BAdam as LLaMA Factory does; None where it could not either.

    It takes the switches for numbers, so that `use_galore: 2` alone is one too many. Source:
    `FinetuningArguments.__post_init__` [0.9.2 to 0.9.5]; before, two that are on.
    """
    galore, apollo, badam = (written.get(f"use_{name}", False) for name in _MEMORY_OPTIMIZERS)
    if not (galore or apollo or badam):
        return None
    if target.versions[0] < (0, 9, 2):
        return bool(galore) + bool(badam)
    try:
        return int(galore) + int(apollo) + badam  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError, OverflowError):
        return None


_MEMORY_OPTIMIZERS = ("galore", "apollo", "badam")


def _count(value: object) -> int | None:
    listed = _words_of(value)
    return None if listed is None else len(listed)


def _numbers(value: object) -> list[float] | None:
    try:
        return None if value is None else [float(word) for word in words(value)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _report_to(value: object, target: Target) -> list[object] | None:
    """Return the loggers as transformers leaves them; unknown where it means all installed ones."""
    if value in ("none", ["none"]):
        return []
    before_5 = target.versions[1] < (5,)
    if (
        value in ("all", ["all"])
        or (value is None and before_5)
        or placeholder_in(value) is not None
    ):
        return None
    return value if isinstance(value, list) else [value]


def _save_is_multiple_of_eval(values: Mapping[str, Any]) -> bool | None:
    """Apply transformers' own test; unknown unless both are numbers.

    Source: `TrainingArguments.__post_init__`, fractions of a run compared as millionths.
    """
    save, every = values.get("save_steps"), values.get("eval_steps")
    for value in (save, every):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if value in (float("inf"), float("-inf")):
            return None
    if not every or not save:
        return None
    save = int(save) if save > 1 and save == int(save) else save
    every = int(every) if every > 1 and every == int(every) else every
    if save % every == 0:
        return True
    return every < 1 and save < 1 and (save * 1_000_000) % (every * 1_000_000) == 0


def _next_evaluated_save(values: Mapping[str, Any]) -> int | None:
    """Return the first step from save_steps on that is evaluated, where both count whole steps."""
    save, every = values.get("save_steps"), values.get("eval_steps")
    for value in (save, every):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if not 1 <= value < 1e9 or value != int(value):
            return None
    assert save is not None
    assert every is not None
    return -(-int(save) // int(every)) * int(every)


def _unreadable_json(values: Mapping[str, Any], path: str, disk: Disk) -> dict[str, str]:
    """Return why JSON does not parse, by its key: text in the config, or a file that it names.

    Source: run; a file of deepspeed, fsdp_config or accelerator_config is read while arguments are
    parsed [0.9.3 to 0.9.5], and no `{` in front is needed there.
    """
    faults: dict[str, str] = {}
    for key in _JSON_KEYS:
        value = values.get(key)
        if not isinstance(value, str) or placeholder_in(value) is not None:
            continue
        if value.startswith("{"):
            faults[key] = _fault(value)
    for key, value in _json_files(values):
        fault = json_file(value, path, disk).fault
        faults[key] = fault and f"{value} is not JSON: {fault}"
    return {key: fault for key, fault in faults.items() if fault}


def _json_files(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the JSON files of settings that a run opens, with their keys."""
    for key in _JSON_FILES if "do_train" in values else ():
        value = values.get(key)
        if not isinstance(value, str) or placeholder_in(value) is not None:
            continue
        if "." in value and not value.startswith("{"):
            yield key, value


def _unfetched_json(values: Mapping[str, Any], path: str, disk: Disk) -> dict[str, str]:
    """Return, by key, the files of settings in whose place a Git LFS pointer is."""
    return {key: one for key, one in _json_files(values) if json_file(one, path, disk).unfetched}


def _fault(text: str) -> str:
    import json

    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at character {error.pos + 1}"
    except ValueError:
        return "it has a number with more digits than Python reads"
    return ""


def _rate(values: Mapping[str, Any], bands: Mapping[str, Any]) -> dict[str, object]:
    """Return the method, the rate it usually starts from, and how far the config's is from that.

    LLaMA Factory has no word for QLoRA: it is LoRA on a model that is quantized while loading.
    """
    method, rate = values.get("finetuning_type"), values.get("learning_rate")
    if not isinstance(method, str):
        return {}
    if method == "lora" and values.get("quantization_bit"):
        method = "qlora"
    table = bands["stages"].get(str(values.get("stage")), {})
    usual = table.get("methods", {}).get(method, {}).get("learning_rate")
    factor = table.get("rate", {}).get("factor")
    known: dict[str, object] = {"method": method}
    if usual and factor and isinstance(rate, (int, float)) and rate > 0:
        above, below = round(rate / usual, 2), round(usual / rate, 2)
        off = f"{above:g} times" if above >= 1 else f"{below:g} times below"
        risk = "divergence or forgetting" if above >= 1 else "learning almost nothing"
        known.update(usual_rate=usual, rate_factor=factor, rate_above=above, rate_below=below,
                     rate_off=off, rate_risk=risk)  # fmt: skip
    return known


def _launch(launch: Launch, target: Target, values: Mapping[str, Any]) -> dict[str, object]:
    """Return what is known of the launch.

    `devices` are the GPUs of all nodes, `world_size` the processes, whoever starts them.
    """
    known: dict[str, object] = {}
    launcher = launch.started_by(target)
    if launch.environment is not None:
        known["env"] = list(launch.environment)
        known["unread_variables"] = launch.unread(target) or None
    if launch.gpus is not None:
        nodes = launch.nodes or 1
        devices = launch.gpus * nodes
        known.update(gpus=launch.gpus, nodes=nodes, devices=devices, world_size=devices)
    if launcher is not None:
        known["launcher"] = launcher
    if launcher == RAY and isinstance(values.get("ray_num_workers"), int):
        known["world_size"] = values["ray_num_workers"]
    elif launcher == KT:
        known["world_size"] = 1
    return known


def _versions(target: Target, stated: Stated) -> dict[str, object]:
    """Return which versions do not go together; of the usual pair alone nothing is to be told."""
    if target.is_usual_pair and all(name != "versions" for name, _ in stated.facts):
        return {}
    from ftlint.facts import versions

    return versions.facts(target, stated)


def _trl(target: Target, values: Mapping[str, Any]) -> dict[str, object]:
    """Return whether a trl with which ppo trains is one that the target starts with."""
    if values.get("stage") != "ppo":
        return {}
    from ftlint.target.pins import has_ppo

    return {"trl_has_ppo": has_ppo(target)}


def _opened(values: Mapping[str, Any], stated: Stated, path: str, disk: Disk) -> dict[str, object]:
    paths = opened(values)
    if stated.dataset_dir:
        paths.pop("dataset_dir", None)
    return {"opened": paths, "missing": missing(paths, path, disk) if stated.here else None}


def _held(output_dir: object, stated: Stated, disk: Disk) -> object:
    """Return what is stated of the output folder, or what it holds where it is to be looked at."""
    said = dict(stated.facts).get("output_dir_holds")
    if stated.here is None or stated.is_over_here("output_dir_holds"):
        return said
    from ftlint.facts.checkpoints import newest_in

    found = newest_in(output_dir, disk)
    return said if found is None else found


def _resumed(values: Mapping[str, Any], held: object, path: str, disk: Disk) -> dict[str, object]:
    """Return where training resumes, as far as the checkpoint's name or its state tells it."""
    if not values.get("do_train") or (held is None and not values.get("resume_from_checkpoint")):
        return {}
    from ftlint.facts import checkpoints

    checkpoint = checkpoints.checkpoint_of(values, held)
    state = checkpoints.state_of(checkpoint, path, disk)
    step = state.get("global_step", checkpoints.step_of(checkpoint))
    found: dict[str, object] = {}
    if step is not None:
        found = {"resumes_at": step, "way_out": checkpoints.way_out(values)}
    kept = {name: state[name] for name in checkpoints.INTERVALS if name in state}
    return {**found, "checkpoint_intervals": kept} if kept else found


def _deepspeed(values: Mapping[str, Any], path: str, disk: Disk) -> dict[str, object]:
    if not values.get("deepspeed"):
        return {}
    from ftlint.facts import deepspeed

    return deepspeed.facts(values["deepspeed"], path, disk)
