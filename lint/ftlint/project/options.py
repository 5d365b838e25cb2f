"""What counts for which file: the command line over the settings nearest to it."""

from __future__ import annotations

import os

from ftlint.facts.launch import Launch
from ftlint.facts.layers import (
    COMMAND_LINE,
    HERE,
    INSTALLED,
    MACHINE,
    RECORDED,
    SETTINGS,
    Given,
    Layer,
)
from ftlint.project import settings as project
from ftlint.rulebook.registry import BUILT_IN, RuleBook
from ftlint.support.containment import bound, is_below, project_of
from ftlint.support.disk import Disk
from ftlint.support.files import Asked, Excluded, Exclusion
from ftlint.support.limits import DEFAULT, BadLimit, Limits, lifted, lowered
from ftlint.support.messages import shown_path
from ftlint.syntax.directives import matches
from ftlint.target.keys import NO_EXTRA, Extra
from ftlint.target.releases import KNOWN, NEWEST, TREE, UnknownTarget, installed, resolve_target
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftlint.project.settings import Settings
    from ftlint.support.containment import Reach
    from ftlint.support.disk import Shared
    from ftlint.syntax.dotlist import Overrides
    from ftlint.target.classify import Command
    from ftlint.target.releases import Target


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
    extra: Extra = NO_EXTRA
    overrides: Overrides | None = None
    scripts: bool = True
    """Whether scripts are looked into for what they start."""
    per_file: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Patterns of files with the folder that they are relative to, and what is ignored in these."""
    severity: tuple[tuple[str, str], ...] = ()
    """Rules that have another severity than their own."""


class CliOptions(NamedTuple):
    """What the command line asks for; None and empty mean that settings decide."""

    paths: tuple[str, ...] = (".",)
    target: str | None = None
    transformers: str | None = None
    launch: Launch = Launch()
    dataset_dir: str | None = None
    dataset_sizes: tuple[tuple[str, int], ...] = ()
    budget: str | None = None
    gpu: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    fail_on: str | None = None
    config: str | None = None
    isolated: bool = False
    stdin_filename: str | None = None
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    cache: bool = True
    limits: tuple[tuple[str, int], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    here: bool = False
    baseline: str | None = None
    write_baseline: bool = False
    command: Command | None = None
    """What named files are judged as, whatever they look like, and the configs of folders."""
    overrides: tuple[str, ...] = ()
    """`KEY=VALUE` behind each config."""
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    files_from: str | None = None
    """A file that names files, a line each; `-` is standard input."""
    shard: tuple[int, int] = (1, 1)
    """Which part of the files, of how many."""
    quiet: bool = False
    exit_zero: bool = False


class UsageError(ValueError):
    """The request cannot be carried out: wrong usage, or settings that cannot be used."""


def below(root: str | None, path: str | None) -> str | None:
    """Return a path of the settings file, which is relative to that file."""
    return path if path is None else os.path.join(root or ".", path)


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

    def asked_files(self) -> Asked:
        """Return what files are asked for."""
        request = self.request
        return Asked(request.paths, request.files_from, request.shard)

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
        layers = (*self._layers(path, settings), *self._recorded(path, reach))
        given = Given(
            layers,
            bands=self._bands(settings),
            cache=asked.cache,
            reach=reach,
            scripts=settings.launch,
        )
        select = (asked.select or settings.select) or ()
        if asked.extend_select:
            select = (*(select or ("ALL",)), *asked.extend_select)
        ignore = (*settings.ignore, *asked.ignore)
        book = self._rules(settings)
        besides = [code for _, codes in settings.per_file_ignores for code in codes]
        besides += [code for code, _ in settings.severity]
        for code in (*select, *ignore, *besides):
            if code != "ALL" and not any(matches(code, *rule) for rule in book.named()):
                theirs = code in (*settings.select, *settings.ignore, *besides)
                where = f"{path}: " if theirs else ""
                raise UsageError(f"{where}unknown rule {code!r}: see `ftlint rule --all`")
        for old, new in book.renamed((*select, *ignore, *besides)):
            self.ignored[f"rule {old} is now called {new}"] = None
        root = settings.root or os.getcwd()
        options = Options(
            target, given, select, ignore, rules=book, limits=self._limits(settings),
            extra=Extra(settings.extra_keys, settings.extra_values), scripts=settings.scripts,
            per_file=tuple((root, *one) for one in settings.per_file_ignores),
            severity=settings.severity,
        )  # fmt: skip
        if asked.overrides:
            options = options._replace(overrides=self._overrides(target, options.limits))
        return options, settings

    def _overrides(self, target: Target, limits: Limits) -> Overrides:
        """Return what `--set` sets over each config. Raises `UsageError`."""
        from ftlint.syntax import dotlist

        if not target.takes_overrides:
            raise UsageError(
                f"--set: LLaMA Factory {target.label} takes no KEY=VALUE behind a config"
                " (0.9.3 and later do)"
            )
        found = dotlist.read(self.request.overrides, limits)
        if isinstance(found, dotlist.BadArgument):
            from ftlint.target.secrets import formless

            raise UsageError(f"--set {formless(found.text)}: {found.reason}")
        return found

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
        from ftlint.target.elsewhere import Place, is_path

        reach = None
        if asked.target is None and path is not None and path != asked.config:
            reach = self._project(os.path.dirname(os.path.abspath(path)))
        if asked.target is None and is_path(name):
            name = os.path.relpath(os.path.join(settings.root or ".", name))
            name = name if is_path(name) else os.path.join(".", name)
        return resolve_target(name, transformers, Place(tree or os.getcwd(), reach))

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
            below(settings.root, settings.dataset_dir), settings.datasets,
            () if settings.gpu is None else (("gpu", settings.gpu),),
        )  # fmt: skip
        auto = (asked.target or settings.target) == AUTO
        if not (auto or asked.here or settings.here or settings.facts or asked.facts):
            yield from (own, theirs)
            return
        from ftlint.facts import machine

        try:
            yield theirs.with_facts(machine.stated(settings.facts))
        except machine.BadFact as error:
            raise UsageError(f"{path}: facts: {error}") from None
        try:
            yield own.with_facts(machine.stated(asked.facts))
        except machine.BadFact as error:
            raise UsageError(str(error)) from None
        if asked.here or settings.here:
            name = HERE if asked.here else MACHINE
            yield Layer(name, here=True).with_facts(machine.here())
        elif auto:
            yield Layer(INSTALLED).with_facts(machine.beside_target())

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

    @staticmethod
    def _bands(settings: Settings) -> Mapping[str, Any]:
        if settings.bands is None:
            return Given().bands
        from ftlint.facts import rules_of_thumb

        try:
            root = settings.root or "."
            return rules_of_thumb.load(
                os.path.join(root, settings.bands), Disk(project_of(root, root))
            )
        except rules_of_thumb.BadBands as error:
            raise UsageError(str(error)) from None

    @staticmethod
    def _rules(settings: Settings) -> RuleBook:
        if not settings.policies:
            return BUILT_IN
        from ftlint.rulebook import policies
        from ftlint.support.deadline import TooSlow, within

        try:
            with within(DEFAULT.seconds):
                found = policies.load(settings.policies, settings.root or ".")
        except policies.BadPolicy as error:
            raise UsageError(str(error)) from None
        except TooSlow:
            most = f"{DEFAULT.seconds} seconds of processor time"
            raise UsageError(f"policies: reading them takes more than {most}") from None
        return BUILT_IN.with_policies(found)


def _released(target: str | None) -> str | None:
    """Return a target that is a release; None for one that has code or packages looked at."""
    return target if target in (None, *KNOWN) else None


FACTS = "ftlint-facts.json"
"""What `ftlint record` writes."""
AUTO = "auto"
"""The target that is what is installed."""


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
