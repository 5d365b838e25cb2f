"""From `--target` and `--transformers` as written to a target: releases by their names at once."""

from __future__ import annotations

from ftlint.target.states import (
    AUTO,
    KNOWN,
    MAIN,
    NEWEST,
    TREE,
    Target,
    UnknownTarget,
    Version,
    in_range,
    installed,
    parse_version,
    target_of,
)
from ftschemas import compiled
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.target.elsewhere import ConfigFolder

__all__ = [
    "AUTO", "KNOWN", "MAIN", "NEWEST", "TREE", "Target", "UnknownTarget", "Version", "in_range",
    "installed", "parse_version", "resolve_target",
]  # fmt: skip


def resolve_target(
    llamafactory: str | None = None,
    transformers: str | None = None,
    place: ConfigFolder | None = None,
) -> Target:
    """Return the target for `--target` and `--transformers` as written; None means the newest.

    `auto` takes what is installed here, without importing it; a path and `tree` the source there
    is. `place`: where the config lies that is judged.
    """
    name = NEWEST if llamafactory is None else llamafactory.strip()
    if transformers is not None:
        from ftlint.target.pins import is_version

        transformers = transformers.strip()
        if not is_version(transformers):
            raise UnknownTarget(f"transformers {transformers!r} is not a version number")
    if name[:1] in ("v", "V") and name[1:2].isdigit():
        name = name[1:]
    if name in compiled.RELEASES:
        return target_of(name, transformers)
    from ftlint.target.elsewhere import resolve

    return resolve(name, transformers, place)
