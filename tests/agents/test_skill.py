"""The skill for agents: its head is what loaders read, its commands run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cli.calls import ROOT, invoke, write
from tests.docs.pages import blocks

if TYPE_CHECKING:
    from pathlib import Path

SKILL = ROOT / "integrations" / "skills" / "ftlint" / "SKILL.md"
LINES = [line for block in blocks(SKILL, "sh") for line in block.text.splitlines()]


def test_its_head_names_and_describes_it() -> None:
    head = SKILL.read_text("utf-8").split("---\n")[1]
    told = yaml.safe_load(head)
    assert told.keys() == {"name", "description"}
    assert told["name"] == SKILL.parent.name
    assert len(told["description"]) < 1024


@pytest.mark.parametrize("line", LINES)
def test_its_commands_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.chdir(tmp_path)
    good = (ROOT / "examples" / "good" / "qlora_sft.yaml").read_text("utf-8")
    write(tmp_path / "configs" / "sft.yaml", good)
    shutil.copytree(ROOT / "examples" / "runs" / "memorised", tmp_path / "saves" / "sft")
    name, *arguments = line.split()
    assert name == "ftlint"
    assert invoke(*arguments).status in (0, 1)


def test_it_deletes_nothing() -> None:
    assert len(LINES) >= 7
    assert not any(re.search(r"--(prune|yes|unsafe-fixes)", line) for line in LINES)
