"""What a step is expected to take, by trials that were made on real GPUs (docs/benchmarks/raw)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.shared import ROOT

from ftbench.runners.chosen_rows import BEFORE
from ftbench.tuning.candidate import Candidate
from ftbench.tuning.expected import law

if TYPE_CHECKING:
    from pathlib import Path

    from ftbench.runners.protocol import Sample

TUNED = sorted((ROOT / "docs" / "benchmarks" / "raw").glob("*tune*/*.tune.json"))


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("path", TUNED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_config_as_written_tells_what_others_take(path: Path) -> None:
    """Of each tuning: by its first trial alone, to a factor, whatever the host did meanwhile."""
    tuned = load(path)
    written = load(path.with_name(path.name.replace("tune.json", "raw")) / "01-written.json")
    first, *others = tuned["trials"]
    tried = [(Candidate(**first["candidate"]), written["steps"][BEFORE:])]
    each, timed = tuned["sample"]["rows"], tuned["sample"]["timed"]
    sample: Sample = {
        "per_step": each, "timed": timed, "block": timed, "again": False, "grouped": False,
    }  # fmt: skip
    said = law(tried, written["lengths"], sample)
    assert said is not None
    eight = Candidate(**first["candidate"]).with_batch(8)
    assert said.seconds(eight) < first["seconds"] / 2, "eight rows at once"
    for one in others:
        if one["purpose"] == "search" and one["seconds"] is not None:
            ratio = said.seconds(Candidate(**one["candidate"])) / one["seconds"]
            assert 0.4 < ratio < 2.5, one["candidate"]
