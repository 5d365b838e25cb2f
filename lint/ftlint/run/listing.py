"""What ftlint takes each file for: `--show-files`."""

from __future__ import annotations

import os

from ftlint.project.options import OptionsResolver
from ftlint.run.batch import kinds
from ftlint.run.session import used_by
from ftlint.support.disk import ReadFailure
from ftlint.support.files import Found, found_files
from ftlint.support.messages import shown_path, visible
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftlint.project.request import CliOptions

AS = {"chat": "chat or api"}


class Listing(NamedTuple):
    """A line a file; what is to be said besides; how many files could not be read."""

    lines: tuple[str, ...]
    notes: tuple[str, ...]
    failures: int


def listed(request: CliOptions, stdin: Callable[[int], bytes]) -> Listing:
    """Return what comes of each file that is asked for, and of those judged because of one."""
    judges = OptionsResolver(request)
    judges.of(os.getcwd())
    excluded: dict[str, str] = {}
    found = list(
        found_files(
            judges.asked_files(),
            judges.exclusion,
            stdin,
            lambda path, why: excluded.update({path: why}),
        )
    )
    files = [one for one in found if isinstance(one, Found)]
    seen = dict(kinds(files, judges, stdin))
    judged = [file.path for file, kind in seen.items()
              if not isinstance(kind, ReadFailure) and kind.command is not None]  # fmt: skip
    users = used_by(files, judged, judges)
    seen.update(
        (file, kind)
        for file, kind in kinds(users.found, judges, stdin)
        if file._replace(used=None) not in seen
    )
    unreadable = [one for one in found if isinstance(one, ReadFailure)]
    unreadable += [kind for kind in seen.values() if isinstance(kind, ReadFailure)]
    lines = [f"{shown_path(one.path)}: not read: {visible(one.reason)}" for one in unreadable]
    for file, kind in seen.items():
        if isinstance(kind, ReadFailure):
            continue
        if kind.command is None:
            said = f"skipped: {kind.why}"
        else:
            said = f"checked as {AS.get(kind.command, kind.command)}"
        because = f": it uses {shown_path(file.used)}" if file.used is not None else ""
        lines.append(f"{shown_path(file.path)}: {said}{because}")
    lines += (f"{shown_path(path)}: skipped: {visible(why)}" for path, why in excluded.items())
    return Listing(tuple(lines), users.notes, len(unreadable))
