"""One headless Chromium for all tests of pages."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's chromium; FTLINT_CHROMIUM names another."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("FTLINT_CHROMIUM") or shutil.which("chromium")
    assert path, "no chromium: install Debian's package, or name it in FTLINT_CHROMIUM"
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()
