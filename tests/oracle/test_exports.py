"""An export that is told to end does; one that takes an unknown `rope_scaling` is not told to."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.called import target_of
from tests.oracle.client import Trainer

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

pytestmark = pytest.mark.oracle

CONFIG: dict[str, Any] = {"model_name_or_path": "tiny", "template": "qwen", "export_dir": "out"}
ALWAYS: tuple[dict[str, Any], ...] = ({}, {"packing": False})
LONG = {"cutoff_len": 100_000}
CRASH = (*ALWAYS, LONG)
LENGTHS = (*CRASH, {"packing": True}, {"cutoff_len": 128})


@pytest.mark.parametrize("release", ["0.9.3", "0.9.4"])
def test_an_unknown_rope_scaling_is_an_error_where_every_model_ends_on_it(release: str) -> None:
    with Trainer(release) as trainer:
        for length in LENGTHS:
            config = {**CONFIG, "rope_scaling": "linaer", **length}
            ended = trainer.train(config, command="export")
            text = "".join(f"{key}: {value}\n" for key, value in config.items())
            found = lint(of_text("export.yaml", text), Options(target_of(release)))
            told = {one.code for one in found.diagnostics} & {"FT106", "FT565"}
            assert ended.outcome == ("crashed" if length in CRASH else "trained"), ended
            assert told == ({"FT106"} if length in ALWAYS else {"FT565"}), length
