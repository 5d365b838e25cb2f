"""A whole run: paths in, a report and an exit status out. Knows nothing of option parsing."""

from __future__ import annotations

import gc
import os
from itertools import islice

from ftlint.diagnostics import SEVERITIES, Diagnostic
from ftlint.project.options import OptionsResolver
from ftlint.project.request import CliOptions, UsageError
from ftlint.results import Repair, Run
from ftlint.run.batch import lint_files
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk, ReadFailure
from ftlint.support.files import Found, Users, found_files, in_shard
from ftlint.support.limits import reason
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from ftlint.project.options import Options
    from ftlint.project.request import Settings
    from ftlint.results import Known, Result
    from ftlint.run.batch import Outcome
    from ftlint.run.once import Once
    from ftlint.run.started import Started

CLEAN, FINDINGS, USAGE, FAILED = 0, 1, 2, 3
PART = 4096
"""Files of a stream that are judged together."""
MOST_DOUBTED = 6
"""Keys that a note names."""
USED = (".json", ".jsonl", ".csv", ".parquet", ".arrow", ".txt")
"""Suffixes of files that a config may use: dataset_info.json, data, DeepSpeed's settings."""


def run(
    request: CliOptions, stdin: Callable[[int], bytes], progress: Callable[[int, int], None]
) -> tuple[Run, int]:
    """Lint what is asked for; return the results and the exit status.

    `progress(done, all)` is called once a file after the first second. Raises `UsageError`.
    """
    session = Session(request, stdin, progress)
    return session.judged(session.found())


def stream(
    request: CliOptions, stdin: Callable[[int], bytes], progress: Callable[[int, int], None]
) -> Iterator[tuple[Run, int]]:
    """Yield the results of some files after the other, so that none has to be kept for the rest."""
    session = Session(request, stdin, progress)
    files = session.found()
    part = list(islice(files, PART))
    if len(part) == PART:  # what is kept is read and written as a whole
        session.keeps_no_results()
    while True:
        yield session.judged(part)
        part = list(islice(files, PART))
        if not part:
            return
        gc.collect()  # cycles are seldom looked for otherwise: memory would grow with the files


class Session:
    """What files are judged by, and what was told of those before them."""

    def __init__(
        self,
        request: CliOptions,
        stdin: Callable[[int], bytes],
        progress: Callable[[int, int], None],
    ) -> None:
        self.request = request
        self.stdin = stdin
        self.progress = progress
        self.judges = OptionsResolver(request)
        self.options, self.settings = self.judges.of(os.getcwd())
        self.left = self.options.limits.files
        self.once: Once | None = None
        self.started: Started | None = None
        self.noted: set[str] = set()

    def keeps_no_results(self) -> None:
        """Judge every file anew."""
        self.request = self.judges.request = self.request._replace(cache=False)

    def found(self) -> Iterator[Found | ReadFailure]:
        """Yield the files that are asked for."""
        return found_files(self.judges.asked_files(), self.judges.exclusion, self.stdin)

    def judged(self, found: Iterable[Found | ReadFailure]) -> tuple[Run, int]:
        """Return the results of some files, and the exit status that they alone have."""
        request, judges = self.request, self.judges
        failures: list[tuple[str, str]] = []
        files, judged = self._admitted(found, failures)
        repairs: list[Repair] = []
        crashed = False
        outcomes = list(lint_files(files, judges, self.stdin, self.progress))
        configs = [one.path for one in outcomes if one.result and one.result.command is not None]
        users = used_by(files, configs, judges)
        outcomes += lint_files(users.found, judges, self.stdin, self.progress)
        for outcome in outcomes:
            crashed = crashed or outcome.crashed
            if outcome.result is None:
                failures.append((outcome.path, outcome.failure or ""))
                continue
            judged.append((outcome.result, outcome.settings))
            repairs += [outcome.repair] if outcome.repair is not None else []
        judged += self._started(files, outcomes)
        passed_over = _passed_over(judged, users)
        hidden = _hidden(repairs) if request.diff else ()
        judged, known = _without_known(judged, request, self.settings)
        if any(result.diagnostics for result, _ in judged):
            judged = self._once(judged)
        report = Run(
            self.options.target,
            tuple(result for result, _ in judged),
            tuple(failures),
            tuple(repairs),
            known,
            notes=(*judges.ignored, *users.notes, *passed_over, *hidden),
            fixing=request.fix or request.unsafe_fixes,
            policies={
                code: policy.about
                for known, _ in judges.known.values()
                for code, policy in known.rules.policies.items()
                if policy.about is not None
            },
            quiet=request.quiet,
        )
        notes = dict.fromkeys(
            one for one in (*report.notes, *notes_of(report)) if one not in self.noted
        )
        self.noted.update(notes)
        report = report._replace(notes=tuple(notes))
        return report, FAILED if crashed else _status(report, judged, request)

    def _admitted(
        self, found: Iterable[Found | ReadFailure], failures: list[tuple[str, str]]
    ) -> tuple[list[Found], list[tuple[Result, Settings]]]:
        """Return the files that the limit lets in, and what is said where it does not.

        `failures` takes those that could not be read.
        """
        files: list[Found] = []
        for one in found:
            if isinstance(one, ReadFailure):
                failures.append((one.path, one.reason))
            else:
                files.append(one)
        if len(files) <= self.left:
            self.left -= len(files)
            return files, []
        first = self.request.paths[0] if self.request.paths else str(self.request.files_from)
        told = [(_too_many(first, self.options), self.settings)] if self.left >= 0 else []
        del files[max(self.left, 0) :]
        self.left = -1
        return files, told

    def _started(
        self, files: Sequence[Found], outcomes: Iterable[Outcome]
    ) -> Iterator[tuple[Result, Settings]]:
        """Yield what is said of configs that are judged for the script which starts them."""
        named = {one.path for one in files if one.named}
        scripts = [
            (one.result, one.settings) for one in outcomes
            if one.result is not None and one.result.files and one.path in named
        ]  # fmt: skip
        if scripts:
            from ftlint.run.started import Started

            self.started = self.started or Started(self.judges.exclusion.reason)
            yield from self.started.files([one.path for one in files], scripts)

    def _once(self, judged: list[tuple[Result, Settings]]) -> list[tuple[Result, Settings]]:
        """Return the results with what several of them have in common told in one."""
        from ftlint.run.once import Once

        self.once = self.once or Once()
        books = [options.rules for options, _ in self.judges.known.values()]
        of_run = {code for book in books for code in book.of_run()}
        return list(self.once.a_target(self.once.a_start(judged), of_run))


def _passed_over(judged: Sequence[tuple[Result, Settings]], users: Users) -> tuple[str, ...]:
    used = {one.used for one in users.found}
    return tuple(
        f"{one.source.path}: skipped: {one.notice}"
        for one, _ in judged
        if one.notice and one.source.path not in used
    )


def _hidden(repairs: Iterable[Repair]) -> tuple[str, ...]:
    return tuple(
        f"{one.path}: a change is not shown, because the patch would contain the value of "
        + ", ".join(f"`{name}`" for name in one.hidden)
        for one in repairs
        if one.hidden
    )


def notes_of(report: Run) -> Iterator[str]:
    """Yield what is told of the targets: what judged, and what was not."""
    for target in report.targets:
        yield from target.origin.notes
        keys = report.doubted_for(target)
        if keys:
            from ftlint.support.messages import first_of

            shown = first_of(keys, MOST_DOUBTED)
            yield (
                f"target {target.label}: some rules on {shown} are not applied: its code for them"
                " is not that of the releases that they were tested with"
            )


def used_by(files: Sequence[Found], judged: Collection[str], judges: OptionsResolver) -> Users:
    """Return the configs to judge because a file that they use was named."""
    changed = [
        one.path for one in files
        if one.named and one.path.lower().endswith(USED) and one.path not in judged
    ]  # fmt: skip
    if not changed:
        return Users()
    from ftlint.run.dependents import users_of

    users = users_of(changed, judged, judges)
    shard = judges.request.shard
    return users._replace(found=tuple(one for one in users.found if in_shard(one.path, shard)))


def _without_known(
    judged: list[tuple[Result, Settings]], request: CliOptions, near: Settings
) -> tuple[list[tuple[Result, Settings]], tuple[Known, ...]]:
    """Return the results without what the baseline of their settings knows, and how much that was.

    A baseline that is asked for is written first. `near`: the settings of the working directory,
    which speak where there is no result.
    """
    by_baseline: dict[str | None, list[int]] = {}
    for place, (_, settings) in enumerate(judged):
        by_baseline.setdefault(_baseline(request, settings), []).append(place)
    if not judged:
        by_baseline[_baseline(request, near)] = []
    if set(by_baseline) == {None}:
        if request.write_baseline:
            raise UsageError(
                "--write-baseline needs a file: --baseline FILE, or `baseline` in the settings"
            )
        return judged, ()
    narrowed = bool(request.select or request.ignore or request.extend_select)
    if narrowed and request.write_baseline:
        raise UsageError(
            "--write-baseline cannot be combined with --select, --ignore or --extend-select"
        )
    from ftlint.run import baseline

    left, known = list(judged), []
    for path, places in by_baseline.items():
        if path is None:
            continue
        settings = judged[places[0]][1] if places else near
        folder = os.path.dirname(os.path.abspath(path))
        root = None if request.baseline else settings.root
        reach = project_of(folder) if root is None else project_of(root, root)
        theirs = [judged[place][0] for place in places]
        try:
            if request.write_baseline:
                baseline.write(path, theirs, Disk(reach))
            new, hid = baseline.without(baseline.load(path, Disk(reach)), path, theirs)
        except baseline.BadBaseline as error:
            raise UsageError(str(error)) from None
        gone = 0 if narrowed else hid.gone
        known.append(hid._replace(written=request.write_baseline, gone=gone))
        for place, result in zip(places, new):
            left[place] = result, judged[place][1]
    return left, tuple(known)


def _baseline(request: CliOptions, settings: Settings) -> str | None:
    return request.baseline or settings.beside(settings.baseline)


def _too_many(path: str, options: Options) -> Result:
    """Return the finding on the files that are not looked at."""
    from ftlint.results import Result
    from ftlint.rulebook.registry import BUILT_IN
    from ftlint.support.messages import fill
    from ftlint.syntax.source import of_text

    rule = BUILT_IN.of_problem("too-many-files")
    message = fill(rule.message, {"reason": reason("files", "files", options.limits)})
    told = Diagnostic(path, rule.code, rule.name, rule.severity, message, None, 0, 0)  # type: ignore[arg-type]
    return Result(of_text(path, ""), None, (told,))


def _status(report: Run, judged: Iterable[tuple[Result, Settings]], request: CliOptions) -> int:
    """Return the exit status: of each file its own settings say what counts."""
    if report.failures or any(repair.failure for repair in report.repairs):
        return USAGE
    if request.exit_zero:
        return CLEAN
    if request.diff and any(repair.diff for repair in report.repairs):
        return FINDINGS
    names = [str(name) for name in SEVERITIES]
    for result, settings in judged:
        least = names.index(request.fail_on or settings.fail_on)
        if any(names.index(one.severity) <= least for one in result.diagnostics):
            return FINDINGS
    return CLEAN
