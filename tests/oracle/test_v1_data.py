"""Samples of v1 datasets, against the `DataEngine` of LLaMA Factory that loads them."""

from __future__ import annotations

import json
import os
import random
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.calls import invoke
from tests.oracle import environments

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

CASES = 40
LENGTHS = """
import json, sys
from llamafactory.v1.core.data_engine import DataEngine
for name in sys.argv[1:]:
    try:
        print(json.dumps(len(DataEngine(name))))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
"""
CONFIG = "model: m\nmodel_class: llm\noutput_dir: out\nmicro_batch_size: 1\ntrain_dataset: "
HAS_MAIN = not environments.missing(environments.MAIN)
FROM_A_REPOSITORY = pytest.mark.skipif(not HAS_MAIN, reason="main is on no package index")


def lay_out(folder: Path, drawn: random.Random) -> None:
    """Write a config and its datasets for each case."""
    for kind, columns in {
        "alpaca": {"instruction": "a", "output": "b"},
        "sharegpt": {"conversations": [{"from": "human", "value": "a"},
                                       {"from": "gpt", "value": "b"}] * 2},
    }.items():  # fmt: skip
        for form in ("json", "jsonl"):
            rows = [columns] * drawn.randint(1, 60)
            lines = "\n".join(map(json.dumps, rows)) + "\n"
            (folder / f"{kind}.{form}").write_text(
                lines if form == "jsonl" else json.dumps(rows), "utf-8"
            )
    for number in range(CASES):
        sets: dict[str, Any] = {}
        for place in range(drawn.randint(1, 3)):
            kind = drawn.choice(["alpaca", "alpaca", "sharegpt"])
            sets[f"d{place}"] = {
                "path": f"{kind}.{drawn.choice(['json', 'jsonl'])}", "source": "local",
                "converter": kind,
                **drawn.choice([{}, {}, {"size": drawn.randint(1, 99)}]),
                **drawn.choice([{}, {}, {"weight": drawn.choice([0.5, 1.3, 2])}]),
            }  # fmt: skip
        (folder / f"sets{number}.yaml").write_text(json.dumps(sets), "utf-8")
        (folder / f"c{number}.yaml").write_text(f"{CONFIG}sets{number}.yaml\n", "utf-8")


@pytest.mark.parametrize(
    "release", ["0.9.5", pytest.param(environments.MAIN, marks=FROM_A_REPOSITORY)]
)
def test_samples_are_those_of_the_engine(
    release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, random.Random(5))
    names = [f"sets{number}.yaml" for number in range(CASES)]
    done = subprocess.run(
        [str(environments.ensure(release)), "-c", LENGTHS, *names],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "DISABLE_VERSION_CHECK": "1", "HF_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    lengths = [json.loads(line) for line in done.stdout.splitlines() if line.isdigit()]
    assert len(lengths) == CASES, (done.stdout, done.stderr[-2000:])
    monkeypatch.chdir(tmp_path)
    configs = [f"c{number}.yaml" for number in range(CASES)]
    run = ("steps", "--isolated", "--target", release, "--output-format", "json", *configs)
    totals = [plan["samples"]["total"] for plan in json.loads(invoke(*run).out)]
    counted = [total is not None for total in totals]
    assert sum(counted) == CASES if release == "0.9.5" else sum(counted) > 10
    assert [total or length for total, length in zip(totals, lengths)] == lengths
