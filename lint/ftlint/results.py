"""What came of files: their diagnostics, what fixing did, and what a whole run may be told of."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ftlint.diagnostics import Applicability, Change, Diagnostic, Severity
    from ftlint.syntax.source import Source
    from ftlint.target.classify import Command
    from ftlint.target.releases import Target
    from ftschemas.rule import About


class Applied(NamedTuple):
    """A fix that was made. `line` counts in the text that it was made in."""

    code: str
    name: str
    key: str | None
    line: int
    applicability: Applicability
    message: str
    changes: tuple[Change, ...]


class SkippedFix(NamedTuple):
    """A fix that was not made, and why."""

    code: str
    name: str
    key: str | None
    message: str
    reason: str


class Repair(NamedTuple):
    """What fixing did to one file. `failure` says why it could not be written."""

    path: str
    made: tuple[Applied, ...]
    withheld: tuple[SkippedFix, ...]
    diff: tuple[str, ...]
    failure: str | None
    text: str
    hidden: tuple[str, ...] = ()
    """Names of secrets for which changes are left out of `diff`."""

    @property
    def written(self) -> tuple[Applied, ...]:
        """The fixes that are in the file now."""
        return self.made if self.failure is None else ()


class Run(NamedTuple):
    """Everything a report may say of one run of ftlint.

    `target` is that of the folder it was started in; `targets` are those that configs were judged
    for.
    """

    target: Target
    results: tuple[Result, ...]
    failures: tuple[tuple[str, str], ...] = ()
    """Files that could not be read: path and reason."""
    repairs: tuple[Repair, ...] = ()
    known: tuple[Known, ...] = ()
    """What baselines hid: each project may have its own."""
    notes: tuple[str, ...] = ()
    """What is told beside the report, a line each: named files that were passed over, settings that
    do not count."""
    fixing: bool = False
    """Whether fixes were to be made."""
    quiet: bool = False
    """Whether findings alone are told, without what sums them up."""
    policies: Mapping[str, About] = {}
    """What the policies that counted anywhere say to their readers, by code."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """What configs were judged for, each once; what they would have been where there is none.

        Nested settings may name targets of their own.
        """
        found = (one.target for one in self.results if one.command is not None)
        return tuple(dict.fromkeys(one for one in found if one is not None)) or (self.target,)

    def doubted_for(self, target: Target) -> tuple[str, ...]:
        """Return the keys of which rules were not claimed for a target."""
        keys = (key for one in self.results if one.target == target for key in one.doubted)
        return tuple(dict.fromkeys(keys))

    @property
    def checked(self) -> int:
        """How many files are LLaMA Factory configs."""
        return sum(result.command is not None for result in self.results)

    @property
    def unjudged(self) -> tuple[tuple[str, Unjudged], ...]:
        """The configs of which something could not be judged, and what."""
        return tuple(
            (one.source.path, one.unjudged) for one in self.results if one.unjudged is not None
        )

    @property
    def skipped(self) -> int:
        """How many files are not."""
        return len(self.results) - self.checked

    def count(self, severity: Severity) -> int:
        """How many diagnostics have this severity."""
        return sum(
            diagnostic.severity == severity
            for result in self.results
            for diagnostic in result.diagnostics
        )


class Result(NamedTuple):
    """What came of one file. `command` is None for a file that is none of LLaMA Factory's.

    `notice` says why a file was passed over that a person named and may have meant as a config.
    """

    source: Source
    command: Command | None
    diagnostics: tuple[Diagnostic, ...]
    notice: str = ""
    target: Target | None = None
    """What it was judged for; None for a file that was not."""
    unjudged: Unjudged | None = None
    shown: Sequence[str] | None = None
    """The lines of the text report on it, without colour, where they are known already."""
    doubted: tuple[str, ...] = ()
    """Keys and files of which rules are not claimed: there the target differs from the releases."""
    elsewhere: tuple[tuple[Diagnostic, ...], ...] = ()
    """What is said of the same file started otherwise: a repair must do no harm there either."""
    files: tuple[Result, ...] = ()
    """Of a script: what is said of the configs that it starts by themselves, and holds there."""


class Unjudged(NamedTuple):
    """Judgements that were not made of a file, since the rows of its data are not known.

    `what`: epochs, steps, or both. `datasets` are those whose rows are missing, as far as named.
    """

    what: tuple[str, ...]
    datasets: tuple[str, ...]


class Known(NamedTuple):
    """What a baseline did: findings it hid, and those of linted files that are gone."""

    path: str
    hidden: int
    gone: int
    written: bool = False
