"""Configs over the defaults of a release, which the step arithmetic is handed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.facts.effective import effective
from ftlint.target.keys import catalogue_of
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Mapping


def values_of(
    config: Mapping[str, object], llamafactory: str, transformers: str
) -> dict[str, object]:
    """Return every key of a training config with its value."""
    target = resolve_target(llamafactory, transformers)
    return effective(config, catalogue_of(target, "train"))
