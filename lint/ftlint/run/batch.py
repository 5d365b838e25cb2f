"""Many files: each looked up or linted, shared among processes where that is sooner done.

What lints is imported when a file is: a run whose results are all kept needs none of it.
"""

from __future__ import annotations

import os
import time

from ftlint.project.request import Settings
from ftlint.results import Result
from ftlint.support.deadline import TooSlow, within
from ftlint.support.disk import Disk, ReadFailure, Shared, stamp
from ftlint.support.files import STDIN, Found, is_script
from ftlint.support.limits import reason
from ftlint.syntax.source import later, of_text
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ftlint.project.options import Options, OptionsResolver
    from ftlint.results import Repair
    from ftlint.run.cache import ResultCache
    from ftlint.run.serialize import KeptResult
    from ftlint.target.classify import Kind

WORTH_KEEPING = 16
"""Files of a run; fewer are linted in less time than it takes to load what was kept."""

WARM_UP = 16
"""Files that are linted before processes part: what they load is then shared."""


class Outcome(NamedTuple):
    """What came of one file: a result and maybe a repair, or why there is none."""

    path: str
    result: Result | None = None
    repair: Repair | None = None
    failure: str | None = None
    crashed: bool = False
    entry: KeptResult | None = None
    """What is to be kept of it."""
    settings: Settings = Settings()
    """The settings nearest to the file."""


def lint_files(
    files: Sequence[Found],
    judges: OptionsResolver,
    stdin: Callable[[int], bytes],
    progress: Callable[[int, int], None],
) -> Iterator[Outcome]:
    """Yield what comes of each file, in their order. Raises `UsageError`.

    `progress(done, all)` is called once a file after the first second.
    """
    work = _Work(files, judges, stdin, progress)
    made = work.kept()
    missing = [place for place in range(len(files)) if place not in made]
    shared = missing[WARM_UP:] if work.shareable else []
    count = 1
    if shared:
        from ftlint.support import pool

        count = pool.processes(len(shared))
    alone = missing[:WARM_UP] if count > 1 else missing
    made.update((place, work.lint(place)) for place in alone)
    if count > 1:
        work.steps = count
        made.update(pool.spread(work.lint, shared, count))
    work.keep(made)
    return (work.told(place, made[place]) for place in range(len(files)))


def kinds(
    files: Sequence[Found], judges: OptionsResolver, stdin: Callable[[int], bytes]
) -> Iterator[tuple[Found, Kind | ReadFailure]]:
    """Yield what each file is taken for, without judging it. Raises `UsageError`."""
    work = _Work(files, judges, stdin, lambda _done, _all: None)
    return ((file, work.kind(place)) for place, file in enumerate(files))


class _Work:
    """The files of a run, and what is the same for all of them."""

    def __init__(
        self,
        files: Sequence[Found],
        judges: OptionsResolver,
        stdin: Callable[[int], bytes],
        progress: Callable[[int, int], None],
    ) -> None:
        self.files = files
        self.judges = judges
        self.stdin = stdin
        self.progress = progress
        self.request = judges.request
        self.fixes = self.request.fix or self.request.unsafe_fixes or self.request.diff
        named = any(file.path == STDIN for file in files)
        self.shareable = not named and "FTLINT_TRACEBACK" not in os.environ
        self.keeping = self._keeping()
        self.stores: dict[int, ResultCache] = {}
        self.named: dict[int, Options] = {}
        self.shared = None if self.fixes else Shared()
        self.near: dict[tuple[str, bool], tuple[Options, Settings]] = {}
        self.judged_by = [*map(self._judged_by, files)]
        self.started = time.monotonic()
        self.done, self.steps = 0, 1

    def _keeping(self) -> bool:
        few = len(self.files) < WORTH_KEEPING
        if not self.request.cache or self.fixes or self.request.command is not None or few:
            return False
        from ftlint.run import cache

        return cache.store() is not None

    def _judged_by(self, file: Found) -> tuple[Options, Settings]:
        """Return what counts for a file. Raises `UsageError`."""
        path = (self.request.stdin_filename or "<stdin>") if file.path == STDIN else file.path
        place = os.path.dirname(path), file.named
        if place not in self.near:
            self.near[place] = self._near(*place)
        return self.near[place]

    def _near(self, folder: str, named: bool) -> tuple[Options, Settings]:
        options, settings = self.judges.of(os.path.abspath(folder))
        if not named:
            return options, settings
        if id(options) not in self.named:
            self.named[id(options)] = options._replace(named=True, command=self.request.command)
        return self.named[id(options)], settings

    def kept(self) -> dict[int, Outcome]:
        """Return what is known already, by the place of the file."""
        found: dict[int, Outcome] = {}
        for place, file in enumerate(self.files if self.keeping else ()):
            options, settings = self.judged_by[place]
            path, store = file.path, self._store(options)
            entry = store.get(path)
            if entry is not None:
                result = Result(
                    later(path, store.text), entry.command, entry.diagnostics, "",
                    options.target, entry.unjudged, entry.shown, tuple(entry.doubted),
                )  # fmt: skip
                found[place] = Outcome(path, result, settings=settings)
        return found

    def _store(self, options: Options) -> ResultCache:
        if id(options) not in self.stores:
            from ftlint.run import cache

            self.stores[id(options)] = cache.ResultCache(cache.store(), options)
        return self.stores[id(options)]

    def keep(self, made: Mapping[int, Outcome]) -> None:
        """Keep what was found."""
        for place, outcome in made.items():
            if outcome.entry is not None:
                self._store(self.judged_by[place][0]).put(outcome.path, outcome.entry)
        for store in self.stores.values():
            store.save()

    def told(self, place: int, outcome: Outcome) -> Outcome:
        """Return an outcome with what it was judged by."""
        options, settings = self.judged_by[place]
        if outcome.settings is settings:  # kept
            return outcome
        result = outcome.result and outcome.result._replace(target=options.target)
        return outcome._replace(result=result, settings=settings)

    def lint(self, place: int) -> Outcome:
        """Lint one file."""
        try:
            made = self._lint(self.files[place], self.judged_by[place][0])
        except ImportError:
            raise
        except Exception as error:
            if "FTLINT_TRACEBACK" in os.environ:
                raise
            why = f"ftlint failed on it ({type(error).__name__}: {error}); please report this"
            made = Outcome(self.files[place].path, failure=why, crashed=True)
        self.done += self.steps
        if time.monotonic() - self.started > 1:
            self.progress(min(self.done, len(self.files)), len(self.files))
        return made

    def _lint(self, file: Found, options: Options) -> Outcome:
        from ftlint.engine import lint_bytes
        from ftlint.loading import unread, unshown
        from ftlint.syntax.construct import Problem

        seen = stamp(file.path) if self.keeping else None
        path, data = self.content(file, options)
        if isinstance(data, ReadFailure):
            return Outcome(path, failure=data.reason)
        if not file.named and not self._judged(path, data, options):
            return Outcome(path, Result(of_text(path, ""), None, ()))
        reach = options.given.reach
        if file.path != STDIN and not Disk(reach, self.shared).holds(path):
            return Outcome(path, unshown(path, data, options, Problem("outside", 0, 0, {})))
        if self.request.command is not None:
            options = options._replace(command=self.request.command)
        disk = Disk(reach, self.shared)
        repair = entry = None
        try:
            with within(options.limits.seconds):
                result = lint_bytes(path, data, options, disk)
            if self.keeping and not (result.notice or result.files) and _is_text(data, options):
                from ftlint.report.text import shown
                from ftlint.run import cache

                result = result._replace(shown=[*shown(result, False)])
                entry = cache.entry_of(seen, data, disk, result)
            if (
                self.fixes
                and file.used is None
                and any(one.fix is not None for one in result.diagnostics)
            ):
                result, repair = self._repaired(result, data, options)
        except TooSlow:
            why = reason("seconds", "seconds of processor time", options.limits)
            result = unread(path, data, options, Problem("too-slow", 0, 0, {"reason": why}))
        if not result.diagnostics:  # a report shows nothing of it
            result = result._replace(source=of_text(path, ""))
        return Outcome(path, result, repair, entry=entry)

    def content(self, file: Found, options: Options) -> tuple[str, bytes | ReadFailure]:
        """Return the name under which a file is judged, and what is in it as far as it is read."""
        if file.path != STDIN:
            return file.path, Disk().read(file.path, options.limits.bytes + 1)
        name = self.request.stdin_filename or "<stdin>"
        return name, self.stdin(options.limits.bytes + 1)

    def kind(self, place: int) -> Kind | ReadFailure:
        """Return what a file is taken for, and why it is passed over."""
        from ftlint.loading import look
        from ftlint.target.classify import Kind

        options, _ = self.judged_by[place]
        path, data = self.content(self.files[place], options)
        if isinstance(data, ReadFailure):
            return data
        try:
            with within(options.limits.seconds):
                if is_script(path):
                    return _of_script(path, data, options)
                if self.files[place].named:
                    return look(path, data, options)
                kind = look(path, data, options)
                if kind.command is not None and self._judged(path, data, options):
                    return kind._replace(command=self.request.command or kind.command)
                kind = look(path, data, options._replace(named=True))
        except TooSlow:
            return Kind(None, reason("seconds", "seconds of processor time", options.limits))
        if kind.command is None:
            return kind
        return Kind(
            None, "too few LLaMA Factory keys for a file found in a folder: name it to check it"
        )

    def _judged(self, path: str, data: bytes, options: Options) -> bool:
        """Return whether a file that was found in a folder is worth its reading, or its command."""
        from ftlint.loading import HEAD, look
        from ftlint.target.classify import command_of, names_in

        if is_script(path):
            from ftlint.launch.signs import may_launch

            return options.scripts and may_launch(data)

        if path.endswith(".json"):  # most likely data: its head tells, and costs little
            head = data[:HEAD].decode("utf-8", errors="replace")
            if command_of(set(names_in(head)).difference(options.extra.keys)) is None:
                return False
        return self.request.command is None or look(path, data, options).command is not None

    def _repaired(self, result: Result, data: bytes, options: Options) -> tuple[Result, Repair]:
        from ftlint.fixes.repair import repair

        path = result.source.path
        if not options.target_stated:
            from ftlint.run.own_release import not_repaired, own_release

            own = own_release(path, Disk(options.given.reach), options.given.reach)
            if own is not None:
                return result, not_repaired(result, own, unsafe=self.request.unsafe_fixes)
        keep = self.request.diff or path == (self.request.stdin_filename or "<stdin>")
        return repair(result, data, options, unsafe=self.request.unsafe_fixes, keep=keep)


def _of_script(path: str, data: bytes, options: Options) -> Kind:
    """Return what a script is taken for: a config for what it starts first."""
    from ftlint.starts.scripts import load_bytes
    from ftlint.target.classify import Kind

    script = load_bytes(path, data, options) if options.scripts else None
    command = getattr(script, "command", None)
    return Kind(command, "" if command else "it starts no LLaMA Factory")


def _is_text(data: bytes, options: Options) -> bool:
    """Return whether a file was read as it is; what is said of others is said sooner than kept."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return len(data) <= options.limits.bytes
