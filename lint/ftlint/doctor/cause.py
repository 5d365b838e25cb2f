"""Why a run ended, read from what it printed: the last error that has a known cause.

Each cause names the keys of the config that change it. Source: the messages of torch, NCCL,
datasets, transformers, peft and LLaMA Factory 0.9.3 to 0.9.5, as their source raises them.
"""

from __future__ import annotations

import re

from ftlint.doctor.symptom import Symptom
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

TAIL = 1 << 20
"""Bytes at the end of a log that are read: that is where it says what ended it."""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Cause(NamedTuple):
    """An error that is known by its words."""

    name: str
    words: re.Pattern[str]
    text: str
    """What happened; `{1}`, `{2}` are groups of the words."""
    remedy: str
    keys: tuple[str, ...]
    """Keys of the config to look at, the first one foremost."""


def _cause(name: str, words: str, text: str, remedy: str, *keys: str) -> Cause:
    return Cause(name, re.compile(words, re.IGNORECASE | re.MULTILINE), text, remedy, keys)


CAUSES = (
    _cause(
        "host-memory", r"DataLoader worker .{0,40} killed by signal: (Killed)|oom-kill|"
        r"\bsignal 9\b|exitcode *: *-9|\bSIGKILL\b|^MemoryError\b|"
        r"DefaultCPUAllocator: (?:can't allocate memory|not enough memory)",
        "the host ran out of memory, or a process was killed from outside",
        "lower `preprocessing_num_workers` and `dataloader_num_workers`, or set `streaming: true`",
        "preprocessing_num_workers", "dataloader_num_workers",
    ),
    _cause(
        "bus-error", r"DataLoader worker .{0,60}Bus error|insufficient shared memory",
        "shared memory (/dev/shm) was full", "set `dataloader_num_workers: 0`, or give the"
        " container more with `--shm-size`", "dataloader_num_workers",
    ),
    _cause(
        "collective-timeout", r"Watchdog caught collective operation timeout.{0,200}?OpType=(\w+)|"
        r"NCCL.{0,80}(?:timed out|timeout)|gloo/\S+ Timed out waiting|Gloo \w+ failed.{0,80}imeout",
        "a process timed out waiting for the others{1}",
        "raise `ddp_timeout` if preprocessing or saving takes that long; else look for the rank"
        " that failed first", "ddp_timeout", "preprocessing_num_workers",
    ),
    _cause(
        "nccl", r"NCCL error|ncclSystemError|ncclInternalError|ncclUnhandledCudaError",
        "NCCL failed between GPUs", "run once with NCCL_DEBUG=INFO; on consumer cards set"
        " NCCL_P2P_DISABLE=1 and NCCL_IB_DISABLE=1",
    ),
    _cause(
        "disk-full", r"No space left on device|Disk quota exceeded|PytorchStreamWriter failed|"
        r"file write failed|Not enough free disk",
        "the disk is full", "free space, or set `save_total_limit` and `save_only_model: true`",
        "save_total_limit", "save_only_model", "output_dir",
    ),
    _cause(
        "dataset-undefined", r"Undefined dataset (\S+) in dataset_info\.json",
        "dataset {1} is not defined in dataset_info.json", "define it, or correct the name",
        "dataset", "dataset_dir",
    ),
    _cause(
        "no-columns", r"KeyError: '(instruction|output|input|messages|conversations|from|value|"
        r"role|content|chosen|rejected|kto_tag|prompt|response|text)'",
        "the data have no column or tag {1}", "name the columns of this dataset in"
        " dataset_info.json (`columns`, `tags`, `formatting`)", "dataset",
    ),
    _cause(
        "no-rows", r"Cannot find valid samples|"
        r"(?:num_samples should be a positive integer value, but got num_samples=0)",
        "no row of the data could be used", "check `template`, `cutoff_len` and the columns in"
        " dataset_info.json", "dataset", "template", "cutoff_len",
    ),
    _cause(
        "version", r"(?:ImportError|PackageNotFoundError|VersionConflict).{0,20}: "
        r"((?:\S+)[<>=!~]{1,2}\S+) is required.{0,120}",
        "another version is needed: {1}", "install it: `pip install \"{1}\"`",
    ),
    _cause(
        "missing-module", r"ModuleNotFoundError: No module named '([\w.]+)'|"
        r"The '([\w.-]+)[^'\n]{0,40}' distribution was not found|"
        r"RuntimeError: \w+ requires ([\w.-]+) to be installed|"
        r"ImportError: You need to install `?([\w.-]+)`? in order to",
        "the package {1} is not installed", "install it in the environment of the run",
        "flash_attn", "deepspeed", "report_to", "optim",
    ),
    _cause(
        "import", r"ImportError: cannot import name '(\w+)' from '([\w.]+)'",
        "{2} has no {1}: two installed packages do not fit together",
        "install the versions that this LLaMA Factory requires",
    ),
    _cause(
        "unused-keys", r"Some keys are not used by the HfArgumentParser: (.{1,200})",
        "LLaMA Factory rejects keys that it does not know: {1}", "run `ftlint` on the config",
    ),
    _cause(
        "gpu-device", r"CUDA error: device-side assert triggered",
        "an index was out of range on the GPU, usually a token id beyond the vocabulary",
        "look at `resize_vocab` and `add_tokens`, and run once with CUDA_LAUNCH_BLOCKING=1",
        "resize_vocab", "add_tokens", "template",
    ),
    _cause(
        "no-gradient", r"element 0 of tensors does not require grad",
        "no trainable parameter takes part in the loss", "look at `freeze_trainable_layers` or"
        " `lora_target`, and at `gradient_checkpointing`", "lora_target", "freeze_trainable_layers",
    ),
    _cause(
        "weights-differ", r"size mismatch for (\S+?):",
        "the weights of {1} have another shape than in the model", "check that adapter and model"
        " belong together", "adapter_name_or_path", "model_name_or_path", "resize_vocab",
    ),
    _cause(
        "not-reachable", r"(?:ConnectionError|MaxRetryError|LocalEntryNotFoundError|"
        r"OSError: We couldn't connect to '?(?:https://)?([\w.-]+))",
        "a hub could not be reached", "name a local folder, or set HF_ENDPOINT or"
        " USE_MODELSCOPE_HUB=1", "model_name_or_path", "dataset",
    ),
    _cause(
        "no-access", r"GatedRepoError|Access to model (\S+) is restricted|401 Client Error",
        "the hub gives no access to the model", "accept its licence there, and log in with"
        " `hf auth login`", "model_name_or_path",
    ),
    _cause(
        "stopped", r"^KeyboardInterrupt|received SIGTERM|SignalException.{0,40}got signal: (\d+)|"
        r"DUE TO TIME LIMIT",
        "the run was stopped from outside", "resume from its last checkpoint",
        "resume_from_checkpoint",
    ),
)  # fmt: skip
MEMORY = re.compile(
    r"(?:torch\.(?:cuda\.)?OutOfMemoryError|CUDA out of memory|NPU out of memory)", re.IGNORECASE
)
TRIED = re.compile(r"Tried to allocate ([\d.]+ [KMGT]i?B)")
CAPACITY = re.compile(r"total capacity of ([\d.]+ [KMGT]i?B)")
STEP = re.compile(r"(\d+)/(\d+) \[\d+:\d\d")
PHASES = (
    ("evaluation", re.compile(r"in (?:evaluation_loop|prediction_step|evaluate|predict)\b"), (
        "lower `per_device_eval_batch_size`, and set `prediction_loss_only: true`",
        ("per_device_eval_batch_size", "prediction_loss_only", "cutoff_len"),
    )),
    ("the optimizer's step", re.compile(r"in (?:_init_group|adamw?|_multi_tensor_adamw?)\b"), (
        "train with LoRA, with `optim: paged_adamw_8bit`, or with DeepSpeed ZeRO",
        ("finetuning_type", "optim", "deepspeed"),
    )),
    ("training", re.compile(r"in (?:training_step|compute_loss|_inner_training_loop|backward)\b"), (
        "lower `per_device_train_batch_size` and raise `gradient_accumulation_steps` by as much, or"
        " set `enable_liger_kernel: true`",
        ("per_device_train_batch_size", "cutoff_len", "gradient_accumulation_steps"),
    )),
    ("loading", re.compile(r"in (?:from_pretrained|load_model|_load_pretrained_model)\b"), (
        "set `quantization_bit: 4`, or spread the model with DeepSpeed ZeRO-3",
        ("quantization_bit", "deepspeed", "model_name_or_path"),
    )),
)  # fmt: skip


def ended_by(text: str, where: Mapping[str, str], values: Mapping[str, Any]) -> Symptom | None:
    """Return what ended the run that printed this; `where` are file and line of a config's keys."""
    plain = CONTROL.sub("", text.replace("\r", "\n"))
    found = [
        (last.start(), cause, last) for cause in CAUSES
        if (last := _last(cause.words, plain)) is not None
    ]  # fmt: skip
    memory = _last(MEMORY, plain)
    if memory is not None and not any(
        at > memory.start() and cause.name not in _CONSEQUENCES for at, cause, _ in found
    ):
        return _out_of_memory(plain, memory.start(), where, values)
    if not found:
        return None
    _, cause, match = min(found, key=lambda one: (one[1].name in _CONSEQUENCES, -one[0]))
    groups = [next((part for part in match.groups() if part), "")] if match.re.groups else [""]
    rest = [part for part in match.groups() if part][1:]
    detail = [_short(part) for part in (*groups, *rest, "", "")]
    if cause.name == "collective-timeout":
        detail[0] = f" ({detail[0]})" if detail[0] else ""
    return Symptom(
        f"ended-by-{cause.name}", "error", _filled(cause.text, detail),
        _placed(_filled(cause.remedy, detail), cause.keys, where, values),
    )  # fmt: skip


_CONSEQUENCES = {"collective-timeout", "nccl", "stopped", "host-memory"}
"""What follows in other processes once one has failed."""


def _last(words: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter([*words.finditer(text)][::-1]), None)


def _out_of_memory(
    text: str, at: int, where: Mapping[str, str], values: Mapping[str, Any]
) -> Symptom:
    start = text.rfind("Traceback (most recent call last)", 0, at)
    trace = text[max(start, 0) : at]
    phase, remedy = "the run", "lower `per_device_train_batch_size` and `cutoff_len`"
    keys: tuple[str, ...] = ("per_device_train_batch_size", "cutoff_len")
    for name, words, (advice, named) in PHASES:
        if words.search(trace):
            phase, remedy, keys = name, advice, named
            break
    tried, capacity = TRIED.search(text, at), CAPACITY.search(text, at)
    steps = [*STEP.finditer(text[:at])]
    said = f"the GPU ran out of memory in {phase}"
    if phase == "training" and steps and int(steps[-1][1]) > 1:
        said += f", at step {int(steps[-1][1]) + 1:,} of {int(steps[-1][2]):,}, although the steps"
        said += " before it fitted"
    if tried:
        said += f": {tried[1]} more were asked for"
        said += f" of {capacity[1]}" if capacity else ""
    return Symptom(
        "ended-by-memory", "error", said, _placed(remedy, keys, where, values)
    )  # fmt: skip


def _filled(template: str, detail: Sequence[str]) -> str:
    return template.replace("{1}", detail[0]).replace("{2}", detail[1])


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _placed(
    remedy: str, keys: Sequence[str], where: Mapping[str, str], values: Mapping[str, Any]
) -> str:
    """Return a remedy with where the config sets the first of the keys that it sets."""
    for key in keys:
        if key in where:
            return f"{remedy} ({where[key]}: `{key}: {_short(str(values.get(key)))}`)"
    return remedy


def logs_among(names: Iterator[str] | Sequence[str]) -> list[str]:
    """Return which files of a run's folder are what it printed, by their names."""
    return [
        name for name in names
        if name.endswith((".log", ".out", ".err")) or name in ("running_log.txt", "nohup.out")
    ]  # fmt: skip
