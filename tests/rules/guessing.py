"""What is said, and made, of names that LLaMA Factory does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.rules.configs import HEAD
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.diagnostics import Diagnostic


def options(target: str = "0.9.5", *env: str) -> Options:
    return Options(resolve_target(target), stating(facts=(("env", list(env)),) if env else ()))


def found(text: str, target: str = "0.9.5", *env: str) -> dict[str | None, Diagnostic]:
    judged = lint(of_text("c.yaml", HEAD + text), options(target, *env)).diagnostics
    return {one.key: one for one in judged if one.code in CODES}


CODES = ("FT101", "FT102", "FT103", "FT104", "FT106", "FT123", "FT124", "FT4171", "FT566")


def fixed(text: str, target: str = "0.9.5", *, unsafe: bool = False) -> str:
    """Return what fixing leaves of `text`."""
    after = fix(of_text("c.yaml", HEAD + text), options(target), unsafe).source.text
    assert after.startswith(HEAD), after
    return after.removeprefix(HEAD)
