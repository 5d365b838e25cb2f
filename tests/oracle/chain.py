"""Configs that the real trainer runs one after another in one folder, on a few rows of words."""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING, Any

from .environments import ensure
from .steps_campaign import RUNNER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CONFIG: dict[str, object] = {
    "stage": "sft", "do_train": True, "finetuning_type": "full", "template": "empty",
    "use_cpu": True, "report_to": "none", "dataset_dir": "data", "dataset": "few",
    "cutoff_len": 64, "logging_steps": 1, "model_name_or_path": "model",
}  # fmt: skip


def train(
    release: str,
    work: Path,
    rows: int,
    configs: Mapping[str, Mapping[str, object]],
    more: Mapping[str, Sequence[Mapping[str, str]]] = {},
) -> dict[str, Any]:
    """Train each config; return what the runner saw, by the same names.

    `more` are rows of further datasets, of pairs where they have an answer that was rejected.
    """
    draw = random.Random(5)

    def text() -> str:
        return " ".join(f"w{draw.randrange(100)}" for _ in range(12))

    made = [{"instruction": text(), "input": "", "output": text()} for _ in range(rows)]
    pairs = [
        {"instruction": text(), "input": "", "chosen": text(), "rejected": text()}
        for _ in range(rows)
    ]
    (work / "data").mkdir()
    (work / "data" / "few.json").write_text(json.dumps(made), "utf-8")
    (work / "data" / "pairs.json").write_text(json.dumps(pairs), "utf-8")
    columns = {
        "prompt": "instruction",
        "query": "input",
        "chosen": "chosen",
        "rejected": "rejected",
    }
    table: dict[str, dict[str, object]] = {
        "few": {"file_name": "few.json"},
        "pairs": {"file_name": "pairs.json", "ranking": True, "columns": columns},
    }
    for name, own in more.items():
        (work / "data" / f"{name}.json").write_text(json.dumps(own), "utf-8")
        ranked = table["pairs"] if "rejected" in own[0] else table["few"]
        table[name] = {**ranked, "file_name": f"{name}.json"}
    (work / "data" / "dataset_info.json").write_text(json.dumps(table), "utf-8")
    cases, answers = work / "cases", work / "answers"
    lines = [json.dumps({"id": name, "config": config}) for name, config in configs.items()]
    cases.write_text("\n".join(lines), "utf-8")
    command = [ensure(release), RUNNER, work, "model", cases, answers]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=600)
    found = {}
    for line in answers.read_text("utf-8").splitlines():
        answer = json.loads(line)
        found[answer["id"]] = answer["seen"]
    assert {name: seen["error"] for name, seen in found.items()} == dict.fromkeys(configs)
    return found
