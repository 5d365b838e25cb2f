"""Ignore comments for what is found in a file, each proven by linting what comes out."""

from __future__ import annotations

from collections import Counter

from ftlint.diagnostics import Edit
from ftlint.edits.plan import splice
from ftlint.engine import lint
from ftlint.fixes.oracle import same
from ftlint.loading import Config, load_text
from ftlint.support.files import is_script
from ftlint.syntax.source import BOM, of_text
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ftlint.diagnostics import Diagnostic
    from ftlint.launch.record import Launched
    from ftlint.project.options import Options
    from ftlint.results import Result
    from ftlint.support.disk import Disk
    from ftlint.syntax.source import Source


OPENED = "# ftlint: ignore["
"""How a comment for a line begins."""


class Ignored(NamedTuple):
    """A text with its ignore comments, how many findings they silence, and what is left to say."""

    text: str
    silenced: int
    left: tuple[Diagnostic, ...]


def ignored(result: Result, options: Options) -> Ignored:
    """Return a file with a comment above each line that something is said of.

    What concerns the whole file is ignored in its head. Held to be right is a text of which nothing
    else is said than before, but for what the comments name, and which is read as it was. Where
    that is not so for all of them together each is tried alone.
    """
    source = result.source
    places = _places(source, result.diagnostics)
    every = tuple(one for found in places.values() for one in found)
    text = splice(source.text, _edits(source, places))
    if is_proven(result, text, every, options):
        return Ignored(text, len(every), ())
    text = source.text
    silenced: tuple[Diagnostic, ...] = ()
    for line in sorted(places, reverse=True):
        wanted = (*silenced, *places[line])
        made = splice(text, _edits(source, {line: places[line]}))
        if is_proven(result, made, wanted, options):
            text, silenced = made, wanted
    left = tuple(one for one in result.diagnostics if one not in silenced)
    return Ignored(text, len(silenced), left)


def _places(source: Source, found: Iterable[Diagnostic]) -> dict[int, list[Diagnostic]]:
    """Return what is said by the line that it is said of, 0 for the head of the file."""
    places: dict[int, list[Diagnostic]] = {}
    runs = _starts(source)
    for one in found:
        around = (start for start, end in runs if start <= one.start <= end)
        line = source.position(next(around, one.start)).line
        written = source.line(line).strip()
        whole = one.start == one.end == 0 or not written or written.startswith("#")
        places.setdefault(0 if whole else line, []).append(one)
    return places


def _starts(source: Source) -> list[tuple[int, int]]:
    """Return from where to where a script starts something: a comment above is for all of it."""
    if not is_script(source.path):
        return []
    from ftlint.launch.scripts import read

    return [(one.start, one.end) for one in read(source.text, source.path)]


def _edits(source: Source, places: Mapping[int, Sequence[Diagnostic]]) -> list[Edit]:
    made = (
        above(source, line, dict.fromkeys(one.code for one in found))
        for line, found in sorted(places.items())
    )
    return [edit for edit in made if edit is not None]


def comment(codes: Iterable[str], word: str = "ignore") -> str:
    """Return a comment that leaves rules out."""
    return f"# ftlint: {word}[{', '.join(codes)}]"


def above(source: Source, line: int, codes: Iterable[str]) -> Edit | None:
    """Return what puts a comment above a line; with 0 one for the whole file into its head.

    None where the head is all there is.
    """
    # Behind a shebang, which is none on another line.
    number = (2 if source.text.startswith("#!") else 1) if line == 0 else line
    if number > len(source.line_starts):
        return None
    start, written = source.line_starts[number - 1], source.line(number)
    if start == 0 and source.text.startswith(BOM):
        start = 1
    indent = "" if line == 0 else written[: len(written) - len(written.lstrip(" \t"))]
    text = comment(codes, "ignore-file" if line == 0 else "ignore")
    return Edit(start, start, f"{indent}{text}{_line_end(source)}")


def _line_end(source: Source) -> str:
    first = source.text[: source.line_starts[1]] if len(source.line_starts) > 1 else ""
    return first[len(first.rstrip("\r\n")) :] or "\n"


def is_proven(
    before: Result,
    text: str,
    silenced: Iterable[Diagnostic],
    options: Options,
    disk: Disk | None = None,
) -> bool:
    """Return whether a text is read as before, and no more is said of it than but for `silenced`.

    `disk` is what lies around it, if that was looked at. What else is gone then is about comments:
    one that left nothing out, and now does.
    """
    source = of_text(before.source.path, text)
    after = lint(source, options, disk)
    wanted = Counter((one.code, one.key) for one in before.diagnostics)
    wanted -= Counter((one.code, one.key) for one in silenced)
    said = Counter((one.code, one.key) for one in after.diagnostics)
    return not said - wanted and _read_alike(before.source, source, options, disk)


def _read_alike(before: Source, after: Source, options: Options, disk: Disk | None) -> bool:
    if is_script(before.path):
        from ftlint.launch.scripts import read

        was, now = read(before.text, before.path), read(after.text, after.path)
        return [*map(_started, was)] == [*map(_started, now)]
    one, other = load_text(before, options, disk), load_text(after, options, disk)
    if isinstance(one, Config) and isinstance(other, Config):
        return same(one.context.constructed.value, other.context.constructed.value, set())
    return False


def _started(one: Launched) -> tuple[object, ...]:
    """Return what a start is, wherever in its script it stands."""
    words = tuple(word.text for word in one.words)
    environment = tuple((name, word.text) for name, word in one.environment)
    return one.program, one.command, words, environment, one.gpus, one.nodes, one.folder, one.sure
