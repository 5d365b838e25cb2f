"""What a person states of a run: by option, by comment in the file or by setting."""

from __future__ import annotations

from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.support.containment import Reach


class Given(NamedTuple):
    """Facts that a person states: by flag, by setting or by a comment in the file."""

    gpus: int | None = None
    nodes: int | None = None
    dataset_sizes: tuple[tuple[str, int], ...] = ()
    dataset_dir: str | None = None
    facts: tuple[tuple[str, object], ...] = ()
    """Any other fact by its name; what is stated wins over what is derived."""
    here: bool = False
    """Whether the configs will run on this machine, so that its folders count."""
    bands: Mapping[str, Any] = compiled.POLICY
    """The table of rules of thumb (see `ftlint.facts.rules_of_thumb`)."""
    cache: bool = True
    """Whether counts of rows may be taken from, and put into, the user's cache folder."""
    reach: Reach | None = None
    """Within which what a config names is read; None for the working directory."""
