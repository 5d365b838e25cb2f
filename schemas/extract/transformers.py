"""The keys of a transformers release: `Seq2SeqTrainingArguments`."""

from __future__ import annotations

import ast
from typing import Any

from ftlint.sources.annotations import meaning
from ftlint.sources.checked import TRANSFORMERS as CHECKED
from ftlint.sources.classes import Field, fields
from ftlint.sources.modules import Release, SourceError

# How a string that stands for several words is cut; "" means that it is one word.
SEPARATORS = {"debug": " ", "fsdp": " ", "report_to": ""}


def minor(version: str) -> str:
    """`5.6` of `5.6.0`."""
    return ".".join(version.split(".")[:2])


def extract(release: Release) -> dict[str, Any]:
    """The schema of one release, without what only other releases or our own tables can tell."""
    module = release.module("transformers.training_args_seq2seq")
    properties: dict[str, Any] = {}
    internal: list[str] = []
    for each in fields(release, module, "Seq2SeqTrainingArguments"):
        if not each.init:
            internal.append(each.name)
            continue
        properties[each.name] = _property(release, each)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ftlint:transformers:{minor(release.version)}",
        "title": f"transformers {release.version}: the keys of Seq2SeqTrainingArguments",
        "type": "object",
        "x-release": {"version": release.version, "minor": minor(release.version)},
        "x-internal": sorted(internal),
        "properties": properties,
    }


def _property(release: Release, each: Field) -> dict[str, Any]:
    label = f"{each.owner}.{each.name}"
    means = meaning(release, each.module, each.annotation, label)
    if each.name == "report_to":
        means.words = _integrations(release)
    if each.choices is not None:
        means.values = _choices(release, each)
    if each.default is not None and each.default.value is None:
        means.types.add("null")  # some annotations forget their own default
    out = means.schema()
    if each.name in SEPARATORS:
        out["x-separator"] = SEPARATORS[each.name]
    elif means.words is not None:
        raise SourceError(f"{label}: how is its string cut into words?")
    if each.default is None:
        out["x-required"] = True
    else:
        out["default"] = each.default.value
        if each.default.otherwise:
            out["x-default-otherwise"] = list(each.default.otherwise)
    if "enum" in out or means.words is not None:
        out["x-choices-checked"] = CHECKED.get(each.name, "parse")
    out["x-group"] = "training"
    out["x-owner"] = each.owner
    return out


def _integrations(release: Release) -> list[str]:
    module = release.module("transformers.integrations.integration_utils")
    (table,) = module.assigned["INTEGRATION_TO_CALLBACK"]
    if not isinstance(table, ast.Dict):
        raise SourceError("INTEGRATION_TO_CALLBACK is not a table")
    names = [ast.literal_eval(key) for key in table.keys if key is not None]
    return [*names, "all", "none"]


def _choices(release: Release, each: Field) -> list[Any]:
    if each.choices is not None and ast.unparse(each.choices) == "trainer_log_levels.keys()":
        (levels,) = release.module("transformers.utils.logging").assigned["log_levels"]
        (table,) = each.module.assigned["trainer_log_levels"]
        if isinstance(levels, ast.Dict) and isinstance(table, ast.Call):
            names = [ast.literal_eval(key) for key in levels.keys if key is not None]
            return [*names, *(extra.arg for extra in table.keywords if extra.arg)]
        raise SourceError("the log levels are no longer a table and a few more")
    return list(ast.literal_eval(each.choices)) if each.choices is not None else []
