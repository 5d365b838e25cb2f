"""Results to text: one module a format, each a pure function from results to lines."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.baseline import Known
    from ftlint.engine import Result
    from ftlint.records import Severity
    from ftlint.target import Target


class Made(NamedTuple):
    """A fix that was made. `line` counts in the text that it was made in."""

    line: int
    code: str
    applicability: str
    message: str


class Withheld(NamedTuple):
    """A fix that was not made, and why."""

    code: str
    message: str
    reason: str


class Repair(NamedTuple):
    """What fixing did to one file. `failure` says why it could not be written."""

    path: str
    made: tuple[Made, ...]
    withheld: tuple[Withheld, ...]
    diff: tuple[str, ...]
    failure: str | None
    text: str
    hidden: tuple[str, ...] = ()
    """Names of secrets for which changes are left out of `diff`."""

    @property
    def written(self) -> tuple[Made, ...]:
        """The fixes that are in the file now."""
        return self.made if self.failure is None else ()


class Run(NamedTuple):
    """Everything a report may say of one run of ftlint."""

    target: Target
    results: tuple[Result, ...]
    failures: tuple[tuple[str, str], ...] = ()
    """Files that could not be read: path and reason."""
    repairs: tuple[Repair, ...] = ()
    known: Known | None = None
    """What a baseline hid; None without one."""
    notes: tuple[str, ...] = ()
    """What is told beside the report, a line each: named files that were passed over, settings that
    do not count."""
    fixing: bool = False
    """Whether fixes were to be made."""

    @property
    def checked(self) -> int:
        """How many files are LLaMA Factory configs."""
        return sum(result.command is not None for result in self.results)

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


FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")


def reporter(name: str) -> Callable[[Run, bool], Iterator[str]]:
    """Return the function that writes a run in this format; the flag asks for colour."""
    module = "json" if name == "jsonl" else name
    report = __import__(f"ftlint.report.{module}_", fromlist=["report"])
    return report.lines if name == "jsonl" else report.report  # type: ignore[no-any-return]
