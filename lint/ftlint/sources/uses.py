"""What a source does with each key: the statements that name it, as numbers to compare.

Where the statements that name a key are the same in two sources, so is what becomes of the key, as
far as its name leads. A statement counts with the conditions that it stands under and the function
that it is in, whatever else is in that function. White space does not count; comments within a
statement do, and so make two sources differ that do not: the safe side.
"""

from __future__ import annotations

import ast

from ftlint.sources.modules import parse
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

PASSED_OVER = ("llamafactory/v1/", "llamafactory/webui/")
"""Folders that no run of a v0 config enters."""

OBJECTS = frozenset("dataset eval_dataset template ref_model reward_model".split())
"""Keys whose names are also those of what is made of them: as variables these say nothing."""

Uses = dict[str, tuple[int, ...]]
"""Key -> a number for each statement that names it: the upper half is that of its function."""
_HALF = 32


def counts(name: str) -> bool:
    """Return whether a file's uses count."""
    return name.startswith("llamafactory/") and not name.startswith(PASSED_OVER)


def digest(text: str) -> int:
    """Return a number of 32 bits that tells a text from another, white space aside."""
    from hashlib import blake2b

    data = " ".join(text.split()).encode("utf-8", errors="replace")
    return int.from_bytes(blake2b(data, digest_size=4).digest(), "big")


def content(text: str) -> str:
    """Return what tells the text of a file from others, whatever its line ends."""
    from hashlib import blake2b

    data = "\n".join(text.splitlines()).encode("utf-8", errors="replace")
    return blake2b(data, digest_size=8).hexdigest()


def of_file(name: str, text: str, keys: Collection[str], tree: ast.Module | None = None) -> Uses:
    """Return the uses of keys in one file. Raises SourceError for what is no Python."""
    found: dict[str, list[int]] = {}
    lines = text.encode("utf-8", errors="replace").splitlines(keepends=True)
    for statement, place, names in _mentions((tree or parse(text, name)).body, ""):
        written = names.intersection(keys)
        if not written:
            continue
        function = digest(f"{name} {place.partition('/')[0]}")
        number = function << _HALF | digest(f"{place} {_segment(lines, statement)}")
        for key in written:
            found.setdefault(key, []).append(number)
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def compared(tree: ast.Module, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each key with a word that a file compares its value with."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Attribute):
            continue
        if node.left.attr in keys and isinstance(node.ops[0], ast.Eq | ast.In):
            for part in ast.walk(node.comparators[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield node.left.attr, part.value


def taken_out(tree: ast.Module) -> Iterator[str]:
    """Yield the keys that a file takes out of the arguments before they are parsed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "args.pop" and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def together(files: Iterable[Uses]) -> Uses:
    """Return the uses of keys in all files."""
    found: dict[str, list[int]] = {}
    for uses in files:
        for key, numbers in uses.items():
            found.setdefault(key, []).extend(numbers)
    return {key: tuple(sorted(numbers)) for key, numbers in found.items()}


def functions(uses: Uses) -> set[int]:
    """Return the functions in which any key is named."""
    return {number >> _HALF for numbers in uses.values() for number in numbers}


def function_of(number: int) -> int:
    """Return the function of a statement."""
    return number >> _HALF


def _mentions(body: list[ast.stmt], place: str) -> Iterator[tuple[ast.stmt, str, set[str]]]:
    """Yield each statement that names anything, where it stands, and the names.

    One with others inside counts as a whole, but for its `else`, for the names in its head. A field
    of a class says of its key what is read elsewhere.
    """
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = node.body
            if isinstance(node, ast.ClassDef):
                inner = [one for one in inner if not isinstance(one, ast.AnnAssign)]
            yield from _mentions(inner, f"{place}.{node.name}")
            continue
        if _registers(node):
            continue
        head = _head(node)
        names = set(_names([node] if head is None else head))
        if names:
            yield node, place, names
        if head is not None:
            within = f"{place}/{type(node).__name__} {' '.join(sorted(names))}"
            for field in ("body", "orelse", "finalbody"):
                yield from _mentions(getattr(node, field, []), f"{within} {field}")
            for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _mentions(part.body, f"{within} {type(part).__name__}")


def _registers(node: ast.stmt) -> bool:
    """Return whether a statement lists a template or a model: both are read elsewhere."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).lstrip("_").startswith("register_")


def _head(node: ast.stmt) -> list[ast.AST] | None:
    """Return what is in the head of a statement that has others inside; None for any other."""
    if isinstance(node, ast.If | ast.While):
        return [node.test]
    if isinstance(node, ast.For):
        return [node.target, node.iter]
    if isinstance(node, ast.With):
        return list(node.items)
    if isinstance(node, ast.Match):
        return [node.subject]
    return [] if isinstance(node, ast.Try) else None


def _names(nodes: list[ast.AST]) -> Iterator[str]:
    """Yield every name, attribute, argument and word in a part of a source."""
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.Name):
                if node.id not in OBJECTS:
                    yield node.id
            elif isinstance(node, ast.keyword) and node.arg:
                if node.arg not in OBJECTS:
                    yield node.arg
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _segment(lines: list[bytes], node: ast.stmt) -> str:
    """Return the text of a statement without its `else`; columns count bytes."""
    last = node.body[-1] if isinstance(node, ast.If | ast.For | ast.While) else node
    end, stop = last.end_lineno or node.lineno, last.end_col_offset or 0
    rows = lines[node.lineno - 1 : end]
    if not rows:
        return ""
    rows[-1] = rows[-1][:stop]
    rows[0] = rows[0][node.col_offset :]
    return b"".join(rows).decode("utf-8", errors="replace")
