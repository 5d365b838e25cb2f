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
from ftlint.project import settings as project
from ftlint.project.request import CliOptions, UsageError
from ftlint.rulebook.registry import BUILT_IN, RuleBook
from ftlint.support.containment import bound, is_below, project_of
from ftlint.support.disk import Disk
from ftlint.support.files import Excluded, Exclusion, FileRequest
from ftlint.support.limits import DEFAULT, BadLimit, Limits, lifted, lowered
from ftlint.support.messages import shown_path
from ftlint.syntax.directives import matches
from ftlint.target.keys import NO_EXTRA, ForkKeys
from ftlint.target.releases import (
    AUTO,
    KNOWN,
    NEWEST,
    TREE,
    UnknownTarget,
    installed,
    resolve_target,
)
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.project.settings import Settings
    from ftlint.support.containment import Reach
    from ftlint.support.disk import Shared
    from ftlint.syntax.dotlist import Overrides
    from ftlint.target.classify import Command
    from ftlint.target.releases import Target


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


class OptionsResolver:
    """Options for a folder: its nearest settings under what the command line says.

    Settings come with pull requests: what they name lies in their project, and what would reach
    beyond it counts only from the command line. `ignored` says what of them did not count.

    An editor looks at nothing outside the folder that it has opened, a real path (`within`), and at
    what it holds itself (`shared`). In one that nobody trusts no policies count, and no target but
    a release, whoever names it.
    """

    def __init__(
        self,
        request: CliOptions,
        within: str | None = None,
        *,
        trusted: bool = True,
        shared: Shared | None = None,
    ) -> None:
        self.ignored: dict[str, None] = {}
        if not trusted and _released(request.target) != request.target:
            self.ignored[f"target {request.target} counts in trusted folders only"] = None
            request = request._replace(target=None)
        self.request = request
        self.within = bound() if within is None else within
        self.trusted = trusted
        self.shared = shared
        self.known: dict[tuple[str | None, Reach, str], tuple[Options, Settings]] = {}
        self.folders: dict[str, tuple[str | None, Reach, str]] = {}
        self.disk = Disk(None, shared)
        self.named = _folders_named(request, self.disk)
        self.loaded: dict[str, Settings] = {}
        self.nearest: dict[str, str | None] = {}
        self.exclusion = Exclusion(request.exclude, request.force_exclude, self._nearest)

    def of(self, folder: str) -> tuple[Options, Settings]:
        """Return what counts for files in `folder`. Raises `UsageError`."""
        if folder not in self.folders:
            path = self.settings_file(folder)
            reach = self._project(folder, path and os.path.dirname(os.path.abspath(path)))
            # Who lints a config from elsewhere starts it from there: names are relative to that.
            here = [] if is_below(folder, os.getcwd()) else [os.getcwd()]
            tree = folder if self._asks_for_tree(path) else ""
            self.folders[folder] = path, reach.widened([*self.named, *here]), tree
        place = self.folders[folder]
        if place not in self.known:
            self.known[place] = self._make(*place)
        return self.known[place]

    def _project(self, folder: str, otherwise: str | None = None) -> Reach:
        """Return the project of what lies in a folder, as far as it is looked at."""
        found = project_of(folder, otherwise)
        return found if self.within is None else found.within(self.within)

    def _asks_for_tree(self, path: str | None) -> bool:
        """Return whether each folder has a target of its own: the source above it."""
        if self.request.target is not None or path is None:
            return self.request.target == TREE
        try:
            return self._loaded(path).target == TREE
        except project.BadSettings:  # told where they are to judge a file
            return False

    def asked_files(self) -> FileRequest:
        """Return what files are asked for."""
        request = self.request
        return FileRequest(request.paths, request.files_from, request.shard)

    def _nearest(self, folder: str) -> Excluded:
        """Return what the settings of a folder leave out."""
        file = self.settings_file(folder)
        try:
            settings = project.Settings() if file is None else self._loaded(file)
        except project.BadSettings:  # told where they are to judge a file
            settings = project.Settings()
        root = settings.root or os.getcwd()
        return Excluded(settings.exclude, root, shown_path(file or ""), settings.force_exclude)

    def settings_file(self, folder: str) -> str | None:
        """Return the named settings file, or that of the nearest ancestor of a folder."""
        if self.request.config is not None or self.request.isolated:
            return self.request.config
        passed: list[str] = []
        found = None
        while folder not in self.nearest:
            passed.append(folder)
            found = project.own(folder, self.disk)
            parent = os.path.dirname(folder)
            if found is not None or parent == folder or self.disk.real(folder) == self.within:
                break
            folder = parent
        found = self.nearest.get(folder, found)
        self.nearest.update(dict.fromkeys(passed, found))
        return found

    def _make(self, path: str | None, reach: Reach, tree: str) -> tuple[Options, Settings]:
        asked = self.request
        try:
            settings = project.Settings() if path is None else self._settings(path)
            target = self._target(path, settings, tree)
        except project.BadSettings as error:
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
        select = (asked.select or settings.select) or ()
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
            reach = self._project(os.path.dirname(os.path.abspath(path)))
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

    def _settings(self, path: str) -> Settings:
        """Return the settings of a file as far as they count where they were found."""
        found = self._loaded(path)
        if path == self.request.config:
            return found
        if found.here and not self.request.here:
            self.ignored[
                f"{path}: `here` counts from the command line only: pass `--here`, or"
                f" `--config {path}`"
            ] = None
        for name, number, most in lowered(found.limits)[1]:
            self.ignored[
                f"{path}: `limits.{name}` of {number} is above {most}: settings lower a limit,"
                f" `--limit {name}={number}` lifts it"
            ] = None
        found = found._replace(here=False)
        return found if self.trusted else self._untrusted(path, found)

    def _untrusted(self, path: str, settings: Settings) -> Settings:
        """Return the settings of a folder that nobody trusts as far as they count there."""
        left = settings._replace(policies=(), target=_released(settings.target))
        for name in ("policies", "target"):
            if getattr(left, name) != getattr(settings, name):
                self.ignored[f"{path}: `{name}` counts in trusted folders only"] = None
        return left

    def _loaded(self, path: str) -> Settings:
        """Return the settings of a file as they stand there. Raises `BadSettings`."""
        if path not in self.loaded:
            named = path == self.request.config
            folder = os.path.dirname(os.path.abspath(path))
            disk = None if named else Disk(self._project(folder), self.shared)
            self.loaded[path] = project.load(path, disk)
        return self.loaded[path]

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
            if not self.disk.is_file(file):
                continue
            from ftlint.facts import recorded

            found = recorded.load(file, Disk(self._project(folder, folder), self.shared))
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


def _released(target: str | None) -> str | None:
    """Return a target that is a release; None for one that has code or packages looked at."""
    return target if target in (None, *KNOWN) else None


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
