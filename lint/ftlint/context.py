"""What a rule sees of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.discovery import placeholder_in
from ftlint.facts import Given, effective, facts

if TYPE_CHECKING:
    from ftlint.catalogue import Catalogue
    from ftlint.construct import Constructed, Entry
    from ftlint.document import Document
    from ftlint.rules.registry import RuleBook
    from ftlint.source import Source
    from ftlint.target import Target


class Context(NamedTuple):
    """One config, read for one target and command.

    `instance` holds `config`, `effective` and `facts`, and `unknown`: the keys whose value is a
    template's gap. No rule may rest on those.
    """

    source: Source
    document: Document
    constructed: Constructed
    command: str
    target: Target
    catalogue: Catalogue
    instance: dict[str, Any]
    rules: RuleBook

    @property
    def entries(self) -> dict[str, Entry]:
        """The keys of the file."""
        return self.constructed.entries

    def raw(self, entry: Entry) -> str:
        """Return a value as it is written."""
        return self.source.text[entry.node.start : entry.node.end]


def make_context(
    source: Source,
    document: Document,
    constructed: Constructed,
    command: str,
    target: Target,
    catalogue: Catalogue,
    given: Given,
    rules: RuleBook,
) -> Context:
    """Put together what rules ask of a file."""
    config = {name: entry.value for name, entry in constructed.entries.items()}
    values = effective(config, catalogue)
    instance: dict[str, Any] = {
        "config": config,
        "effective": values,
        "facts": facts(values, target, given, source.path),
        "unknown": {name for name, value in config.items() if placeholder_in(value) is not None},
    }
    return Context(source, document, constructed, command, target, catalogue, instance, rules)
