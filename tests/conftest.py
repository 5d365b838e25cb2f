"""What all tests share."""

from __future__ import annotations

import os

import pytest

os.environ["FTBENCH_CALIBRATION"] = os.devnull
"""What somebody calibrated on this machine is nothing to the tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that ask for the recorded answers of real installations."""
    for item in items:
        if "reference" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
