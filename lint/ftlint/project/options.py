"""What counts for which file: the command line over the settings nearest to it."""

from __future__ import annotations

import os

from ftlint.facts.launch import Launch
from ftlint.facts.layers import (
    COMMAND_LINE,
    HERE,
    MACHINE,
    RECORDED,
    SETTINGS,
    Given,
    Layer,
)
from ftlint.project.request import BadSettings, CliOptions, Settings, UsageError
from ftlint.project.settings import NearestSettings, released
from ftlint.rulebook.registry import BUILT_IN, RuleBook
from ftlint.support.containment import bound, is_below, project_of
from ftlint.support.disk import Disk
from ftlint.support.files import Exclusion, FileRequest
from ftlint.support.limits import DEFAULT, BadLimit, Limits, lifted, lowered
from ftlint.syntax.directives import matches
from ftlint.target.keys import NO_EXTRA, ForkKeys
from ftlint.target.releases import (
    AUTO,
    KNOWN,
    NEWEST,
    UnknownTarget,
    installed,
    resolve_target,
)
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.support.containment import Reach
    from ftlint.support.disk import Shared
    from ftlint.syntax.dotlist import Overrides
    from ftlint.target.classify import Command
    from ftlint.target.releases import Target


# `CliOptions` and `UsageError` are for those who call this by docs/api.md.
__all__ = ["CliOptions", "Options", "OptionsResolver", "UsageError", "facts_folders"]


class Options(NamedTuple):
    """How to judge: the target, what is known of the machine, and which rules count.

    With a `command` a file is judged as one for it, whatever it looks like. `named`: a person or a
    hook named it, rather than its folder. `extra`: what a fork has besides. `overrides`
    are set over the file.
    """

    target: Target
    given: Given = Given()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    command: Command | None = None
    rules: RuleBook = BUILT_IN
    limits: Limits = DEFAULT
    named: bool = False
    extra: ForkKeys = NO_EXTRA
    overrides: Overrides | None = None
    scripts: bool = True
    """Whether scripts are looked into for what they start."""
    per_file: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Patterns of files with the folder that they are relative to, and what is ignored in these."""
    severity: tuple[tuple[str, str], ...] = ()
    """Rules that have another severity than their own."""
    target_stated: bool = True
    """Whether somebody named the target; else it is the newest release."""


class OptionsResolver:
    """Options for a folder: its nearest settings under what the command line says.

    `ignored` says what did not count. An editor looks at nothing outside the folder that it has
    opened, a real path (`within`), and at what it holds itself (`shared`). In one that nobody
    trusts no policies count, and no target but a release, whoever names it.
    """

    def __init__(
        self,
        request: CliOptions,
        within: str | None = None,
        *,
        trusted: bool = True,
        shared: Shared | None = None,
    ) -> None:
        untrusted = not trusted and released(request.target) != request.target
        self.request = request._replace(target=None) if untrusted else request
        within = bound() if within is None else within
        self.settings = NearestSettings(self.request, within, trusted=trusted, shared=shared)
        self.ignored = self.settings.ignored
        if untrusted:
            self.ignored[f"target {request.target} counts in trusted folders only"] = None
        self.shared = shared
        self.known: dict[tuple[str | None, Reach, str], tuple[Options, Settings]] = {}
        self.folders: dict[str, tuple[str | None, Reach, str]] = {}
        self.named = _folders_named(request, self.settings.disk)
        self.exclusion = Exclusion(request.exclude, request.force_exclude, self.settings.excluded)

    def of(self, folder: str) -> tuple[Options, Settings]:
        """Return what counts for files in `folder`. Raises `UsageError`."""
        if folder not in self.folders:
            path = self.settings.file(folder)
            reach = self.settings.project(folder, path and os.path.dirname(os.path.abspath(path)))
            # Who lints a config from elsewhere starts it from there: names are relative to that.
            here = [] if is_below(folder, os.getcwd()) else [os.getcwd()]
            tree = folder if self.settings.asks_for_tree(path) else ""
            self.folders[folder] = path, reach.widened([*self.named, *here]), tree
        place = self.folders[folder]
        if place not in self.known:
            self.known[place] = self._make(*place)
        return self.known[place]

    def asked_files(self) -> FileRequest:
        """Return what files are asked for."""
        request = self.request
        return FileRequest(request.paths, request.files_from, request.shard)

    def _make(self, path: str | None, reach: Reach, tree: str) -> tuple[Options, Settings]:
        asked = self.request
        try:
            settings = Settings() if path is None else self.settings.counting(path)
            target = self._target(path, settings, tree)
        except BadSettings as error:
            raise UsageError(str(error)) from None
        except UnknownTarget as error:
            own = asked.target is None and settings.target is not None
            raise UsageError(f"{path}: {error}" if own else str(error)) from None
        given = Given(
            (*self._layers(path, settings), *self._recorded(path, reach)),
            cache=asked.cache,
            reach=reach,
            scripts=settings.launch,
        )
        root, book = settings.root or ".", BUILT_IN
        if settings.bands is not None or settings.policies:
            from ftlint.project import stating

            if settings.bands is not None:
                given = given._replace(bands=stating.bands(settings.bands, root))
            if settings.policies:
                book = stating.with_policies(settings.policies, root)
        select, ignore = self._selected(path, settings, book)
        root = settings.root or os.getcwd()
        options = Options(
            target, given, select, ignore, rules=book, limits=self._limits(settings),
            extra=ForkKeys(settings.extra_keys, settings.extra_values), scripts=settings.scripts,
            per_file=tuple((root, *one) for one in settings.per_file_ignores),
            severity=settings.severity,
            target_stated=asked.target is not None or settings.target is not None,
        )  # fmt: skip
        if asked.overrides:
            from ftlint.project import stating

            typed = stating.overrides(asked.overrides, target, options.limits)
            options = options._replace(overrides=typed)
        return options, settings

    def _selected(
        self, path: str | None, settings: Settings, book: RuleBook
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return which rules are selected and which ignored; an unknown one is wrong usage."""
        asked = self.request
        select = asked.select or settings.select
        if asked.extend_select:
            select = (*(select or ("ALL",)), *asked.extend_select)
        ignore = (*settings.ignore, *asked.ignore)
        besides = [code for _, codes in settings.per_file_ignores for code in codes]
        besides += [code for code, _ in settings.severity]
        for code in (*select, *ignore, *besides):
            if code != "ALL" and not any(matches(code, *rule) for rule in book.named()):
                theirs = code in (*settings.select, *settings.ignore, *besides)
                where = f"{path}: " if theirs else ""
                raise UsageError(f"{where}unknown rule {code!r}: see `ftlint rule --all`")
        for old, new in book.renamed((*select, *ignore, *besides)):
            self.ignored[f"rule {old} is now called {new}"] = None
        return select, ignore

    def _target(self, path: str | None, settings: Settings, tree: str) -> Target:
        """Return what is judged for; a path of settings is read inside their project alone.

        Raises `UnknownTarget`.
        """
        asked, name = self.request, self.request.target
        name = settings.target if name is None else name
        transformers = self._transformers(settings)
        if name is None and (asked.here or settings.here):
            self._tell_installed()
        if name is None or name in KNOWN:
            return resolve_target(name, transformers)
        from ftlint.target.elsewhere import ConfigFolder, is_path

        reach = None
        if asked.target is None and path is not None and path != asked.config:
            reach = self.settings.project(os.path.dirname(os.path.abspath(path)))
        if asked.target is None and is_path(name):
            name = os.path.relpath(os.path.join(settings.root or ".", name))
            name = name if is_path(name) else os.path.join(".", name)
        return resolve_target(name, transformers, ConfigFolder(tree or os.getcwd(), reach))

    def _tell_installed(self) -> None:
        """Say that another LLaMA Factory is on this machine than the one that is judged for."""
        found = installed("llamafactory")
        if found not in (None, NEWEST):
            told = f"LLaMA Factory {found} is installed, and {NEWEST} is judged: use --target auto"
            self.ignored[told] = None

    def _layers(self, path: str | None, settings: Settings) -> Iterator[Layer]:
        """Yield what the command line, the settings and this machine state of a run."""
        asked = self.request
        said = (("budget", asked.budget), ("gpu", asked.gpu))
        typed = tuple((name, value) for name, value in said if value is not None)
        own = Layer(COMMAND_LINE, asked.launch, asked.dataset_dir, asked.dataset_sizes, typed)
        theirs = Layer(
            SETTINGS, Launch(settings.gpus, settings.nodes),
            settings.beside(settings.dataset_dir), settings.datasets,
            () if settings.gpu is None else (("gpu", settings.gpu),),
        )  # fmt: skip
        auto = (asked.target or settings.target) == AUTO
        if not (auto or asked.here or settings.here or settings.facts or asked.facts):
            yield from (own, theirs)
            return
        from ftlint.project import stating

        yield stating.with_facts(theirs, settings.facts, f"{path}: facts: ")
        yield stating.with_facts(own, asked.facts)
        if asked.here or settings.here:
            yield stating.of_machine(HERE if asked.here else MACHINE)
        elif auto:
            yield stating.of_installed()

    def _transformers(self, settings: Settings) -> str | None:
        """Return the transformers that is stated, or what is installed where the run is to be."""
        asked = self.request
        if asked.here and asked.transformers is None:
            return installed("transformers") or settings.transformers
        stated = asked.transformers or settings.transformers
        return stated or (installed("transformers") if settings.here else None)

    def _recorded(self, path: str | None, reach: Reach) -> Iterator[Layer]:
        """Yield what was recorded for the project; a file that cannot be used is told once."""
        for folder in facts_folders(path, reach):
            file = os.path.join(folder, FACTS)
            if not self.settings.disk.is_file(file):
                continue
            from ftlint.facts import recorded

            found = recorded.load(file, Disk(self.settings.project(folder, folder), self.shared))
            if isinstance(found, str):
                self.ignored[f"{file}: not used: {found}"] = None
            else:
                rows = tuple((one.name, one.rows) for one in found.datasets)
                yield Layer(RECORDED, dataset_sizes=rows, records=found)
            return

    def _limits(self, settings: Settings) -> Limits:
        try:
            return lifted(self.request.limits, lifted(lowered(settings.limits)[0], DEFAULT))
        except BadLimit as error:
            raise UsageError(str(error)) from None


FACTS = "ftlint-facts.json"
"""What `ftlint record` writes."""


def facts_folders(settings: str | None, reach: Reach) -> tuple[str, ...]:
    """Return where recorded facts may lie: beside the settings file, or in the project's root."""
    near = () if settings is None else (os.path.dirname(os.path.abspath(settings)),)
    return tuple(dict.fromkeys((*near, reach.roots[0])))


def _folders_named(request: CliOptions, disk: Disk) -> tuple[str, ...]:
    """Return the folders of the command line: what links lead to there is asked for.

    But for a folder to lint that is a link itself, out of the project that it lies in.
    """
    folders = (
        path
        for path in request.paths
        if disk.is_folder(path)
        and project_of(os.path.dirname(os.path.abspath(path))).holds(disk.real(path))
    )
    data = () if request.dataset_dir is None else (request.dataset_dir,)
    return tuple(filter(None, map(disk.real, (*data, *folders))))
