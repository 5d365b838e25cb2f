"""The same repairs by ftlint's text edits and by ruamel's load and dump, on published configs.

`python bench/suites/fixes.py --json FILE` counts for both the lines changed that nobody asked to
change, and the comments lost; docs/repairs.py makes tables of it. ruamel is set up as kindly as it
can be: round trip, quotes kept, no line wrapped.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "lint"), str(ROOT / "schemas")]

from ruamel.yaml import YAML  # noqa: E402
from ruamel.yaml.error import YAMLError  # noqa: E402

from ftlint.edits import pairs as edits  # noqa: E402
from ftlint.edits.page import NoEdit, Page, read_page  # noqa: E402
from ftlint.edits.plan import Plan, splice  # noqa: E402
from ftlint.fixes.apply import fix  # noqa: E402
from ftlint.project.options import Options  # noqa: E402
from ftlint.syntax.dialect import OMEGACONF  # noqa: E402
from ftlint.syntax.nodes import Document  # noqa: E402
from ftlint.syntax.parse import compose  # noqa: E402
from ftlint.syntax.source import Source, decode, of_text  # noqa: E402
from ftlint.target.releases import resolve_target  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.diagnostics import Change

CORPUS = Path(os.environ.get("FTLINT_CORPUS", ROOT.parent / "shared" / "corpus")) / "files"
STEP = 1 if os.environ.get("FTLINT_FULL") else 8
"""Every how manyth single edit is tried."""


class Harm(NamedTuple):
    """What a repair did beside what it was asked for."""

    lines: int
    comments: int


class Repair(NamedTuple):
    """Changes asked of a text, what ftlint made of it, and how many lines that concerns."""

    kind: str
    text: str
    changes: tuple[Change, ...]
    after: str
    below: str | None = None
    """The key that an inserted one was put below."""


def sources() -> Iterator[Source]:
    """Yield the corpus files that hold keys and that ruamel can load."""
    for path in sorted(CORPUS.glob("*.yaml")):
        source = decode(path.name, path.read_bytes())
        if isinstance(source, Source) and isinstance(read_page(source, OMEGACONF), Page):
            try:
                by_ruamel(Repair("", source.text, (), source.text))
            except YAMLError:
                continue
            yield source


def single(source: Source, number: int) -> Iterator[Repair]:
    """Yield deletions, renamings, replacements and insertions at the file's keys."""
    page = read_page(source, OMEGACONF)
    assert isinstance(page, Page)
    for place, name in enumerate(page.constructed.entries):
        makers: dict[str, Callable[[], object]] = {
            "delete a key": partial(edits.delete, page, name),
            "rename a key": partial(edits.rename, page, name, "renamed_key"),
            "replace a value": partial(edits.replace, page, name, "7"),
            "insert a key": partial(edits.insert_after, page, "new_key", "7", name),
        }
        for turn, (kind, make) in enumerate(makers.items()):
            if (place * len(makers) + turn + number) % STEP:
                continue
            plan = make()
            if isinstance(plan, Plan):
                after = splice(source.text, plan.edits)
                yield Repair(kind, source.text, plan.changes, after, name)


def whole(source: Source) -> Iterator[Repair]:
    """Yield the fixes that ftlint itself has for the file."""
    for kind, unsafe in (("`--fix`", False), ("`--fix --unsafe-fixes`", True)):
        fixed = fix(source, Options(resolve_target()), unsafe)
        changes = tuple(change for one in fixed.applied for change in one.changes)
        if changes:
            yield Repair(kind, source.text, changes, fixed.source.text)


def by_ruamel(repair: Repair) -> str:
    """Return the text with the changes made to ruamel's data, dumped again."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = sys.maxsize
    yaml.allow_duplicate_keys = True
    data: Any = yaml.load(repair.text)
    for change in repair.changes:
        keys = list(data)
        if change.kind == "delete":
            del data[change.key]
        elif change.kind == "replace":
            data[change.key] = yaml.load(change.text)
        elif change.kind == "rename":
            place = keys.index(change.key)
            data.insert(place, change.text, data.pop(change.key))
        else:
            place = keys.index(repair.below) + 1 if repair.below in keys else len(keys)
            data.insert(place, change.key, yaml.load(change.text))
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def harm(repair: Repair, after: str) -> Harm:
    """Count the lines that are gone and belong to no changed key, and the comments lost."""
    page = read_page(of_text("c.yaml", repair.text), OMEGACONF)
    assert isinstance(page, Page)
    mine: set[int] = set()
    for change in repair.changes:
        pair = page.find(change.key) if change.kind != "insert" else None
        if pair is not None and not isinstance(pair, NoEdit):
            mine.update(range(pair.first, pair.last + 1))
    old = [line for number, line in lines(repair.text) if number not in mine and line.strip()]
    kept = Counter(line for _, line in lines(after))
    gone = Counter(old) - kept
    lost = Counter(comments(repair.text)) - Counter(comments(after))
    return Harm(sum(gone.values()), sum(lost.values()))


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; line ends are left aside."""
    return enumerate(text.replace("\r\n", "\n").split("\n"), 1)


def comments(text: str) -> list[str]:
    """Return the comments of a text that parses."""
    document = compose(text)
    assert isinstance(document, Document)
    return [comment.text for comment in document.comments]


def main() -> None:
    """Count, and write or print what came of it."""
    parser = argparse.ArgumentParser(description="Repairs by ftlint and by ruamel, counted.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: dict[str, list[tuple[Harm, Harm]]] = {}
    broken: Counter[str] = Counter()
    untouched = same = 0
    for number, source in enumerate(sources()):
        untouched += 1
        same += by_ruamel(Repair("", source.text, (), source.text)) == source.text
        for repair in (*single(source, number), *whole(source)):
            try:
                theirs = harm(repair, by_ruamel(repair))
            except (YAMLError, AssertionError, ValueError, KeyError):
                broken[repair.kind] += 1
                continue
            rows.setdefault(repair.kind, []).append((harm(repair, repair.after), theirs))
    table = [
        {"repair": kind, "tried": len(pairs), **{
            name: {
                "lines": sum(pair[which].lines for pair in pairs),
                "median": median(pair[which].lines for pair in pairs),
                "worst": max(pair[which].lines for pair in pairs),
                "losing": sum(pair[which].comments > 0 for pair in pairs),
            }
            for which, name in enumerate(("ftlint", "ruamel"))
        }}
        for kind, pairs in rows.items()
    ]  # fmt: skip
    sheet = {"table": table, "files": untouched, "same": same, "broken": dict(broken), "step": STEP}
    text = json.dumps(sheet, indent=1)
    if options.json:
        options.json.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
