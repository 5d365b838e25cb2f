"""The schema files and the recorded answers of real installations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.shared import REFERENCE

from ftlint.sources.versions import order

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "schemas" / "ftschemas"
Layer = dict[str, dict[str, Any]]


def _load(layer: str) -> Layer:
    paths = [path for path in (DATA / layer).glob("*.json") if path.stem != "history"]
    paths.sort(key=lambda path: order(path.stem))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in paths}


@pytest.fixture(scope="session")
def llamafactory() -> Layer:
    return _load("llamafactory")


@pytest.fixture(scope="session")
def transformers() -> Layer:
    return _load("transformers")


@pytest.fixture(scope="session")
def history() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(
        (DATA / "llamafactory" / "history.json").read_text("utf-8")
    )
    return found


@pytest.fixture(scope="session")
def aliases() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DATA / "aliases.yaml").read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def descriptions() -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load((DATA / "descriptions.yaml").read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def reference() -> Path:
    if not (REFERENCE / "keys").is_dir():
        pytest.fail(f"no recorded keys in {REFERENCE}: set FTLINT_REFERENCE")
    return REFERENCE
