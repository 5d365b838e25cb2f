"""Names in `lora_target` that the model has no layer of.

peft puts an adapter on each layer that is called as one of the names is, and ignores a name that
fits none, unless none fits: then it raises. On a model of several parts (vision, audio) LLaMA
Factory looks for the names inside of the layers' full names instead. Source: peft
tuners_utils.py inject_adapter, model/model_utils/visual.py patch_target_modules; run.
"""

from __future__ import annotations

import re

from ftlint.diagnostics import Change, at_value
from ftlint.support.pattern import pattern
from ftlint.target.classify import placeholder_in
from ftlint.target.models import find_model
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Finding
    from ftlint.facts.context import Context
    from ftlint.syntax.construct import Entry
    from ftlint.target.models import Model

IGNORED, NONE_FITS, BLOCK = "FT580", "FT4110", "FT4111"

_NOT_A_NAME = pattern(r"^(all|all-linear|ALL|All|)$|\s|[]()[|*+?^$\\]")
"""What FT119 tells of, and the word for every layer."""
_OF_FT119 = frozenset(["mlp", "self_attn", "input_layernorm", "post_attention_layernorm"])
"""Blocks that FT119 tells of where nothing else is named."""

_PARTS = tuple(
    """visual.blocks.0.attn.qkv visual.blocks.0.attn.proj visual.blocks.0.mlp.fc1 fc2 linear_1
    linear_2 linear_fc1 linear_fc2 vision_tower.encoder.layers.0.self_attn.out_proj merger
    multi_modal_projector language_model.layers.0.self_attn.q_proj k_proj v_proj o_proj
    language_model.layers.0.mlp.gate_proj up_proj down_proj embed_tokens lm_head""".split()
)
"""Pieces of the full names of layers in models of several parts."""

_ELSEWHERE = tuple(
    """Wqkv W_qkv att_proj ff_proj ff_out attn_out c_fc fc1 fc2 fc_in fc_out in_proj out_proj
    q_a_proj q_b_proj kv_a_proj_with_mqa kv_b_proj kv_proj qkv proj x_proj dt_proj query
    key value wq wk wv""".split()
)
"""Layers of families that are not listed: usual names, and no slips of those that are."""

_ENDS = frozenset(
    "embed_tokens lm_head word_embeddings output_layer tok_embeddings output wte".split()
)


class _Layers(NamedTuple):
    """What can be named; `known`: whether it is the model's own, and all of it."""

    modules: tuple[str, ...]
    blocks: tuple[str, ...] = ()
    known: bool = False
    inside: bool = False
    """Whether names are looked for inside of full names."""
    others: tuple[str, ...] = ()
    """Names that may fit as well, and are never proposed."""

    def fits(self, name: str) -> bool:
        """Return whether a name is that of a layer."""
        if self.inside:
            return any(name in part for part in _PARTS)
        return name.rpartition(".")[2] in (*self.modules, *self.others)


def check(context: Context) -> Iterator[Finding]:
    """Judge the names of a run that makes a new adapter."""
    entry, values = context.entries.get("lora_target"), context.instance.effective
    names = context.instance.facts.get("lora_targets") or []
    if entry is None or not _makes_adapter(values) or placeholder_in(entry.value) is not None:
        return
    if not all(isinstance(name, str) and not _NOT_A_NAME.search(name) for name in names):
        return
    path = values.get("model_name_or_path")
    named = isinstance(path, str) and placeholder_in(path) is None
    model = find_model(str(path), context.target.listing) if named else None
    layers = _layers(model, str(path), context.instance.facts)
    blocks = [name for name in names if name.rpartition(".")[2] in layers.blocks]
    if not blocks:
        yield from _missing(context, entry, names, layers)
    elif not _OF_FT119.issuperset(names):
        told = {"name": blocks[0], "model": _called(context), "layers": _listed(layers.modules)}
        yield at_value(BLOCK, entry, told)


def _missing(
    context: Context, entry: Entry, names: list[str], layers: _Layers
) -> Iterator[Finding]:
    """Tell the names that fit no layer; of a model that is not known, slips of usual names.

    There case alone is no slip: `Wqkv` of MPT is as good a name as `wqkv` of InternLM2.
    """
    missing = [name for name in names if not layers.fits(name)]
    if not missing:
        return
    from ftlint.edits import suggest
    from ftlint.target.slips import guess

    near = {name: guess(name, layers.modules, ()) for name in missing}
    slips = {
        name: found.name
        for name, found in near.items()
        if found is not None and (layers.known or found.name.lower() != name.lower())
    }
    missing = missing if layers.known else list(slips)
    if not missing:
        return
    told = {"name": missing[0], "model": _called(context),
            "lora_target": context.source_text(entry),
            "remedy": _remedy(slips.get(missing[0]), layers)}  # fmt: skip
    fix = None
    if slips and isinstance(entry.value, str):
        change = Change("replace", "lora_target", _mended(entry, slips))
        meant = ", ".join(f"`{name}`" for name in slips.values())
        fix = suggest.fix(context, f"write {meant}", change, safe=False)
    every = layers.known and len(missing) == len(names)
    yield at_value(NONE_FITS if every else IGNORED, entry, told, fix)


def _called(context: Context) -> object:
    return context.instance.facts.get("model_name", "the model")


def _makes_adapter(values: dict[str, object]) -> bool:
    """Return whether LLaMA Factory hands the names to peft, for an adapter that is new."""
    continued = values.get("adapter_name_or_path") and not values.get("create_new_adapter")
    others = any(values.get(key) for key in ("use_unsloth", "use_kt", "use_mca", "use_llama_pro"))
    way = values.get("finetuning_type") in ("lora", "oft")
    return bool(values.get("do_train")) and way and not continued and not others


def _layers(model: Model | None, path: str, known: dict[str, object]) -> _Layers:
    """Return the layers of a model's family, or those of any where the model is not known."""
    every = tuple(dict.fromkeys(name for *_, modules, _ in compiled.MODULES for name in modules))
    if known.get("template_media") or (model is not None and model.media):
        return _Layers(compiled.MODULES[0][2], inside=True)
    if model is not None:
        for names, converted, modules, blocks in compiled.MODULES:
            if re.match(names, model.name):
                if converted and re.search(converted, compiled.folded(path)):
                    break
                return _Layers(modules, blocks, known=True)
    return _Layers(every, others=_ELSEWHERE)


def _remedy(near: str | None, layers: _Layers) -> str:
    return f"write `{near}`" if near else f"use its layers ({_listed(layers.modules)})"


def _listed(modules: tuple[str, ...]) -> str:
    """Return the layers of the blocks; embeddings and head come last, and are seldom meant."""
    return ", ".join(f"`{name}`" for name in modules if name not in _ENDS)


def _mended(entry: Entry, slips: dict[str, str]) -> str:
    names = [name.strip() for name in str(entry.value).split(",")]
    return ",".join(slips.get(name, name) for name in names)
