"""Ignore comments written into the files of a run."""

from __future__ import annotations

import os

from ftlint.edits import write
from ftlint.edits.diff import unified, without_secrets
from ftlint.project.options import OptionsResolver
from ftlint.project.request import UsageError
from ftlint.run.batch import lint_files
from ftlint.support.disk import ReadFailure
from ftlint.support.files import STDIN, Found, found_files
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.project.request import CliOptions
    from ftlint.results import Result


class Silenced(NamedTuple):
    """What came of a file. `failure` says why it was not written, `diff` what would be."""

    path: str
    silenced: int = 0
    left: tuple[Diagnostic, ...] = ()
    diff: tuple[str, ...] = ()
    failure: str | None = None


def add_ignores(request: CliOptions) -> Iterator[Silenced]:
    """Yield what comes of each file that something is said of. Raises `UsageError`."""
    if STDIN in request.paths:
        raise UsageError("--add-ignores writes into files, and `-` is not one")
    resolver = OptionsResolver(request._replace(cache=False))
    files: list[Found] = []
    for one in found_files(resolver.asked_files(), resolver.exclusion, bytes):
        if isinstance(one, ReadFailure):
            yield Silenced(one.path, failure=one.reason)
        else:
            files.append(one)
    outcomes = lint_files(files, resolver, bytes, lambda done, total: None)
    for file, outcome in zip(files, outcomes):
        if outcome.result is None:
            yield Silenced(outcome.path, failure=outcome.failure)
        elif outcome.result.diagnostics:
            yield _silenced(file, outcome.result, resolver)


def _silenced(file: Found, result: Result, resolver: OptionsResolver) -> Silenced:
    from ftlint.fixes.ignores import ignored

    options = resolver.of(os.path.dirname(os.path.abspath(file.path)))[0]
    command = resolver.request.command or options.command
    options = options._replace(named=file.named, command=command)
    source = result.source
    made = ignored(result, options)
    lines = tuple(unified(source.path, source.text, made.text))
    shown, hidden = without_secrets(lines, source.text, made.text)
    failure = None
    if made.silenced and not resolver.request.diff:
        old, new = source.text.encode(), made.text.encode()
        failure = write.replace(source.path, old, new, options.given.reach)
    if hidden and resolver.request.diff:
        failure = "a change is not shown, because the patch would contain a secret"
    return Silenced(source.path, made.silenced, made.left, shown, failure)
