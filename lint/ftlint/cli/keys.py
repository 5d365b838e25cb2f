"""`ftlint key`: default, values, meaning and releases of a key."""

from __future__ import annotations

import json
import textwrap

from ftlint.report.text import paint
from ftlint.target.reference import CHECKED, PACKAGES, key_reference
from ftlint.target.releases import resolve_target
from ftschemas import compiled
from ftschemas.form import did_you_mean
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.target.reference import KeyReference
    from ftlint.target.states import Target

MOST = 40
"""Values that are listed in the text form."""


class UnknownKey(LookupError):
    """No release has the key; the message names one that is near."""


def about_key(
    name: str, target: str | None, transformers: str | None, format: str, colour: bool
) -> tuple[str, tuple[str, ...]]:
    """Return what is told of a key, and notes on its target.

    Raises `UnknownTarget` and `UnknownKey`.
    """
    chosen = resolve_target(target, transformers)
    found = key_reference(name, chosen)
    if found is None:
        raise UnknownKey(f"unknown key {name!r}{did_you_mean(name, compiled.KEYS)}")
    if format == "json":
        return json.dumps(_facts(found, chosen), indent=1) + "\n", chosen.origin.notes
    return "".join(f"{line}\n" for line in _lines(found, chosen, colour)), chosen.origin.notes


def _facts(one: KeyReference, target: Target) -> dict[str, object]:
    told = one._asdict()
    del told["checked"]
    return {
        **told, "target": target.numbers, "others": one.checked and CHECKED.get(one.checked),
    }  # fmt: skip


def _lines(one: KeyReference, target: Target, colour: bool) -> list[str]:
    rows = [
        ("Type", ", ".join(one.types)),
        ("Default", _default(one)),
        ("Values", _values(one)),
        ("Commands", ", ".join(one.commands)),
        ("Releases", _releases(one)),
        ("Target", target.in_full if one.present else f"{target.in_full}: not there"),
    ]
    lines = [paint(one.name, "1", colour)]
    lines += [one.meaning] if one.meaning else []
    lines.append("")
    for title, text in rows:
        if text:
            wrapped = textwrap.wrap(text, 88, break_on_hyphens=False)
            lines.append(f"{paint(f'{title:9}', '1', colour)} {wrapped[0]}")
            lines += [f"{'':10}{more}" for more in wrapped[1:]]
    return lines


def _default(one: KeyReference) -> str:
    if one.required or not one.types:
        return "required" if one.required else ""
    return json.dumps(one.default, ensure_ascii=False)


def _values(one: KeyReference) -> str:
    shown = [str(value) for value in one.values[:MOST]]
    left = len(one.values) - len(shown)
    listed = ", ".join(shown) + (f", and {left} more" if left > 0 else "")
    behaves = CHECKED.get(one.checked or "")
    return f"{listed} (LLaMA Factory {behaves})" if listed and behaves else listed


def _releases(one: KeyReference) -> str:
    package = PACKAGES[one.package]
    since = f"from {one.since}" if one.since else ""
    until = f"to {one.until}" if one.until else ""
    span = " ".join(filter(None, (since, until))) or "all that ftlint knows"
    return f"{package} {span}" + (f", now `{one.successor}`" if one.successor else "")
