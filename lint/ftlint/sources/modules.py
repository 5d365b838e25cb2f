"""A release's modules as text, and where a name in one of them really comes from."""

from __future__ import annotations

import ast
from typing import Any

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Definition = ast.ClassDef | ast.expr
    Read = Callable[[str], str | None]
    """From a path below the folder that a package lies in to its text; None where nothing lies."""

DEEPEST = 50
"""Imports that are followed from one to the next."""
LONGEST = 4_096
"""Bits of a number: fewer than what Python refuses to write out."""


class SourceError(Exception):
    """A release is not there, or not written in a way that is known here."""


class Module:
    """One parsed module. `imports` maps a local name to (module, attribute)."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name = name
        self.tree = tree
        self.imports: dict[str, tuple[str, str]] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.assigned: dict[str, list[ast.expr]] = {}


class External(NamedTuple):
    """A name that is defined outside the package, as `package.module.Name`."""

    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


class Release:
    """The modules of a package, parsed when they are asked for.

    `package` is both the project's and the import name. What could not be read is in `unread`: one
    who takes nothing but the whole (`strict`) gets a `SourceError` for the first of it.
    """

    def __init__(self, package: str, version: str, read: Read, *, strict: bool = True) -> None:
        self.package = package
        self.version = version
        self.strict = strict
        self.unread: list[str] = []
        self._read = read
        self._modules: dict[str, Module | None] = {}

    def pass_over(self, problem: SourceError) -> None:
        """Note that a part is not read, or raise where all must be."""
        if self.strict:
            raise problem
        self.unread.append(str(problem))

    def module(self, name: str) -> Module:
        """Return the parsed module `name`; SourceError when there is none."""
        found = self.find(name)
        if found is None:
            raise SourceError(f"{self.package} {self.version} has no module {name}")
        return found

    def find(self, name: str) -> Module | None:
        """Return the parsed module `name`, if the release has it."""
        if name not in self._modules:
            self._modules[name] = self._parse(name)
        return self._modules[name]

    def _parse(self, name: str) -> Module | None:
        base = name.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py"):
            text = self._read(path)
            if text is not None:
                package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
                return parse_module(name, package, text)
        return None

    def resolve(self, module: Module, name: str) -> tuple[Module, list[Definition]] | External:
        """Return every definition of `name` in `module`, following imports inside the package.

        A name may be assigned in several branches; all of them are returned, in file order.
        """
        for _ in range(DEEPEST):
            if name in module.classes:
                return module, [module.classes[name]]
            if name in module.assigned:
                return module, list(module.assigned[name])
            found = self._imported(module, name)
            if isinstance(found, External):
                return found
            module, name = found
        raise SourceError(f"{module.name}: the imports of {name} go in a circle")

    def function(self, module: Module, name: str) -> tuple[Module, ast.FunctionDef] | None:
        """Return a function that a module defines or imports from the package."""
        for _ in range(DEEPEST):
            if name in module.functions:
                return module, module.functions[name]
            if name not in module.imports:
                return None
            found = self._imported(module, name)
            if isinstance(found, External):
                return None
            module, name = found
        return None

    def _imported(self, module: Module, name: str) -> tuple[Module, str] | External:
        """Return where a module imports a name from."""
        if name not in module.imports:
            raise SourceError(f"{module.name}: where does {name} come from?")
        origin, attribute = module.imports[name]
        if origin.partition(".")[0] != self.package:
            return External(f"{origin}.{attribute}")
        target = self.find(origin)
        if target is None or not any(
            attribute in names
            for names in (target.classes, target.assigned, target.imports, target.functions)
        ):
            return External(f"{origin}.{attribute}")
        return target, attribute


def parse_module(name: str, package: str, text: str) -> Module:
    """Return a module from its text; `package` is what its relative imports begin from."""
    module = Module(name, parse(text, name))
    for node in _top_level(module.tree.body):
        if isinstance(node, ast.ImportFrom):
            origin = _absolute(package, node)
            for alias in node.names:
                module.imports[alias.asname or alias.name] = (origin, alias.name)
        elif isinstance(node, ast.ClassDef):
            module.classes[node.name] = node
        elif isinstance(node, ast.FunctionDef):
            module.functions[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    module.assigned.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            module.assigned.setdefault(node.target.id, []).append(node.value)
    return module


def parse(text: str, name: str, mode: Any = "exec") -> Any:
    """Return the syntax tree of a text. Raises SourceError for what is no Python."""
    from warnings import catch_warnings, simplefilter

    try:
        with catch_warnings():
            simplefilter("ignore")  # odd escapes in strings, told on standard error
            return ast.parse(text, name, mode)
    except SyntaxError as error:
        place = f"{name}, line {error.lineno}" if error.lineno else name
        raise SourceError(f"{place}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):  # a NUL, brackets a thousand deep
        raise SourceError(f"{name}: not Python") from None


def constant(node: ast.expr) -> Any:
    """Return the value of a literal, or a set of them. Raises SourceError for any other expression.

    Nor are bytes, complex numbers and `...` values of a config, nor a mapping whose keys are no
    text, nor a number of more digits than Python writes.
    """
    try:
        value = ast.literal_eval(node)
        if _is_plain([*value] if isinstance(value, set) else value):
            return value
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    raise SourceError(f"line {node.lineno}: {ast.unparse(node)[:80]} is not a constant")


def word(node: ast.expr | None) -> str:
    """Return the text that a literal is. Raises SourceError for what is none, or missing."""
    value = None if node is None else constant(node)
    if not isinstance(value, str):
        found = "nothing" if node is None else ast.unparse(node)[:80]
        raise SourceError(f"{found} where a text should be")
    return value


def _is_plain(value: object) -> bool:
    """Return whether a value is made of what JSON has, too."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and _is_plain([*value.values()])
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if type(value) is int:
        return value.bit_length() <= LONGEST
    return value is None or type(value) in (str, float, bool)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those inside its if and try blocks too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _top_level(node.body)
            yield from _top_level(node.orelse)
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from _top_level(handler.body)


def _absolute(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)
