"""A config with arguments behind it comes to what each release's own `read_args` makes of both."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest
from tests.dialect.generated import scalar
from tests.dialect.test_dotlist import ESCAPED, FILES, HAND_MADE, KEYS, VALUES
from tests.oracle.environments import ensure

from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF, PYYAML_CONTAINERS, Dialect
from ftlint.syntax.dotlist import BadArgument, overridden, read
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose

pytestmark = pytest.mark.oracle

RUNNER = Path(__file__).with_name("overrides_runner.py")
DIALECTS = {"0.9.3": PYYAML_CONTAINERS, "0.9.4": OMEGACONF, "0.9.5": OMEGACONF}
OF_FILES = [*FILES, "a: 1e-4\nlr: 2.0e-5", "lr: 1e-4\nb: yes", "a: '5'\nb: [x, {y: 1}]"]
REFUSED = "refused"


def drawn() -> list[tuple[str, list[str]]]:
    r = random.Random(2407)
    cases = [(r.choice(OF_FILES), arguments) for arguments in (*HAND_MADE, *ESCAPED)]
    for _ in range(700):
        count = r.choice([1, 1, 2, 3])
        arguments = [
            f"{r.choice(KEYS)}={r.choice(VALUES) if r.random() < 0.5 else scalar(r)}"
            for _ in range(count)
        ]
        cases.append((r.choice(OF_FILES), arguments))
    return [case for case in cases if "${" not in "".join(case[1])]  # a mapping may be meant


def ours(text: str, arguments: list[str], dialect: Dialect) -> str:
    document, found = compose(text), read(arguments)
    assert not isinstance(document, Broken)
    if isinstance(found, BadArgument):
        return REFUSED
    made = overridden(construct(document.root, dialect), found)
    values = {name: entry.value for name, entry in made.entries.items()}
    return REFUSED if made.problems else repr(values)


@pytest.mark.parametrize("release", DIALECTS)
def test_a_release_reads_both_as_one(release: str, tmp_path: Path) -> None:
    cases = drawn()
    asked = [json.dumps({"text": text, "arguments": arguments}) for text, arguments in cases]
    (tmp_path / "asked").write_text("\n".join(asked), "utf-8")
    command = [ensure(release), RUNNER, tmp_path / "asked", tmp_path / "answers"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(one) for one in (tmp_path / "answers").read_text("utf-8").splitlines()]
    assert len(answers) == len(cases) > 300
    theirs = [one.get("value", REFUSED) for one in answers]
    told = [(case, ours(*case, DIALECTS[release]), one) for case, one in zip(cases, theirs)]
    assert [one for one in told if one[1] != one[2]] == []
    assert 30 < theirs.count(REFUSED) < len(cases) - 300
