"""`ftlint check` without its options: runs, prints, decides the exit status in one place."""

from __future__ import annotations

import os
import sys

from ftlint.project.request import CliOptions, UsageError
from ftlint.report import reporter
from ftlint.run.session import CLEAN, FAILED, USAGE, run, stream
from ftlint.support.files import STDIN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ftlint.results import Run


class Output(NamedTuple):
    """Where the report goes and how it looks. `colour`: auto, always or never."""

    format: str = "text"
    file: str | None = None
    colour: str = "auto"


def check(request: CliOptions, output: Output) -> int:
    """Lint, print the report and return the exit status. Raises `ImportError` alone."""
    return guarded(lambda: _check(request, output))


def _check(request: CliOptions, output: Output) -> int:
    texts = request.diff or ((request.fix or request.unsafe_fixes) and STDIN in request.paths)
    if output.format == "jsonl" and output.file is None and not texts:
        return _streamed(request)
    bar = _Progress(not request.quiet)
    try:
        report, status = run(request, read_stdin, bar.show)
    finally:
        bar.clear()
    say(() if request.quiet else report.notes)
    colour = output.file is None and wants_colour(output.colour)
    exact = request.diff or (report.repairs and STDIN in request.paths)
    try:
        if exact:
            _write_exactly("".join(_repaired(report, request.diff, colour)))
        else:
            lines = reporter(output.format)(report, colour)
            write("".join(f"{line}\n" for line in lines), output.file)
    except BrokenPipeError:  # the reader has gone, `ftlint … | head`: nothing is wrong
        _abandon_output()
    return status


def _streamed(request: CliOptions) -> int:
    """Print findings as they are found; return the exit status."""
    lines, worst = reporter("jsonl"), CLEAN
    for report, status in stream(request, read_stdin, lambda done, total: None):
        say(() if request.quiet else report.notes)
        say(f"{path}: not read: {reason}" for path, reason in report.failures)
        worst = max(worst, status)
        try:
            write("".join(f"{line}\n" for line in lines(report, False)))
        except BrokenPipeError:
            _abandon_output()
            break
    return worst


def show_files(request: CliOptions, output: Output) -> int:
    """Print of each file what it is judged as, or why it is passed over. Never raises."""
    return guarded(lambda: _show_files(request, output))


def _show_files(request: CliOptions, output: Output) -> int:
    from ftlint.run.listing import listed

    found = listed(request, read_stdin)
    write("".join(f"{line}\n" for line in found.lines), output.file)
    say(found.notes)
    return USAGE if found.failures else CLEAN


def guarded(act: Callable[[], int]) -> int:
    """Return what `act` returns, or the exit status of what went wrong, said in one line."""
    try:
        return act()
    except UsageError as error:
        return _stop(f"{error}", USAGE)
    except OSError as error:
        if error.filename is None:
            _abandon_output()
        return _stop(f"{error.filename or 'output'}: {error.strerror}", USAGE)
    except KeyboardInterrupt:
        return _stop("interrupted", 130)
    except ImportError:  # ftlint is not installed whole: `ftlint.__main__` says so
        raise
    except Exception as error:
        if "FTLINT_TRACEBACK" in os.environ:
            raise
        kind = f"{type(error).__name__}: {error}"
        hint = "please report it; FTLINT_TRACEBACK=1 shows where"
        return _stop(f"internal error: {kind} ({hint})", FAILED)


def _repaired(report: Run, diff: bool, colour: bool) -> Iterator[str]:
    """Yield the differences that fixing makes; for standard input without --diff, the new text.

    It is for programs, which take it byte for byte; on a terminal what does not print is escaped.
    """
    from ftlint.edits.diff import as_patch
    from ftlint.support.messages import visible

    if not diff:
        yield from (repair.text for repair in report.repairs)
        return
    shown = colour or (sys.stdout is not None and sys.stdout.isatty())
    for line in as_patch(repair.diff for repair in report.repairs):
        if not shown:
            yield line
            continue
        text, code = visible(line.rstrip("\r\n")), _DIFF_COLOURS.get(line[:1]) if colour else None
        yield f"\x1b[{code}m{text}\x1b[0m\n" if code else f"{text}\n"


_DIFF_COLOURS = {"+": "32", "-": "31", "@": "36"}


def _write_exactly(text: str) -> None:
    """Write to standard output in UTF-8, whatever the terminal's encoding is."""
    if sys.stdout is not None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()


def wants_colour(choice: str) -> bool:
    """Return whether to colour: as told, else on a terminal unless NO_COLOR is set."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return terminal and os.environ.get("TERM") != "dumb"


def write(text: str, file: str | None = None) -> None:
    """Write to `file` or standard output; what the terminal cannot show is escaped."""
    if file is not None:
        from ftlint.support.containment import led_out

        why = led_out(file)
        if why is not None:
            raise UsageError(f"{file}: not written: {why}")
        with open(file, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as out:
            out.write(text)
        return
    if sys.stdout is None:  # closed by the caller
        return
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
    sys.stdout.flush()


def say(messages: Iterable[str]) -> None:
    """Write to the standard error, a line each."""
    from ftlint.support.messages import visible

    for message in messages if sys.stderr is not None else ():
        sys.stderr.write(visible(f"ftlint: {message}") + "\n")


def _stop(message: str, status: int) -> int:
    say([message])
    return status


def read_stdin(most: int) -> bytes:
    """Return standard input, `most` bytes of it; nothing when it is closed."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read(most)


def _abandon_output() -> None:
    """Send what is still buffered to nowhere, or Python would fail over it again at exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Progress:
    """A line on a terminal that says how far a long run is; nothing anywhere else."""

    def __init__(self, wanted: bool) -> None:
        self.on, self.wanted = False, wanted

    def show(self, done: int, total: int) -> None:
        """Draw the bar; called only after the first second."""
        if not self.wanted or sys.stderr is None or not sys.stderr.isatty():
            return
        self.on = True
        width = 30 * done // max(total, 1)
        sys.stderr.write(f"\r{'█' * width}{'·' * (30 - width)} {done}/{total} files")
        sys.stderr.flush()

    def clear(self) -> None:
        """Wipe the bar."""
        if self.on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
