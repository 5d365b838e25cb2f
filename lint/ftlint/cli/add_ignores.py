"""`ftlint check --add-ignores`: what is known is ignored where it stands."""

from __future__ import annotations

from ftlint.cli.check import Output, guarded, say, write
from ftlint.run.ignoring import Silenced
from ftlint.run.ignoring import add_ignores as written
from ftlint.run.session import CLEAN, FINDINGS, USAGE
from ftlint.support.messages import listed, plural, shown_path, visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.project.request import CliOptions


def add_ignores(request: CliOptions, output: Output) -> int:
    """Write the comments, or with --diff show them; return the exit status. Never raises."""
    return guarded(lambda: _add_ignores(request))


def _add_ignores(request: CliOptions) -> int:
    made = list(written(request))
    if request.diff:
        from ftlint.edits.diff import as_patch

        write("".join(as_patch(one.diff for one in made)))
    done = [one for one in made if one.failure is None and one.silenced]
    say(f"{shown_path(one.path)}: {visible(one.failure)}" for one in made if one.failure)
    say(_left(one) for one in made if one.left)
    if not request.diff:
        count = sum(one.silenced for one in done)
        write(f"Ignored {count} {plural('finding', count)} in {len(done)} "
              f"{plural('file', len(done))}.\n")  # fmt: skip
    if any(one.failure for one in made):
        return USAGE
    return FINDINGS if any(one.left for one in made) else CLEAN


def _left(one: Silenced) -> str:
    codes = listed(list(dict.fromkeys(diagnostic.code for diagnostic in one.left)))
    remedy = "use `per-file-ignores` or a baseline"
    return f"{shown_path(one.path)}: no comment can ignore {codes} there: {remedy}"
