"""Whether a file that somebody named is meant as a config, however misspelt its keys are."""

from __future__ import annotations

from ftlint.target.classify import ALONE, V1, Kind, command_of, use_of
from ftlint.target.keys import LLAMAFACTORY, owner
from ftlint.target.other_tools import BOARD, by_name, by_suffix, by_text, shape_of
from ftlint.target.slips import is_one_letter_apart
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MODEL = "model_name_or_path"
MOST = 400
"""Keys that are looked at; no release has more."""

_EVERYDAY = frozenset(
    """batch_size buffer_size cache_dir chunk_size do_sample fp8 lang length_penalty lora_alpha
    lora_dropout lora_rank low_cpu_mem_usage master_addr master_port max_length max_new_tokens
    max_samples mode model_name_or_path model_revision module_dropout num_beams offload_folder
    overwrite_cache packing placement_strategy preprocessing_batch_size preprocessing_num_workers
    project repetition_penalty reward_model rope_scaling save_dir skip_special_tokens streaming
    task task_dir temperature top_k top_p trust_remote_code use_dora use_fast_tokenizer use_rslora
    stage dataset dataset_dir eval_dataset template val_size quantization_bit quantization_method
    hf_hub_token ppo_epochs loraplus_lr_embedding loraplus_lr_ratio image_dir media_dir
    ref_model early_stopping_steps""".split()
)
"""Keys of LLaMA Factory that other tools have as well, so that one of them tells nothing."""
_OF_DATA = frozenset("stage dataset dataset_dir eval_dataset template val_size".split())
"""Everyday words, which beside a model or each other are hardly another tool's."""

_TELLING = frozenset("stage finetuning_type template cutoff_len do_train dataset".split())
"""What nearly every config has: two of them tell it, or one beside a slip of a key."""
_EVERYWHERE = frozenset(["stage", "dataset"])
"""Of those, the words that stand together in other files as well."""


def kind_of(names: Collection[str], path: str, text: str) -> Kind:
    """Return what a named file is by its top-level keys; `text` may be its head.

    In a folder, which holds whatever it holds, only what is plainly a config is one. A file that
    was named is one as well when it has a key of LLaMA Factory's, or a slip of one, and no other
    tool's shape.
    """
    what = by_suffix(path)
    if what is not None:
        return Kind(None, what)
    nothing = by_text(text)
    if nothing is not None:
        return Kind(None, nothing, void=True)
    command = command_of(names)
    if command is not None:
        return Kind(command)
    what = by_name(path)
    return Kind(None, what) if what is not None else _resembled(names, text)


def _resembled(names: Collection[str], text: str) -> Kind:
    """Return what a file with these keys seems meant as.

    A key that no other tool has settles it, and so do three that are LLaMA Factory's own. Else at
    least half of the keys must be LLaMA Factory's, or names that people write for them, and one of
    them its own; a model's name beside a word of its data does as well, and so do two of the keys
    of nearly every config, one beside a slip, or `template` misspelt.
    """
    listed = list(dict.fromkeys(names))[:MOST]
    meant = {name: _meant(name) for name in listed}
    keys = {key for key in meant.values() if key is not None}
    own = {key for key in keys if _is_own(key)}
    if len(own) < 2:
        shape = shape_of(set(listed), text)
        if shape is not None:
            return Kind(None, shape, void=shape == BOARD)
    near = sum(key is not None or name in compiled.ALIASES for name, key in meant.items())
    half = 2 * near >= len(listed) > 0
    words = len(keys & _OF_DATA)
    enough = (
        bool(keys & ALONE)
        or len(own) >= 3
        or (half and (bool(own) or words >= 3))
        or (half and MODEL in keys and (words > 0 or near == len(listed)))
        or (half and _tell(keys, meant, every=near == len(listed)))
    )
    if enough:
        mended = keys | {name for name, key in meant.items() if key is None}
        return Kind(command_of(mended) or use_of(mended))
    why = f"{near} of {len(listed)} top-level keys could be LLaMA Factory's: too few"
    if not near:
        why = "no LLaMA Factory key at the top level"
    elif half:
        why = "its keys are common to many trainers, and none belongs to LLaMA Factory only"
    return Kind(None, why, unsure=True)


def _tell(keys: set[str], meant: Mapping[str, str | None], *, every: bool) -> bool:
    """Return whether common keys, or misspelt ones, identify a file with few keys of its own.

    `every`: whether it has no other keys than LLaMA Factory's and names that people write for them.
    """
    telling = keys & _TELLING
    slips = {
        key
        for name, key in meant.items()
        if key is not None and key != name and len(key) > SHORT and name not in compiled.ALIASES
    }
    return (
        (len(telling) >= 2 and (every or not telling <= _EVERYWHERE))
        or bool(telling and slips - {"dataset"})
        or "template" in slips
    )


SHORT = 5
"""Letters of the longest key that is a letter away from too many words to tell anything."""


def _meant(name: str) -> str | None:
    """Return the key that a name is, or that it is a slip of."""
    if name in compiled.KEYS or name in compiled.REMOVED or name in V1:
        return name
    if len(name) < 4:
        return None
    return min(slips_of(name, compiled.KEYS), default=None)


def _is_own(key: str) -> bool:
    return owner(key) == LLAMAFACTORY and key not in _EVERYDAY


def slips_of(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that `name` differs from by case, dashes or one letter.

    That tells what a file is; what to write for a name is for `ftlint.target.slips.guess` to say.
    NAMES_IN_CAPITALS are environment variables, which nobody writes for a key.
    """
    if name.isupper():
        return []
    folded = name.lower().replace("-", "_")
    return [one for one in known if is_one_letter_apart(folded, one)]
