"""Dataclass fields of a released class: order, owner, default and annotation, read as text."""

from __future__ import annotations

import ast

from ftlint.sources.modules import External, Module, Release, SourceError, constant
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Members of an enum of another package that serves as a default.
EXTERNAL_MEMBERS = {
    "datasets.DownloadMode.REUSE_DATASET_IF_EXISTS": "reuse_dataset_if_exists",
}
FIELD_ARGUMENTS = {"default", "default_factory", "init", "repr", "metadata"}
ELSEWHERE = {"transformers", "mcore_adapter", "typing", "abc"}
"""Packages whose classes have no keys, or keys that others tell."""
LARGE = 1 << 40
"""Numbers from here on are not computed with."""


class Default(NamedTuple):
    """A field's default. `otherwise` holds what other branches of the release assign."""

    value: Any
    otherwise: tuple[Any, ...] = ()


UNREAD = Default(None, ("unread",))
"""Stands for a default that is not written as one is known."""


class Field(NamedTuple):
    """One dataclass field. `default` is None when the field has to be given."""

    name: str
    owner: str
    module: Module
    annotation: ast.expr
    default: Default | None
    init: bool
    choices: ast.expr | None


def bases(release: Release, module: Module, node: ast.ClassDef) -> Iterator[tuple[Module, Any]]:
    """Yield (module, ClassDef) for each base inside the package, (module, External) for others."""
    for base in node.bases:
        if isinstance(base, ast.Attribute):
            yield module, External(ast.unparse(base))
            continue
        if not isinstance(base, ast.Name):
            raise SourceError(f"{module.name}.{node.name}: base {ast.unparse(base)}")
        if base.id in {"object", "str"}:
            continue
        found = release.resolve(module, base.id)
        if isinstance(found, External):
            yield module, found
            continue
        where, definitions = found
        for definition in definitions:
            if isinstance(definition, ast.ClassDef):
                yield where, definition
            elif isinstance(definition, ast.Name):
                inner = release.resolve(where, definition.id)
                if not isinstance(inner, External):
                    raise SourceError(f"{where.name}: {base.id} is not an imported class")
                yield where, inner


def lineage(release: Release, module: Module, name: str) -> list[tuple[Module, ast.ClassDef]]:
    """Return the class and its bases inside the package, in method resolution order."""
    known: dict[type, tuple[Module, ast.ClassDef]] = {}
    built: dict[tuple[str, str], type] = {}

    def build(where: Module, node: ast.ClassDef) -> type:
        key = (where.name, node.name)
        if key not in built:
            parents = tuple(
                build(at, base)
                for at, base in bases(release, where, node)
                if isinstance(base, ast.ClassDef)
            )
            # Python's own linearisation: the shape of the classes is all that it needs.
            built[key] = type(node.name, parents, {})
            known[built[key]] = (where, node)
        return built[key]

    try:
        top = build(module, module.classes[name])
    except (TypeError, RecursionError, KeyError) as error:  # bases in a circle, or in no order
        raise SourceError(f"{module.name}.{name}: {error}") from None
    return [known[each] for each in top.__mro__ if each in known]


def fields(release: Release, module: Module, name: str) -> list[Field]:
    """Return the fields as the dataclass orders them; a redeclared one keeps its place."""
    merged: dict[str, Field] = {}
    for where, node in reversed(lineage(release, module, name)):
        for _, base in bases(release, where, node):
            if isinstance(base, External) and base.path.partition(".")[0] not in ELSEWHERE:
                release.pass_over(SourceError(f"{where.name}.{node.name}: base {base.path}"))
        for each in _own_fields(release, where, node):
            merged[each.name] = each
    return list(merged.values())


def _own_fields(release: Release, module: Module, node: ast.ClassDef) -> Iterator[Field]:
    scope = _local_values(node)
    for statement in _branches(node.body):
        if not isinstance(statement, ast.AnnAssign):
            continue
        if not isinstance(statement.target, ast.Name) or statement not in node.body:
            raise SourceError(f"{module.name}.{node.name}: {ast.unparse(statement)}")
        if "ClassVar" in ast.unparse(statement.annotation):
            continue
        name = statement.target.id
        label = f"{module.name}.{node.name}.{name}"
        try:
            default, init, choices = _declared(release, module, statement.value, scope, label)
        except SourceError as problem:
            release.pass_over(problem)
            default, init, choices = UNREAD, True, None
        yield Field(name, node.name, module, statement.annotation, default, init, choices)


def _local_values(node: ast.ClassDef) -> dict[str, list[Any]]:
    """Return what a class body assigns, its branches included: `default_optim` is one."""
    scope: dict[str, list[Any]] = {}
    for statement in _branches(node.body):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if not name.startswith("_") and isinstance(statement.value, ast.Constant):
                scope.setdefault(name, []).append(statement.value.value)
    return scope


def _branches(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from _branches(statement.body)
            yield from _branches(statement.orelse)


def _declared(
    release: Release,
    module: Module,
    value: ast.expr | None,
    scope: dict[str, list[Any]],
    label: str,
) -> tuple[Default | None, bool, ast.expr | None]:
    if value is None:
        return None, True, None
    if not (isinstance(value, ast.Call) and ast.unparse(value.func) == "field"):
        return _default(release, module, value, scope, label), True, None
    given = {each.arg: each.value for each in value.keywords}
    if value.args or not given.keys() <= FIELD_ARGUMENTS:
        raise SourceError(f"{label}: {ast.unparse(value)}")
    default = None
    if "default" in given:
        default = _default(release, module, given["default"], scope, label)
    elif "default_factory" in given:
        default = Default(_factory(release, module, given["default_factory"], label))
    init = bool(evaluate(release, module, given["init"], label)) if "init" in given else True
    metadata = given.get("metadata")
    choices = None
    if isinstance(metadata, ast.Dict):
        for key, item in zip(metadata.keys, metadata.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "choices":
                choices = item
    return default, init, choices


def _default(
    release: Release,
    module: Module,
    value: ast.expr,
    scope: dict[str, list[Any]],
    label: str,
) -> Default:
    if isinstance(value, ast.Name) and value.id in scope:
        *others, last = scope[value.id]
        return Default(last, tuple(x for x in others if x != last))
    if isinstance(value, ast.IfExp):
        holds = _recent_torch(value.test, label)
        chosen = evaluate(release, module, value.body if holds else value.orelse, label)
        other = evaluate(release, module, value.orelse if holds else value.body, label)
        return Default(chosen, (other,))
    return Default(evaluate(release, module, value, label))


def _recent_torch(test: ast.expr, label: str) -> bool:
    """Return whether a condition on torch holds when a recent one is installed."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return not _recent_torch(test.operand, label)
    if isinstance(test, ast.BoolOp):
        parts = [_recent_torch(each, label) for each in test.values]
        return any(parts) if isinstance(test.op, ast.Or) else all(parts)
    text = ast.unparse(test)
    if text == "is_torch_available()" or text.startswith("is_torch_greater_or_equal_than_"):
        return True
    raise SourceError(f"{label}: cannot decide {text}")


def _factory(release: Release, module: Module, value: ast.expr, label: str) -> Any:
    if isinstance(value, ast.Name) and value.id in {"list", "dict"}:
        return [] if value.id == "list" else {}
    if isinstance(value, ast.Lambda):
        return evaluate(release, module, value.body, label)
    raise SourceError(f"{label}: default_factory {ast.unparse(value)}")


def evaluate(release: Release, module: Module, node: ast.expr, label: str) -> Any:
    """Return the value of a constant expression. Raises SourceError for any other."""
    try:
        found = constant(node)
        return sorted(found, key=repr) if isinstance(found, set) else found
    except SourceError:
        pass
    if isinstance(node, ast.BinOp):
        left = evaluate(release, module, node.left, label)
        right = evaluate(release, module, node.right, label)
        numbers = all(type(one) in (int, float) and abs(one) < LARGE for one in (left, right))
        if numbers and isinstance(node.op, ast.Mult):
            return left * right
        if numbers and isinstance(node.op, ast.Pow) and abs(right) <= 64:
            return left**right
    if isinstance(node, ast.Call) and ast.unparse(node) in ("float('inf')", "float('-inf')"):
        return float(constant(node.args[0]))
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        found = release.resolve(module, node.value.id)
        if isinstance(found, External):
            member = f"{found.path}.{node.attr}"
            if member in EXTERNAL_MEMBERS:
                return EXTERNAL_MEMBERS[member]
        else:
            where, (definition, *_) = found
            if isinstance(definition, ast.ClassDef):
                found_members = members(release, where, definition)
                if node.attr in found_members:
                    return found_members[node.attr]
    raise SourceError(f"{label}: cannot evaluate {ast.unparse(node)}")


def is_enum(release: Release, module: Module, node: ast.ClassDef) -> bool:
    """Return whether the class is an Enum of any kind."""
    return any(
        base.name.endswith("Enum") if isinstance(base, External) else is_enum(release, at, base)
        for at, base in bases(release, module, node)
    )


def members(release: Release, module: Module, node: ast.ClassDef) -> dict[str, Any]:
    """Return the members of an enum, name -> value, in order."""
    return {
        statement.targets[0].id: evaluate(release, module, statement.value, node.name)
        for statement in node.body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
