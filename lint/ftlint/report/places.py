"""Paths as other programs want them: from the folder where ftlint runs, with slashes, as URIs."""

from __future__ import annotations

import os
from urllib.parse import quote


def uri(path: str) -> str:
    """Return a path as a relative reference, or as a file URI where it is absolute."""
    quoted = quote(os.fsencode(path.replace(os.sep, "/")))
    if os.path.isabs(path):
        return f"file://{'' if quoted.startswith('/') else '/'}{quoted}"
    return quoted.removeprefix("./")
