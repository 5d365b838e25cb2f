"""The process that forks runs: what it prints stays with it, and tells why it did not come up."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from ftbench.runners import pool
from ftbench.runners.interpreter import Missing

if TYPE_CHECKING:
    from pathlib import Path


def test_what_an_import_prints_is_shown_only_where_it_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "import sys\nprint('loading', file=sys.stderr)\nraise ImportError('no torch here')\n"
    (tmp_path / "torch.py").write_text(text, "utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    with (
        pytest.raises(Missing, match="cannot be imported: ImportError: no torch here"),
        pool.forks(sys.executable, env),
    ):
        pass
    assert capfd.readouterr() == ("", "")
