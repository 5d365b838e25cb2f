"""Rows of what was observed of a key, for the release that is nearest to the one asked for."""

from __future__ import annotations

from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def probed(release: str) -> str:
    """Return the release whose probes count for a state: the development state is like the last."""
    return release if release[:1].isdigit() else str(compiled.PROBED[-1])


def nearest(
    table: Mapping[tuple[str, str], tuple[tuple[str, Any], ...]], release: str, key: str
) -> tuple[tuple[str, Any], ...]:
    """Return a row of the newest probed release that is not newer, else of the oldest probed."""
    older = [probed for probed in compiled.PROBED if probed <= release]
    return table.get((older[-1] if older else compiled.PROBED[0], key), ())
