"""The names by which editors call files, and the paths that they stand for."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote_to_bytes, urlsplit

UNTITLED = "untitled"


def scheme(uri: str) -> str:
    """Return what stands before the first colon, in lower case."""
    return uri.partition(":")[0].lower()


def to_path(uri: str) -> str | None:
    """Return the path of a file on this machine; None for what is none.

    >>> to_path("file:///a%20b/%ED%95%9C.yaml"), to_path("git:/a.yaml")
    ('/a b/한.yaml', None)
    """
    try:
        parts = urlsplit(uri)
        path = os.fsdecode(unquote_to_bytes(parts.path))
    except ValueError:  # brackets that enclose no address, half of a character
        return None
    if parts.scheme.lower() != "file":
        return None
    if "\0" in path:
        return None
    host = parts.netloc.lower()
    if os.name == "nt":
        return _on_windows(path, "" if host == "localhost" else host)
    return os.path.normpath(path) if path.startswith("/") and host in ("", "localhost") else None


def _on_windows(path: str, host: str) -> str | None:
    r"""Return `C:\x` of `/C:/x`, and `\\host\share\x` of what lies on another machine."""
    if host:
        return os.path.normpath("\\\\" + host + path.replace("/", "\\"))
    drive = path.lstrip("/")
    if len(drive) < 2 or drive[1] != ":":
        return None
    return os.path.normpath((drive[0].upper() + drive[1:]).replace("/", "\\"))


def are_same(one: str, other: str) -> bool:
    """Return whether two URIs name the same file, however they are written.

    >>> are_same("file:///a/./b%2Eyaml", "FILE:///a/b.yaml"), are_same("git:/a", "git:/./a")
    (True, False)
    """
    paths = to_path(one), to_path(other)
    if None in paths:
        return one == other
    return len({os.path.normcase(path) for path in paths if path is not None}) == 1


def to_uri(path: str) -> str:
    """Return the URI of a path.

    >>> to_uri("/a b/한.yaml")
    'file:///a%20b/%ED%95%9C.yaml'
    """
    name = os.path.abspath(path).replace(os.sep, "/")
    return f"file://{'' if name.startswith('/') else '/'}{quote(os.fsencode(name))}"
