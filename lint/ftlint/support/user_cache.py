"""Where what was found is kept for the next run: the user's cache folder."""

from __future__ import annotations

import os


def folder(name: str) -> str | None:
    """Return ftlint's folder of this name below XDG_CACHE_HOME, or its default on this system.

    None for a user without a home: nothing is kept in whatever folder is the current one.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or ""
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "ftlint", name) if os.path.isabs(home) else None
