"""Commands that a real LLaMA Factory runs one after another in one folder, and what they did."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .environments import ensure

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNNER = Path(__file__).with_name("sequence_runner.py")


class Seen(NamedTuple):
    """What a command did; see sequence_runner.py."""

    error: str | None
    steps: int | None
    losses: int
    margin: float | None
    saves: list[int]
    weights: str | None
    wrote: bool


def run(
    release: str, work: Path, cases: Mapping[str, tuple[str, dict[str, Any]]]
) -> dict[str, Seen]:
    """Run commands with their configs, in this order; return what was seen, by the same names."""
    asked, answers = work / "asked", work / "answers"
    lines = [json.dumps({"id": name, "command": command, "config": config})
             for name, (command, config) in cases.items()]  # fmt: skip
    asked.write_text("\n".join(lines), "utf-8")
    command = [ensure(release), RUNNER, work / "runs", asked, answers]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=900)
    found = [json.loads(line) for line in answers.read_text("utf-8").splitlines()]
    return {one.pop("id"): Seen(**one) for one in found}
