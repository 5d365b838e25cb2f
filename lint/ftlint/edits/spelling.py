"""Values as text: what to write so that the target reads what is meant."""

from __future__ import annotations

import json

from ftlint.edits.page import NoEdit
from ftlint.support.messages import format_float
from ftlint.support.pattern import pattern
from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import resolve
from ftlint.syntax.nodes import Document, Mapping
from ftlint.syntax.parse import compose
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.edits.page import Page
    from ftlint.syntax.dialect import Dialect

_PLAIN = pattern(r"[A-Za-z0-9_./~$+](?:[\w ./@=+~$()-]*[\w./@=+~$()-])?\Z")
"""Text that stays as it is in block and flow style alike."""


def spell(value: object, dialect: Dialect) -> str:
    """Return YAML text of a scalar, list or mapping that `dialect` reads as that value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_float(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(spell(item, dialect) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{spell(key, dialect)}: {spell(item, dialect)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    text = str(value)
    if _PLAIN.match(text) and isinstance(resolve(text, dialect), str):
        return text
    return json.dumps(text, ensure_ascii=False)


def fit(page: Page, text: str, quote: str = "") -> str | NoEdit:
    """Return `text`, the YAML of a value, as it has to stand in this file.

    `quote` is what encloses the value that is replaced: text stays quoted the same way.
    """
    value = read(page, text)
    if isinstance(value, NoEdit):
        return value
    if page.is_json:
        return text if _is_json(text, value) else _json(value)
    if isinstance(value, str) and value == text and quote and not set(text) & {quote, "\\"}:
        return quote + text + quote
    between = read(page, text, "{k: ", "}") if page.root.flow else value
    if repr(between) != repr(value):  # not ==, to which 1 is True and NaN never itself
        return _json(value)
    return text


def read(page: Page, text: str, before: str = "k: ", behind: str = "") -> object | NoEdit:
    """Return what the target makes of `text` where a value stands."""
    document = compose(before + text + behind)
    if not isinstance(document, Document) or not isinstance(document.root, Mapping):
        return NoEdit(f"{text!r} is not a value")
    made = construct(document.root, page.dialect)
    alone = len(document.root.pairs) == 1 and not document.comments and "\n" not in text
    if made.problems or not alone or not isinstance(made.value, dict) or "k" not in made.value:
        return NoEdit(f"{text!r} is not a value on one line")
    return made.value["k"]  # type: ignore[no-any-return]


def _json(value: object) -> str | NoEdit:
    try:
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return NoEdit("JSON has no infinite numbers")


def _is_json(text: str, value: object) -> bool:
    try:
        return bool(json.loads(text) == value)
    except ValueError:
        return False
