"""The models and templates of every release, folded into spans of releases for compiled.bin."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

from ftschemas.schema_facts import models_by_name

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
        for name, (templates, chat, media) in sorted(models_by_name(schema["x-models"]).items())
    )


def chat(schemas: Schemas) -> Spans:
    """Return name -> (first, last, table of what its template writes)."""
    return _spans(
        (name, place, (one,))
        for place, (_, schema) in enumerate(schemas)
        for name, one in schema.get("x-chat", {}).get("templates", {}).items()
    )


def chat_code(schemas: Schemas) -> Spans:
    """Return release -> (digests of the code that makes rows, format of tools -> (digest, words)).

    A release that writes conversations in a way that is not read is left out.
    """
    return {
        version: marshal.dumps(
            (
                schema["x-chat"]["code"],
                {
                    name: (one["code"], one["prompt"])
                    for name, one in schema["x-chat"]["tools"].items()
                },
            ),
            2,
        )
        for version, schema in schemas
        if "x-chat" in schema
    }


def _spans(rows: Iterable[tuple[str, int, tuple[Any, ...]]]) -> Spans:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, place, facts in rows:
        spans = found.setdefault(name, [])
        if spans and spans[-1][1] == place - 1 and spans[-1][2:] == facts:
            spans[-1] = spans[-1][0], place, *facts
        else:
            spans.append((place, place, *facts))
    return {name: marshal.dumps(tuple(spans), 2) for name, spans in sorted(found.items())}
