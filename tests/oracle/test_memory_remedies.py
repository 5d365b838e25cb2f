"""What FT803 and FT804 advise is taken by the parsers of real releases."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from tests.memory.remedied import OUT_OF_REACH, RELEASES, drawn, of_memory, remedy_of, treated
from tests.oracle.client import Case, Judge
from tests.searches import tries

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle


@pytest.mark.search
@pytest.mark.parametrize("release", RELEASES)
def test_a_remedied_config_is_taken_where_it_was(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = random.Random(release)
    cases: list[Case] = []
    while len(cases) < tries(60):
        run = drawn(rng)._replace(release=release)
        found = of_memory(run.findings())
        if found is None or OUT_OF_REACH in found.message:
            continue
        remedy = remedy_of(found)
        pair = (("as it is", run), (remedy, treated(run, remedy)))
        cases += [Case(name, config=one.keys) for name, one in pair]
    with Judge(release) as judge:
        verdicts = judge.judge(cases)
    taken = 0
    for before, after in zip(verdicts[::2], verdicts[1::2], strict=True):
        if before.verdict == "accepted":
            taken += 1
            assert after.verdict == "accepted", (after.id, after.error)
    assert taken > len(verdicts) / 4
