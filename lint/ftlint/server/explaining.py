"""What is told of keys and rules, as Markdown that editors show."""

from __future__ import annotations

from posixpath import normpath

from ftlint.report.json_ import url
from ftlint.support.addresses import SITE
from ftlint.support.messages import show, visible
from ftlint.support.pattern import pattern
from ftlint.target.reference import CHECKED, KINDS, PACKAGES, key_reference
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from typing import Any

    from ftlint.diagnostics import Diagnostic
    from ftlint.rulebook.registry import RuleBook
    from ftlint.target.keys import Catalogue, Key
    from ftlint.target.reference import KeyReference
    from ftlint.target.releases import Target

    Json = dict[str, Any]

MOST_VALUES = 24
"""Values that are listed; templates are a hundred."""
_LINK = pattern(r"\]\((?![a-z]+:)([^()\s#]+)\.md(#[^()\s]+)?\)")
"""A link from one page of the documentation to another, as they are written."""


def of_key(name: str, catalogue: Catalogue) -> str | None:
    """Return what a key does, its default, values and releases; None for what never was one."""
    key = catalogue.get(name)
    told = None if catalogue.command == V1 else key_reference(name, catalogue.target)
    if key is None and told is None:
        return None
    parts = [f"`{name}`" if key is None else _head(key)]
    parts += [told.meaning] if told is not None else []
    parts += _values(key) if key is not None else []
    if told is not None:
        gone = key is None
        parts += _gone(told, catalogue) if gone else [_releases(told, catalogue.target)]
    return "\n\n".join(filter(None, parts))


def _head(key: Key) -> str:
    kinds = [KINDS[kind] for kind in key.kinds if kind != "null"] or ["null"]
    if "float" in key.kinds and "int" in key.kinds:
        kinds.remove(KINDS["int"])
    return f"`{key.name}`: {' or '.join(kinds)}, default `{show(key.default)}`"


def _values(key: Key) -> list[str]:
    values = [visible(str(one)) for one in key.choices or () if one is not None]
    if not values:
        return []
    shown = ", ".join(f"`{one}`" for one in values[:MOST_VALUES])
    more = len(values) - MOST_VALUES
    many = f" and {more} more" if more > 0 else ""
    behaves = CHECKED.get(key.checked or "")
    others = f" LLaMA Factory {behaves}." if behaves else ""
    return [f"Values: {shown}{many}.{others}"]


def _releases(told: KeyReference, target: Target) -> str:
    own = target.label if told.package == "llamafactory" else target.transformers
    since = f", since {told.since}" if told.since else ""
    until = f", last in {told.until}" if told.until else ""
    return f"{PACKAGES[told.package]} {own}{since}{until}. [All keys]({SITE}keys/)"


def _gone(told: KeyReference, catalogue: Catalogue) -> list[str]:
    """Return why a key is not read: it came later, or is gone, or is one of another command."""
    target, command = catalogue.target, catalogue.command
    why = ""
    if command not in told.commands and told.present:
        others = ", ".join(f"`{one}`" for one in told.commands)
        why = f": it is read for {others}" if others else ""
    elif told.until:
        why = f": last in {PACKAGES[told.package]} {told.until}"
    elif told.since:
        why = f": new in {PACKAGES[told.package]} {told.since}"
    parts = [f"LLaMA Factory {target.label} does not read it for `{command}`{why}."]
    return parts + ([f"Write `{told.successor}`."] if told.successor else [])


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
    page = normpath(f"rules/{link[1]}").removesuffix("index")
    return f"]({SITE}{page.rstrip('/')}/{link[2] or ''})"
