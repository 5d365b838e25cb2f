"""One file through all stages: what is loaded is judged by the rules, and the verdict worded."""

from __future__ import annotations

from ftlint import loading
from ftlint.diagnostics import Finding
from ftlint.loading import Unreadable
from ftlint.results import Result
from ftlint.support.files import is_script
from ftlint.support.messages import listed
from ftlint.syntax.source import of_text
from ftlint.verdict import in_file, is_selected, settle, worded
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from ftlint.diagnostics import Diagnostic, Fix, ScriptLine
    from ftlint.facts.handed import Start
    from ftlint.loading import Config
    from ftlint.project.options import Options
    from ftlint.starts.scripts import OfFile, ScriptStarts
    from ftlint.support.disk import Disk
    from ftlint.syntax.source import Source


def lint_bytes(path: str, data: bytes, options: Options, disk: Disk | None = None) -> Result:
    """Return what is said of the content of a file; `disk` knows afterwards what it rests on."""
    if is_script(path):
        from ftlint.launch.signs import may_launch
        from ftlint.starts import scripts

        if not options.scripts or not may_launch(data):
            return Result(of_text(path, ""), None, ())
        return judge_script(scripts.load_bytes(path, data, options, disk), options)
    return judge(loading.load_bytes(path, data, options, disk))


def lint(source: Source, options: Options, disk: Disk | None = None) -> Result:
    """Return what is said of a text; `disk` is what lies around it, if that was looked at."""
    if is_script(source.path):
        from ftlint.starts import scripts

        return judge_script(scripts.load(source, options, disk), options)
    return judge(loading.load_text(source, options, disk))


def judge(config: Config | Unreadable) -> Result:
    """Return what is said of a file whose text was read."""
    if isinstance(config, Unreadable):
        assert config.result is not None
        return config.result
    result = _judged(config)
    options, context = config.options, config.context
    if options.overrides is not None:
        from ftlint.starts.readings import overridden

        bare = options._replace(overrides=None)
        alone = loading.load_text(context.source, bare, context.disk)
        if isinstance(alone, loading.Config):
            result = overridden(result, _judged(alone), options.overrides)
    starts = loading.starts_of(config)
    if not starts:
        return result
    from ftlint.starts.readings import started

    ways = [(start, loading.started(config, start)) for start in starts]
    return started(
        result, [(start, _judged_as(start, one, config)) for start, one in ways if one is not None]
    )


UNREAD_STARTS = "every config that it starts is missing, or known only when the script runs"


def judge_script(script: ScriptStarts | Unreadable, options: Options) -> Result:
    """Return what is said of a script: of each config that it starts, and of how it does.

    Of a config that is a file, here only that is said which does not hold of the file alone; what
    does is in `files`.
    """
    if isinstance(script, Unreadable):
        return Result(of_text(script.path, ""), None, (), script.reason)
    from ftlint.rules import reader
    from ftlint.rules.phases import findings
    from ftlint.starts.readings import in_script

    doubted: list[str] = []
    said = list(reader.findings(script.problems, script.source))
    for config in script.configs:
        said += findings(config.context, doubted)
    for one in script.of_files:
        said += in_script(findings(one.config.context, doubted), one.config, one.launched)
    files = list(_files(script.of_files))
    under = list(_under(files, script.of_files, {(one.rule, one.key) for one in said}))
    said += (one for one, _ in under)
    result = settle(
        script.source, script.command or "train", said, script.directives, options, script.whole
    )
    if script.command is None:
        return Result(script.source, None, ())
    if not (said or script.configs or script.of_files or script.held):
        return Result(script.source, None, (), UNREAD_STARTS if options.named else "")
    places = {(one.rule, one.key, one.start): place for one, place in under}
    together = [
        one._replace(launch=places.get((one.code, one.key, one.start)))
        for one in result.diagnostics
    ]
    for held in script.held:
        together += held.placed(_judged(held.config).diagnostics)
    together.sort(key=lambda one: (one.start, one.code, one.end))
    return result._replace(
        diagnostics=_told_once(together), doubted=tuple(dict.fromkeys(doubted)),
        files=tuple(one.own() for one in files),
    )  # fmt: skip


def _told_once(said: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return what is said, in the same words only once at a place.

    A variable's value is one place however many flags take it.
    """
    found: dict[tuple[object, ...], Diagnostic] = {}
    for one in said:
        found.setdefault((one.code, one.start, one.end, one.message), one)
    return tuple(found.values())


class _Started(NamedTuple):
    """A file, what is said of it and of its starts in one script, and what in each of these."""

    alone: Config
    result: Result
    ways: tuple[Result, ...]

    def own(self) -> Result:
        """Return what is said of the file by itself and holds in one of its starts as well."""
        held = {(one.code, one.key) for way in self.ways for one in way.diagnostics}
        left = tuple(
            one._replace(fix=_shown_only(one.fix)) for one in self.result.diagnostics
            if one.launch is None and (not self.ways or (one.code, one.key) in held)
        )  # fmt: skip
        return self.result._replace(diagnostics=left, elsewhere=())


def _shown_only(fix: Fix | None) -> Fix | None:
    """Return a fix that is not made: the file was not named."""
    return None if fix is None else fix._replace(applicability="display", edits=())


def _files(of_files: Sequence[OfFile]) -> Iterator[_Started]:
    """Yield each file that a script starts with what is said of it."""
    from ftlint.facts.starts import MOST_STARTS
    from ftlint.starts.readings import started

    files: dict[str, dict[object, OfFile]] = {}
    for one in of_files:
        ways = files.setdefault(one.alone.path, {})
        if len(ways) < MOST_STARTS:
            ways.setdefault(one.start.way, one)
    for ways in files.values():
        alone = next(iter(ways.values())).alone
        judged = [
            (one.start, _judged_as(one.start, one.config, alone))
            for one in ways.values()
            if not one.launched.flags
        ]
        result = started(_judged(alone), judged)
        yield _Started(alone, result, tuple(one for _, one in judged))


def _under(
    files: Iterable[_Started], of_files: Sequence[OfFile], said: Container[tuple[str, str | None]]
) -> Iterator[tuple[Finding, ScriptLine]]:
    """Yield what comes to files as a script starts them, at the word that names the file."""
    for file in files:
        for told in file.result.diagnostics:
            place = told.launch
            if place is None or (told.code, told.key) in said:
                continue
            word = next(one.launched.config for one in of_files if one.start.line == place.line)
            line = file.alone.context.source.position(told.start).line
            message = f"{file.alone.path}:{line}: {told.message}"
            if word is not None:
                yield Finding(told.code, word.start, word.end, told.key, message=message), place


def _judged_as(start: Start, started: Config, config: Config) -> Result:
    """Return what is said of a config that a script starts; of one for another command only that.

    All that the other command rejects has one cause.
    """
    from ftlint.rules.unknown import OTHER_COMMAND

    result = _judged(started)
    keys = [one for one in result.diagnostics if one.code == OTHER_COMMAND]
    if start.command == config.command or not keys:
        return result
    rule = config.options.rules.of_problem("other-command").code
    named = listed([str(one.key) for one in keys])
    values = {"started": start.command, "command": config.command, "keys": named}
    first = Finding(rule, keys[0].start, keys[0].end, keys[0].key, values)
    said = settle(config.context.source, config.command, [first], config.directives, config.options)
    return said._replace(diagnostics=tuple(one for one in said.diagnostics if one.code == rule))


def _judged(config: Config) -> Result:
    """Return what is said of a config the way that its options say it is started."""
    context, asked, options = config.context, config.directives, config.options
    doubted: list[str] = []
    said = findings_of(config, doubted)
    result = settle(context.source, context.command, said, asked, options)
    result = result._replace(doubted=tuple(dict.fromkeys(doubted)))
    if not context.instance.effective.get("do_train") or "samples" in context.instance.facts:
        return result
    narrowed = in_file(options, context.source.path)
    if (narrowed.select or narrowed.ignore) and not any(
        is_selected(code, options.rules[code].name, narrowed)
        for code in options.rules.unjudged_without_rows()
    ):
        return result  # none was asked for whose silence is to be explained
    from ftlint.rules.unjudged import unjudged

    codes = {one.code for one in result.diagnostics}
    return result._replace(unjudged=unjudged(context, codes))


def findings_of(config: Config, doubted: list[str] | None = None) -> Iterator[Finding]:
    """Yield all that is said of a config; of a version between two states what holds for both."""
    from ftlint.rules.phases import findings

    context = config.context
    said, besides = findings(context, doubted), context.target.besides
    if besides is None:
        return said
    from ftlint.rules.development import agreed

    other = loading.load_text(context.source, config.options._replace(target=besides))
    theirs = findings(other.context) if isinstance(other, loading.Config) else ()
    return agreed(
        list(said), list(theirs), context.target,
        lambda one: worded(context.source, one, context.rules).message,
    )  # fmt: skip
