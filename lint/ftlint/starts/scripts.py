"""Scripts: each start of LLaMA Factory by flags is a config, and lies where the script says it."""

from __future__ import annotations

import os

from ftlint import loading
from ftlint.diagnostics import ScriptLine
from ftlint.facts.context import make_context
from ftlint.facts.handed import layer_of, sources, without_flags
from ftlint.facts.layers import SILENT
from ftlint.facts.starts import meant, start_of
from ftlint.launch import arguments, slips
from ftlint.launch.parser import parse
from ftlint.launch.scripts import look
from ftlint.launch.values import HERE, UNKNOWN
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from ftlint.support.files import SCRIPTS
from ftlint.support.limits import reason
from ftlint.support.messages import listed
from ftlint.syntax import directives
from ftlint.syntax.nodes import Comment
from ftlint.syntax.source import Undecodable, decode, of_text
from ftlint.target.classify import NOT_KNOWN, SUBCOMMANDS
from ftlint.target.keys import catalogue_of
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ftlint.diagnostics import Diagnostic
    from ftlint.facts.handed import Start
    from ftlint.launch.record import Launched
    from ftlint.launch.scripts import Reading
    from ftlint.loading import Config
    from ftlint.project.options import Options
    from ftlint.syntax.construct import Problem
    from ftlint.syntax.directives import Directives
    from ftlint.syntax.source import Source
    from ftlint.target.classify import Command


class OfFile(NamedTuple):
    """A start of a config that is a file: what the script sets over it, and the file as it runs."""

    launched: Launched
    start: Start
    config: Config
    alone: Config

    @property
    def counts(self) -> bool:
        """Return whether it is not rejected, and all is known that its steps rest on."""
        return not self.launched.flags and self.start.counts


class Unread(NamedTuple):
    """A start of which the steps are not known before the script runs, and why."""

    line: int
    reason: str


class Held(NamedTuple):
    """A config that a script writes from a here-document, and where its characters stand there."""

    config: Config
    at: Sequence[int]

    def placed(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Yield what is said of it, at its place in the script."""
        for one in diagnostics:
            start, end = self.at[one.start], self.at[max(one.end - 1, one.start)] + 1
            related = tuple(
                note._replace(start=self.at[note.start], end=self.at[note.end])
                for note in one.related
            )
            fix = None if one.fix is None else one.fix._replace(applicability="display", edits=())
            yield one._replace(start=start, end=end, related=related, fix=fix)


class ScriptStarts(NamedTuple):
    """What a script starts: by flags, and with a file; what stops the shell or the parser at it."""

    source: Source
    configs: tuple[Config, ...]
    of_files: tuple[OfFile, ...]
    unread: tuple[Unread, ...]
    held: tuple[Held, ...]
    problems: tuple[Problem, ...]
    directives: Directives
    whole: tuple[tuple[int, int], ...]
    """Where its commands lie."""

    @property
    def started(self) -> tuple[Config, ...]:
        """All that it starts, in its order."""
        of_files = (one.config for one in self.of_files)
        found = [*self.configs, *of_files, *(one.config for one in self.held)]
        return tuple(sorted(found, key=lambda one: one.start.line if one.start else 0))

    @property
    def counted(self) -> tuple[Config, ...]:
        """What it starts of which all is known that steps rest on."""
        left = [one.config for one in self.of_files if not one.counts]
        return tuple(one for one in self.started if not any(one is each for each in left))

    @property
    def command(self) -> Command | None:
        """What the first of its starts is for; None where it starts nothing."""
        started = self.started
        return started[0].command if started else "train" if self.whole else None


def load_bytes(
    path: str, data: bytes, options: Options, disk: Disk | None = None
) -> ScriptStarts | loading.Unreadable:
    """Return what a script starts, or why it cannot be read."""
    if len(data) > options.limits.bytes:
        return loading.Unreadable(path, reason("bytes", "bytes", options.limits))
    source = decode(path, data)
    if isinstance(source, Undecodable):
        source = decode(path, data.decode("latin-1").encode())  # what it starts is ASCII
        assert not isinstance(source, Undecodable)
    return load(source, options, disk)


def load_file(path: str, options: Options) -> ScriptStarts | loading.Unreadable:
    """Return what the script in a file starts, or why it cannot be read."""
    disk = Disk(options.given.reach or project_of(os.path.dirname(os.path.abspath(path))))
    data = Disk(options.given.reach).read(path, options.limits.bytes + 1)
    if not isinstance(data, bytes):
        return loading.Unreadable(path, data.reason)
    return load_bytes(path, data, options, disk)


def load(source: Source, options: Options, disk: Disk | None = None) -> ScriptStarts:
    """Return what a script starts."""
    disk = disk or loading.around(source.path, options)
    reading = look(source.text, source.path, sources(source.path, disk, []))
    asked = directives.read(source, _comments(source))
    configs: list[Config] = []
    of_files: list[OfFile] = []
    unread: list[Unread] = []
    problems: list[Problem] = []

    def takes(command: str, key: str) -> bool:
        known = catalogue_of(options.target, SUBCOMMANDS[command], None, options.extra)
        return known.get(key) is not None

    slipped = tuple(slips.found(reading, source.text, takes))
    broken = {one.values["command"] for one in slipped if one.kind == "script-line"}
    for launched in reading.launches:
        if launched.start in broken:
            launched = slips.cut_short(launched)
        if launched.config is not None:
            found = _of_file(launched, options, disk)
            if isinstance(found, OfFile):
                of_files.append(found)
            is_written = any(one.path.text == launched.config.pattern for one in reading.written)
            if SUBCOMMANDS[launched.command] == "train" and not is_written:
                unread += _unread(launched, found)
            continue
        config, stopped = _of_flags(launched, source, asked, options, disk)
        configs.append(config)
        problems += stopped
    problems += slipped
    whole = tuple((one.start, one.end) for one in reading.launches)
    held = tuple(_held(reading, source, options, disk))
    return ScriptStarts(
        source, tuple(configs), tuple(of_files), tuple(unread), held, tuple(problems), asked, whole
    )


def shown(name: str) -> str:
    """Return the name of a file as messages have it."""
    return name.removeprefix(HERE).lstrip("/") if name.startswith(HERE) else name


def _held(reading: Reading, source: Source, options: Options, disk: Disk) -> Iterator[Held]:
    """Yield the configs that a script writes, each as what starts it here says."""
    for one in reading.written:
        path = one.path.text
        if not path.endswith((".yaml", ".yml")):
            continue
        pieces: list[str] = []
        at: list[int] = []
        for char, place in zip(one.content.text, one.content.at):
            pieces.append(NOT_KNOWN if char == UNKNOWN else char)
            at += [place] * len(pieces[-1])
        if not at:
            continue
        starts = (each for each in reading.launches if each.config is not None)
        start = next((each for each in starts if each.config and each.config.pattern == path), None)
        layers = options.given.layers if start is None else (*options.given.layers, layer_of(start))
        given = options.given._replace(layers=layers, scripts=False)
        own = of_text(source.path + ":" + path.rpartition("/")[2], "".join(pieces))
        config = loading.load_text(own, options._replace(given=given, named=False), disk)
        if isinstance(config, loading.Config):
            line = source.position(at[0]).line if start is None else start.line
            place_of = ScriptLine(source.path, line)
            yield Held(config._replace(start=place_of), [*at, at[-1] + 1])


def _comments(source: Source) -> Iterator[Comment]:
    """Yield the comments of a script; of another file the lines that are one."""
    text = source.text
    if "ftlint" not in text.lower():
        return
    if source.path.endswith(SCRIPTS):
        yield from parse(text).comments
        return
    for line in range(1, len(source.line_starts) + 1):
        start = source.line_starts[line - 1]
        shown = source.line(line)
        if shown.lstrip().startswith("#"):
            yield Comment(start + shown.index("#"), start + len(shown), shown.lstrip())


def _of_flags(
    launched: Launched, source: Source, asked: Directives, options: Options, disk: Disk
) -> tuple[Config, tuple[Problem, ...]]:
    """Return the config that the flags of a start are, and what argparse stops at in them."""
    command = options.command or SUBCOMMANDS[launched.command]
    given = options.given._replace(layers=(*options.given.layers, layer_of(launched)))
    catalogue = catalogue_of(options.target, command, None, options.extra)
    flags = arguments.read(launched, catalogue)
    stated = SILENT
    if asked.facts:
        from ftlint.facts.comments import layer_of as of_comments

        stated = of_comments(asked.facts)
    if not flags.whole and launched.whole:
        launched = launched._replace(unknown=("words that are not known before the run",))
    context = make_context(
        source, flags.document, flags.constructed, command, options.target, given, options.rules,
        disk, stated, options.extra, options.overrides, launched,
    )  # fmt: skip
    place = ScriptLine(source.path, launched.line)
    return loading.Config(context, asked, options, place), flags.problems


def _of_file(launched: Launched, options: Options, disk: Disk) -> OfFile | str:
    """Return a start of a file that is found, and of which all that is set over it is known.

    Else why it is none.
    """
    assert launched.config is not None
    name = launched.config.path
    if name is None or launched.folder is None:
        return "which config it starts is known only when the script runs"
    found = start_of(without_flags(launched), disk)
    if found is None:
        is_known = not launched.unknown and meant(launched, disk) is None
        what = f"`{shown(name)}` is not in this project"
        return what if is_known else f"what it sets over `{shown(name)}` is known only when it runs"
    start, path = found
    data = disk.read(path, options.limits.bytes + 1)
    if not isinstance(data, bytes):
        return f"`{shown(name)}` cannot be read: {data.reason}"
    config = loading.load_bytes(path, data, options._replace(named=True), disk)
    started = loading.started(config, start) if isinstance(config, loading.Config) else None
    if started is None or not isinstance(config, loading.Config):
        return f"`{shown(name)}` cannot be read with what the script sets over it"
    place = ScriptLine(launched.path, launched.line)
    return OfFile(launched, start, started._replace(start=place), config)


def _unread(launched: Launched, found: OfFile | str) -> Iterator[Unread]:
    """Yield why the steps of a start of a file are not known."""
    if isinstance(found, str):
        yield Unread(launched.line, found)
    elif launched.flags:
        first = launched.flags[0]
        word = f"--{first.key}" if first.key else first.value and first.value.text
        yield Unread(launched.line, f"LLaMA Factory rejects `{word or '…'}` behind the config")
    elif not found.start.counts:
        keys = listed(sorted(found.start.gaps))
        yield Unread(launched.line, f"{keys} of it: known only when the script runs")
