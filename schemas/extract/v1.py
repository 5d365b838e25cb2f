"""The keys and plugins of LLaMA Factory v1, which a release holds beside its first program.

Its arguments are dataclasses of their own; a key `…_config` names a plugin of a family and holds
that plugin's parameters. What a plugin takes is known where it parses them with a dataclass.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ftlint.sources.classes import evaluate, members
from ftlint.sources.modules import External, SourceError, constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.sources.modules import Module, Release

PACKAGE = "llamafactory.v1"
CLASSES = ("ModelArguments", "DataArguments", "TrainingArguments", "SampleArguments")
MODULES = ("model_args", "data_args", "training_args", "sample_args")
KINDS = {"str": "text", "int": "int", "float": "float", "bool": "bool", "PluginConfig": "map"}
FAMILIES = {
    "PeftPlugin": "peft_config",
    "KernelPlugin": "kernel_config",
    "QuantizationPlugin": "quant_config",
    "DistributedPlugin": "dist_config",
    "OptimizerPlugin": "optim_config",
    "LRSchedulerPlugin": "lr_scheduler_config",
    "InitPlugin": "init_config",
}
"""Families of plugins, and the key that names one of each."""
BUILT_IN = {"kernel_config": ("auto",)}
"""Names that a family takes besides its plugins: what is named `auto` is chosen by the device."""


def extract(release: Release, names: list[str]) -> dict[str, Any] | None:
    """Return the keys of v1 and its plugins; None where a release has no v1."""
    if release.find(f"{PACKAGE}.config.training_args") is None:
        return None
    properties: dict[str, Any] = {}
    for name, module in zip(CLASSES, MODULES, strict=True):
        found = release.module(f"{PACKAGE}.config.{module}")
        for statement in found.classes[name].body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                properties[statement.target.id] = _property(release, found, statement)
    return {"properties": properties, "plugins": _plugins(release, names)}


def _property(release: Release, module: Module, node: ast.AnnAssign) -> dict[str, Any]:
    kinds, choices = _kinds(release, module, node.annotation)
    default = _default(release, module, node.value)
    out: dict[str, Any] = {"kinds": kinds}
    if choices is not None:
        out["choices"] = choices
    return {**out, "default": default}


def _kinds(release: Release, module: Module, node: ast.expr) -> tuple[list[str], list[Any] | None]:
    """Return what an annotation takes: kinds of values, and the only values where it lists them."""
    if isinstance(node, ast.BinOp):
        left, choices = _kinds(release, module, node.left)
        right, others = _kinds(release, module, node.right)
        return [*left, *right], choices or others
    if isinstance(node, ast.Constant) and node.value is None:
        return ["null"], None
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return ["text"], [constant(item) for item in items]
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "list":
        return ["list"], None
    if isinstance(node, ast.Name):
        if node.id == "float":
            return ["float", "int"], None
        if node.id in KINDS:
            return [KINDS[node.id]], None
        return ["text"], _choices(release, module, node.id)
    raise SourceError(f"v1: annotation {ast.unparse(node)}")


def _choices(release: Release, module: Module, name: str) -> list[Any]:
    """Return the values of an enum."""
    found = release.resolve(module, name)
    definition = None if isinstance(found, External) else found[1][0]
    if isinstance(found, External) or not isinstance(definition, ast.ClassDef):
        raise SourceError(f"v1: {name} is not an enum of its own")
    return list(members(release, found[0], definition).values())


def _default(release: Release, module: Module, call: ast.expr | None) -> Any:
    """Return a field's default; null where it is made anew for each run, as an output folder is."""
    if not isinstance(call, ast.Call):
        raise SourceError("v1: a field without field()")
    value = next((one.value for one in call.keywords if one.arg == "default"), None)
    if value is None:
        return None
    try:
        return evaluate(release, module, value, "v1")
    except SourceError:
        if isinstance(value, ast.Attribute):
            raise
        return None


def _plugins(release: Release, names: list[str]) -> dict[str, dict[str, list[str] | None]]:
    """Return each family's plugins, with their parameters, by the key that names one of them."""
    found: dict[str, dict[str, list[str] | None]] = {
        key: dict.fromkeys(BUILT_IN.get(key, ())) for key in FAMILIES.values()
    }
    for module in _modules(release, names):
        for node in ast.walk(module.tree):
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                continue
            for family, name in filter(None, map(_registered, node.decorator_list)):
                if family in FAMILIES:
                    found[FAMILIES[family]].setdefault(name, _parameters(module, node))
    return found


def _modules(release: Release, names: list[str]) -> Iterator[Module]:
    for name in names:
        if name.startswith(f"{PACKAGE}.plugins."):
            yield release.module(name)


def _registered(decorator: ast.expr) -> tuple[str, str] | None:
    """Return family and name of `@Family("name").register()`, with or without the last brackets."""
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(call, ast.Attribute) or call.attr != "register":
        return None
    made = call.value
    if not isinstance(made, ast.Call) or not made.args:
        return None
    return ast.unparse(made.func), constant(made.args[0])


def _parameters(module: Module, node: ast.AST) -> list[str] | None:
    """Return what a plugin takes, where it refuses all else; None where it takes anything."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".parse_params"):
            definition = module.classes[ast.unparse(call.args[1])]
            return [
                statement.target.id
                for statement in definition.body
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
            ]
    return None
