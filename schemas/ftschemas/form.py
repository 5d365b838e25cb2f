"""What is wrong with data that a JSON Schema describes, in one line."""

from __future__ import annotations

import json
import os

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


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
    return f"{place}: {error.message[:200]}"
