"""The real parser refuses old configs as they are, and takes them once ftlint has fixed them."""

from __future__ import annotations

import pytest
from tests.fixes.old_configs import FOLDER, OLD
from tests.oracle import environments
from tests.oracle.called import target_of
from tests.oracle.client import Case, Command, Judge

from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_fixed_for_a_release_they_are_accepted_by_it(release: str) -> None:
    cases: list[Case] = []
    for name in OLD:
        old = (FOLDER / "old" / name).read_text(encoding="utf-8")
        fixed = fix(of_text(name, old), Options(target_of(release)))
        command: Command = "export" if name.startswith("export") else "train"
        cases.append(Case(f"{name} old", command, text=old))
        cases.append(Case(f"{name} fixed", command, text=fixed.source.text))
    with Judge(release) as judge:
        verdicts = {one.id: one for one in judge.judge(cases)}
    refused = {name for name in OLD if verdicts[f"{name} old"].refused}
    left = {name: verdicts[f"{name} fixed"].error for name in OLD
            if verdicts[f"{name} fixed"].verdict != "accepted"}  # fmt: skip
    assert left == {}
    assert refused == set(OLD)
