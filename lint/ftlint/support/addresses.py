"""Where the project is found: its repository and its pages. The code has them from here alone."""

from __future__ import annotations

REPOSITORY = "https://github.com/ftlint/ftlint"
SITE = "https://ftlint.github.io/ftlint/"


def rule_page(code: str) -> str:
    """Return the page on which a rule of ftlint is explained."""
    return f"{SITE}rules/{code}/"
