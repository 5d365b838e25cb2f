"""What all tests share."""

from __future__ import annotations

import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

os.environ["FTBENCH_CALIBRATION"] = os.devnull
"""What somebody calibrated on this machine is nothing to the tests."""

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Byte code is kept: without it each of a thousand processes would compile all of ftlint."""

settings.register_profile(
    "any machine", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
"""No example fails for the time it took: a busy or stopped machine proves nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that ask for the recorded answers of real installations."""
    for item in items:
        if "reference" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)


def pytest_collection_finish() -> None:
    """Spare the search for cycles what lives to the end: half a million objects of modules."""
    gc.freeze()
