"""The front door: from a path, or what lies there, to a config that can be judged.

Linter, steps, fixes, doctor and bench come in here.
"""

from __future__ import annotations

import os

from ftlint.facts.context import make_context
from ftlint.facts.layers import SILENT
from ftlint.results import Result
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from ftlint.support.files import SUFFIXES
from ftlint.support.limits import reason
from ftlint.syntax import directives
from ftlint.syntax.construct import UNBUILT, Problem, construct
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose
from ftlint.syntax.source import Undecodable, decode, of_text
from ftlint.target.classify import Kind, command_of, names_in
from ftlint.verdict import settle
from ftschemas.launchers import V1
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from ftlint.diagnostics import Finding, ScriptLine
    from ftlint.facts.context import Context
    from ftlint.facts.handed import Start
    from ftlint.project.options import Options
    from ftlint.syntax.construct import Constructed
    from ftlint.syntax.directives import Directives
    from ftlint.syntax.source import Source
    from ftlint.target.classify import Command
    from ftlint.target.releases import Target

HEAD = 1 << 16
"""So many bytes tell whether a large file, or one of JSON, is a config at all."""
HIDES_KEYS = UNBUILT | {"unhashable-key", "unknown-tag"}
"""Problems for which a config may have come out without its keys."""
NO_CONFIG = "not a config of LLaMA Factory"
NO_TRAINING = "not a LLaMA Factory training config"
TRAINING = ("train", V1)


class Config(NamedTuple):
    """A config that was read: what rules see of it, what its comments ask, how it is judged."""

    context: Context
    directives: Directives
    options: Options
    start: ScriptLine | None = None
    """The line of the script that it was read as started by."""

    @property
    def path(self) -> str:
        """The name under which it was read."""
        return self.context.source.path

    @property
    def command(self) -> Command:
        """The command of LLaMA Factory that it is for."""
        return self.context.command

    @property
    def target(self) -> Target:
        """The release that it is judged for."""
        return self.context.target

    @property
    def values(self) -> dict[str, Any]:
        """Every key with its value: the file's over the defaults of the release."""
        return self.context.instance.effective


class Unreadable(NamedTuple):
    """Why a file is no config that can be judged.

    `result` is what is said of its text; None where there is none.
    """

    path: str
    reason: str
    result: Result | None = None


def load(path: str, options: Options | None = None) -> Config | Unreadable:
    """Return the config in a file, or why there is none.

    Without `options` it is judged by the settings nearest to it. It counts as named by a person.
    Raises `UsageError` where settings cannot be used.
    """
    return load_file(path, (options or options_near(path))._replace(named=True))


def load_file(path: str, options: Options) -> Config | Unreadable:
    """Return the config in a file, or why there is none; `options` say whether it was named."""
    data = Disk(options.given.reach).read(path, options.limits.bytes + 1)
    if not isinstance(data, bytes):
        return Unreadable(path, data.reason)
    return load_bytes(path, data, options)


def for_training(found: Config | Unreadable) -> Config | Unreadable:
    """Return a config for training, or why a file is none."""
    if isinstance(found, Config):
        return found if found.command in TRAINING else Unreadable(found.path, NO_TRAINING)
    return found._replace(reason=NO_TRAINING) if found.reason == NO_CONFIG else found


def options_near(path: str) -> Options:
    """Return how a file is judged by the settings nearest to it."""
    from ftlint.project.options import OptionsResolver
    from ftlint.project.request import CliOptions

    folder = os.path.dirname(os.path.abspath(path))
    return OptionsResolver(CliOptions((path,))).of(folder)[0]


def load_bytes(
    path: str, data: bytes, options: Options, disk: Disk | None = None
) -> Config | Unreadable:
    """Return the config that these bytes are, or why they are none.

    A `disk` that is handed in knows afterwards what the config rests on.
    """
    if len(data) > options.limits.bytes:
        why = reason("bytes", "bytes", options.limits)
        return _unreadable(unread(path, data, options, Problem("too-large", 0, 0, {"reason": why})))
    source = decode(path, data)
    if isinstance(source, Undecodable):
        text = _guessed(data)
        readable = of_text(path, data.decode("utf-8", errors="replace"))
        start = readable.line_starts[min(source.line, len(readable.line_starts)) - 1]
        problem = Problem("undecodable", start, start, {"reason": source.reason})
        kind = _kind(names_in(text), path, text, options)
        return _unreadable(_of_problem(readable, kind, problem, options))
    return load_text(source, options, disk)


def load_text(source: Source, options: Options, disk: Disk | None = None) -> Config | Unreadable:
    """Return the config that a text is, or why it is none."""
    document = compose(source.text, options.limits)
    if isinstance(document, Broken):
        kind = _kind(names_in(source.text), source.path, source.text, options)
        return _unreadable(_settled(source, kind, _of_broken(source, document), options))
    made = construct(document.root, options.target.dialect_of(source.path), options.limits)
    kind = _kind_of_made(made, source, options)
    if kind.command is None:
        return _unreadable(_passed_over(source, kind))
    asked = directives.read(source, document.comments)
    stated = SILENT
    if asked.facts:
        from ftlint.facts.comments import checked, layer_of

        asked = checked(asked)
        stated = layer_of(asked.facts)
    context = make_context(
        source, document, made, kind.command, options.target, options.given, options.rules,
        disk or around(source.path, options), stated, options.extra, options.overrides,
    )  # fmt: skip
    return Config(context, asked, options)


def starts_of(config: Config) -> tuple[Start, ...]:
    """Return how scripts of the project start a config, where settings do not turn that off."""
    path, disk = config.path, config.context.disk
    if not config.options.given.scripts or not disk.is_file(path):
        return ()
    from ftlint.facts.listing import scripts_near

    if not scripts_near(os.path.dirname(os.path.abspath(path)), disk):
        return ()
    from ftlint.facts.starts import starts_of

    return starts_of(path, disk, keep=config.options.given.cache)


def started(config: Config, start: Start) -> Config | None:
    """Return a config as a script starts it; None where it cannot be read so.

    What `--set` sets stands behind what the script does.
    """
    from ftlint.syntax.dotlist import Overrides, read

    options, context = config.options, config.context
    typed = options.overrides or Overrides()
    arguments = (*start.arguments, *(one.text for one in typed.arguments))
    overrides = read(arguments, options.limits, start.place) if arguments else None
    if overrides is not None and not (
        isinstance(overrides, Overrides) and context.target.takes_overrides
    ):
        return None
    given = options.given._replace(layers=(*options.given.layers, start.layer))
    command = options.command if config.command in (V1, start.command) else start.command
    options = options._replace(given=given, overrides=overrides, command=command)
    found = load_text(context.source, options, context.disk)
    return found if isinstance(found, Config) else None


def around(path: str, options: Options) -> Disk:
    """Return the disk around a config, which is read within its project."""
    return Disk(options.given.reach or project_of(os.path.dirname(os.path.abspath(path))))


def look(path: str, data: bytes, options: Options) -> Kind:
    """Return what a file is, without judging it."""
    source = None if len(data) > options.limits.bytes else decode(path, data)
    if source is None or isinstance(source, Undecodable):
        text = _guessed(data[:HEAD] if source is None else data)
        return _kind(names_in(text), path, text, options)
    document = compose(source.text, options.limits)
    if isinstance(document, Broken):
        return _kind(names_in(source.text), path, source.text, options)
    made = construct(document.root, options.target.dialect_of(path), options.limits)
    return _kind_of_made(made, source, options)


def unread(path: str, data: bytes, options: Options, problem: Problem) -> Result:
    """Return the finding on a config that is not read to its end; its head tells that it is one."""
    head = of_text(path, data[:HEAD].decode("utf-8", errors="replace"))
    kind = _kind(names_in(head.text), path, head.text, options)
    return _of_problem(head, kind, problem, options)


def unshown(path: str, data: bytes, options: Options, problem: Problem) -> Result:
    """Return the finding on a config of which nothing may be shown: `unread` without its text."""
    found = unread(path, data, options, problem)
    return found._replace(source=of_text(path, ""))


def _guessed(data: bytes) -> str:
    """Return what can be read of bytes that are not what the target reads."""
    utf16 = b"\x00" in data[:4]
    return data.decode("utf-16" if utf16 else "utf-8", errors="replace")


def _kind(names: Collection[str], path: str, text: str, options: Options) -> Kind:
    if options.command is not None:
        return Kind(options.command)
    if options.extra.keys:  # which tell neither for nor against a config
        names = [name for name in names if name not in options.extra.keys]
    command = command_of(names)
    if not options.named or (command is not None and path.endswith(SUFFIXES)):
        return Kind(command)
    from ftlint.target.resemblance import kind_of

    return kind_of(names, path, text)


def _kind_of_made(made: Constructed, source: Source, options: Options) -> Kind:
    kind = _kind(made.entries, source.path, source.text, options)
    if kind.command is None and any(problem.kind in HIDES_KEYS for problem in made.problems):
        return _kind(names_in(source.text), source.path, source.text, options)
    return kind


def _of_broken(source: Source, broken: Broken) -> Iterator[Finding]:
    """Yield why a text has no tree; conflict markers explain it better than the parser does."""
    from ftlint.rules import reader
    from ftlint.rules.conflict import markers

    conflict = list(markers(source.text))
    problem = Problem(broken.kind, broken.start, broken.end, {"reason": broken.reason})
    return reader.findings(conflict or [problem], source)


def _of_problem(source: Source, kind: Kind, problem: Problem, options: Options) -> Result:
    from ftlint.rules import reader

    return _settled(source, kind, reader.findings([problem], source), options)


def _settled(source: Source, kind: Kind, found: Iterator[Finding], options: Options) -> Result:
    """Return what is said of a text that no rule sees; of what is no config nothing is."""
    if kind.command is None:
        return _passed_over(source, kind)
    return settle(source, kind.command, found, None, options)


def _passed_over(source: Source, kind: Kind) -> Result:
    advice = "; use --command to check it anyway" if kind.unsure else ""
    return Result(source, None, (), kind.why + advice if kind.unsure or kind.void else "")


def _unreadable(result: Result) -> Unreadable:
    """Return why a text is no config: the first that is said of it."""
    for one in result.diagnostics:
        line = result.source.position(one.start).line
        return Unreadable(result.source.path, f"line {line}: {one.code} {one.message}", result)
    return Unreadable(result.source.path, NO_CONFIG, result)
