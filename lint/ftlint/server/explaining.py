"""What is told of keys and rules, as Markdown that editors show."""

from __future__ import annotations

from posixpath import normpath

from ftlint.report.json_ import HOME, url
from ftlint.support.messages import visible
from ftlint.support.pattern import pattern
from ftlint.target.key_facts import facts_of
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from typing import Any

    from ftlint.diagnostics import Diagnostic
    from ftlint.rulebook.registry import RuleBook
    from ftlint.target.key_facts import KeyFacts
    from ftlint.target.keys import Catalogue

    Json = dict[str, Any]

MOST_VALUES = 24
"""Values that are listed; templates are a hundred."""
DOCS = f"{HOME}/blob/main/docs"
_LINK = pattern(r"\]\((?![a-z]+:)([^()\s]+)\)")


def of_key(name: str, catalogue: Catalogue) -> str | None:
    """Return what a key does, its default, values and releases; None for what never was one."""
    facts = facts_of(name, catalogue)
    if facts is None:
        return None
    return "\n\n".join(filter(None, (_head(facts), facts.about, *_lines(facts, catalogue))))


def _head(facts: KeyFacts) -> str:
    if facts.key is None:
        return f"`{facts.name}`"
    kinds = [kind for kind in facts.kinds if kind != "null"] or ["null"]
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    default = facts.default if facts.default == "required" else f"default {facts.default}"
    return f"`{facts.name}`: {' or '.join(kinds)}, {default}"


_OTHERWISE = {
    "parse": "Other values are rejected.",
    "later": "Other values crash later.",
    "never": "Other values are taken as something else, without an error.",
}


def _lines(facts: KeyFacts, catalogue: Catalogue) -> Iterator[str]:
    target = catalogue.target
    if facts.values:
        shown = ", ".join(f"`{visible(value)}`" for value in facts.values[:MOST_VALUES])
        more = len(facts.values) - MOST_VALUES
        many = f" and {more} more" if more > 0 else ""
        checked = facts.key and facts.key.checked
        yield f"Values: {shown}{many}. {_OTHERWISE.get(checked or '', '')}".rstrip()
    if facts.key is None:
        yield f"LLaMA Factory {target.label} does not read it for `{catalogue.command}`" + (
            f": {facts.releases}." if facts.releases else "."
        )
        if facts.successor:
            yield f"Write `{facts.successor}`."
        if facts.commands:
            yield f"Read by {', '.join(f'`{one}`' for one in facts.commands)}."
        return
    since = f"; {facts.releases}" if facts.releases else ""
    version = target.label if facts.package == "LLaMA Factory" else target.transformers
    yield f"{facts.package} {version}{since}. [All keys]({DOCS}/keys.md)"


def of_rule(one: Diagnostic, rules: RuleBook) -> str:
    """Return a finding with what its rule checks, and why."""
    head = f"**{one.code}** {one.name} ({one.severity})"
    parts = [head, visible(one.message)]
    if one.code in rules:
        try:
            about = rules.about(one.code)
        except KeyError:  # a policy without words of its own
            return "\n\n".join(parts)
        parts += [_LINK.sub(_whole, _visible_lines(about.why))]
    page = url(one.code)
    parts += [f"[{one.code}]({page}), or `ftlint rule {one.code}`"] if page else []
    return "\n\n".join(filter(None, parts))


def _visible_lines(text: str) -> str:
    """Return text in which every line shows all that is in it."""
    return "\n".join(map(visible, text.strip().splitlines()))


def _whole(link: re.Match[str]) -> str:
    """Return a link from the page of a rule to another page as one from anywhere."""
    return f"]({DOCS}/{normpath(f'rules/{link[1]}')})"
