"""The form of a table of bands (policy.yaml, or a user's own), checked."""

from __future__ import annotations

from ftschemas.form import complaint, schema_of


class BadTable(ValueError):
    """A table that is not in the form; the message says where and why."""


def validate(data: object) -> None:
    """Raise `Malformed` unless `data` is a table as policy.schema.json describes it."""
    found = complaint(data, schema_of("policy.schema.json"), "the table")
    if found is not None:
        raise BadTable(found)
    assert isinstance(data, dict)
    for stage, bands in data["stages"].items():
        limits = [band.get("below") for band in bands.get("sizes", [])]
        known = [limit for limit in limits if limit is not None]
        if limits and (known != sorted(set(known)) or limits[:-1] != known):
            raise BadTable(
                f"stages/{stage}/sizes: `below` must rise from band to band, and only the last "
                "band goes without it"
            )
        spans = [band[key] for band in bands.get("sizes", []) for key in ("epochs", "tolerated")
                 if key in band]  # fmt: skip
        spans += [method["epochs"] for method in bands.get("methods", {}).values()]
        for low, high in spans:
            if low > high:
                raise BadTable(f"stages/{stage}: from {low} to {high} epochs is no span")
