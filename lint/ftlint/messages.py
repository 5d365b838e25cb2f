"""Message templates to sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD = re.compile(r"\{([A-Za-z_$][\w.$]*)\}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LONGEST = 60


def fill(template: str, values: Mapping[str, object]) -> str:
    """Replace each `{name}` by its value; a name without one stays, to be seen in tests."""
    return _FIELD.sub(
        lambda match: show(values[match[1]]) if match[1] in values else match[0], template
    )


def fields(template: str) -> list[str]:
    """Return the names that `template` asks for."""
    return _FIELD.findall(template)


def show(value: object) -> str:
    """Return a value as YAML would write it: short, on one line, nothing a terminal would obey."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(show, value[:12])) + (", …" if len(value) > 12 else "")
    text = visible(" ".join(str(value).split()) if "\n" in str(value) else str(value))
    return text if len(text) <= LONGEST or " " in text else text[: LONGEST - 1] + "…"


def visible(text: str) -> str:
    """Escape control characters and those that reorder text, so that none reaches a terminal."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
