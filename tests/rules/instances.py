"""What a condition is asked about: all that is known of one config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.facts.context import make_context
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.disk import Disk
from ftlint.syntax.construct import construct
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose
from ftlint.syntax.source import of_text
from ftlint.target.classify import command_of
from ftlint.target.releases import resolve_target
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.facts.context import Context
    from ftlint.rulebook.condition import Instance


def instance_of(text: str, version: str) -> Instance | None:
    """Return what conditions are asked about; None where a text is no config, or a broken one."""
    context = context_of(text, version)
    return None if context is None else context.instance


def context_of(text: str, version: str) -> Context | None:
    document = compose(text)
    if isinstance(document, Broken):
        return None
    target = resolve_target(version)
    made = construct(document.root, target.dialect)
    command = command_of(made.entries)
    if command is None or made.problems:
        return None
    given = stating(gpus=2)
    return make_context(
        of_text("c.yaml", text), document, made, command, target, given, BUILT_IN, Disk()
    )
