"""The form of a table of bands (policy.yaml, or a user's own), checked."""

from __future__ import annotations

import json
import os


class Malformed(ValueError):
    """A table that is not in the form; the message says where and why."""


def validate(data: object) -> None:
    """Raise `Malformed` unless `data` is a table as policy.schema.json describes it."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    path = os.path.join(os.path.dirname(__file__), "policy.schema.json")
    with open(path, encoding="utf-8") as file:
        validator = Draft202012Validator(json.load(file))
    error = best_match(validator.iter_errors(data))
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "the table"
        raise Malformed(f"{place}: {error.message[:200]}")
    assert isinstance(data, dict)
    for stage, bands in data["stages"].items():
        limits = [band.get("below") for band in bands.get("sizes", [])]
        known = [limit for limit in limits if limit is not None]
        if limits and (known != sorted(set(known)) or limits[:-1] != known):
            raise Malformed(
                f"stages/{stage}/sizes: `below` must rise from band to band, and only the last "
                "band goes without it"
            )
        spans = [band[key] for band in bands.get("sizes", []) for key in ("epochs", "tolerated")
                 if key in band]  # fmt: skip
        spans += [method["epochs"] for method in bands.get("methods", {}).values()]
        for low, high in spans:
            if low > high:
                raise Malformed(f"stages/{stage}: from {low} to {high} epochs is no span")
