"""Every input that ever failed, again; and both engines for a moment."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.fuzz.__main__ import Bounds, grammar_based
from tests.fuzz.targets import TARGETS, check

CRASHES = sorted(path for path in (Path(__file__).parent / "crashes").iterdir())


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: path.name)
def test_what_failed_once_fails_no_more(path: Path) -> None:
    check(path.name.partition("-")[0], path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_a_moment_of_fuzzing(target: str) -> None:
    runs, failed = grammar_based(target, Bounds(math.inf, 150), seed=7)
    assert runs == 150
    assert failed == []
