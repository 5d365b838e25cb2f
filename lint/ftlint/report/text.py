"""For people: the message, the line with a caret under the span, the way to more."""

from __future__ import annotations

from ftlint.diagnostics import SEVERITIES
from ftlint.support.messages import first_of, plural, shown_path, visible
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Known, Result, Run
    from ftlint.syntax.source import Source

BOLD, DIM, RED, YELLOW = "1", "2", "31", "33"
"""What a terminal calls its styles and colours."""
COLOURS = {"error": RED, "warning": YELLOW, "info": "36"}
WIDEST = 200


def report(run: Run, colour: bool) -> Iterator[str]:
    """Yield the lines of a run."""
    for path, reason in run.failures:
        yield f"{shown_path(path)}: {paint('not read', '31', colour)}: {visible(reason)}"
    for result in run.results:
        yield from shown(result, colour)
    yield from _repairs(run, colour)
    if run.quiet:
        return
    yield _summary(run, colour)
    yield from _unjudged(run)
    yield from map(_of_baseline, run.known)


def shown(result: Result, colour: bool) -> Iterable[str]:
    """Return the lines on one file."""
    if result.shown is not None and not colour:
        return result.shown
    return [
        line
        for diagnostic in result.diagnostics
        for line in (*_frame(result.source, diagnostic, colour), "")
    ]


def _frame(source: Source, diagnostic: Diagnostic, colour: bool) -> Iterator[str]:
    from ftlint.target.secrets import masked

    position = source.position(diagnostic.start)
    place = f"{shown_path(source.path)}:{position.line}:{position.column}"
    head = paint(f"{diagnostic.severity} {diagnostic.code}", COLOURS[diagnostic.severity], colour)
    yield f"{paint(place, '1', colour)}: {head} {paint(diagnostic.name, '2', colour)}"
    line = source.line(position.line)
    begin = source.text.find(line, source.line_starts[position.line - 1])  # behind a BOM
    line = masked(source.text, begin, begin + len(line))
    gutter = " " * len(str(position.line))
    start = position.column - 1
    stop = min(start + max(diagnostic.end - diagnostic.start, 1), max(len(line), start + 1))
    if start > WIDEST - 40:  # a long line is shown from a little before the span
        cut = start - 20
        line, start, stop = "…" + line[cut:], start - cut + 1, stop - cut + 1
    shown = line[:WIDEST] + ("…" if len(line) > WIDEST else "")
    before, marked = shown[:start], shown[start:stop]
    padding = "".join("\t" if letter == "\t" else " " * _width(letter) for letter in before)
    caret = "^" * max(sum(map(_width, marked)), 1)
    yield f"  {paint(f'{position.line} |', '34', colour)} {visible(shown.replace(chr(9), ' '))}"
    yield (
        f"  {paint(f'{gutter} |', '34', colour)} {padding.replace(chr(9), ' ')}"
        f"{paint(caret, COLOURS[diagnostic.severity], colour)}"
    )
    kind = diagnostic.fix.applicability if diagnostic.fix else None
    mark = " [*]" if kind == "safe" else ""
    yield f"  {paint(f'{gutter} =', '34', colour)} {visible(diagnostic.message)}{mark}"
    if diagnostic.fix and kind == "display":  # no option makes it: this is all there is of it
        yield f"  {paint(f'{gutter} =', '34', colour)} fix: {visible(diagnostic.fix.message)}"
    for other in diagnostic.related:
        at = source.position(other.start)
        note = f"line {at.line}: {visible(other.message)}"
        yield f"  {paint(f'{gutter} =', '34', colour)} note: {note}"


def _repairs(run: Run, colour: bool) -> Iterator[str]:
    """Yield what fixing did, and every fix that was withheld with its reason."""
    for repair in run.repairs:
        if repair.failure is not None:
            failure = f"{paint('not written', '31', colour)}: {visible(repair.failure)}"
            yield f"{shown_path(repair.path)}: {failure}"
        for made in repair.written:
            done = f"{paint('fixed', '32', colour)} {made.code}: {visible(made.message)}"
            yield f"{shown_path(repair.path)}:{made.line}: {done}"
        for one in repair.withheld:
            reason = visible(f"{one.code} {one.message}: {one.reason}")
            yield f"{shown_path(repair.path)}: not fixed: {reason}"
    written = [one for one in run.repairs if one.written]
    if written:
        fixes = sum(len(repair.written) for repair in written)
        files = f"{len(written)} {plural('file', len(written))}"
        yield paint(f"Fixed {fixes} in {files}.", "32", colour)


def _summary(run: Run, colour: bool) -> str:
    totals = [(severity, run.count(severity)) for severity in SEVERITIES]
    counts = [
        f"{count} {severity}{'' if count == 1 or severity == 'info' else 's'}"
        for severity, count in totals
        if count
    ]
    files = f"{run.checked} {plural('config', run.checked)}"
    skipped = f", {run.skipped} other {plural('file', run.skipped)} skipped" if run.skipped else ""
    if run.failures:
        skipped += f", {len(run.failures)} not read"
    against = " and ".join(visible(target.in_full) for target in run.targets)
    if not run.checked:
        return f"No LLaMA Factory config found{skipped}."
    if not counts and any(known.hidden for known in run.known):
        return f"No new findings in {files} for {against}{skipped}."
    if not counts and (run.failures or run.unjudged):
        return f"No findings in {files} for {against}{skipped}."
    if not counts:
        return paint(f"Clean: {files} for {against}{skipped}.", "32", colour)
    return f"Found {', '.join(counts)} in {files} for {against}{skipped}.{_hint(run)}"


NAMED = 3
"""Datasets that the line on what was not judged names."""


def _unjudged(run: Run) -> Iterator[str]:
    """Yield which judgements were not made, and how to state what they need: one line at most."""
    left = run.unjudged
    if not left:
        return
    files = f"{len(left)} {plural('config', len(left))}"
    what = " and ".join(sorted({name for _, one in left for name in one.what}))
    names = list(dict.fromkeys(name for _, one in left for name in one.datasets))
    shown = first_of([*map(visible, names)], NAMED)
    of = f" of {shown}" if names else ""
    which = f"{names[0]}=N" if len(names) == 1 else "NAME=N" if names else "N"
    yield (
        f"Not judged in {files}: {what} against dataset size, as the rows{of} are unknown. State "
        f"them (--dataset-size {visible(which)}), or run `ftlint record` where the data are."
    )


def _of_baseline(known: Known) -> str:
    """Return what was hidden, and what need not be any more."""
    count = f"{known.hidden} {plural('finding', known.hidden)}"
    path = shown_path(known.path)
    if known.written:
        return f"Wrote {count} to {path} as the baseline."
    if not known.gone:
        return f"Not shown: {count} from the baseline {path}."
    gone = f"{known.gone} of its findings {'is' if known.gone == 1 else 'are'} fixed"
    return f"Not shown: {count} from the baseline {path}. {gone}: update it with --write-baseline."


def _hint(run: Run) -> str:
    """Return how many of the findings which option would fix.

    Not what was withheld, and not a second name of the same key: one of them is renamed. After
    `--fix` what it could fix and did not is in files that were not named: it says nothing of them.
    """
    withheld = {(one.path, fix.code, fix.message) for one in run.repairs for fix in one.withheld}
    counts = {"safe": 0, "unsafe": 0, "display": 0}
    for result in run.results:
        renamed: set[str] = set()
        for one in result.diagnostics:
            if one.fix is None or not one.fix.edits:
                continue
            if (one.path, one.code, one.fix.message) in withheld:
                continue
            names = {change.text for change in one.fix.changes if change.kind == "rename"}
            if not names & renamed:
                counts[one.fix.applicability] += 1
            renamed |= names
    safe, unsafe = 0 if run.fixing else counts["safe"], counts["unsafe"]
    if not safe:
        return f" {unsafe} can be fixed with --unsafe-fixes." if unsafe else ""
    more = f", {unsafe} more with --unsafe-fixes" if unsafe else ""
    return f" [*] {safe} can be fixed with --fix{more}."


def _width(letter: str) -> int:
    """Return how many columns a terminal gives a letter."""
    if not letter.isprintable() and letter != "\t":
        return len(visible(letter))
    if letter.isascii():
        return 1
    from unicodedata import category, east_asian_width

    if category(letter) in ("Mn", "Me") or "\u1160" <= letter <= "\u11ff":
        return 0  # an accent or the tail of a Korean syllable, drawn over the letter before
    return 2 if east_asian_width(letter) in "WF" else 1


def paint(text: str, code: str, colour: bool) -> str:
    """Return a text in a colour or style of the terminal, if it is to have any."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code and text else text
