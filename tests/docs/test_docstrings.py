"""Examples in docstrings, each run as it stands there."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.imports import modules

NAMES = [name for name, path in modules().items() if "\n    >>> " in path.read_text("utf-8")]


def test_there_are_examples() -> None:
    assert len(NAMES) > 10


@pytest.mark.parametrize("name", NAMES)
def test_examples_show_what_comes_out(name: str) -> None:
    failed, run = doctest.testmod(importlib.import_module(name))
    assert run
    assert not failed
