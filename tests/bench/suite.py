"""Modules of bench/suites, which find their neighbours in their own folder."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SUITES = Path(__file__).resolve().parents[2] / "bench" / "suites"


@contextmanager
def imported(name: str) -> Iterator[Any]:
    """Import one, and forget it afterwards with the neighbours that came along."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SUITES)
        before = {*sys.modules}
        yield importlib.import_module(name)
        for one in {path.stem for path in SUITES.glob("*.py")} & (sys.modules.keys() - before):
            del sys.modules[one]
