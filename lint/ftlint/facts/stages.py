"""What a run begins with, held against the config that writes it: an earlier stage, a training.

An export, a chat or a later stage names the folder that another config's run writes. What both
say of model, template and tokens must fit; of several configs that write it one is enough. Between
a training and what begins with its model there may be an export, which merges the adapter.
"""

from __future__ import annotations

import os

from ftlint.facts.neighbours import lies_in, record_in
from ftlint.facts.outline import text_of
from ftlint.facts.paths import is_local
from ftlint.support.pattern import pattern
from ftlint.target.classify import placeholder_in
from ftlint.target.models import find_template, unquantized
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.neighbours import Neighbour, Neighbourhood
    from ftlint.support.disk import Disk
    from ftlint.target.tree import Tree

TOKENS = ("add_tokens", "add_special_tokens", "new_special_tokens_config")
"""Keys that make the embeddings larger, of which a LoRA adapter then holds a copy.

Source: LLaMA Factory model/patcher.py patch_tokenizer, model/adapter.py (resize_vocab) [0.9.5].
"""
WHOLE = ("full", "freeze")
"""Methods whose output is a model, not an adapter."""
_PREFERENCE = pattern(r"(?<![a-z])(dpo|kto|ipo|rlhf|pref\w*|hinge|align\w*)(?![a-z])")


def facts(
    config: Mapping[str, Any],
    path: str,
    near: Neighbourhood,
    disk: Disk,
    release: Tree | str,
    *,
    in_place: bool,
) -> dict[str, object]:
    """Return what a run that begins with another one's output can be held against.

    `earlier_config`, `earlier_rate`: of the config in the same folder that writes what this run of
    the same stage and method begins with, and the rate it names; of several the fastest.
    `near_config`, `near_output`: where no file there names it and nothing lies there, the config
    that writes to a folder of nearly that name. `writer`: what in this config does not fit the one
    that writes its adapter or model. `model_quantized`: how a config near exports the model, where
    it does so quantized. `resumed`: the other run that `resume_from_checkpoint` names.
    `reference_by`: see `_reference`. `in_place`: whether ZeRO stage 3 keeps adapters from being
    merged.
    """
    adapter, model = config.get("adapter_name_or_path"), config.get("model_name_or_path")
    found = {**_of_stage(config, near, disk), **_resumed(config, near)}
    if isinstance(adapter, str):
        adapter = adapter.rpartition(",")[2].strip()  # earlier ones are merged into the model
    for begun, is_adapter in ((adapter, True), (model, False)):
        if isinstance(begun, str) and is_folder(begun):
            record = record_in(begun, path, disk)
            writers = [record] if record else near.writers_of(begun)
            unlike = [_unlike(config, writer, is_adapter, release) for writer in writers]
            exporters = [] if writers else near.exporters_of(begun)
            if exporters and is_adapter:
                writers, unlike = exporters, [_AN_EXPORT] * len(exporters)
            elif exporters:
                writers = [one for exporter in exporters for one in _merged_by(exporter, near)]
                unlike = [_unlike_template(config, writer, release) for writer in writers]
                if all(one.get("export_quantization_bit") for one in exporters):
                    found["model_quantized"] = "GPTQ"
            if writers and all(unlike):
                key = "adapter_name_or_path" if is_adapter else "model_name_or_path"
                told = {"config": writers[0].name, "key": key, "path": config[key]}
                found["writer"] = {**told, **unlike[0]}
                break
    if isinstance(adapter, str) and "," not in str(config["adapter_name_or_path"]):
        found.update(_reference(config, adapter, near, in_place))
    return found


def is_folder(name: str) -> bool:
    """Return whether a name, which has slashes, is meant as one folder."""
    return not ("," in name or "\0" in name or placeholder_in(name) is not None)


def _of_stage(config: Mapping[str, Any], near: Neighbourhood, disk: Disk) -> dict[str, object]:
    begun = config.get("adapter_name_or_path") or config.get("model_name_or_path")
    if not isinstance(begun, str) or not is_folder(begun) or os.path.isabs(begun):
        return {}
    if not is_local(begun):
        return {}  # the name of a model on a hub
    begun = os.path.normpath(begun)
    beside = near.beside
    writers = [one for one in beside if one.output is not None and lies_in(begun, one.output)]
    if writers:
        kind = str(config.get("stage", "sft")), str(config.get("finetuning_type", "lora"))
        rates = [(_number(one), one.name) for one in writers if _kind(one) == kind]
        if len(rates) < len(writers) or any(rate is None for rate, _ in rates):
            return {}
        rate, name = max((rate or 0.0, name) for rate, name in rates)
        return {"earlier_config": name, "earlier_rate": rate}
    unknown = near.vicinity.cut or any(one.get("output_dir") is None for one in beside)
    if unknown or not config.get("adapter_name_or_path"):
        return {}
    if any(text is None or begun in text for text in near.texts):
        return {}
    closest = _near(begun, beside, disk)
    if closest is None:
        return {}
    return {"near_config": closest.name, "near_output": closest.output}


def _merged_by(exporter: Neighbour, near: Neighbourhood) -> list[Neighbour]:
    """Return the configs that train what an export writes: its last adapter, or its model."""
    adapter = (exporter.get("adapter_name_or_path") or "").rpartition(",")[2].strip()
    trained = adapter or exporter.get("model_name_or_path") or ""
    return near.writers_of(trained) if trained and is_folder(trained) else []


def _kind(one: Neighbour) -> tuple[str | None, str | None]:
    return one.get("stage", "sft") or "sft", one.get("finetuning_type", "lora") or "lora"


def _near(begun: str, others: list[Neighbour], disk: Disk) -> Neighbour | None:
    """Return the config that writes to a folder of nearly that name, where nothing lies there."""
    if disk.exists(begun):
        return None
    folder, name = os.path.split(begun)
    leaves = {
        os.path.basename(one.output): one
        for one in others
        if one.output is not None and os.path.dirname(one.output) == folder
    }
    from ftlint.target.slips import guess

    near = guess(name, leaves)
    return None if near is None else leaves[near.name]


def _number(one: Neighbour) -> float | None:
    try:
        return float(one.get("learning_rate") or "none")
    except ValueError:
        return None


def _unlike(
    config: Mapping[str, Any], writer: Neighbour, is_adapter: bool, release: Tree | str
) -> dict[str, str]:
    """Return what of a config does not fit the one that writes what it begins with, by subject.

    Each is the other one's value: `model`, `template`, `rope_scaling`, or a key of `TOKENS`.
    `output`: what it writes, where that is no adapter but is loaded as one, or the reverse; `does`
    is then what it does, and `loads` the key that loads it.
    """
    whole = writer.get("finetuning_type", "lora") in WHOLE
    known = writer.get("finetuning_type", "lora") is not None
    if known and whole == is_adapter:
        method = writer.get("finetuning_type", "lora") or "lora"
        does = f"trains with `finetuning_type: {method}` and writes"
        if whole:
            return {**_AN_EXPORT, "does": does}
        return {**_AN_ADAPTER, "does": does}
    found = _unlike_template(config, writer, release)
    if not is_adapter:
        return found
    ours, theirs = (
        text_of("model_name_or_path", config.get("model_name_or_path")),
        writer.get("model_name_or_path"),
    )
    if ours and theirs and _other_model(ours, theirs):
        found["model"] = theirs
    for key in (*TOKENS, "rope_scaling"):
        ours, theirs = text_of(key, config.get(key)), writer.get(key)
        if theirs and ours is not None and _spelled(ours) != _spelled(theirs):
            found[key] = theirs
    return found


_AN_EXPORT = {
    "does": "exports", "output": "a whole model, not an adapter", "loads": "model_name_or_path",
}  # fmt: skip
_AN_ADAPTER = {"output": "an adapter, not a whole model", "loads": "adapter_name_or_path"}


def _unlike_template(
    config: Mapping[str, Any], writer: Neighbour, release: Tree | str
) -> dict[str, str]:
    """Return the template of a training, where a config has another one for what it has trained."""
    ours, theirs = text_of("template", config.get("template")), writer.get("template")
    reads = writer.get("stage", "sft") != "pt" and config.get("stage") != "pt"
    if ours and theirs and reads and _other_template(ours, theirs, release):
        return {"template": theirs}
    return {}


def _other_template(one: str, other: str, release: Tree | str) -> bool:
    """Return whether two templates of a release are certain to write different marks."""
    ours, theirs = find_template(one, release), find_template(other, release)
    return ours is not None and theirs is not None and ours.format != theirs.format


def _other_model(one: str, other: str) -> bool:
    """Return whether two names are certain to name different models.

    A folder can have any name: of one only another size or another family tells.
    """
    ours, theirs = unquantized(one), unquantized(other)
    if ours == theirs:
        return False
    if _is_of_a_hub(one) and _is_of_a_hub(other):
        return True
    for tells in (_SIZE, _FAMILY):
        sizes = tells.findall(ours), tells.findall(theirs)
        if all(sizes) and sizes[0] != sizes[1]:
            return True
    return False


_SIZE = pattern(r"(?<![a-z0-9])(\d+(?:\.\d+)?)b(?![a-z])")
_FAMILY = pattern(
    r"\A(llama|qwen|mistral|mixtral|gemma|phi|chatglm|glm|internlm|baichuan|deepseek|falcon|bloom)"
)
_FOLDERS = frozenset(
    """checkpoint checkpoints ckpt ckpts data export exports hf llm llms merged model models output
    outputs pretrained results save saves weights""".split()
)
"""First parts of paths, which no owner on a hub is called."""


def _is_of_a_hub(name: str) -> bool:
    owner, slash, _ = name.partition("/")
    return bool(slash) and not is_local(name) and owner.lower() not in _FOLDERS


def _resumed(config: Mapping[str, Any], near: Neighbourhood) -> dict[str, object]:
    """Return the other run that a run resumes, where its config is near and it differs."""
    named, own = config.get("resume_from_checkpoint"), config.get("output_dir")
    if not isinstance(named, str) or not is_folder(named):
        return {}
    begun = os.path.normpath(named)
    if isinstance(own, str) and lies_in(begun, os.path.normpath(own)):
        return {}
    writers = near.writers_of(begun)
    if not writers or any(not changed(config, one, DATA) for one in writers):
        return {}  # the same run with more epochs or steps in a new folder
    begin = "model_name_or_path" if config.get("finetuning_type") in WHOLE else ADAPTER
    return {"resumed": {"config": writers[0].name, "begin": begin, "path": named}}


ADAPTER = "adapter_name_or_path"
DATA = ("stage", "finetuning_type", "dataset", "eval_dataset", "model_name_or_path", "template")


def changed(config: Mapping[str, Any], other: Neighbour, keys: tuple[str, ...]) -> list[str]:
    """Return the keys of which both are known to say something else."""
    return [key for key in keys if _differs(config, other, key)]


def _differs(config: Mapping[str, Any], other: Neighbour, key: str) -> bool:
    ours = text_of(key, config.get(key)) if key in config else ""
    theirs = other.get(key)
    if ours is None or theirs is None:
        return False
    if key == "model_name_or_path":
        return _other_model(ours, theirs)
    return _spelled(ours) != _spelled(theirs)


def _spelled(text: str) -> str:
    """Return a value as numbers and lists are alike however they are written."""
    try:
        return str(float(text))
    except ValueError:
        return ",".join(part.strip() for part in text.split(","))


def _reference(
    config: Mapping[str, Any], adapter: str, near: Neighbourhood, in_place: bool
) -> dict[str, object]:
    """Return what makes the adapter that a run of preferences begins with part of the reference.

    An adapter that the same run, or another one of preferences, has written has the base model for
    its reference, too. Source: dpo/trainer.py, kto/trainer.py compute_reference_log_probs.
    """
    if config.get("stage") not in ("dpo", "kto") or not adapter:
        return {}
    own, begun = config.get("output_dir"), os.path.normpath(adapter)
    if isinstance(own, str) and lies_in(begun, os.path.normpath(own)):
        return {}
    writers = near.writers_of(adapter) if is_folder(adapter) else []
    if any(one.get("stage", "sft") in (None, "dpo", "kto") for one in writers):
        return {}
    if not writers and _PREFERENCE.search(adapter.lower()):
        return {}
    if config.get("quantization_bit") or in_place:
        return {"reference_by": "set `ref_model` and `ref_model_adapters`"}
    return {"reference_by": "set `create_new_adapter: true`"}
