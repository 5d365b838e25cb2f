"""A project in a folder of its own, with an empty cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tokens.helpers import write_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    (tmp_path / ".git").mkdir()
    write_model(tmp_path / "model")
    return tmp_path
