"""The releases for which a rule was shown: `python -m tests.oracle.verified` prints them as JSON.

That is what belongs into `verified` of its file.

A rule is shown for a release whose real parser refuses its bad example and takes its good one. What
happens later in a run than that, `source` tells: "run with 0.9.3 to 0.9.5".
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import PurePath
from typing import TYPE_CHECKING

from tests.oracle import environments
from tests.oracle.client import Case, Judge
from tests.rules.examples import load, spans

from ftlint.rulebook.registry import BUILT_IN, applies
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator


def cases(release: str) -> Iterator[Case]:
    """Yield the bad and the good example of every rule that holds for a release."""
    target = resolve_target(release, environments.PINS[release].transformers)
    for code in BUILT_IN.rules:
        rule, about = load(code).rule, load(code).about
        command = rule.commands[0]
        if command == "v1" or not (about.bad and about.good):
            continue
        if "env" in about.facts:
            continue  # the parsers here run without it, and may refuse for want of it
        if not applies(rule, target, command):
            continue
        suffix = PurePath(about.file).suffix
        for name, text in (("bad", spans(about.bad)[0]), ("good", about.good)):
            yield Case(f"{code} {name}", command, text=text, suffix=suffix)  # type: ignore[arg-type]


def shown_by(judge: Judge) -> set[str]:
    """Return the rules whose examples the real parser of a release tells apart."""
    verdicts = {one.id: one.verdict for one in judge.judge(cases(judge.release))}
    return {
        one.partition(" ")[0]
        for one, verdict in verdicts.items()
        if one.endswith(" bad")
        and verdict == "refused"
        and verdicts[one.replace(" bad", " good")] == "accepted"
    }


def main() -> None:
    """Print the releases of every rule that was shown."""
    found: dict[str, set[str]] = defaultdict(set)
    for release in environments.PINS:
        with Judge(release) as judge:
            for code in shown_by(judge):
                found[code].add(release)
    print(json.dumps({code: sorted(found[code]) for code in sorted(found) if found[code]}))


if __name__ == "__main__":
    main()
