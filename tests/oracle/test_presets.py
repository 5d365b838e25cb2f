"""The real parser takes every config that `ftlint init` writes."""

from __future__ import annotations

import pytest
from tests.oracle import environments
from tests.oracle.client import Case, Judge

from ftlint.cli.presets import METHODS, PRESETS, render

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_accepted(release: str) -> None:
    cases = [
        Case(f"{preset} {method}", text=render(preset, method, "", "qwen", "identity"))
        for preset in PRESETS
        for method in METHODS
    ]
    with Judge(release) as judge:
        verdicts = judge.judge(cases)
    assert [(one.id, one.verdict, one.error) for one in verdicts] == [
        (case.id, "accepted", "") for case in cases
    ]
