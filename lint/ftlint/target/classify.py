"""Is this file a LLaMA Factory config, and for which command? Told by its keys, not its name."""

from __future__ import annotations

import re

from ftlint.target import keys as catalogue
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Literal

    Command = Literal["train", "export", "chat", "eval", "v1"]

SUBCOMMANDS: dict[str, Command] = {
    "train": "train", "export": "export", "eval": "eval",
    "chat": "chat", "api": "chat", "webchat": "chat",
}  # fmt: skip
"""What `llamafactory-cli` reads a config for, and which of its parsers does."""


class Kind(NamedTuple):
    """What a file is: a config for a command, or why it is passed over.

    `unsure`: nothing tells what it is, so that whoever named it should hear that it was not judged.
    `void`: nothing is in it that could be judged as anything, which is said as well.
    """

    command: Command | None
    why: str = ""
    unsure: bool = False
    void: bool = False


_MARKERS = frozenset(
    """stage finetuning_type template cutoff_len dataset dataset_dir eval_dataset lora_target
    lora_rank adapter_name_or_path export_dir export_size export_device export_legacy_format
    infer_backend quantization_bit quantization_method pref_loss pref_beta packing
    neat_packing freeze_trainable_layers use_galore use_badam use_unsloth
    enable_liger_kernel visual_inputs val_size mix_strategy plot_loss overwrite_cache
    preprocessing_num_workers do_train do_predict image_max_pixels media_dir reward_model
    task n_shot""".split()
)
"""Keys that make a file with `model_name_or_path` LLaMA Factory's rather than another trainer's."""

_OWN = frozenset(
    """stage finetuning_type cutoff_len lora_target export_dir infer_backend dataset_dir
    template plot_loss neat_packing
    quantization_bit""".split()
)
ALONE = frozenset(
    """finetuning_type cutoff_len infer_backend neat_packing plot_loss adapter_name_or_path
    lora_target export_dir""".split()
)
"""Keys that no other tool is known to have, which tell a file even without a model's name."""
_TOGETHER = frozenset("stage finetuning_type template cutoff_len do_train".split())
"""Keys of which no other tool has three."""
_OTHERS = frozenset(
    """base_model sequence_len datasets dataset_mixer torch_dtype model_type architectures
    trainer actor_rollout_ref services jobs repos compute_environment distributed_type
    zero_optimization train_batch_size bomFormat site_name""".split()
)
"""Top-level keys of other tools' files (axolotl, trl recipes, verl, compose, workflows …)."""

_HYDRA = "_target_"
"""The class that Hydra makes of a file: whatever else is in it are that class's arguments."""

V1 = frozenset(
    """model_class init_config peft_config kernel_config quant_config dist_config optim_config
    lr_scheduler_config train_dataset sample_backend micro_batch_size global_batch_size
    batching_strategy save_ckpt_as_hf enable_activation_checkpointing""".split()
)
_BATCH = frozenset(["micro_batch_size", "global_batch_size"])
"""Keys of v1 that every descendant of Megatron has as well."""
_DOES = frozenset("do_train do_eval do_predict".split())
_STARTS = _DOES | {"output_dir"}
_RUNS = _STARTS | frozenset(
    "per_device_train_batch_size num_train_epochs learning_rate max_steps".split()
)
"""Keys that `train` alone takes; without one of the first four nobody trains."""
_DATA = frozenset(["dataset", "eval_dataset"])
"""Keys that every command takes and only `train` (and `export` that quantizes) has a use for."""

_EXPORTS = frozenset(["export_dir", "export_size", "export_device", "export_legacy_format"])
_TALKS = frozenset(["infer_backend", "vllm_maxlen", "sglang_maxlen", "temperature", "top_p"])

_LINE = r"""(?mx)^([ ]*)(?:
    -[ ]                                                     # an item of a list
    | ["']?([A-Za-z_]\w*)["']?[ \t]*: (?=[\s"'\[{,]|$)         # a key
      [ \t]*(?:[&!]\S*[ \t]*)* (?:[|>][^\n]*|\#[^\n]*)? ($)?   # with nothing on its line
)"""
"""A line that begins a list item or a pair; the last group is set when a nested block follows."""

_JSON = r"""(?x) ([\[{]) | ([\]}]) | (?: "((?:[^"\\\n]|\\.)*)\\?"? | '([^'\n]*)'? ) (\s*:)?"""
"""A bracket that opens, one that closes, or a text, with the colon that makes it a key.

A text that is not closed ends with its line, so that none is looked through twice.
"""


def names_in(text: str) -> list[str]:
    """Return what looks like top-level keys, also in a text that does not parse."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    start = text.lstrip()[:2]
    if start[:1] in ("{", "[") and start != "{{":  # which begins a template of some other language
        return _names_in_json(text)
    names: list[str] = []
    below: int | None = None
    for match in re.finditer(_LINE, text):
        indent = len(match[1])
        if below is not None and indent > below:
            continue  # inside another key's block or a list, which make no top-level keys
        below = indent if match[2] is None or match[3] is not None else None
        names += [match[2]] if match[2] else []
    return names


def _names_in_json(text: str) -> list[str]:
    """Return the keys of the outermost object, whatever is in it and wherever it breaks off."""
    names, depth = [], 0
    for opens, closes, text_, other, colon in re.findall(_JSON, text):
        depth += bool(opens) - bool(closes)
        name = text_ or other
        if depth == 1 and colon and name.isidentifier():
            names.append(name)
    return names


def command_of(names: Collection[str]) -> Command | None:
    """Return the command that a file with these top-level keys is for; None: not LLaMA Factory's.

    `v1` is the new nested family of LLaMA Factory's rewrite, which no rule of v0 judges.
    """
    keys = set(names)
    if "model" in keys and "model_name_or_path" not in keys and _is_v1(keys):
        return "v1"
    return use_of(keys) if _is_config(keys) else None


def _is_v1(keys: set[str]) -> bool:
    """Return whether a file with a `model` is v1's: by two of its keys, or one and no other's."""
    own = keys & V1
    if not own - _BATCH:
        return False
    known = (name for program, _ in compiled.V1.values() for name in program)
    return len(own) >= 2 or keys <= V1.union(known)


def use_of(keys: set[str]) -> Command:
    """Return the command that a config with these keys is for."""
    exports = "export_dir" in keys or (keys & _EXPORTS and not keys & _TALKS)
    if exports and not keys & (_STARTS if keys & (_RUNS - _STARTS | _DATA) else _DOES):
        return "export"  # with an output_dir, too, which `export` refuses
    if "task" in keys and not keys & (_RUNS | _DATA):
        return "eval"
    if "infer_backend" in keys and not keys & (_STARTS | _DATA | {"stage"}):
        return "chat"
    if keys & _RUNS or (keys & {"stage", *_DATA} and not keys & _TALKS):
        return "train"
    return "chat"


def _is_config(keys: set[str]) -> bool:
    if _HYDRA in keys:
        return False
    if len(keys & _TOGETHER) >= 3:
        return True  # whatever else is misspelt, or another tool's
    markers = len(keys & _MARKERS)
    if keys & _OTHERS and markers < 4 and not keys & ALONE:
        return False
    foreign = len([key for key in keys if not catalogue.is_known(key)])
    if "model_name_or_path" in keys:
        own = len(keys & _OWN)
        few = len(keys) <= 4 or foreign <= len(keys) // 4
        return own >= 1 and (markers >= 2 or few) and markers + own > foreign // 2
    if markers >= 4 and len(keys & _OWN) >= 2:
        return foreign <= len(keys) // 2
    return bool(keys & ALONE) and markers >= 2 and len(keys) >= 4 and foreign <= len(keys) // 4


NOT_KNOWN = "${not_known}"
"""The value of a key that only the script that sets it can tell; it has the form of such a gap."""


def placeholder_of(name: str, value: object) -> str | None:
    """Return the gap in a key's value; tokens are written in angle brackets, and are none."""
    gap = placeholder_in(value)
    return None if gap is not None and gap.startswith("<") and name in _TOKENS else gap


_TOKENS = frozenset(["add_tokens", "add_special_tokens"])


def placeholder_in(value: object) -> str | None:
    """Return the gap to be filled in before the run, if a value is or holds one.

    `{{X}}`, `${VAR}`, `$VAR`, `<your_path>`, `__X__`, `%X%` and the word itself are such gaps; a
    variable in small letters is one where it is all of the value.
    """
    if not isinstance(value, str):
        return None
    if value.lower() == "placeholder":
        return value
    if not ("$" in value or "{" in value or "<" in value or "%" in value or "__" in value):
        return None
    match = re.search(_PLACEHOLDER, value)
    return match.group() if match else None


_PLACEHOLDER = (
    r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|\$[A-Z_][A-Z0-9_]*\b|\A\$[A-Za-z_]\w*\Z|\A<[^<>|]+>\Z"
    r"|__[A-Z][A-Z0-9_]*__|\A%\w+%\Z"
)
"""Each part stops at what would start it anew, so that no text takes more than one pass."""
