"""What only real releases can confirm: the files themselves, and when a wrong value is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.oracle import bases
from tests.oracle.client import Case, Judge, Trainer

from ftlint.sources.checked import ALSO

pytestmark = pytest.mark.oracle

Layer = dict[str, dict[str, Any]]
GENERATE = Path(__file__).resolve().parents[2] / "schemas" / "generate.py"
MINORS = {"0.9.3": "4.52", "0.9.4": "4.57", "0.9.5": "5.6"}
WRONG = "bogus"
DEEPSPEED = json.loads((GENERATE.parent / "ftschemas" / "deepspeed.json").read_text("utf-8"))[
    "versions"
]

# Where a wrong value can show: these need more than a plain training run on a CPU.
NOT_JUDGED = {
    "infer_backend": "training refuses all but one",
    "ddp_backend": "looked at in distributed runs",
    "mixture_of_depths": "needs a package",
}
LATER = {
    "flash_attn": "lora",
    "template": "lora",
    "stage": "lora",
    "log_level": "lora",
    "log_level_replica": "lora",
    "report_to": "lora",
    "mix_strategy": "mix",
    "pref_loss": "dpo",
}
NEVER: dict[str, tuple[str, dict[str, Any]]] = {
    "export_device": ("lora", {}),
    "init_special_tokens": ("tokens", {}),
    "quantization_device_map": ("lora", {"quantization_bit": 4, "quantization_method": WRONG}),
    "quantization_method": ("lora", {"quantization_bit": 4}),
    "half_precision_backend": ("lora", {}),
    "fp16_backend": ("lora", {}),
    "train_sampling_strategy": ("lora", {}),
    "pref_loss": ("dpo", {}),
}


@pytest.mark.parametrize(
    ("layer", "versions"),
    [("llamafactory", ["0.9.5"]), ("transformers", ["5.6.0"]), ("deepspeed", DEEPSPEED)],
)
def test_the_releases_make_the_file(layer: str, versions: list[str]) -> None:
    command = [sys.executable, str(GENERATE), "--check", layer, *versions]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _keys(release: str, llamafactory: Layer, transformers: Layer) -> dict[str, Any]:
    own, other = llamafactory[release]["properties"], transformers[MINORS[release]]["properties"]
    return {**other, **{k: p for k, p in own.items() if p["x-group"] != "evaluation"}}


@pytest.mark.parametrize("release", MINORS)
def test_wrong_values_are_refused_at_parsing_exactly_where_the_schema_says(
    release: str, llamafactory: Layer, transformers: Layer
) -> None:
    props = _keys(release, llamafactory, transformers)
    checked = {k: p["x-choices-checked"] for k, p in props.items() if "x-choices-checked" in p}
    checked = {key: noticed for key, noticed in checked.items() if key not in NOT_JUDGED}
    base = bases.base("lora")
    with Judge(release) as judge:
        cases = [Case(key, config={**base, key: WRONG}) for key in checked]
        refused = {verdict.id for verdict in judge.judge(cases) if verdict.refused}
    assert refused == {key for key, noticed in checked.items() if noticed == "parse"}


@pytest.mark.parametrize("release", ["0.9.3", "0.9.5"])
def test_other_wrong_values_crash_or_pass_as_the_schema_says(
    release: str, llamafactory: Layer, transformers: Layer
) -> None:
    props = _keys(release, llamafactory, transformers)
    with Trainer(release) as trainer:
        for key, base in LATER.items():
            if props[key]["x-choices-checked"] == "later":
                outcome = trainer.train({**bases.base(base), key: WRONG}, steps=1)
                assert outcome.outcome == "crashed", (key, outcome)
        for key, (base, more) in NEVER.items():
            if key in props and props[key]["x-choices-checked"] == "never":
                outcome = trainer.train({**bases.base(base), **more, key: WRONG}, steps=1)
                assert outcome.outcome == "trained", (key, outcome)


def test_values_beyond_the_annotation_train() -> None:
    last, losses = ALSO["pref_loss"]
    with Trainer(last) as trainer:
        for loss in losses:
            outcome = trainer.train({**bases.base("dpo"), "pref_loss": loss}, steps=1)
            assert outcome.outcome == "trained", (loss, outcome)
