"""The keys that LLaMA Factory's own dataclasses define, and how a release reads its configs."""

from __future__ import annotations

import ast
import re

from ftlint.sources import postinit
from ftlint.sources.annotations import Meaning, json_type, meaning
from ftlint.sources.checked import also, checked
from ftlint.sources.classes import UNREAD, Field, fields
from ftlint.sources.models import models, templates, tool_formats
from ftlint.sources.modules import Module, Release, SourceError, constant
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ftlint.sources.postinit import Checks

GROUPS = {
    "ModelArguments": "model",
    "DataArguments": "data",
    "TrainingArguments": "training",
    "Seq2SeqTrainingArguments": "training",
    "FinetuningArguments": "finetuning",
    "GeneratingArguments": "generating",
    "EvaluationArguments": "evaluation",
}
"""Groups of keys by the class that a command parses; any other class has one of its own."""
PIN_CHECKS = {"check_version", "require_version"}
COMMANDS = {"train": "_TRAIN_ARGS", "infer": "_INFER_ARGS", "eval": "_EVAL_ARGS"}
OF_KT = "ktransformersruntime"
"""Group of a key that KTransformers' own transformers takes for training as well, and everybody
else's does not: which of the two is installed, no config says."""
UNREADABLE = "x-unread"
"""Marks a property of which no more than its name was read."""


def extract(release: Release) -> dict[str, Any]:
    """Return the schema of one release, without what only others or our own tables can tell.

    Of a release that is not read strictly, parts that are not written in a known way are left out.
    """
    parser = release.module("llamafactory.hparams.parser")
    commands, classes = _commands(release, parser)
    known = _part(release, lambda: templates(release), {})
    properties: dict[str, Any] = {}
    internal: list[str] = []
    for module, name, group in classes:
        checks = postinit.read(release, module, name)
        for each in fields(release, module, name):
            if not each.init:
                internal.append(each.name)
            elif each.name in properties:
                release.pass_over(
                    SourceError(f"{each.name} is defined twice, the second time in {name}")
                )
            else:
                properties[each.name] = _property(release, each, group, checks, [*known])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ftlint:llamafactory:{release.version}",
        "title": f"LLaMA Factory {release.version}: the keys of its own dataclasses",
        "type": "object",
        "x-release": _release(release, parser),
        "x-commands": commands,
        "x-internal": sorted(internal),
        "x-templates": known,
        "x-models": _part(release, lambda: models(release), {}),
        "properties": properties,
    }


def _part(release: Release, read: Callable[[], Any], otherwise: Any) -> Any:
    """Return a part of a release; what stands for one that is not read."""
    try:
        return read()
    except SourceError as problem:
        release.pass_over(problem)
        return otherwise


def group_of(name: str) -> str:
    """Return the group of the keys of a class."""
    return GROUPS.get(name) or name.strip("_").removesuffix("Arguments").lower()


def _commands(
    release: Release, parser: Module
) -> tuple[dict[str, list[str]], list[tuple[Module, str, str]]]:
    """Return groups by command, and each class with its module and group, in the order of use."""
    commands: dict[str, list[str]] = {}
    classes: dict[str, tuple[Module, str, str]] = {}
    for command, variable in COMMANDS.items():
        listing = parser.assigned.get(variable, [None])[-1]
        if not isinstance(listing, ast.List | ast.Tuple):
            raise SourceError(f"{parser.name}: {variable} is not a list")
        names = [ast.unparse(each) for each in listing.elts]
        commands[command] = list(dict.fromkeys(map(group_of, names)))
        for name in names:
            found = _class(release, parser, name)
            if found is not None:
                classes[name] = (*found, group_of(name))
    if any(OF_KT in groups for groups in commands.values()):
        commands["train"] = list(dict.fromkeys([*commands["train"], OF_KT]))
    return commands, list(classes.values())


def _class(release: Release, parser: Module, name: str) -> tuple[Module, str] | None:
    """Return where a class of arguments is defined; None for one of another package."""
    if name in parser.classes:
        if name in parser.assigned:
            release.pass_over(SourceError(f"{parser.name}: {name} is assigned again"))
        return parser, name
    if name not in parser.imports:
        raise SourceError(f"{parser.name}: where does {name} come from?")
    origin, attribute = parser.imports[name]
    if origin.partition(".")[0] != release.package:
        return None
    module = release.module(origin)
    return _class(release, module, attribute)


def _property(
    release: Release, each: Field, group: str, checks: Checks, known: list[str]
) -> dict[str, Any]:
    """Return what is known of one key; of one that is written in no known way, its name."""
    label = f"{each.owner}.{each.name}"
    try:
        means, noticed = _meaning(release, each, checks, known, label)
        out = means.schema()
    except SourceError as problem:
        release.pass_over(problem)
        return {UNREADABLE: True, "type": [], "x-group": group, "x-owner": each.owner}
    if each.default is UNREAD:
        out[UNREADABLE] = True
    if each.default is None:
        out["x-required"] = True
    else:
        out["default"] = each.default.value
    if "enum" in out:
        out["x-choices-checked"] = noticed
    out["x-group"] = group
    out["x-owner"] = each.owner
    return out


def _meaning(
    release: Release, each: Field, checks: Checks, known: list[str], label: str
) -> tuple[Meaning, str]:
    """Return what a key may be, and when a value that is not listed is noticed."""
    means = meaning(release, each.module, each.annotation, label)
    if each.name in checks.split:
        means.types.add("array")
    if each.name == "template" and known:
        means.values = list(known)
    if each.name == "tool_format":
        means.values = _part(release, lambda: tool_formats(release), None)
    noticed: str = checked(each.name, release.version)
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
    return means, noticed


def _release(release: Release, parser: Module) -> dict[str, Any]:
    requires = _part(release, lambda: _requirements(release), {})
    return {
        "version": release.version,
        **_part(release, lambda: _reading(release, parser), {}),
        "transformers": requires.pop("transformers", None),
        "requires": requires,
    }


def _reading(release: Release, parser: Module) -> dict[str, Any]:
    """Return how configs are read; the function may be imported from another module."""
    found = release.function(parser, "read_args") or release.function(parser, "_parse_args")
    if found is None:
        raise SourceError(f"{parser.name} has no read_args")
    reader = found[1]
    yaml, json = _branch(reader, ".yaml"), _branch(reader, ".json")
    if "OmegaConf.load" in yaml:
        loader = "omegaconf"
    elif "yaml.safe_load" in yaml or "parser.parse_yaml_file" in yaml:
        loader = "pyyaml"
    else:
        raise SourceError(f"read_args: YAML is read with {sorted(yaml)}")
    # `json.load` is given a path there, not a file, and always raises.
    json_loads = {"OmegaConf.load", "json.loads", "parser.parse_json_file"} & json
    if not json_loads and "json.load" not in json:
        raise SourceError(f"read_args: JSON is read with {sorted(json)}")
    text = ast.unparse(reader)
    return {
        "loader": loader,
        "suffixes": [s for s in (".yaml", ".yml", ".json") if f"endswith('{s}')" in text],
        "json-configs": bool(json_loads),
        "overrides": "OmegaConf.from_cli" in yaml,
    }


def _branch(reader: ast.FunctionDef, suffix: str) -> set[str]:
    """Return the functions called where the file name ends in `suffix`."""
    for node in ast.walk(reader):
        if isinstance(node, ast.If) and f"endswith('{suffix}')" in ast.unparse(node.test):
            return {
                ast.unparse(call.func)
                for statement in node.body
                for call in ast.walk(statement)
                if isinstance(call, ast.Call)
            }
    raise SourceError(f"read_args has no branch for {suffix}")


_PINS = re.compile(r"([\w-]+)((?:(?:>=|<=|!=|==)[\w.]+(?:,|$))*)")
KT = "-kt"
"""How the packages of KTransformers are called, which stand beside those of everybody else."""


def _requirements(release: Release) -> dict[str, Any]:
    """Return the pins that a release checks when it is imported, by package.

    A package may be named in several calls; those under an `if` bind some environments alone, and
    only packages of KTransformers are pinned there.
    """
    module = release.module("llamafactory.extras.misc")
    function = module.functions.get("check_dependencies")
    if function is None:
        raise SourceError(f"{module.name} has no check_dependencies")
    pins: dict[str, Any] = {}
    for node in _always(function):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in PIN_CHECKS:
            continue
        text = constant(node.args[0]) if node.args else None
        found = _PINS.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise SourceError(f"check_dependencies: {text}")
        pin = pins.setdefault(found[1], {"min": None, "max": None, "excluded": []})
        for sign, version in re.findall(r"(>=|<=|!=|==)([\w.]+)", found[2]):
            if sign in (">=", "=="):
                pin["min"] = version
            if sign in ("<=", "=="):
                pin["max"] = version
            if sign == "!=":
                pin["excluded"].append(version)
    if not pins:
        raise SourceError("check_dependencies: no pin")
    return pins


def _always(function: ast.FunctionDef) -> list[ast.AST]:
    """Return the nodes of a function that are under no `if`, but where it does not hold."""
    plain: list[ast.stmt] = []
    for one in function.body:
        plain += one.orelse if isinstance(one, ast.If) else [one]
    return [node for statement in plain for node in ast.walk(statement)]
