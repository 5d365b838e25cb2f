"""One LLaMA Factory as its own source tells it: a checkout, a fork, what is installed."""

from __future__ import annotations

import json
from zlib import crc32

from ftlint.target.handling import Handling
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.schema_facts import requirement

if TYPE_CHECKING:
    from typing import Any


class Facts(NamedTuple):
    """What was read of a source, as constants."""

    version: str
    keys: dict[str, tuple[Any, ...]]
    commands: dict[str, tuple[str, ...]]
    reading: tuple[str, bool, tuple[str, ...]] | None
    bounds: tuple[str, str] | None
    pins: dict[str, dict[str, Any]]
    templates: dict[str, tuple[str, tuple[str, ...]]]
    models: dict[str, tuple[tuple[str, ...], bool, bool]]
    handling: tuple[Any, ...]
    unread: tuple[str, ...]


class Tree:
    """The facts of a source. Two are the same when their facts are; it is named by these."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.handling = Handling(*facts.handling)
        self.digest = crc32(json.dumps(facts, sort_keys=True).encode())

    @property
    def version(self) -> str:
        """What the source calls itself; nothing where it does not say."""
        return self.facts.version

    @property
    def nearest(self) -> str:
        """The state that treats most keys as this source does."""
        return self.handling.nearest

    @property
    def keys(self) -> dict[str, tuple[Any, ...]]:
        """Key -> group, kinds, choices, checked, separator, default."""
        return self.facts.keys

    @property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """Command -> groups of the keys that it parses."""
        return self.facts.commands

    @property
    def reading(self) -> tuple[str, bool, tuple[str, ...]] | None:
        """How configs are read: loader, whether JSON loads, suffixes; None where not known."""
        return self.facts.reading

    @property
    def bounds(self) -> tuple[str, str] | None:
        """The oldest and the newest transformers that it takes."""
        return self.facts.bounds

    @property
    def requirements(self) -> dict[str, tuple[str, str]]:
        """Package -> what it takes of it when it starts, and what pip installs: not known here."""
        return {package: (requirement(pin), "") for package, pin in self.facts.pins.items()}

    @property
    def templates(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Template -> format, media."""
        return self.facts.templates

    @property
    def models(self) -> dict[str, tuple[tuple[str, ...], bool, bool]]:
        """Model -> templates, chat, media."""
        return self.facts.models

    def __repr__(self) -> str:
        """Return a name that is the same in every process."""
        return f"<Tree {self.version} {self.digest:08x}>"

    def __eq__(self, other: object) -> bool:
        """Return whether another tree holds the same."""
        return isinstance(other, Tree) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return a number that two same trees have in common."""
        return self.digest
