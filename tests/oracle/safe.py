"""Whether safe fixes are safe: the real parser's arguments before and after them.

    python -m tests.oracle.safe 0.9.5 0.9.4 0.9.3 [--count 2000] [--seed 1] [--in-place FOLDER]

Published configs, generated ones (`tests.oracle.generate`), the bad examples of the rules, and with
`--in-place` those listed in `inplace.jsonl`, fixed by `--fix`. Held of each that was changed:

- The release took the file before: it takes the same arguments after, but for keys that a repair
  touched whose rule is in `WITHOUT_EFFECT`, or in `DIES_LATER` (`tests.fixes.excused`), and for
  what the parser derives from such a key (`DERIVED`).
- Its parser took the file before, and the run died of a value that a rule in `DIES_LATER` repaired:
  once that is read as it was meant, the parser may judge by it (`stage: PPO` is no PPO, and needs
  no `reward_model`). What it then refuses, ftlint must tell of the repaired file: by an error that
  the given one did not have yet.
- The release refused it before: no repair gave data, loss, rate, length or model another value
  (`tests.fixes.guarded`), but for words of one meaning (the table of aliases) and keys without
  effect.
- No other file is taken before and refused after, and no secret is touched.

A breach is printed with the file's name and ends the command with 1.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.fixes.edits import Made, in_place, made
from tests.fixes.excused import DIES_LATER, WITHOUT_EFFECT, excuse
from tests.oracle import environments
from tests.oracle.called import target_of
from tests.oracle.client import Case, Judge
from tests.oracle.generate import generate
from tests.oracle.published import CORPUS, commands
from tests.rules.examples import load, spans
from tests.stating import stating

from ftlint.engine import lint
from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.rulebook.registry import BUILT_IN
from ftlint.syntax.source import Source, decode, of_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.oracle.client import Command, Verdict

    from ftlint.facts.layers import Given
    from ftlint.results import Result

DERIVED = {
    "lora_rank": ("lora_alpha",),
    "cutoff_len": ("generation_max_length", "model_max_length"),
    "eval_num_beams": ("generation_num_beams",),
    "stage": ("packing",),  # hparams/parser.py get_train_args: rows of pt are packed
}
"""Keys -> what the parser derives from them where it is not written."""


class Subject(NamedTuple):
    """A file to be fixed, and the command it is for."""

    source: Source
    command: Command
    kind: str
    given: Given = stating(cache=False)


class Breach(NamedTuple):
    """A safe fix that is none."""

    subject: Subject
    why: str
    edits: tuple[Made, ...]

    def __str__(self) -> str:
        deeds = "".join(f"\n    {one}" for one in self.edits)
        return f"{self.subject.kind} {self.subject.source.path}: {self.why}{deeds}"


class Sheet(NamedTuple):
    """What came of the safe fixes for one release."""

    release: str
    counts: Mapping[str, int]
    """files, fixed, edits; same: taken before and after; mended: refused, then taken; refused.

    died: taken by the parser, then refused, which is a breach unless the run died of it before.
    """
    codes: Mapping[str, int]
    breaches: tuple[Breach, ...]

    def __str__(self) -> str:
        numbers = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        codes = ", ".join(f"{code} {count}" for code, count in sorted(self.codes.items()))
        lines = "".join(f"\n  {one}" for one in self.breaches)
        return (
            f"{self.release}: {numbers}; {len(self.breaches)} breaches\n  by rule: {codes}{lines}"
        )


def published() -> Iterator[Subject]:
    """Yield the configs of the corpus that can be decoded."""
    for name, command in commands().items():
        source = decode(name, (CORPUS / "files" / name).read_bytes())
        if isinstance(source, Source):
            yield Subject(source, command, "published")


def generated(release: str, seed: int, count: int) -> Iterator[Subject]:
    """Yield configs made for a release."""
    for one in generate(release, seed, count):
        yield Subject(of_text(f"{one.id}.yaml", one.text), one.command, "generated")


def examples() -> Iterator[Subject]:
    """Yield the bad examples of the rules: each rule's fix is there, whatever else is drawn."""
    for code in BUILT_IN.rules:
        if code == "FT904":
            continue
        example = load(code)
        command = example.rule.commands[0]
        if command != "v1":
            source = of_text(example.about.file, spans(example.about.bad)[0])
            given = example.options.given._replace(cache=False)
            yield Subject(source, command, f"example {code}", given)  # type: ignore[arg-type]


def placed(folder: Path) -> Iterator[Subject]:
    """Yield the configs that are judged in their own repositories."""
    for path in in_place(folder):
        source = decode(str(path), path.read_bytes())
        if isinstance(source, Source):
            yield Subject(source, "train", "in place")


def check(release: str, subjects: Iterable[Subject]) -> Sheet:
    """Fix each file with the safe fixes, and ask the real parser before and after."""
    target = target_of(release)
    counts: Counter[str] = Counter(files=0, fixed=0, edits=0, same=0, mended=0, refused=0)
    codes: Counter[str] = Counter()
    breaches: list[Breach] = []
    with Judge(release, extras=True) as judge:
        for subject in subjects:
            options = Options(target, subject.given)
            fixed = fix(subject.source, options)
            counts["files"] += 1
            if not fixed.applied:
                continue
            edits = tuple(made(subject.source, fixed, options))
            before, after = judge.judge(
                Case(each.path, subject.command, text=each.text, arguments=True,
                     suffix=Path(each.path).suffix or ".yaml")
                for each in (subject.source, fixed.source)
            )  # fmt: skip
            if "undecided" in (before.verdict, after.verdict):
                counts["undecided"] += 1
                continue
            counts["fixed"] += 1
            counts["edits"] += len(edits)
            codes.update(one.code for one in edits)
            told = bool(_errors(fixed.result) - _errors(lint(subject.source, options)))
            counts[_outcome(before, after)] += 1
            found = _breaches(edits, before, after, told=told)
            breaches += (Breach(subject, why, edits) for why in found)
    return Sheet(release, counts, codes, tuple(breaches))


def _outcome(before: Verdict, after: Verdict) -> str:
    if before.refused:
        return "refused" if after.refused else "mended"
    return "died" if after.refused else "same"


def _breaches(
    edits: Sequence[Made], before: Verdict, after: Verdict, *, told: bool
) -> Iterator[str]:
    """Yield what is wrong with the edits, by what the parser said before and after them.

    `told`: ftlint reports an error of the repaired file that the given one did not have.
    """
    yield from (f"{one.key}: a secret is touched" for one in edits if one.changes == "secret")
    if before.refused:
        yield from (
            f"refused, and {one.key} is {one.changes}"
            for one in edits
            if one.changes is not None and excuse(one, edits) is None
        )
        return
    if after.refused:
        died = any(one.code in DIES_LATER for one in edits)
        if not (died and told):
            yield f"taken before, refused after: {after.error[:200]}"
        return
    old, new = before.arguments or {}, after.arguments or {}
    excused = WITHOUT_EFFECT.keys() | DIES_LATER.keys()
    free = {name for one in edits for name in (one.key, one.to) if one.code in excused}
    free |= {derived for name in free & DERIVED.keys() for derived in DERIVED[name]}
    for name in sorted({*old, *new} - free):
        if _timeless(old.get(name)) != _timeless(new.get(name)):
            yield f"{name} was {old.get(name)!r}, is {new.get(name)!r}"


def _errors(result: Result) -> set[tuple[str, str | None]]:
    return {(one.code, one.key) for one in result.diagnostics if one.severity == "error"}


def _timeless(value: object) -> object:
    """Return an argument without the second in which it was made: `logging_dir` has one."""
    return (
        re.sub(r"/runs/\w{3}\d\d_\d\d-\d\d-\d\d_", "/runs/", value)
        if isinstance(value, str)
        else value
    )


def main(argv: list[str] | None = None) -> int:
    """Check every release asked for, and print the figures."""
    parser = argparse.ArgumentParser(description="Safe fixes, held against the real parser.")
    parser.add_argument("release", nargs="+", choices=list(environments.PINS))
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-place", type=Path, metavar="FOLDER")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    sheets: list[Sheet] = []
    for release in options.release:
        subjects = [*published(), *examples()]
        subjects += placed(options.in_place) if options.in_place else ()
        subjects += generated(release, options.seed, options.count)
        sheets.append(check(release, subjects))
        print(sheets[-1], flush=True)
    if options.json:
        rows = [{**one._asdict(), "breaches": [*map(str, one.breaches)]} for one in sheets]
        options.json.write_text(json.dumps(rows, indent=1), "utf-8")
    return bool(any(one.breaches for one in sheets))


if __name__ == "__main__":
    raise SystemExit(main())
