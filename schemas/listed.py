"""The models and templates of every release, folded into spans of releases for compiled.bin."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

from ftschemas.compiled import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    Schemas = list[tuple[str, dict[str, Any]]]
    Spans = dict[str, bytes]


def templates(schemas: Schemas) -> Spans:
    """Return name -> (first, last, format, media) by LLaMA Factory's releases."""
    return _spans(
        (name, place, (one["format"], tuple(one["media"])))
        for place, (_, schema) in enumerate(schemas)
        for name, one in schema["x-templates"].items()
    )


def models(schemas: Schemas) -> Spans:
    """Return name -> (first, last, templates, chat, media); each name as `folded` spells it."""
    return _spans(
        (name, place, (templates, chat, media))
        for place, (_, schema) in enumerate(schemas)
        for name, (templates, chat, media) in sorted(_by_name(schema["x-models"]).items())
    )


def _by_name(listed: dict[str, Any]) -> dict[str, tuple[tuple[str, ...], bool, bool]]:
    found: dict[str, tuple[tuple[str, ...], bool, bool]] = {}
    for path, one in listed.items():
        known, chat, media = found.get(folded(path), ((), True, False))
        more = tuple(name for name in one["templates"] if name not in known)
        found[folded(path)] = known + more, chat and one["chat"], media or one["media"]
    return found


def _spans(rows: Iterable[tuple[str, int, tuple[Any, ...]]]) -> Spans:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, place, facts in rows:
        spans = found.setdefault(name, [])
        if spans and spans[-1][1] == place - 1 and spans[-1][2:] == facts:
            spans[-1] = spans[-1][0], place, *facts
        else:
            spans.append((place, place, *facts))
    return {name: marshal.dumps(tuple(spans), 2) for name, spans in sorted(found.items())}
