"""What DeepSpeed's own classes take, read from the source of its releases.

A section of a DeepSpeed config becomes an object of JSON Schema. A class of pydantic's refuses keys
that it has no field for; the older sections are plain dictionaries, of which DeepSpeed asks the
names that it knows. Every release is read, since nobody knows which one a run will have: what a
schema says holds for all of them, and `x-since` and `x-until` say where a field is missing.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

from ftlint.sources.modules import External, Module, Release, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECTIONS = {
    "zero_optimization": ("deepspeed.runtime.zero.config", "DeepSpeedZeroConfig"),
    "tensorboard": ("deepspeed.monitor.config", "TensorBoardConfig"),
    "wandb": ("deepspeed.monitor.config", "WandbConfig"),
    "csv_monitor": ("deepspeed.monitor.config", "CSVConfig"),
    "comet": ("deepspeed.monitor.config", "CometConfig"),
    "comms_logger": ("deepspeed.comm.config", "CommsLoggerConfig"),
    "hybrid_engine": ("deepspeed.runtime.config", "HybridEngineConfig"),
    "timers.throughput": ("deepspeed.utils.config", "DeepSpeedThroughputTimerConfig"),
    "compile": ("deepspeed.compile.config", "CompileConfig"),
    "fp16": ("deepspeed.runtime.precision_config", "DeepSpeedFP16Config"),
    "bf16": ("deepspeed.runtime.precision_config", "DeepSpeedBF16Config"),
}
"""Sections that a class of pydantic's reads, where a release has it."""

_SCALARS = {"bool": "boolean", "int": "integer", "float": "number", "str": "string"}
_OPEN = ("Any", "Dict", "List", "Path", "Union", "dict", "list")
"""Annotations of fields whose values are not judged."""
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def archived(version: str, folder: Path) -> Release:
    """Return a release whose source archive was downloaded already."""
    with tarfile.open(folder / f"deepspeed-{version}.tar.gz") as archive:
        texts = {
            member.name.partition("/")[2]: file.read().decode("utf-8")
            for member in archive
            if member.name.endswith(".py") and (file := archive.extractfile(member)) is not None
        }
    return Release("deepspeed", version, texts.get)


def fetch(version: str, folder: Path) -> Release:
    """Download the source of a release; there are no wheels."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", ":all:", "--dest", str(folder), f"deepspeed=={version}"]
    environment = {**os.environ, "DS_BUILD_OPS": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SourceError(f"deepspeed {version}: {done.stderr.strip().splitlines()[-1]}")
    return archived(version, folder)


def build(releases: list[Release]) -> dict[str, Any]:
    """Return the schema of all releases, oldest first."""
    read = {release.version: dict(_sections(release)) for release in releases}
    versions = list(read)
    paths = dict.fromkeys(path for sections in read.values() for path in sections)
    return {
        "versions": versions,
        "sections": {path: _merged(path, read) for path in sorted(paths)},
        "names": sorted(_names(releases)),
        "schedulers": _schedulers(releases),
    }


def _merged(path: str, read: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Return the fields of a section in any release; what a value may be is what any one takes."""
    having = [version for version, sections in read.items() if path in sections]
    fields: dict[str, dict[str, Any]] = {}
    for version in having:
        for name, field in read[version][path].items():
            seen = fields.setdefault(name, {**field, "x-since": version})
            seen["x-until"] = version
            for word in [word for word in seen if not word.startswith("x-")]:
                if word not in field:
                    del seen[word]  # one release takes anything there
                elif word in ("type", "enum"):
                    seen[word] += [one for one in field[word] if one not in seen[word]]
                elif seen[word] != field[word]:
                    pick = min if "inimum" in word else max
                    seen[word] = pick(seen[word], field[word])
    for field in fields.values():
        if field["x-since"] == having[0]:
            del field["x-since"]
        if field["x-until"] == having[-1]:
            del field["x-until"]
    strict = len(having) == len(read)
    return {"type": "object", "additionalProperties": not strict, "properties": fields}


def _sections(release: Release) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each section that a class reads, the sections within it too, with its fields."""
    for path, (name, cls) in SECTIONS.items():
        module = release.find(name)
        for each in (cls, cls.replace("CommsLogger", "Comms")):
            if module is not None and each in module.classes:
                yield from _of_class(release, module, module.classes[each], path)
                break


def _of_class(
    release: Release, module: Module, node: ast.ClassDef, path: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    fields: dict[str, Any] = {}
    for each in node.body:
        if not isinstance(each, ast.AnnAssign) or not isinstance(each.target, ast.Name):
            continue
        inner = _inner_class(release, module, each.annotation)
        if inner is not None:
            yield from _of_class(release, *inner, f"{path}.{each.target.id}")
        schema = _field(release, module, each)
        fields[each.target.id] = schema
        alias = _alias(each.value)
        if alias is not None:
            fields[alias] = dict(schema)
    yield path, fields


def _inner_class(
    release: Release, module: Module, annotation: ast.expr
) -> tuple[Module, ast.ClassDef] | None:
    """Return the class of pydantic's that an annotation names, if it does."""
    name = _optional(annotation)[0]
    if not isinstance(name, ast.Name) or name.id in _SCALARS or name.id in _OPEN:
        return None
    resolved = release.resolve(module, name.id)
    if isinstance(resolved, External):
        return None
    home, (definition, *_) = resolved
    if not isinstance(definition, ast.ClassDef) or "Enum" in {*map(ast.unparse, definition.bases)}:
        return None
    return home, definition


def _optional(annotation: ast.expr) -> tuple[ast.expr, bool]:
    """Return the annotation inside `Optional[…]`, and whether that stood around it."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Optional":
        return annotation.slice, True
    return annotation, False


def _field(release: Release, module: Module, node: ast.AnnAssign) -> dict[str, Any]:
    annotation, nullable = _optional(node.annotation)
    schema: dict[str, Any] = {}
    name = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    word = ast.unparse(name)
    if word in _SCALARS:
        schema["type"] = [_SCALARS[word]]
    elif word not in _OPEN and isinstance(name, ast.Name):
        choices = _choices(release, module, name.id)
        if choices is not None:
            schema["enum"] = choices
        elif _inner_class(release, module, annotation) is not None:
            schema["type"] = ["object"]
        else:
            raise SourceError(f"{module.name}: what is a field of {word}?")
    if nullable or (isinstance(node.value, ast.Constant) and node.value.value is None):
        if "type" in schema:
            schema["type"].append("null")
        if "enum" in schema:
            schema["enum"].append(None)
    return {**schema, **dict(_bounds(node.value))}


def _bounds(value: ast.expr | None) -> Iterator[tuple[str, float]]:
    for keyword in value.keywords if isinstance(value, ast.Call) else ():
        if keyword.arg in _BOUNDS:
            yield _BOUNDS[keyword.arg], ast.literal_eval(keyword.value)


def _alias(value: ast.expr | None) -> str | None:
    for keyword in value.keywords if isinstance(value, ast.Call) else ():
        if keyword.arg == "alias":
            return str(ast.literal_eval(keyword.value))
    return None


def _choices(release: Release, module: Module, name: str) -> list[Any] | None:
    """Return the values of an enum, None where the name is another class."""
    resolved = release.resolve(module, name)
    if isinstance(resolved, External):
        raise SourceError(f"{module.name}: {name} is defined elsewhere")
    definition = resolved[1][0]
    if not isinstance(definition, ast.ClassDef):
        raise SourceError(f"{module.name}: {name} is no class")
    if "Enum" not in {*map(ast.unparse, definition.bases)}:
        return None
    values = [ast.literal_eval(one.value) for one in definition.body if isinstance(one, ast.Assign)]
    return list(dict.fromkeys(values))


SHORT = 6
"""Letters of the shortest name that is looked for: `enabled` is a name of every section."""


def _names(releases: list[Release]) -> set[str]:
    """Return the names by which any release asks for a part of a config."""
    found = {path.partition(".")[0] for path in SECTIONS}
    for release in releases:
        for name in ("deepspeed.runtime.constants", "deepspeed.runtime.config"):
            for values in release.module(name).assigned.values():
                found |= {
                    node.value
                    for node in values
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                }
    return {name for name in found if name.isidentifier() and name.islower() and len(name) > SHORT}


def _schedulers(releases: list[Release]) -> dict[str, dict[str, list[str]]]:
    """Return what the schedulers of DeepSpeed's own take and need, in any release."""
    found: dict[str, dict[str, list[str]]] = {}
    for release in releases:
        module = release.module("deepspeed.runtime.lr_schedules")
        names = module.assigned["VALID_LR_SCHEDULES"][0].elts  # type: ignore[attr-defined]
        for name in (ast.literal_eval(module.assigned[node.id][0]) for node in names):
            arguments = _arguments(module.classes[name])
            seen = found.setdefault(name, {"takes": [], "needs": list(arguments[1])})
            seen["takes"] += [one for one in arguments[0] if one not in seen["takes"]]
            seen["needs"] = [one for one in seen["needs"] if one in arguments[1]]
    return found


def _arguments(node: ast.ClassDef) -> tuple[list[str], list[str]]:
    """Return what a class is made of besides the optimizer: all, and what has no default."""
    (init,) = (
        one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"
    )
    names = [one.arg for one in init.args.args][2:]
    return names, names[: len(names) - len(init.args.defaults)]
