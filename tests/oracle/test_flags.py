"""Flags come to what the real parsers make of them: values, prefixes, words left over, errors."""

from __future__ import annotations

import json
import random
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.oracle.environments import RELEASES
from tests.oracle.test_versions import python_in

from ftlint.launch import arguments
from ftlint.launch.scripts import read
from ftlint.target.keys import catalogue_of
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from ftlint.target.keys import Catalogue

pytestmark = pytest.mark.oracle

RUNNER = Path(__file__).parent / "flags_runner.py"
MANY = 1500
WORDS = {
    "bool": ["true", "False", "yes", "N", "1", "0", "on", "maybe", ""],
    "int": ["1", "-1", "08", "1_000", "1e3", "2.0", "None", "x", ""],
    "float": ["1e-4", "3", "-1", ".5", "1_0.5", "nan", "none", "1,5", "x"],
    "text": ["a", "a,b", "a b", "5", "none", '{"a": 1}', "-", "a=b", "True"],
}
"""Words for each kind of key: what is taken and what is not."""


def drawn(catalogue: Catalogue) -> list[list[str]]:
    r = random.Random(24)
    names = [name for name in catalogue.names() if _is_open(catalogue, name)]
    lines = []
    for _ in range(MANY):
        words: list[str] = []
        for name in r.sample(names, r.choice([1, 1, 2, 3])):
            key = catalogue.get(name)
            assert key is not None
            kind = next((kind for kind in ("bool", "float", "int") if kind in key.kinds), "text")
            others = [name.replace("_", "-"), name[:-1], name[:-2], f"no_{name}"]
            written = r.choice([name] * 6 + others)
            count = r.choice([1] * 8 + [0, 0, 2])
            values = [r.choice(WORDS[kind]) for _ in range(count)]
            if count == 1 and r.random() < 0.2:
                words.append(f"--{written}={values[0]}")
            else:
                words += [f"--{written}", *values]
        lines.append(words)
    return lines


def _is_open(catalogue: Catalogue, name: str) -> bool:
    """Return whether a key takes any word of its kind: of choices the rules judge."""
    key = catalogue.get(name)
    return key is not None and key.choices is None and "map" not in key.kinds


@pytest.mark.parametrize("release", RELEASES)
def test_flags_come_to_what_the_parser_makes_of_them(release: str) -> None:
    catalogue = catalogue_of(resolve_target(release), "train")
    lines = drawn(catalogue)
    real = json.loads(python_in(release, str(RUNNER), stdin=json.dumps(lines)))
    differing = []
    counts = {"error": 0, "left": 0, "given": 0}
    for words, expected in zip(lines, real, strict=True):
        (one,) = read("llamafactory-cli train " + shlex.join(words), "run.sh")
        made = arguments.read(one, catalogue)
        kinds = {problem.kind for problem in made.problems}
        unknown = [name for name in made.constructed.entries if catalogue.get(name) is None]
        if kinds & {"flag-value", "flag-without-value", "flag-ambiguous"}:
            found = "error"
        elif "flag-stray" in kinds or unknown:
            found = "left"
        else:
            found = "given"
        meant = "error" if "error" in expected else "left" if expected["left"] else "given"
        counts[meant] += 1
        values = {name: str(entry.value) for name, entry in made.constructed.entries.items()}
        same = found == meant and (meant != "given" or values == expected["given"])
        if not same:
            differing.append((words, expected, values, kinds))
    assert not differing, differing[:5]
    assert min(counts.values()) > 100, counts
