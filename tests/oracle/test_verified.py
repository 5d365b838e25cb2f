"""`verified` of every rule file is what real parsers show and what its source says was run."""

from __future__ import annotations

import pytest
from tests.oracle import environments
from tests.oracle.client import Judge
from tests.oracle.verified import shown_by

from ftlint.rulebook.registry import BUILT_IN
from ftschemas.ruleformat import run_with

pytestmark = pytest.mark.oracle


HAS_MAIN = not environments.missing(environments.MAIN)
FROM_A_REPOSITORY = pytest.mark.skipif(
    not HAS_MAIN, reason="main is on no package index: `python -m tests.oracle.environments main`"
)


@pytest.mark.parametrize(
    "release",
    [*environments.RELEASES, pytest.param(environments.MAIN, marks=FROM_A_REPOSITORY)],
)
def test_what_is_verified_is_what_was_shown_or_run(release: str) -> None:
    with Judge(release) as judge:
        shown = shown_by(judge)
    assert len(shown) > 50
    for code in BUILT_IN.rules:
        about = BUILT_IN.about(code)
        proven = code in shown or release in run_with(about.source)
        assert (release in about.verified) == proven, code
