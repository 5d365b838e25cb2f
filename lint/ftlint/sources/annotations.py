"""What a dataclass annotation means in JSON Schema terms."""

from __future__ import annotations

import ast

from ftlint.sources.classes import EXTERNAL_MEMBERS, is_enum, members
from ftlint.sources.modules import External, Module, Release, SourceError, constant, parse
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
CONTAINERS = {"dict": "object", "Dict": "object", "list": "array", "List": "array"}
ORDER = ("string", "integer", "number", "boolean", "array", "object", "null")


class Meaning:
    """`values` are the only ones meant (None: open), `words` those of a list's items."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.values: list[Any] | None = None
        self.words: list[Any] | None = None
        self.items: str | None = None
        self.instance_of: str | None = None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema keywords, in the order in which they are written."""
        ordered = [name for name in ORDER if name in self.types]
        out: dict[str, Any] = {"type": ordered[0] if len(ordered) == 1 else ordered}
        if self.words is not None:
            out["items"] = {"enum": self.words}
        elif self.items is not None:
            out["items"] = {"type": self.items}
        if self.values is not None:
            out["enum"] = [*self.values, None] if "null" in self.types else list(self.values)
        return out


def json_type(value: Any) -> str:
    """Return the JSON type of a Python constant."""
    if value is None:
        return "null"
    name = type(value).__name__
    if name not in SCALARS:
        raise SourceError(f"a value of the type {name}")
    return SCALARS[name]


def meaning(release: Release, module: Module, node: ast.expr, label: str) -> Meaning:
    """Return what an annotation means; an unknown class is an object where nothing else is left."""
    out = Meaning()
    try:
        _collect(release, module, node, label, out)
    except RecursionError:
        raise SourceError(f"{label}: an annotation without end") from None
    if out.instance_of and not out.types - {"null"}:
        out.types.add("object")
    return out


def _collect(release: Release, module: Module, node: ast.expr, label: str, out: Meaning) -> None:
    if isinstance(node, ast.Constant):
        if node.value is None:
            out.types.add("null")
            return
        if isinstance(node.value, str):
            _collect(release, module, parse(node.value, label, "eval").body, label, out)
            return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        _collect(release, module, node.left, label, out)
        _collect(release, module, node.right, label, out)
        return
    if isinstance(node, ast.Subscript):
        _subscript(release, module, node, label, out)
        return
    if isinstance(node, ast.Name):
        _name(release, module, node.id, label, out)
        return
    if isinstance(node, ast.Attribute):
        out.instance_of = ast.unparse(node)
        return
    raise SourceError(f"{label}: annotation {ast.unparse(node)}")


def _subscript(
    release: Release, module: Module, node: ast.Subscript, label: str, out: Meaning
) -> None:
    head = ast.unparse(node.value).rpartition(".")[2]
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if head in {"Optional", "Union"}:
        for each in inner:
            _collect(release, module, each, label, out)
        if head == "Optional":
            out.types.add("null")
    elif head == "Literal":
        values = [constant(each) for each in inner]
        out.types.update(json_type(value) for value in values)
        # A lone `Literal[False]` beside other types closes nothing.
        if not all(isinstance(value, bool) for value in values):
            out.values = values
    elif CONTAINERS.get(head) == "array":
        out.types.add("array")
        item = meaning(release, module, inner[0], label)
        out.words = item.values
        out.items = "string" if item.types == {"string"} else None
    elif CONTAINERS.get(head) == "object":
        out.types.add("object")
    else:
        raise SourceError(f"{label}: annotation {ast.unparse(node)}")


def _name(release: Release, module: Module, name: str, label: str, out: Meaning) -> None:
    if name in SCALARS or name in CONTAINERS:
        out.types.add(SCALARS.get(name) or CONTAINERS[name])
        return
    if name == "Path":
        out.types.add("string")
        return
    found = release.resolve(module, name)
    if isinstance(found, External):
        if any(member.startswith(f"{found.path}.") for member in EXTERNAL_MEMBERS):
            out.types.add("string")
            return
    else:
        where, definitions = found
        classes = [each for each in definitions if isinstance(each, ast.ClassDef)]
        if classes and is_enum(release, where, classes[0]):
            values = list(members(release, where, classes[0]).values())
            out.types.update(json_type(value) for value in values)
            out.values = values
            return
    out.instance_of = name
