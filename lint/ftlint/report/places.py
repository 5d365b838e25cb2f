"""Paths as other programs want them: from the folder where ftlint runs, with slashes, as URIs."""

from __future__ import annotations

import os
from urllib.parse import quote


def relative(path: str) -> str:
    """Return a path below the current folder from there, with slashes; any other as it is."""
    here = os.getcwd()
    if os.path.isabs(path) and os.path.normpath(path).startswith(here.rstrip(os.sep) + os.sep):
        path = os.path.relpath(path, here)
    return os.path.normpath(path).replace(os.sep, "/")


def uri(path: str) -> str:
    """Return a path as a relative reference, or as a file URI where it is absolute."""
    name = relative(path)
    quoted = quote(os.fsencode(name))
    if os.path.isabs(name):
        return f"file://{'' if quoted.startswith('/') else '/'}{quoted}"
    return quoted
