"""What is said of configs by themselves because a script that starts them was named, not they.

A script says of a config only what its start adds. Whoever names the script alone is told all that
keeps it from running.
"""

from __future__ import annotations

from ftlint.support.disk import Disk
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.project.request import Settings
    from ftlint.results import Result


class Started:
    """The configs that scripts start, each told once in a run."""

    def __init__(self, excludes: Callable[[str], object]) -> None:
        self._excludes = excludes
        self._told: set[str | None] = set()

    def files(
        self, files: Iterable[str], scripts: Iterable[tuple[Result, Settings]]
    ) -> Iterator[tuple[Result, Settings]]:
        """Yield what is said of what these scripts start, but for what is judged as one of `files`.

        A config that several of them start has what is said under any of them.
        """
        disk = Disk()
        self._told.update(map(disk.real, files))
        found: dict[str | None, tuple[Result, Settings]] = {}
        for script, settings in scripts:
            for one in script.files:
                real = disk.real(one.source.path)
                if real in self._told or self._excludes(one.source.path):
                    continue
                one = one._replace(target=script.target)
                known = found.get(real)
                found[real] = (_both(known[0], one) if known else one), settings
        self._told.update(found)
        yield from found.values()


def _both(result: Result, other: Result) -> Result:
    """Return a result with what another one of the same file says besides."""
    said: dict[tuple[object, ...], Diagnostic] = {}
    for one in (*result.diagnostics, *other.diagnostics):
        said.setdefault((one.code, one.key, one.start), one)
    ordered = sorted(said.values(), key=lambda one: (one.start, one.code, one.end))
    return result._replace(diagnostics=tuple(ordered), shown=None)
