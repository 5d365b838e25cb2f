"""Every edit that `--fix` and `--unsafe-fixes` make of given configs, one a line, to be read.

    python -m tests.fixes.edits FOLDER… [--target 0.9.5] [--json FILE]
    python -m tests.fixes.edits --in-place FOLDER     the listed configs in checkouts of their own

A line says file, code, applicability, what becomes of the key, and which of the things that no
repair may change by itself (`tests.fixes.guarded`) it touches, with what allows it
(`tests.fixes.excused`) or CHANGED. At the end: counts by code.
`--in-place` reads `inplace.jsonl` of `FTLINT_CORPUS`; below FOLDER lie the repositories at their
commits, `OWNER+NAME` each. Nothing is written.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftlint.edits.page import Page, read_page
from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import Source, decode
from ftlint.target.releases import resolve_target
from ftschemas import compiled
from tests.fixes.excused import excuse
from tests.fixes.guarded import guard_of, same_value
from tests.shared import CORPUS
from tests.stating import stating

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ftlint.fixes.apply import Fixed

SUFFIXES = (".yaml", ".yml", ".json")


class Made(NamedTuple):
    """One change that a fix made of one key. `old` and `new`: the values as written."""

    code: str
    applicability: str
    kind: str
    key: str
    to: str
    old: str | None
    new: str | None

    @property
    def changes(self) -> str | None:
        """What it changes that no repair may change by itself; None for a known name or a spelling.

        A secret may not even get another name.
        """
        guard = guard_of(self.key) or guard_of(self.to)
        if self.kind == "rename" and guard != "secret":
            named = self.key in compiled.ALIASES or guard_of(self.key) is not None
            alike = named and guard_of(self.key) in (None, guard_of(self.to))
            return None if alike else guard
        return None if guard != "secret" and same_value(self.old, self.new) else guard

    def __str__(self) -> str:
        if self.kind == "rename":
            deed = f"{self.key}: {self.old} -> {self.to}"
        elif self.kind == "delete":
            deed = f"{self.key}: {self.old} -> gone"
        else:
            deed = f"{self.key}: {'absent' if self.old is None else self.old} -> {self.new}"
        return f"{self.code}  {self.applicability}  {' '.join(deed.split())}"


def made(source: Source, fixed: Fixed, options: Options) -> list[Made]:
    """Return what the fixes of a file did to its keys, in the order in which it was done."""
    page = read_page(source, options.target.dialect_of(source.path))
    pairs = page.pairs if isinstance(page, Page) else ()
    raw = {pair.name: source.text[pair.value_start : pair.end] for pair in pairs if pair}
    found: list[Made] = []
    done: set[tuple[object, ...]] = set()
    for one in fixed.applied:
        if one.changes in done:
            continue  # asked for by two rules, made once
        done.add(one.changes)
        for change in one.changes:
            old = raw.pop(change.key, None)
            to = change.text if change.kind == "rename" else change.key
            new = old if change.kind == "rename" else change.text
            if change.kind != "delete":
                raw[to] = new or ""
            found.append(
                Made(one.code, one.applicability, change.kind, change.key, to, old,
                     None if change.kind == "delete" else new)
            )  # fmt: skip
    return found


def edits_of(path: Path, name: str, options: Options, unsafe: bool) -> list[Made]:
    """Return the edits of one file; none where it cannot be decoded."""
    source = decode(name, path.read_bytes())
    return made(source, fix(source, options, unsafe), options) if isinstance(source, Source) else []


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES)
        else:
            yield path


def in_place(folder: Path) -> Iterator[Path]:
    """Yield the listed configs in their repositories; one that is not there is an error."""
    for line in (CORPUS / "inplace.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        path = folder / row["repo"].replace("/", "+") / row["path"]
        if not path.is_file():
            raise FileNotFoundError(path)
        yield path


def main(argv: Sequence[str] | None = None) -> int:
    """List the edits, and count them; 1 where a safe one changes what it may not."""
    parser = argparse.ArgumentParser(description="Every edit that fixing makes, one a line.")
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--in-place", type=Path, metavar="FOLDER")
    parser.add_argument("--target", default="0.9.5")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    files = [*_files(options.paths), *(in_place(options.in_place) if options.in_place else ())]
    judged = Options(resolve_target(options.target), stating(cache=False))
    counts: Counter[tuple[str, str, str]] = Counter()
    changed: set[Path] = set()
    rows: list[dict[str, object]] = []
    for path in files:
        safe = edits_of(path, str(path), judged, unsafe=False)
        both = edits_of(path, str(path), judged, unsafe=True)
        for one in (*safe, *(each for each in both if each not in safe)):
            changed.add(path)
            guard = f"{one.changes}: {excuse(one, both) or 'CHANGED'}" if one.changes else "-"
            counts[one.code, one.applicability, guard] += 1
            rows.append({"path": str(path), **one._asdict(), "changes": guard})
            print(f"{path}  {one}  [{guard}]")
    print(f"\n{options.target}: {len(files)} files, {len(changed)} with edits, {len(rows)} edits")
    for (code, applicability, guard), count in sorted(counts.items()):
        print(f"  {code}  {applicability:6}  {count:4}  {guard}")
    bad = Counter(one[1] for one in counts.elements() if one[2].endswith("CHANGED"))
    print(
        f"that change data, loss, rate, length, model or a secret: {bad['safe']} safe, "
        f"{bad['unsafe']} unsafe"
    )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), "utf-8")
    return bool(bad["safe"])


if __name__ == "__main__":
    raise SystemExit(main())
