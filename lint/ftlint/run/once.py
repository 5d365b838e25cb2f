"""What many files of a run have in common, told in one of them.

A baseline has seen it in each file, so that it is known in whichever is linted alone.
"""

from __future__ import annotations

import os

from ftlint.support.files import is_script
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from ftlint.project.request import Settings
    from ftlint.results import Result
    from ftlint.target.releases import Target


class Once:
    """What was told so far, for the files of a stream that come later as well."""

    def __init__(self) -> None:
        self._of_run: set[tuple[Target | None, str, str]] = set()
        self._of_scripts: dict[str, set[tuple[str, str | None]]] = {}
        """What scripts told, by their paths."""
        self._of_starts: dict[str, set[tuple[str, str | None]]] = {}
        """What configs told of a start, by the path of its script."""

    def a_target(
        self, judged: Iterable[tuple[Result, Settings]], of_run: Container[str]
    ) -> Iterator[tuple[Result, Settings]]:
        """Yield the results; what concerns versions or the whole run is told in the first file.

        `of_run` are the codes of such rules.
        """
        for result, settings in judged:
            left = []
            for one in result.diagnostics:
                key = result.target, one.code, one.message
                if one.code not in of_run or key not in self._of_run:
                    left.append(one)
                if one.code in of_run:
                    self._of_run.add(key)
            if len(left) < len(result.diagnostics):
                result = result._replace(diagnostics=tuple(left), shown=None)
            yield result, settings

    def a_start(self, judged: list[tuple[Result, Settings]]) -> Iterator[tuple[Result, Settings]]:
        """Yield the results; what is told of a script is not told again of the config it starts.

        What has its place in that config is told there.
        """
        told, earlier = self._of_scripts, self._of_starts
        here: set[tuple[str, str, str | None]] = set()
        for result, _ in judged:
            path = os.path.abspath(result.source.path)
            script = is_script(path)
            for one in result.diagnostics:
                if script and one.launch is None:
                    told.setdefault(path, set()).add((one.code, one.key))
                elif not script and one.launch is not None:
                    here.add((os.path.abspath(one.launch.path), one.code, one.key))
        for result, settings in judged:
            path, left = os.path.abspath(result.source.path), []
            script = is_script(path)
            for one in result.diagnostics:
                key = one.code, one.key
                place = path if one.launch is None else os.path.abspath(one.launch.path)
                known = earlier if script else told
                again = (script or one.launch is not None) and key in known.get(place, ())
                if again or (script and one.launch is not None and (place, *key) in here):
                    continue
                left.append(one)
                if one.launch is not None:
                    (told if script else earlier).setdefault(place, set()).add(key)
            if len(left) < len(result.diagnostics):
                result = result._replace(diagnostics=tuple(left), shown=None)
            yield result, settings
