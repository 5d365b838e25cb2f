"""A project's own data files, policies and bands: read within limits, tags make nothing."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

from ftlint.construct import construct
from ftlint.dialect import OMEGACONF
from ftlint.document import compose
from ftlint.nodes import Broken
from ftlint.source import of_text


class BadFile(ValueError):
    """The file cannot be read as data; the message says where and why."""


def load(path: str, most: int) -> Any:
    """Return what a YAML or JSON file of at most `most` characters holds. Raises `BadFile`."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(most + 1)
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadFile(f"{path}: not readable: {error}") from None
    if len(text) > most:
        raise BadFile(f"{path}: larger than such a file can be")
    document = compose(text)
    if isinstance(document, Broken):
        line = of_text(path, text).position(document.start).line
        raise BadFile(f"{path}: not readable: line {line}: {document.reason}")
    made = construct(document.root, OMEGACONF)
    for problem in made.problems:
        line = of_text(path, text).position(problem.start).line
        raise BadFile(f"{path}: not readable: line {line}: {problem.kind.replace('-', ' ')}")
    return made.value
