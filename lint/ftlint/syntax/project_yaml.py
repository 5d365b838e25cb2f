"""A project's own data files, policies and bands: read within limits, tags make nothing.

Settings choose them, and may choose a file that is something else: what is said of one never has
its content in it, only where in it something is wrong.
"""

from __future__ import annotations

from ftlint.support.pattern import pattern
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from ftlint.support.disk import Disk

from ftlint.support.disk import ReadFailure
from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose
from ftlint.syntax.source import of_text


class BadFile(ValueError):
    """The file cannot be read as data; the message says where and why."""


_QUOTED = pattern(r"""(['"])(?!<)[^'"]{3,}\1""")
"""A piece of the text in a parser's words; what a parser expected there is a sign or a <token>."""


def load(path: str, most: int, disk: Disk) -> Any:
    """Return what a YAML or JSON file of at most `most` bytes holds. Raises `BadFile`."""
    data = disk.read(path, most + 1)
    if isinstance(data, ReadFailure):
        raise BadFile(f"{path}: {data.reason}")
    if len(data) > most:
        raise BadFile(f"{path}: too large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadFile(f"{path}: not readable: not UTF-8") from None
    document = compose(text)
    if isinstance(document, Broken):
        line = of_text(path, text).position(document.start).line
        named = document.kind.endswith(("alias", "anchor"))
        why = document.kind.replace("-", " ") if named else _QUOTED.sub("…", document.reason)
        raise BadFile(f"{path}: not readable: line {line}: {why}")
    made = construct(document.root, OMEGACONF)
    for problem in made.problems:
        if problem.kind == "broken-reference":
            continue  # a `${` in words or examples is text: nothing resolves references here
        line = of_text(path, text).position(problem.start).line
        raise BadFile(f"{path}: not readable: line {line}: {problem.kind.replace('-', ' ')}")
    return made.value
