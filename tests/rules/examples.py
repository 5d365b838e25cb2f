"""The examples of ftlint's own rules, ready to be linted."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import ftschemas
from ftlint.authoring.examples import Example, example_of, judge
from ftlint.rulebook.registry import BUILT_IN
from ftschemas.examples import spans

__all__ = ["FOLDER", "WITHOUT", "Example", "judge", "load", "spans"]

FOLDER = Path(ftschemas.__file__).parent / "rules"
VERSIONS = ("FT4130", "FT4131", "FT4132", "FT4133", "FT4136", "FT4172", "FT4173", "FT4174")
WITHOUT = (
    *("FT128", "FT717", "FT740", "FT750", *VERSIONS, "FT904", "FT906", "FT907", "FT908", "FT909"),
    *("FT4190", "FT4191"),
)
"""FT128: test_deepspeed.py; VERSIONS: test_versions.py; FT717: tests/datasets/test_loads.py; FT740:
tests/tokens; FT750: tests/facts/test_recorded.py; FT904: tests/test_engine.py; FT906: tests/fixes;
FT4190: tests/cli/test_set.py; FT4191: tests/launch; the others: tests/hostile."""


@cache
def load(code: str) -> Example:
    return example_of(BUILT_IN[code], BUILT_IN.about(code))
