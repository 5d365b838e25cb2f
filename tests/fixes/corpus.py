"""Published configs under every single edit, and under their own fixes: what came of it, counted.

    python -m tests.fixes.corpus [--jobs N] [--json FILE]

The edits are every deletion, renaming, replacement and insertion at every key of every file in four
forms. The fixes are those that ftlint has for the file, for three releases. A failure of either is
printed, and ends the command with 1. Nearly all of the time goes into ruamel's round trip, the
second witness of each edit: it is written in Python, and there is no faster one as strict.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from multiprocessing import Pool
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import Source, decode, of_text
from ftlint.target.releases import resolve_target
from tests.fixes.held import comments, first_shown, hold
from tests.fixes.sweep import FORMS, OPERATIONS, in_form, pages, single_edits
from tests.shared import CORPUS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FILES = sorted(CORPUS.glob("files/*"))
RELEASES = ("0.9.5", "0.9.3", "0.9.1")
STYLES = ("block", "flow")
VERDICTS = ("done", "refused", "failed")


class Edits(NamedTuple):
    """What came of single edits."""

    counts: Counter[tuple[str, str, str, str]]
    """By style, form, operation and verdict."""
    reasons: Counter[str]
    """Why edits were refused, names of keys left out."""
    failures: tuple[str, ...]
    files: int = 0
    """Files that hold keys, in whatever number of forms."""

    def __add__(self, other: Edits) -> Edits:  # type: ignore[override]
        return Edits(
            self.counts + other.counts,
            self.reasons + other.reasons,
            self.failures + other.failures,
            self.files + other.files,
        )

    def total(self, *wanted: str) -> int:
        """Return how many edits are of this style, form, operation and verdict, where named."""
        return sum(n for kind, n in self.counts.items() if set(wanted) <= set(kind))


class Fixes(NamedTuple):
    """What came of whole fixes for one release."""

    release: str
    unsafe: bool
    counts: Counter[str]
    failures: tuple[str, ...]

    def __add__(self, other: Fixes) -> Fixes:  # type: ignore[override]
        counts, failures = self.counts + other.counts, self.failures + other.failures
        return self._replace(counts=counts, failures=failures)


def readable(path: Path) -> str | None:
    """Return the text of a file that ftlint can decode."""
    source = decode(path.name, path.read_bytes())
    return source.text if isinstance(source, Source) else None


def edits_of(path: Path, forms: Iterable[str] = FORMS, step: int = 1, offset: int = 0) -> Edits:
    """Try every `step`th single edit of a file from `offset` on."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    reasons: Counter[str] = Counter()
    failures: list[str] = []
    text = readable(path)
    for form, page in pages(path, text, forms) if text is not None else ():
        style = STYLES[page.root.flow]
        for outcome in single_edits(page, step, offset):
            counts[style, form, outcome.operation, outcome.verdict] += 1
            if outcome.verdict == "refused":
                reasons[outcome.reason.replace(outcome.name, "…")] += 1
            if outcome.verdict == "failed":
                failures.append(f"{path.name}, {form}: {outcome}")
    return Edits(counts, reasons, tuple(failures), int(bool(counts)))


def fixes_of(path: Path, release: str, unsafe: bool, forms: Iterable[str] = FORMS) -> Fixes:
    """Fix a file in some forms, each held to all that holds of a fixed file."""
    options = Options(resolve_target(release))
    counts: Counter[str] = Counter()
    failures: list[str] = []
    text = readable(path)
    for form in forms if text is not None else ():
        source = of_text(path.name, in_form(text or "", form))
        fixed = fix(source, options, unsafe)
        counts["files"] += 1
        counts["fixes"] += len(fixed.applied)
        counts["withheld"] += len(fixed.withheld)
        if not fixed.applied:
            continue
        counts["changed"] += 1
        counts["comments"] += len(comments(source.text))
        counts["comments kept"] += len(comments(fixed.source.text))
        try:
            hold(source, fixed, options, unsafe)
        except AssertionError as error:
            failures.append(f"{path.name}, {form}, {release}: {error}")
        counts["shown for the first time"] += len(first_shown(source, fixed, options, unsafe))
    return Fixes(release, unsafe, counts, tuple(failures))


def _edits(path: Path) -> Edits:
    return edits_of(path)


def _fixes(path: Path) -> list[Fixes]:
    return [fixes_of(path, release, unsafe) for release in RELEASES for unsafe in (False, True)]


_Made = TypeVar("_Made")


def _each(work: Callable[[Path], _Made], jobs: int) -> list[_Made]:
    """Do one piece of work for every file, a process each processor."""
    with Pool(jobs) as pool:
        return list(pool.imap_unordered(work, FILES))


def main(argv: Sequence[str] | None = None) -> int:
    """Sweep the corpus and say what came of it."""
    parser = argparse.ArgumentParser(description="Every single edit, and every fix, counted.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)

    edits = sum(_each(_edits, options.jobs), Edits(Counter(), Counter(), ()))
    fixes: dict[tuple[str, bool], Fixes] = {}
    for found in _each(_fixes, options.jobs):
        for one in found:
            known = fixes.get((one.release, one.unsafe))
            fixes[one.release, one.unsafe] = one if known is None else known + one

    print(f"single edits of {edits.files} files: {edits.counts.total()} tried,",
          ", ".join(f"{edits.total(verdict)} {verdict}" for verdict in VERDICTS))  # fmt: skip
    for style in STYLES:
        for form in FORMS:
            row = (f"{name} {edits.total(style, form, name)}" for name in OPERATIONS)
            print(f"  {style}, {form}:", ", ".join(row))
    for reason, count in edits.reasons.most_common():
        print(f"  refused {count}: {reason}")
    for (release, unsafe), one in fixes.items():
        print(f"fixes for {release}, {'unsafe too' if unsafe else 'safe only'}:", dict(one.counts))
    failures = [*edits.failures, *(line for one in fixes.values() for line in one.failures)]
    print(*failures, f"{len(failures)} failures", sep="\n")
    if options.json:
        sheet = {
            "edits": {
                **edits._asdict(),
                "counts": [[*kind, count] for kind, count in edits.counts.items()],
            },
            "fixes": [one._asdict() for one in fixes.values()],
        }
        options.json.write_text(json.dumps(sheet, indent=1), "utf-8")
    return bool(failures)


if __name__ == "__main__":
    raise SystemExit(main())
