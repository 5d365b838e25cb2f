"""The models that a release lists with their templates, and what its templates are made of."""

from __future__ import annotations

import ast
import re

from ftlint.sources.modules import SourceError, constant, word
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ftlint.sources.modules import Release

MEDIA = ("image", "video", "audio")
CHAT = ("-Chat", "-Distill", "-Instruct", "-Thinking")
"""Words in LLaMA Factory's own name of a model that was taught to chat. Releases disagree on
which of them give a model its default template (`register_model_group`); what a model is does not
depend on that."""


def templates(release: Release) -> dict[str, Any]:
    """Return each registered template: its turns as text, the media it takes, whether it thinks.

    `format` is what a question and an answer look like, without white space and without the tokens
    that begin and end a text: two templates of one format differ in system prompt, tools or
    thinking, but teach a model the same marks.
    """
    found = {}
    for given in calls(release, "llamafactory.data.template", "register_template"):
        name = word(given.get("name"))
        question = _text(given.get("format_user"), name).removeprefix("{bos}")
        answer = _text(given.get("format_assistant"), name) or "{{content}}"
        answer += _text(given.get("format_separator"), name)
        turns = re.sub(r"\s", "", f"{question or '{{content}}'}|{answer}")
        found[name] = {
            "format": turns.removesuffix("{eos}"),
            "media": _media(given.get("mm_plugin"), name),
            "thinks": "Reasoning" in ast.unparse(given.get("template_class", ast.Constant(""))),
        }
    if not found:
        raise SourceError("no registered template found")
    return dict(sorted(found.items()))


def tool_formats(release: Release) -> list[str] | None:
    """Return the names that `tool_format` is looked up by; None where a release has no list."""
    (listing,) = release.module("llamafactory.data.tool_utils").assigned.get("TOOLS", [None])
    if not isinstance(listing, ast.Dict):
        raise SourceError("TOOLS is not a dictionary")
    return [ast.literal_eval(key) for key in listing.keys if key is not None]


def models(release: Release) -> dict[str, Any]:
    """Return each listed model by the last part of its hub names, in small letters.

    `templates`: of the groups that list it. `chat`: whether it was taught to chat, as every group
    that lists it says. `media`: whether the release takes it for one of images, videos or sound.
    """
    found: dict[str, Any] = {}
    for given in calls(release, "llamafactory.extras.constants", "register_model_group"):
        group = given.get("models")
        if not isinstance(group, ast.Dict):
            raise SourceError("register_model_group: models is not a dictionary")
        template = _or_none(given.get("template"))
        media = _true(given.get("multimodal", given.get("vision")))
        for key, sources in zip(group.keys, group.values, strict=True):
            if key is None or not isinstance(sources, ast.Dict):
                raise SourceError("register_model_group: a model without its sources")
            name = word(key)
            for path in map(word, sources.values):
                known = found.setdefault(
                    path.rpartition("/")[2].lower(),
                    {"templates": [], "chat": True, "media": False},
                )
                if template is not None and template not in known["templates"]:
                    known["templates"].append(template)
                known["chat"] &= any(one in name for one in CHAT)
                known["media"] |= media
    if not found:
        raise SourceError("no registered model found")
    return dict(sorted(found.items()))


def calls(release: Release, module: str, function: str) -> Iterator[dict[str, ast.expr]]:
    """Yield the arguments of each call of `function` by name."""
    for node in ast.walk(release.module(module).tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (function, f"_{function}"):
            names = [each.arg for each in node.keywords]
            if node.args or None in names:
                raise SourceError(f"{function}: arguments without names, line {node.lineno}")
            yield {str(each.arg): each.value for each in node.keywords}


def _text(formatter: ast.expr | None, name: str) -> str:
    """Return the slots of a formatter as one text; what the tokenizer fills in stands in braces."""
    if formatter is None:
        return ""
    slots = None
    if isinstance(formatter, ast.Call):
        slots = next((one.value for one in formatter.keywords if one.arg == "slots"), None)
    if not isinstance(slots, ast.List):
        raise SourceError(f"template {name}: a formatter without slots")
    parts: list[Any] = []
    for slot in map(constant, slots.elts):
        if isinstance(slot, set):
            parts += [f"{{{str(each).removesuffix('_token')}}}" for each in slot]
        else:
            parts.append(slot.get("token") if isinstance(slot, dict) else slot)
    if not all(isinstance(part, str) for part in parts):
        raise SourceError(f"template {name}: slots that are no text")
    return "".join(parts)


def _media(plugin: ast.expr | None, name: str) -> list[str]:
    """Return the media for which a plugin has a token: without one it refuses them."""
    if plugin is None:
        return []
    if not isinstance(plugin, ast.Call) or ast.unparse(plugin.func) != "get_mm_plugin":
        raise SourceError(f"template {name}: {ast.unparse(plugin)}")
    if len(plugin.args) > 1:
        raise SourceError(f"template {name}: tokens of a plugin without names")
    tokens = {each.arg for each in plugin.keywords}
    return [medium for medium in MEDIA if f"{medium}_token" in tokens]


def _or_none(value: ast.expr | None) -> str | None:
    is_none = value is None or (isinstance(value, ast.Constant) and value.value is None)
    return None if is_none else word(value)


def _true(value: ast.expr | None) -> bool:
    return value is not None and bool(constant(value))
