"""What optimizers make of Adam's settings: an error just where the run dies of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle.bases import base
from tests.oracle.called import lint
from tests.oracle.client import Trainer
from tests.oracle.environments import RELEASES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "default": base("lora"),
    **{
        name: {**base("lora"), "optim": name} for name in ("adafactor", "sgd", "adagrad", "rmsprop")
    },
    **{name: base(name) for name in ("galore", "apollo", "badam", "badam_ratio", "adam_mini")},
    "muon": {**base("full"), "use_muon": True},
    "galore_adafactor": {**base("galore"), "optim": "adafactor"},
}
SETTINGS: dict[str, tuple[object, ...]] = {
    "adam_beta1": (None, True, False, 1, 0.8, "0.8"),
    "adam_beta2": (None, True, False, 1, 0.8, "0.8", [0.8]),
    "adam_epsilon": (None, "1e-8", -1.0, 0.1),
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_setting_of_adam_has_an_error_just_where_it_ends_the_run(
    release: str, tmp_path: Path
) -> None:
    configs = {
        tmp_path / f"{optimizer}-{key}-{number}.yaml": {**config, key: value}
        for optimizer, config in OPTIMIZERS.items()
        for key, values in SETTINGS.items()
        for number, value in enumerate(values)
    }
    for path, config in configs.items():
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in config.items()]
        path.write_text("".join(lines), "utf-8")
    errors = lint(list(configs), release, tmp_path)
    with Trainer(release) as trainer:
        died = {path: trainer.train(path.read_text("utf-8"), path.name, 2) for path in configs}
    settled = {path: one.outcome == "crashed" for path, one in died.items() if one.settled}
    assert len(settled) > 150
    assert {path.name for path in settled if errors[path.name]} == {
        path.name for path, crashed in settled.items() if crashed
    }
