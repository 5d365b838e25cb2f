"""A whole run: paths in, a report and an exit status out. Knows nothing of option parsing."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint import settings as project
from ftlint.directives import matches
from ftlint.discovery import command_of, names_in
from ftlint.engine import HEAD, MAX_BYTES, Options, Result, lint_bytes
from ftlint.facts import Given
from ftlint.files import STDIN, Found, Unreadable, expand, read
from ftlint.records import SEVERITIES
from ftlint.report import Repair, Run
from ftlint.rules.registry import BUILT_IN, RuleBook
from ftlint.source import of_text
from ftlint.target import resolve_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ftlint.settings import Settings

CLEAN, FINDINGS, USAGE, FAILED = 0, 1, 2, 3


class Request(NamedTuple):
    """What the command line asks for; None and empty mean that settings decide."""

    paths: tuple[str, ...] = (".",)
    target: str | None = None
    transformers: str | None = None
    gpus: int | None = None
    nodes: int | None = None
    dataset_dir: str | None = None
    dataset_sizes: tuple[tuple[str, int], ...] = ()
    budget: str | None = None
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


class Refused(ValueError):
    """The request cannot be carried out: wrong usage, or settings that cannot be used."""


def run(
    request: Request, stdin: Callable[[], bytes], progress: Callable[[int, int], None]
) -> tuple[Run, int]:
    """Lint what is asked for; return the results and the exit status.

    `progress(done, all)` is called once a file after the first second. Raises `Refused`.
    """
    judges = Judges(request)
    here = judges.of(os.getcwd())
    found = list(expand(request.paths, here[1].exclude, here[1].root))
    failures = [(one.path, one.reason) for one in found if isinstance(one, Unreadable)]
    files = [one for one in found if isinstance(one, Found)]
    results: list[Result] = []
    repairs: list[Repair] = []
    started = time.monotonic()
    crashed = False
    for done, file in enumerate(files):
        try:
            outcome = _lint(file, request, judges, stdin)
        except Refused:
            raise
        except Exception as error:
            if "FTLINT_TRACEBACK" in os.environ:
                raise
            reason = f"ftlint failed on it ({type(error).__name__}: {error}); please report this"
            outcome, crashed = Unreadable(file.path, reason), True
        if isinstance(outcome, Unreadable):
            failures.append((outcome.path, outcome.reason))
        else:
            result, repair = outcome
            results.append(result)
            repairs += [repair] if repair is not None else []
        if time.monotonic() - started > 1:
            progress(done + 1, len(files))
    report = Run(here[0].target, tuple(results), tuple(failures), tuple(repairs))
    status = _status(report, request, request.fail_on or here[1].fail_on)
    return report, FAILED if crashed else status


def _status(report: Run, request: Request, fail_on: str) -> int:
    if report.failures or any(repair.failure for repair in report.repairs):
        return USAGE
    if request.diff and any(repair.diff for repair in report.repairs):
        return FINDINGS
    worst = SEVERITIES[: [str(name) for name in SEVERITIES].index(fail_on) + 1]
    return FINDINGS if any(report.count(severity) for severity in worst) else CLEAN


def _lint(
    file: Found, request: Request, judges: Judges, stdin: Callable[[], bytes]
) -> tuple[Result, Repair | None] | Unreadable:
    if file.path == STDIN:
        data: bytes | Unreadable = stdin()
        path = request.stdin_filename or "<stdin>"
    else:
        data, path = read(file.path, MAX_BYTES + 1), file.path
    if isinstance(data, Unreadable):
        return data
    options, settings = judges.of(os.path.dirname(os.path.abspath(path)))
    if path.endswith(".json") and not file.named:
        # JSON is most likely data: its head tells, and costs little.
        head = data[:HEAD].decode("utf-8", errors="replace")
        if command_of(names_in(head)) is None:
            return Result(of_text(path, ""), None, ()), None
    result = lint_bytes(path, data, options)
    fixes = request.fix or request.unsafe_fixes or request.diff
    if not fixes or not any(one.fix is not None for one in result.diagnostics):
        return result, None
    from ftlint.repair import repair

    keep = request.diff or file.path == STDIN
    root = settings.root or os.getcwd()
    return repair(result, data, options, unsafe=request.unsafe_fixes, keep=keep, root=root)


def _below(root: str | None, path: str | None) -> str | None:
    """Return a path of the settings file, which is relative to that file."""
    return path if path is None else os.path.join(root or ".", path)


class Judges:
    """Options for a folder: its nearest settings under what the command line says."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.known: dict[str | None, tuple[Options, Settings]] = {}
        self.folders: dict[str, str | None] = {}

    def of(self, folder: str) -> tuple[Options, Settings]:
        """Return what counts for files in `folder`. Raises `Refused`."""
        if folder not in self.folders:
            self.folders[folder] = self._file_for(folder)
        path = self.folders[folder]
        if path not in self.known:
            self.known[path] = self._make(path)
        return self.known[path]

    def _file_for(self, folder: str) -> str | None:
        if self.request.config is not None:
            return self.request.config
        return None if self.request.isolated else project.find(folder)

    def _make(self, path: str | None) -> tuple[Options, Settings]:
        asked = self.request
        try:
            settings = project.Settings() if path is None else project.load(path)
            target = resolve_target(
                asked.target or settings.target, asked.transformers or settings.transformers
            )
        except ValueError as error:  # BadSettings, UnknownTarget
            raise Refused(str(error)) from None
        given = Given(
            asked.gpus or settings.gpus,
            asked.nodes or settings.nodes,
            (*settings.datasets, *asked.dataset_sizes),
            asked.dataset_dir or _below(settings.root, settings.dataset_dir),
            facts=() if asked.budget is None else (("budget", asked.budget),),
            bands=self._bands(settings),
        )
        select = (asked.select or settings.select) or ()
        if asked.extend_select:
            select = (*(select or ("ALL",)), *asked.extend_select)
        ignore = (*settings.ignore, *asked.ignore)
        book = self._rules(settings)
        for code in (*select, *ignore):
            if code != "ALL" and not any(
                matches(code, rule.code, rule.name) for rule in book.rules.values()
            ):
                theirs = code in (*settings.select, *settings.ignore)
                where = f"{path}: " if theirs else ""
                raise Refused(f"{where}{code!r} is no rule: see `ftlint rule --all`")
        options = Options(target, given, select, ignore, rules=book)
        return options, settings

    @staticmethod
    def _bands(settings: Settings) -> Mapping[str, Any]:
        if settings.bands is None:
            return Given().bands
        from ftlint import bands

        try:
            return bands.load(os.path.join(settings.root or ".", settings.bands))
        except bands.BadBands as error:
            raise Refused(str(error)) from None

    @staticmethod
    def _rules(settings: Settings) -> RuleBook:
        if not settings.policies:
            return BUILT_IN
        from ftlint import policies

        try:
            return BUILT_IN.with_policies(policies.load(settings.policies, settings.root or "."))
        except policies.BadPolicy as error:
            raise Refused(str(error)) from None
