"""A released wheel, its modules, and where a name in one of them really comes from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Definition: TypeAlias = "ast.ClassDef | ast.expr"

_HOLDS = re.compile(r"""sys_platform != ["']darwin["']|python_version >= ["']3\.(9|10)["']""")
_HOLDS_NOT = re.compile(
    r"""sys_platform == ["']darwin["']|python_version < ["']3\.(9|10)["']|.*\bextra\b.*"""
)
"""Markers of requirements that do and do not hold on Linux with Python 3.10 or newer."""


class SourceError(Exception):
    """A release is not there, or not written in a way that this generator understands."""


@dataclass
class Module:
    """One parsed module. `imports` maps a local name to (module, attribute)."""

    name: str
    tree: ast.Module
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)


@dataclass(frozen=True)
class External:
    """A name that is defined outside the wheel, as `package.module.Name`."""

    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


@dataclass
class Release:
    """A wheel on disk, read lazily. `package` is both the project's and the import name."""

    package: str
    version: str
    wheel: Path
    _modules: dict[str, Module | None] = field(default_factory=dict)

    def module(self, name: str) -> Module:
        """The parsed module `name`; SourceError when the wheel has none."""
        found = self.find(name)
        if found is None:
            raise SourceError(f"{self.package} {self.version} has no module {name}")
        return found

    def find(self, name: str) -> Module | None:
        """The parsed module `name`, if the release has it."""
        if name not in self._modules:
            self._modules[name] = self._parse(name)
        return self._modules[name]

    def names(self) -> list[str]:
        """The names of all modules of the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            files = [name.removesuffix(".py") for name in archive.namelist() if ".py" in name[-3:]]
        return sorted(name.replace("/", ".").removesuffix(".__init__") for name in files)

    def _parse(self, name: str) -> Module | None:
        base = name.replace(".", "/")
        with zipfile.ZipFile(self.wheel) as archive:
            for path in (f"{base}.py", f"{base}/__init__.py"):
                try:
                    text = archive.read(path).decode("utf-8")
                except KeyError:
                    continue
                package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
                return parse_module(name, package, text)
        return None

    def requirement(self, package: str) -> str | None:
        """What pip installs of `package` beside the release, as its metadata say: `<=5.6.0,>=4.55`.

        Where it depends on the machine: what holds on Linux with Python 3.10 or newer.
        """
        for line in self._metadata().splitlines():
            found = re.fullmatch(
                r"Requires-Dist: ([\w.-]+)\s*\(?([^;()]*)\)?(?:;\s*(.*))?", line.strip()
            )
            if found is None or found[1] != package:
                continue
            if found[3] is None or _HOLDS.fullmatch(found[3].strip()):
                return found[2].replace(" ", "")
            if not _HOLDS_NOT.fullmatch(found[3].strip()):
                raise SourceError(f"metadata: {line}")
        return None

    def _metadata(self) -> str:
        with zipfile.ZipFile(self.wheel) as archive:
            (path,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
            return archive.read(path).decode("utf-8")

    def resolve(self, module: Module, name: str) -> tuple[Module, list[Definition]] | External:
        """Every definition of `name` in `module`, following imports inside the wheel.

        A name may be assigned in several branches; all of them are returned, in file order.
        """
        if name in module.classes:
            return module, [module.classes[name]]
        if name in module.assigned:
            return module, list(module.assigned[name])
        if name not in module.imports:
            raise SourceError(f"{module.name}: where does {name} come from?")
        origin, attribute = module.imports[name]
        if origin.partition(".")[0] != self.package:
            return External(f"{origin}.{attribute}")
        target = self.find(origin)
        if target is None or not (
            attribute in target.classes
            or attribute in target.assigned
            or attribute in target.imports
        ):
            return External(f"{origin}.{attribute}")
        return self.resolve(target, attribute)


def parse_module(name: str, package: str, text: str) -> Module:
    """A module from its text; `package` is what its relative imports begin from."""
    tree = ast.parse(text, name)
    module = Module(name, tree)
    for node in _top_level(tree.body):
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


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, those inside its if and try blocks too."""
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


def fetch(package: str, version: str, folder: Path) -> Release:
    """Downloads the wheel of one release from the package index into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    command += ["--dest", str(folder), f"{package}=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SourceError(f"{package} {version}: {done.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob(f"{package}-{version}-*.whl")
    return Release(package, version, wheel)
