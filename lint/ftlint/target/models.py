"""The models that LLaMA Factory lists with the template each was trained under.

What a model is, is read off its name alone: the last part of a hub name or of a folder. It counts
as listed when it is called as a listed one is, but for the owner, the spelling, how it is quantized
and its size. Any other name says nothing: a model that somebody trained further may have another
template. Source: extras/constants.py and data/template.py, 0.9.0 to 0.9.5.
"""

from __future__ import annotations

import marshal
import re
from functools import cache, lru_cache

from ftlint.support.pattern import pattern
from ftschemas import compiled
from ftschemas.compiled import folded
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.target.tree import Tree


class Template(NamedTuple):
    """What a template writes around a question and an answer, and the media it has tokens for."""

    format: str
    media: tuple[str, ...]


class Model(NamedTuple):
    """A listed model, or one that differs from listed ones in its size alone.

    `templates`: those of the release that it is listed with, none where it is listed without one.
    `chat`: it was taught to chat, so that its own template is the one to use.
    """

    name: str
    templates: tuple[str, ...]
    chat: bool
    media: bool
    exact: bool = True


RAW = "{{content}}|{{content}}"
"""The format of a template that writes nothing around a question: the rows bring all there is."""

_QUANTIZED = (
    ("GPTQ", r"gptq"),
    ("AWQ", r"awq"),
    ("AQLM", r"aqlm"),
    ("bitsandbytes", r"bnb"),
)
_SUFFIXES = frozenset(
    "unsloth bnb nf4 gptq awq aqlm hqq quantized fp8 dynamic hf bf16 fp16 torch".split()
)
_NUMBERED = pattern(r"int[348]|[2348]bits?|w\d[ag]?\d*|g?128g?")
"""Last parts of names that say how a model was quantized or who did it, besides those above."""
_SIZE = pattern(r"(?<=[-_])(?:\d+x)?\d+(?:\.\d+)?[bm](?:-a\d+(?:\.\d+)?b)?(?![a-z0-9])")


def basename(path: str) -> str:
    """Return the part of a path or hub name that names the model; a hub's cache has it inside.

    >>> basename("/data/models/Qwen2.5-7B/"), basename("~/hub/models--Qwen--Qwen3-8B/snapshots/0a1")
    ('Qwen2.5-7B', 'Qwen3-8B')
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    for part in parts:
        if part.startswith("models--") and part.count("--") > 1:
            return part.split("--", 2)[2]
    return parts[-1] if parts else ""


def quantized(path: str) -> str | None:
    """Return how a model was quantized before it was published, if its name says so.

    >>> quantized("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4"), quantized("Qwen/Qwen2.5-7B")
    ('GPTQ', None)
    """
    words = folded(basename(path)).split("-")
    return next((kind for kind, word in _QUANTIZED if word in words), None)


def unquantized(path: str) -> str:
    """Return what is alike in the names of one model, wherever it lies and however quantized.

    >>> unquantized("/data/Meta-Llama-3.1-8B-AWQ"), unquantized("unsloth/Llama-3.1-8B-bnb-4bit")
    ('llama-3.1-8b', 'llama-3.1-8b')
    """
    return _without_suffixes(folded(basename(path))).removeprefix("meta-")


def _without_suffixes(name: str) -> str:
    """Return a folded name without the parts at its end that say how it was quantized."""
    while True:
        rest, dash, part = name.rpartition("-")
        if not dash or not (
            part in _SUFFIXES or (not part.isalpha() and _NUMBERED.fullmatch(part))
        ):
            return name
        name = rest


def find_template(name: object, release: Tree | str) -> Template | None:
    """Return what a release registers under this name."""
    return _template(name, release) if isinstance(name, str) else None


@lru_cache(maxsize=256)
def _template(name: str, release: Tree | str) -> Template | None:
    if not isinstance(release, str) and release.templates:
        own = release.templates.get(name)
        return None if own is None else Template(*own)
    packed = compiled.TEMPLATES.get(name)
    span = None if packed is None else _in_release(packed, release)
    return None if span is None else Template(*span)


@lru_cache(maxsize=256)
def find_model(path: str, release: Tree | str) -> Model | None:
    """Return the listed model that a path or hub name names, as far as this release can tell.

    One that the release lists no longer counts with those of its templates that are still there.
    """
    name = folded(basename(path))
    plain = _without_suffixes(name)
    for spelling in dict.fromkeys((*_spellings(name), *_spellings(plain))):
        found = _listed(spelling, release)
        if found is not None:
            return found
    sizeless = _SIZE.sub("#", plain)
    if sizeless == plain:
        return None
    alike = [one for spelling in _spellings(sizeless) for one in _alike(spelling, release)]
    if alike and all(one[1:] == alike[0][1:] for one in alike):
        return alike[0]._replace(name=name, exact=False)
    return None


def fits(model: Model, name: str, release: Tree | str) -> bool | None:
    """Return whether a model can be expected to know what a template writes; None: not judged.

    It does when the template's format is that of one the model is listed with. A base model may
    take any that is plain text. A distilled model knows its student's format as well as its own.
    """
    written = find_template(name, release)
    own = {_format(template, release) for template in model.templates}
    if written is None or not own or written.format == RAW or RAW in own:
        return None
    if written.format in own:
        return True
    student = model.name.partition("distill-")[2].partition("-")[0]
    if student and name.startswith(student):
        return None
    return not model.chat and _is_plain(written.format)


def _is_plain(text: str) -> bool:
    """Return whether a format is words alone, and no marks that a tokenizer must know."""
    return re.search(r"[<\[\]>｜]", text) is None


def _format(name: str, release: Tree | str) -> str:
    template = find_template(name, release)
    return "" if template is None else template.format


def _spellings(name: str) -> Iterator[str]:
    """Yield the ways in which publishers write a name: `Meta-` came and went, `-hf` too."""
    for one in (name, name.removesuffix("-hf"), f"{name}-hf"):
        yield one
        yield one.removeprefix("meta-")
        yield f"meta-{one}"


def _listed(name: str, release: Tree | str) -> Model | None:
    if not isinstance(release, str) and name in release.models:
        return Model(name, *release.models[name])
    packed = compiled.MODELS.get(name)
    if packed is None:
        return None
    span = _in_release(packed, release)
    if span is None:
        here = _place(release)
        older = [one for one in marshal.loads(packed) if one[1] < here]
        if not older:
            return None
        templates, chat, media = older[-1][2:]
        templates = tuple(one for one in templates if find_template(one, release) is not None)
        if not templates:
            return None
        span = templates, chat, media
    return Model(name, *span)


def _place(release: Tree | str) -> int:
    """Return the place of a release, or of the one nearest to a tree, among the states."""
    name = release if isinstance(release, str) else release.nearest
    found: int = compiled.LLAMAFACTORY.index(name)
    return found


def _in_release(packed: bytes, release: Tree | str) -> tuple[Any, ...] | None:
    """Return what is known of a name in one release."""
    here = _place(release)
    spans = (span for span in marshal.loads(packed) if span[0] <= here <= span[1])
    return next((span[2:] for span in spans), None)


def _alike(sizeless: str, release: Tree | str) -> Iterator[Model]:
    for name in _by_sizeless_name().get(sizeless, ()):
        found = _listed(name, release)
        if found is not None:
            yield found


@cache
def _by_sizeless_name() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name in compiled.MODELS:
        sizeless = _SIZE.sub("#", name)
        if sizeless != name:
            names.setdefault(sizeless, []).append(name)
    return names
