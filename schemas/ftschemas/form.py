"""What is wrong with data that a JSON Schema describes, in one line without the data itself.

The file may be another than the one that is meant: where in it, and what should be there, is said,
never what is. Only a key that stands beside known ones is named.
"""

from __future__ import annotations

import json
import os

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any

    from jsonschema.exceptions import ValidationError


def schema_of(name: str) -> dict[str, Any]:
    """Return a JSON Schema of this package by the name of its file."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return]


def complaint(
    data: object, schema: Mapping[str, Any], whole: str, below: Sequence[object] = ()
) -> str | None:
    """Return where and why `data` does not fit.

    `whole` is what all of it is called, `below` where it lies in what somebody wrote.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(data))
    if error is None:
        return None
    place = "/".join(map(str, [*below, *error.absolute_path])) or whole
    return f"{place}: {_reason(error)}"


def _reason(error: ValidationError) -> str:
    """Return what a schema asks for that the data do not give."""
    wanted: Any = error.validator_value
    data: Any = error.instance
    schema: Any = error.schema
    if error.validator == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"should be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}"
    if error.validator == "enum":
        return f"should be one of {_listed(wanted)}"
    if error.validator == "const":
        return f"should be {json.dumps(wanted)}"
    if error.validator == "required":
        return f"lacks {_listed(name for name in wanted if name not in data)}"
    if error.validator == "additionalProperties" and wanted is False:
        known = list(schema.get("properties", ()))
        unknown = [name for name in data if name not in known]
        if len(unknown) * 2 >= len(data):
            return f"has unknown keys; known are {_listed(known)}"
        several = "" if len(unknown) == 1 else "s"
        return f"unknown key{several} {_listed(unknown)}{did_you_mean(unknown[0], known)}"
    if error.validator in ("anyOf", "oneOf", "not", "if"):
        return "has none of the forms that it can have here"
    return f"does not satisfy `{error.validator}: {json.dumps(wanted)[:120]}`"


_KINDS = {"object": "a mapping", "array": "a list", "string": "text", "integer": "an integer",
          "number": "a number", "boolean": "a bool", "null": "null"}  # fmt: skip
MOST_LISTED = 40


def _listed(names: Iterable[object]) -> str:
    words = [str(name)[:60] for name in names]
    return ", ".join(words[:MOST_LISTED]) + (", …" if len(words) > MOST_LISTED else "")


def did_you_mean(unknown: object, known: Collection[str]) -> str:
    """Return the end of a sentence on an unknown name: the nearest one, or all that are known."""
    near = nearest(unknown, known)
    return f"; known are {_listed(known)}" if near is None else f"; did you mean {near}?"


def nearest(unknown: object, known: Collection[str]) -> str | None:
    """Return the known name that an unknown one is near to, if there is one."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(str(unknown), known, n=1)), None)
