"""What one release's schema says about the others, our own tables, and how files are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ftlint.sources.versions import order

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = ("llamafactory", "transformers")
ONE_A_LINE = ("properties", "x-removed", "x-templates", "x-models")


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Every schema of a layer by version (a minor for transformers), oldest first."""
    paths = [path for path in folder.glob("*.json") if path.stem != "history"]
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted(paths, key=lambda path: order(path.stem))
    }


def refresh(
    schemas: dict[str, dict[str, Any]],
    history: dict[str, list[str]],
    aliases: dict[str, Any],
    descriptions: dict[str, str],
) -> None:
    """Writes, in place, what depends on the other releases: since, until, removed, successor.

    `history` has, for releases that have no schema of their own, version to keys.
    """
    versions = list(schemas)
    present = {**history, **{v: list(schemas[v]["properties"]) for v in versions}}
    timeline = sorted(present, key=order)
    first = {key: v for v in reversed(timeline) for key in present[v]}
    last = {key: v for v in timeline for key in present[v]}
    for version in versions:
        schema = schemas[version]
        for key, each in schema["properties"].items():
            for old in ("description", "x-since", "x-until", "x-successor"):
                each.pop(old, None)
            if key in descriptions:
                each["description"] = descriptions[key]
            each["x-since"] = first[key]
            if last[key] != versions[-1]:
                each["x-until"] = last[key]
                if successor(aliases, key):
                    each["x-successor"] = successor(aliases, key)
        removed = {
            key: {"until": last[key], "successor": successor(aliases, key)}
            for key in sorted(last)
            if order(last[key]) < order(version)
        }
        schema.pop("x-removed", None)
        schema["x-removed"] = removed


def successor(aliases: dict[str, Any], key: str) -> str | None:
    """The key that takes the place of a removed one, None when there is none."""
    entries = aliases.get(key, [])
    for entry in entries if isinstance(entries, list) else [entries]:
        if entry["to"]:
            return str(entry["to"])
    return None


def render(schema: dict[str, Any]) -> str:
    """JSON with one property or model a line, so that a release's changes read as a diff."""
    parts = []
    for key, value in schema.items():
        if key == "x-chat":
            lines = (f"    {_line(name)}: {_lines(each)}" for name, each in value.items())
            text = "{\n" + ",\n".join(lines) + "\n  }"
        elif key in ONE_A_LINE and value:
            lines = (f"    {_line(name)}: {_line(each)}" for name, each in value.items())
            text = "{\n" + ",\n".join(lines) + "\n  }"
        else:
            text = _line(value)
        parts.append(f"  {_line(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(table: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f"      {_line(k)}: {_line(v)}" for k, v in table.items()) + "\n    }"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
