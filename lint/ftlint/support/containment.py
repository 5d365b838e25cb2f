"""What may be read, shown and written: the project of a config, links followed.

Configs and settings come with pull requests. What they name, and what links in the tree lead to,
is read and written only inside the *project*: the nearest folder upwards with a `.git`, else the
folder of the settings. What a person names on the command line is theirs to name.
"""

from __future__ import annotations

import os

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINK = "it is a link to outside the project"
OUTSIDE = "it is outside the project"


class Reach(NamedTuple):
    """The folders within which files are read, shown and written, as real paths.

    The first is the project; the others were named on the command line.
    """

    roots: tuple[str, ...]

    def holds(self, real: str | None) -> bool:
        """Return whether a real path lies in one of the folders; None lies nowhere."""
        return real is not None and any(is_below(real, root) for root in self.roots)

    def objection(self, path: str, real: str | None) -> str | None:
        """Return why a path that links lead to `real` is out of reach, None where it is not."""
        if self.holds(real):
            return None
        written = os.path.abspath(path) if "\0" not in path else path
        return LINK if any(is_below(written, root) for root in self.roots) else OUTSIDE

    def widened(self, folders: Iterable[str]) -> Reach:
        """Return a reach that has other folders in it besides."""
        return Reach(tuple(dict.fromkeys([*self.roots, *map(os.path.realpath, folders)])))

    def within(self, folder: str) -> Reach:
        """Return what of a reach lies in a folder, a real path."""
        roots = (
            root if is_below(root, folder) else folder
            for root in self.roots
            if is_below(root, folder) or is_below(folder, root)
        )
        return Reach(tuple(dict.fromkeys(roots)))


WITHIN = "FTLINT_WITHIN"
"""The environment variable that names the one folder below which anything is read or written."""


def bound() -> str | None:
    """Return the folder that nothing is read or written outside of, where one is set."""
    folder = os.environ.get(WITHIN)
    return os.path.realpath(folder) if folder else None


def outermost() -> Reach | None:
    """Return what is in reach at most: the bound, and what is ftlint's own; None for everything."""
    folder = bound()
    if folder is None:
        return None
    import ftlint
    import ftschemas
    from ftlint.support.user_cache import folder as cache

    homes = (one for module in (ftlint, ftschemas) for one in module.__path__)
    own = [os.path.realpath(home) for home in homes]
    kept = cache("calibration")
    return Reach((folder, *own, *([os.path.realpath(kept)] if kept else [])))


def project_of(folder: str, otherwise: str | None = None) -> Reach:
    """Return the project of what lies in a folder.

    Without a `.git` it is `otherwise` (the folder of the settings), the working directory where
    that is above, or the folder itself. A folder that a link in one project leads out of it to
    does not become a project of its own by a `.git` over there.
    """
    folder = os.path.abspath(folder)
    root = repository(folder) or os.path.realpath(otherwise or _start(folder) or folder)
    most = bound()
    return Reach((root if most is None or is_below(root, most) else most,))


def led_out(path: str) -> str | None:
    """Return why a file that a person names is not written: a link in a project leads out of it.

    Where there is no project, /dev/stdout and the like, links are the person's own.
    """
    folder = os.path.dirname(os.path.abspath(path))
    root = repository(folder) or _start(folder)
    if root is None:
        return None
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        real = None
    return Reach((os.path.realpath(root),)).objection(path, real)


def is_below(path: str, folder: str) -> bool:
    """Return whether an absolute path is a folder or lies in it, as they are written."""
    if path.startswith(os.path.join(folder, "")):
        return True
    try:
        return os.path.commonpath([folder, path]) == folder
    except ValueError:  # another drive
        return False


def repository(folder: str) -> str | None:
    """Return the real path of the nearest folder upwards with a `.git`."""
    found = [one for one in _upwards(folder) if os.path.lexists(os.path.join(one, ".git"))]
    root = os.path.realpath(found[0]) if found else None
    for outer in map(os.path.realpath, found[1:]):
        root = root if root is not None and is_below(root, outer) else outer
    return root


def _start(folder: str) -> str | None:
    """Return the working directory for what lies below it."""
    here = os.getcwd()
    return here if is_below(folder, here) else None


def _upwards(folder: str) -> Iterator[str]:
    """Yield a folder and all that it lies in."""
    yield folder
    while folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
        yield folder
