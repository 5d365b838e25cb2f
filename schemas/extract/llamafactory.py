"""The keys that LLaMA Factory's own dataclasses define, and how a release reads its configs."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from . import postinit, v1
from .annotations import json_type, meaning
from .checked import also, checked
from .classes import Field, fields
from .models import models, templates
from .source import Module, Release, SourceError

if TYPE_CHECKING:
    from .postinit import Checks

GROUPS = {
    "ModelArguments": "model",
    "DataArguments": "data",
    "TrainingArguments": "training",
    "Seq2SeqTrainingArguments": "training",
    "FinetuningArguments": "finetuning",
    "GeneratingArguments": "generating",
    "EvaluationArguments": "evaluation",
}
PIN_CHECKS = {"check_version", "require_version"}
PINNED = ("transformers", "datasets", "accelerate", "peft", "trl")
COMMANDS = {"train": "_TRAIN_ARGS", "infer": "_INFER_ARGS", "eval": "_EVAL_ARGS"}


def extract(release: Release) -> dict[str, Any]:
    """The schema of one release, without what only other releases or our own tables can tell."""
    parser = release.module("llamafactory.hparams.parser")
    commands, classes = _commands(release, parser)
    properties: dict[str, Any] = {}
    internal: list[str] = []
    for module, name, group in classes:
        checks = postinit.read(release, module, name)
        for each in fields(release, module, name):
            if not each.init:
                internal.append(each.name)
                continue
            if each.name in properties:
                raise SourceError(f"{each.name} is defined twice, the second time in {name}")
            properties[each.name] = _property(release, each, group, checks)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ftlint:llamafactory:{release.version}",
        "title": f"LLaMA Factory {release.version}: the keys of its own dataclasses",
        "type": "object",
        "x-release": _release(release, parser),
        "x-commands": commands,
        "x-internal": sorted(internal),
        "x-templates": templates(release),
        "x-models": models(release),
        **({} if (second := v1.extract(release)) is None else {"x-v1": second}),
        "properties": properties,
    }


def _commands(
    release: Release, parser: Module
) -> tuple[dict[str, list[str]], list[tuple[Module, str, str]]]:
    """Groups per command, and each class with its module and group, in the order of use."""
    commands: dict[str, list[str]] = {}
    classes: dict[str, tuple[Module, str, str]] = {}
    for command, variable in COMMANDS.items():
        (listing,) = parser.assigned[variable]
        if not isinstance(listing, ast.List):
            raise SourceError(f"{variable} is not a list")
        names = [ast.unparse(each) for each in listing.elts]
        if not set(names) <= GROUPS.keys():
            raise SourceError(f"{variable}: a class without a group in {names}")
        commands[command] = [GROUPS[name] for name in names]
        for name in names:
            origin, attribute = parser.imports[name]
            if origin.startswith("llamafactory."):
                classes[name] = (release.module(origin), attribute, GROUPS[name])
    return commands, list(classes.values())


def _property(release: Release, each: Field, group: str, checks: Checks) -> dict[str, Any]:
    label = f"{each.owner}.{each.name}"
    means = meaning(release, each.module, each.annotation, label)
    if each.name in checks.split:
        means.types.add("array")
    if each.name == "template":
        means.values = list(templates(release))
    noticed = checked(each.name, release.version)
    if each.name in checks.asserted:
        values = checks.asserted[each.name]
        means.types |= {json_type(value) for value in values}
        means.values = [value for value in values if value is not None]
        noticed = "parse"
    elif means.values is not None:
        more = [*checks.compared.get(each.name, ()), *also(each.name, release.version)]
        means.values += [value for value in more if value not in means.values]
    if each.default is not None and each.default.value is None:
        means.types.add("null")  # some annotations forget their own default
    out = means.schema()
    if each.default is None:
        out["x-required"] = True
    else:
        out["default"] = each.default.value
    if "enum" in out:
        out["x-choices-checked"] = noticed
    out["x-group"] = group
    out["x-owner"] = each.owner
    return out


def _release(release: Release, parser: Module) -> dict[str, Any]:
    requires = _requirements(release)
    reader = parser.functions.get("read_args") or parser.functions["_parse_args"]
    yaml, json = _branch(reader, ".yaml"), _branch(reader, ".json")
    if "OmegaConf.load" in yaml:
        loader = "omegaconf"
    elif "yaml.safe_load" in yaml or "parser.parse_yaml_file" in yaml:
        loader = "pyyaml"
    else:
        raise SourceError(f"read_args: YAML is read with {yaml}")
    # `json.load` is given a path there, not a file, and always raises.
    json_loads = {"OmegaConf.load", "json.loads", "parser.parse_json_file"} & json
    if not json_loads and "json.load" not in json:
        raise SourceError(f"read_args: JSON is read with {json}")
    text = ast.unparse(reader)
    return {
        "version": release.version,
        "loader": loader,
        "suffixes": [s for s in (".yaml", ".yml", ".json") if f"endswith('{s}')" in text],
        "json-configs": bool(json_loads),
        "overrides": "OmegaConf.from_cli" in yaml,
        "transformers": requires.pop("transformers"),
        "requires": requires,
        "metadata": {name: held for name in PINNED if (held := release.requirement(name))},
    }


def _branch(reader: ast.FunctionDef, suffix: str) -> set[str]:
    """Functions called where the file name ends in `suffix`."""
    for node in ast.walk(reader):
        if isinstance(node, ast.If) and f"endswith('{suffix}')" in ast.unparse(node.test):
            return {
                ast.unparse(call.func)
                for statement in node.body
                for call in ast.walk(statement)
                if isinstance(call, ast.Call)
            }
    raise SourceError(f"read_args has no branch for {suffix}")


def _requirements(release: Release) -> dict[str, Any]:
    """The pins that a release checks when it is imported, by package."""
    module = release.module("llamafactory.extras.misc")
    pins: dict[str, Any] = {}
    for node in ast.walk(module.functions["check_dependencies"]):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in PIN_CHECKS:
            continue
        text = ast.literal_eval(node.args[0])
        name = re.match(r"[\w-]+", text)
        bounds = re.findall(r"(>=|<=|!=)([\w.]+)", text)
        if name is None or name[0] + ",".join(map("".join, bounds)) != text:
            raise SourceError(f"check_dependencies: {text}")
        pins[name[0]] = {
            "min": next((version for sign, version in bounds if sign == ">="), None),
            "max": next((version for sign, version in bounds if sign == "<="), None),
            "excluded": [version for sign, version in bounds if sign == "!="],
        }
    return pins
